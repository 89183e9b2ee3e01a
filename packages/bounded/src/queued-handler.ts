/** A subscriber with a queue of its own: a slow or throwing one delays and harms nobody else (C8). */
import { BoundedQueue } from './bounded-queue.ts';
import type { BoundedQueueOptions, PushOutcome } from './queue-options.ts';
import { yieldTurn } from './clock.ts';
import { host, type StopSignal } from './host.ts';
import type { Scope } from './scope.ts';

export interface QueuedHandlerOptions<T> extends Omit<BoundedQueueOptions<T>, 'scope'> {
  /** Ends the handler with it, and awaits the message it is at. */
  readonly scope: Scope;
  /** One message at a time, in order. */
  readonly handle: (message: T, signal: StopSignal) => void | PromiseLike<unknown>;
  /** Told of a message whose handling failed; it is given up, and the next one follows. Retry inside `handle`. */
  readonly onError?: ((error: unknown, message: T) => void) | undefined;
}

/** Messages handled between two turns given to others. */
const CHUNK = 50;

export class QueuedHandler<T> implements AsyncDisposable {
  readonly queue: BoundedQueue<T>;
  readonly #options: QueuedHandlerOptions<T>;
  readonly #controller = new host.AbortController();
  readonly #disown: () => void;
  #pumping: Promise<void> | undefined;
  #failures = 0;

  constructor(options: QueuedHandlerOptions<T>) {
    this.#options = options;
    const { scope, ...queue } = options;
    this.queue = new BoundedQueue({ ...queue, census: options.census ?? scope.census });
    try {
      this.#disown = scope.adopt(options.name, () => this[Symbol.asyncDispose]());
    } catch (refusal) {
      this.queue.dispose();
      throw refusal;
    }
  }

  /** Messages whose handling failed. */
  get failures(): number {
    return this.#failures;
  }

  /** Whether a message is being handled or waits. */
  get busy(): boolean {
    return this.#pumping !== undefined;
  }

  /** Takes a message; never waits and never throws for the handler's sake. Bound to the handler, to be passed as it is. */
  readonly push = (message: T): PushOutcome => {
    const outcome = this.queue.push(message);
    this.#start();
    return outcome;
  };

  /** Resolves when nothing waits and nothing is being handled. */
  async idle(): Promise<void> {
    while (this.#pumping !== undefined) await this.#pumping;
  }

  /** Takes no more, drops what waits, tells the message at hand to stop, and awaits its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disown();
    this.#controller.abort();
    this.queue.dispose();
    await this.#pumping;
  }

  dispose(): Promise<void> {
    return this[Symbol.asyncDispose]();
  }

  #start(): void {
    if (this.#pumping !== undefined || this.queue.size === 0) return;
    this.#pumping = this.#pump().finally(() => {
      this.#pumping = undefined;
      this.#start();
    });
  }

  async #pump(): Promise<void> {
    // The publisher finishes first: handling begins in a microtask of its own.
    await Promise.resolve();
    for (;;) {
      using batch = this.queue.take(CHUNK);
      if (batch === undefined) return;
      for (const message of batch.items) {
        if (!batch.open) return;
        if (await this.#handle(message)) batch.acknowledge(1);
        else batch.drop(1, 'failed');
      }
      if (this.queue.size > 0) await yieldTurn(this.#options.scope.timers);
    }
  }

  async #handle(message: T): Promise<boolean> {
    try {
      await this.#options.handle(message, this.#controller.signal);
      return true;
    } catch (error) {
      this.#failures += 1;
      this.#options.onError?.(error, message);
      return false;
    }
  }
}
