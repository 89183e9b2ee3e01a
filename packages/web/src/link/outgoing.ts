/** What waits to be sent (C2): loss-free and in order, in frames of at most 50 ops and 4 KiB, within the server's frame limit. */
import type { ClientOp } from '@wyckoff/contracts';
import { BoundedQueue, type Pressure, type Release, type Scope } from '@wyckoff/bounded';

const OPS_PER_FRAME = 50;
const FRAME_BYTES = 4_096;
/** 20 frames per second, 40 at once (interface.md 3.1), kept with a margin for the hello. */
const FRAMES_PER_SECOND = 18;
const BURST = 36;

const encoder = new TextEncoder();
const sizeOf = (op: ClientOp): number => encoder.encode(JSON.stringify(op)).length + 1;

export interface OutgoingOptions {
  readonly scope: Scope;
  /** Sends one frame; false when it did not leave. */
  send(ops: readonly ClientOp[]): boolean;
  /** Said once per crossing of 80 %. */
  onPressure?: ((pressure: Pressure) => void) | undefined;
}

export class Outgoing {
  readonly queue: BoundedQueue<ClientOp>;
  readonly #options: OutgoingOptions;
  #tokens = BURST;
  #filledAt: number;
  #pause: Release | undefined;

  constructor(options: OutgoingOptions) {
    this.#options = options;
    this.#filledAt = options.scope.timers.now();
    this.queue = new BoundedQueue<ClientOp>({
      name: 'web.link.outgoing',
      capacity: 1_000,
      maxBytes: 2 * 1024 * 1024,
      policy: 'fifo',
      sizeOf,
      scope: options.scope,
      onPressure: options.onPressure,
    });
  }

  /** Takes an op; it leaves at once when the link is open. */
  push(op: ClientOp): void {
    this.queue.push(op);
    this.flush();
  }

  /** Sends what waits until the frame limit pauses it, a send fails, or nothing is left. */
  flush(): void {
    if (this.#pause !== undefined) return;
    while (this.queue.size > 0) {
      if (!this.#mayFrame()) {
        this.#resumeLater();
        return;
      }
      if (!this.#sendFrame()) return;
    }
  }

  /** The link is gone: what waits stays, nothing is tried. */
  halt(): void {
    this.#pause?.();
    this.#pause = undefined;
  }

  #sendFrame(): boolean {
    // Leaving the block gives back whatever was not acknowledged, in order and ahead of what came meanwhile.
    using batch = this.queue.take(OPS_PER_FRAME);
    if (batch === undefined) return false;
    const count = fitting(batch.items);
    if (!this.#options.send(batch.items.slice(0, count))) return false;
    this.#tokens -= 1;
    batch.acknowledge(count);
    return true;
  }

  #mayFrame(): boolean {
    const now = this.#options.scope.timers.now();
    this.#tokens = Math.min(BURST, this.#tokens + ((now - this.#filledAt) / 1_000) * FRAMES_PER_SECOND);
    this.#filledAt = now;
    return this.#tokens >= 1;
  }

  #resumeLater(): void {
    const waitMs = Math.ceil(((1 - this.#tokens) / FRAMES_PER_SECOND) * 1_000);
    this.#pause = this.#options.scope.timeout(
      Math.max(1, waitMs),
      () => {
        this.#pause = undefined;
        this.flush();
      },
      'link-pace',
    );
  }
}

/** How many ops of the front fit one frame; at least one. */
function fitting(ops: readonly ClientOp[]): number {
  let bytes = 2;
  for (let i = 0; i < ops.length; i += 1) {
    bytes += sizeOf(ops[i]);
    if (bytes > FRAME_BYTES) return Math.max(1, i);
  }
  return ops.length;
}
