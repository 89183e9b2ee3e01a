/** How often something happened lately: a fixed number of time buckets, never a list of samples (M2). */
import { checkCount, checkMs } from './checks.ts';
import { type Clock, systemTimers } from './clock.ts';
import { ArgumentError, DisposedError } from './errors.ts';
import { type OwnFigures, Structure, type StructureOptions } from './structure.ts';

export interface RollingCounterOptions extends Omit<StructureOptions, 'itemBytes'> {
  /** Width of one bucket in milliseconds; `capacity` is how many there are: 24 x 3,600,000 is a day by hours. */
  readonly bucketMs: number;
  /** Used where no time is passed in; the host's monotonic clock unless told. */
  readonly clock?: Clock | undefined;
}

/** Times are milliseconds on one scale that never runs backwards by more than the window: a clock's, or that of the bars. */
export class RollingCounter extends Structure {
  readonly capacity: number;
  readonly bucketMs: number;
  readonly #clock: Clock;
  readonly #counts: Float64Array;
  /** Number of the newest bucket since time 0; -1 before the first count. */
  #newest = -1;
  #total = 0;

  constructor(options: RollingCounterOptions) {
    super('counter', { ...options, itemBytes: Float64Array.BYTES_PER_ELEMENT, name: checkWidth(options) });
    this.capacity = options.capacity;
    this.bucketMs = options.bucketMs;
    this.#clock = options.clock ?? systemTimers;
    this.#counts = new Float64Array(options.capacity);
  }

  /** Counts `count` (a whole number >= 0) at a time. What is older than the window is dropped as `expired`. */
  add(count = 1, atMs = this.#clock.now()): void {
    if (this.disposed) throw new DisposedError(this.name);
    checkCount(this.name, 'count', count, 0);
    this.ledger.accept(count);
    const bucket = this.#advance(atMs);
    if (bucket <= this.#newest - this.capacity) {
      this.ledger.drop('expired', count);
      return;
    }
    this.#counts[bucket % this.capacity] = (this.#counts[bucket % this.capacity] ?? 0) + count;
    this.#total += count;
    this.mark(this.#used());
  }

  /** Sum over the window that ends at a time. */
  total(atMs = this.#clock.now()): number {
    this.#advance(atMs);
    return this.#total;
  }

  /** Events per second over the whole window that ends at a time. */
  ratePerSecond(atMs = this.#clock.now()): number {
    return (this.total(atMs) * 1_000) / (this.capacity * this.bucketMs);
  }

  /** The buckets of the window that ends at a time, oldest first. */
  buckets(atMs = this.#clock.now()): number[] {
    this.#advance(atMs);
    const first = this.#newest + 1;
    return Array.from({ length: this.capacity }, (_, i) => this.#counts[(first + i) % this.capacity] ?? 0);
  }

  clear(): void {
    this.ledger.drop('cleared', this.#total);
    this.#counts.fill(0);
    this.#total = 0;
  }

  protected ownFigures(): OwnFigures {
    const bytes = this.#counts.byteLength;
    return { size: this.#used(), capacity: this.capacity, bytes, limitBytes: bytes, held: this.#total };
  }

  protected release(): void {
    this.ledger.drop('disposed', this.#total);
    this.#counts.fill(0);
    this.#total = 0;
  }

  /** Moves the window forward to a time and says its bucket; an earlier time moves nothing. */
  #advance(atMs: number): number {
    if (!Number.isFinite(atMs) || atMs < 0) {
      throw new ArgumentError(this.name, `${this.name}: expected a time in milliseconds >= 0, was ${String(atMs)}`);
    }
    const bucket = Math.floor(atMs / this.bucketMs);
    const steps = Math.min(bucket - this.#newest, this.capacity);
    for (let i = 0; i < steps; i += 1) this.#expire((bucket - i) % this.capacity);
    if (bucket > this.#newest) this.#newest = bucket;
    return bucket;
  }

  #expire(slot: number): void {
    const count = this.#counts[slot] ?? 0;
    if (count === 0) return;
    this.ledger.drop('expired', count);
    this.#total -= count;
    this.#counts[slot] = 0;
  }

  #used(): number {
    return this.#counts.reduce((used, count) => (count === 0 ? used : used + 1), 0);
  }
}

function checkWidth(options: RollingCounterOptions): string {
  checkMs(options.name, 'bucketMs', options.bucketMs);
  return options.name;
}
