/** Rate limits keyed by what a client sends (M11): a token bucket of two numbers per key, the least recently seen key leaves first. */
import { type Clock, LruTtlCache, type Scope } from '@wyckoff/bounded';

export interface TokenBucketsOptions {
  /** Census name. */
  readonly name: string;
  readonly scope: Scope;
  readonly clock: Clock;
  /** Tokens that come back in a minute; also the size of the bucket. */
  readonly perMinute: number;
  /** Keys held at one time. */
  readonly capacity?: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

const MINUTE_MS = 60_000;
/** Two numbers, the key (cut to 80 characters) and their objects. */
const BUCKET_BYTES = 200;
const MAX_KEY_CHARS = 80;

export class TokenBuckets {
  readonly #buckets: LruTtlCache<string, Bucket>;
  readonly #clock: Clock;
  readonly #size: number;

  constructor(options: TokenBucketsOptions) {
    this.#clock = options.clock;
    this.#size = options.perMinute;
    this.#buckets = new LruTtlCache({
      name: options.name,
      capacity: options.capacity ?? 10_000,
      itemBytes: BUCKET_BYTES,
      // A bucket unseen for a minute is full again: forgetting it changes nothing.
      ttlMs: MINUTE_MS,
      clock: options.clock,
      scope: options.scope,
      maxFlights: 1,
    });
  }

  /** Keys held. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one token: 0 when there was one, else milliseconds until there will be. */
  take(key: string): number {
    const known = key.slice(0, MAX_KEY_CHARS);
    const nowMs = this.#clock.now();
    const bucket = this.#buckets.get(known) ?? { tokens: this.#size, atMs: nowMs };
    const perMs = this.#size / MINUTE_MS;
    bucket.tokens = Math.min(this.#size, bucket.tokens + (nowMs - bucket.atMs) * perMs);
    bucket.atMs = nowMs;
    const granted = bucket.tokens >= 1;
    if (granted) bucket.tokens -= 1;
    this.#buckets.set(known, bucket);
    return granted ? 0 : Math.ceil((1 - bucket.tokens) / perMs);
  }

  /** Forgets keys unseen for a minute. */
  sweep(): void {
    this.#buckets.sweep();
  }
}
