/** Many deadlines on one timer: inserting, moving and cancelling are O(1) (C1: 5,000 connections, not 5,000 timers). */
import { checkCount, checkMs } from './checks.ts';
import { type Release, systemTimers, type Timers } from './clock.ts';
import { DisposedError, FullError } from './errors.ts';
import { type OwnFigures, Structure, type StructureOptions } from './structure.ts';

export interface TimerWheelOptions extends StructureOptions {
  /** Precision in milliseconds: a deadline is met at the first tick at or after it, never before. */
  readonly tickMs: number;
  /** Spokes of the wheel; deadlines further away than `slots` ticks go round more than once. Default 512. */
  readonly slots?: number | undefined;
  readonly timers?: Timers | undefined;
  /** Told when a deadline's function throws; the others are met all the same. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** A deadline in a wheel. */
export interface WheelTimer {
  readonly pending: boolean;
  /** Counts as dropped. Again: nothing. */
  cancel(): void;
  /** Sets the deadline anew, `delayMs` from now, also after it was met or cancelled. */
  restart(delayMs: number): void;
}

export class TimerWheel extends Structure {
  readonly capacity: number;
  readonly tickMs: number;
  readonly #timers: Timers;
  readonly #onError: ((error: unknown) => void) | undefined;
  readonly #spokes: (WheelEntry | undefined)[];
  readonly #originMs: number;
  #size = 0;
  /** The last tick whose spoke was emptied. */
  #tick = 0;
  #cancelTick: Release | undefined;

  constructor(options: TimerWheelOptions) {
    super('wheel', checkWheelOptions(options));
    this.capacity = options.capacity;
    this.tickMs = options.tickMs;
    this.#timers = options.timers ?? systemTimers;
    this.#onError = options.onError;
    this.#spokes = new Array<WheelEntry | undefined>(options.slots ?? 512).fill(undefined);
    this.#originMs = this.#timers.now();
  }

  /** Deadlines pending. */
  get size(): number {
    return this.#size;
  }

  /** Calls `run` once, not before `delayMs` have passed. @throws FullError at capacity. */
  after(delayMs: number, run: () => void): WheelTimer {
    const entry: WheelEntry = {
      run,
      dueTick: 0,
      slot: -1,
      previous: undefined,
      next: undefined,
    };
    this.#insert(entry, delayMs);
    return {
      get pending() {
        return entry.slot >= 0;
      },
      cancel: () => {
        if (this.#unlink(entry)) this.ledger.drop('removed');
        this.#restWhenEmpty();
      },
      restart: (laterMs) => {
        if (this.#unlink(entry)) this.ledger.drop('replaced');
        this.#insert(entry, laterMs);
      },
    };
  }

  protected ownFigures(): OwnFigures {
    return {
      size: this.#size,
      capacity: this.capacity,
      bytes: this.#size * ENTRY_BYTES,
      limitBytes: this.capacity * ENTRY_BYTES + this.#spokes.length * 8,
      held: this.#size,
    };
  }

  protected release(): void {
    for (const first of this.#spokes) {
      for (let entry = first; entry !== undefined;) {
        const { next } = entry;
        this.#unlink(entry);
        this.ledger.drop('disposed');
        entry = next;
      }
    }
    this.#restWhenEmpty();
  }

  #insert(entry: WheelEntry, delayMs: number): void {
    if (this.disposed) throw new DisposedError(this.name);
    checkMs(this.name, 'delayMs', delayMs, 'zero');
    this.ledger.accept();
    if (this.#size >= this.capacity) {
      this.ledger.drop('refused');
      throw new FullError(this.name, this.capacity);
    }
    // An idle wheel stands still; it is turned to the present before it is used again.
    if (this.#size === 0) this.#tick = Math.max(this.#tick, this.#tickAt(this.#timers.now()));
    const dueMs = this.#timers.now() - this.#originMs + delayMs;
    entry.dueTick = Math.max(Math.ceil(dueMs / this.tickMs), this.#tick + 1);
    this.#link(entry, entry.dueTick % this.#spokes.length);
    this.mark(this.#size);
    this.#arm();
  }

  #tickAt(nowMs: number): number {
    return Math.floor((nowMs - this.#originMs) / this.tickMs);
  }

  #arm(): void {
    if (this.#cancelTick !== undefined || this.#size === 0) return;
    const nextMs = this.#originMs + (this.#tick + 1) * this.tickMs - this.#timers.now();
    this.#cancelTick = this.#timers.after(Math.max(0, nextMs), () => {
      this.#cancelTick = undefined;
      this.#turn();
    });
  }

  /** Meets what is due up to now; after a long pause each spoke is visited once, not once per missed tick. */
  #turn(): void {
    const now = this.#tickAt(this.#timers.now());
    const from = Math.max(this.#tick + 1, now - this.#spokes.length + 1);
    this.#tick = Math.max(this.#tick, now);
    for (let tick = from; tick <= now; tick += 1) this.#meet(tick % this.#spokes.length, now);
    this.#arm();
  }

  #meet(slot: number, now: number): void {
    const due: WheelEntry[] = [];
    for (let entry = this.#spokes[slot]; entry !== undefined; entry = entry.next) if (entry.dueTick <= now) due.push(entry);
    for (const entry of due) {
      // One met before may have cancelled or restarted this one.
      if (entry.slot !== slot || entry.dueTick > now) continue;
      this.#unlink(entry);
      this.ledger.deliver();
      try {
        entry.run();
      } catch (error) {
        this.#onError?.(error);
      }
    }
  }

  #restWhenEmpty(): void {
    if (this.#size > 0) return;
    this.#cancelTick?.();
    this.#cancelTick = undefined;
  }

  #link(entry: WheelEntry, slot: number): void {
    const first = this.#spokes[slot];
    entry.slot = slot;
    entry.next = first;
    if (first !== undefined) first.previous = entry;
    this.#spokes[slot] = entry;
    this.#size += 1;
  }

  #unlink(entry: WheelEntry): boolean {
    if (entry.slot < 0) return false;
    if (entry.previous === undefined) this.#spokes[entry.slot] = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next !== undefined) entry.next.previous = entry.previous;
    entry.previous = undefined;
    entry.next = undefined;
    entry.slot = -1;
    this.#size -= 1;
    return true;
  }
}

/** Bytes of an entry with its handle, rounded up. */
const ENTRY_BYTES = 256;

interface WheelEntry {
  readonly run: () => void;
  dueTick: number;
  /** The spoke it hangs on; -1 when not pending. */
  slot: number;
  previous: WheelEntry | undefined;
  next: WheelEntry | undefined;
}

function checkWheelOptions(options: TimerWheelOptions): TimerWheelOptions {
  checkMs(options.name, 'tickMs', options.tickMs);
  if (options.slots !== undefined) checkCount(options.name, 'slots', options.slots);
  return options;
}
