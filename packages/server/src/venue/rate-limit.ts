/** A token bucket that makes callers wait their turn: so many requests a minute, urgent ones first, silence when the venue asks for it. */
import type { Scope, StopSignal } from '@wyckoff/bounded';
import { HttpFailure } from './http-failure.ts';

export interface RateLimitOptions {
  readonly scope: Scope;
  /** Requests per minute, >= 1. */
  readonly perMinute: number;
  /** Requests that may go at once after a pause; default a tenth of a minute's, at least 1. */
  readonly burst?: number | undefined;
  /** Callers that may wait at one time; the next is refused. Default 256. */
  readonly maxWaiting?: number | undefined;
}

interface Waiter {
  readonly urgent: boolean;
  readonly go: () => void;
  readonly refuse: (error: Error) => void;
}

const MINUTE_MS = 60_000;

export class RateLimit {
  readonly #scope: Scope;
  readonly #everyMs: number;
  readonly #burst: number;
  readonly #maxWaiting: number;
  #tokens: number;
  #atMs: number;
  #quietUntilMs = 0;
  // bounded: at most maxWaiting; each leaves when its turn comes, when it is aborted or when the scope ends
  #waiting: Waiter[] = [];
  #wake: (() => void) | null = null;

  constructor(options: RateLimitOptions) {
    this.#scope = options.scope;
    this.#everyMs = MINUTE_MS / options.perMinute;
    this.#burst = options.burst ?? Math.max(1, Math.floor(options.perMinute / 10));
    this.#maxWaiting = options.maxWaiting ?? 256;
    this.#tokens = this.#burst;
    this.#atMs = options.scope.timers.now();
    options.scope.adopt('rate limit', () => this.#refuseAll());
  }

  /** Callers waiting now. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when a request may go. @throws {HttpFailure} `limited` when too many wait, `aborted`, `closed`; nothing was sent then. */
  take(options: { readonly urgent?: boolean | undefined; readonly signal?: StopSignal | undefined } = {}): Promise<void> {
    const { signal, urgent = false } = options;
    if (this.#scope.state !== 'open') return Promise.reject(new HttpFailure('closed', false, 'the client has ended'));
    if (signal?.aborted === true) return Promise.reject(new HttpFailure('aborted', false, 'given up before it was sent'));
    if (this.#waiting.length === 0 && this.#waitMs() === 0) {
      this.#tokens -= 1;
      return Promise.resolve();
    }
    if (this.#waiting.length >= this.#maxWaiting)
      return Promise.reject(
        new HttpFailure('limited', false, `expected at most ${this.#maxWaiting} waiting requests, were more`),
      );
    return new Promise((resolve, reject) => this.#enqueue({ urgent, signal }, resolve, reject));
  }

  /** The venue said "not before": nothing goes out until then. */
  quietFor(ms: number): void {
    this.#quietUntilMs = Math.max(this.#quietUntilMs, this.#scope.timers.now() + ms);
    this.#arm();
  }

  #enqueue(
    of: { readonly urgent: boolean; readonly signal: StopSignal | undefined },
    resolve: () => void,
    reject: (error: Error) => void,
  ): void {
    const onAbort = (): void => {
      this.#waiting = this.#waiting.filter((one) => one !== waiter);
      waiter.refuse(new HttpFailure('aborted', false, 'given up before it was sent'));
    };
    const off = of.signal === undefined ? undefined : this.#scope.listen(of.signal, 'abort', onAbort);
    const waiter: Waiter = {
      urgent: of.urgent,
      go: () => {
        off?.();
        resolve();
      },
      refuse: (error) => {
        off?.();
        reject(error);
      },
    };
    const before = of.urgent ? this.#waiting.findIndex((one) => !one.urgent) : -1;
    if (before < 0) this.#waiting.push(waiter);
    else this.#waiting.splice(before, 0, waiter);
    this.#arm();
  }

  /** How long until the next request may go. */
  #waitMs(): number {
    const nowMs = this.#scope.timers.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#atMs) / this.#everyMs);
    this.#atMs = nowMs;
    const quietMs = Math.max(0, this.#quietUntilMs - nowMs);
    return this.#tokens >= 1 - 1e-9 ? quietMs : Math.max(quietMs, Math.ceil((1 - this.#tokens) * this.#everyMs));
  }

  #arm(): void {
    this.#wake?.();
    this.#wake = null;
    if (this.#waiting.length === 0 || this.#scope.state !== 'open') return;
    this.#wake = this.#scope.timeout(Math.max(1, this.#waitMs()), () => this.#serve(), 'rate limit');
  }

  #serve(): void {
    this.#wake = null;
    while (this.#waiting.length > 0 && this.#waitMs() === 0) {
      this.#tokens -= 1;
      this.#waiting.shift()?.go();
    }
    this.#arm();
  }

  #refuseAll(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) one.refuse(new HttpFailure('closed', false, 'the client has ended'));
  }
}
