/** A clock that stands still until told to move: drives timers in tests and simulations, years in milliseconds. */
import { checkMs } from '../checks.ts';
import type { Release, Timers } from '../clock.ts';
import { type HeapEntry, PositionHeap } from '../position-heap.ts';

interface Appointment extends HeapEntry {
  readonly dueMs: number;
  readonly sequence: number;
  readonly run: () => void;
}

/** Microtask turns granted after each instant by `run`: what awaits something awaits several of them. */
const MICROTASK_TURNS = 32;
/** Timers at one instant above which time will never go on: something sets itself again without a delay. */
const MOST_AT_ONCE = 100_000;

export class VirtualClock implements Timers {
  #nowMs: number;
  #sequence = 0;
  #atOnce = 0;
  readonly #appointments = new PositionHeap<Appointment>(
    (a, b) => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.sequence < b.sequence),
  );

  constructor(startMs = 0) {
    this.#nowMs = checkMs('virtual clock', 'startMs', startMs, 'zero');
  }

  /** Timers set and not yet run: zero when everything was cancelled. */
  get pending(): number {
    return this.#appointments.size;
  }

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): Release {
    const appointment: Appointment = { dueMs: this.#nowMs + Math.max(0, delayMs), sequence: this.#sequence, run, heapIndex: -1 };
    this.#sequence += 1;
    this.#appointments.add(appointment);
    return () => this.#appointments.remove(appointment);
  }

  /** Moves on by so much and runs what falls due, in order, each at its own instant. Promises settle after it returns: see `run`. */
  advance(ms: number): void {
    const endMs = this.#nowMs + checkMs('virtual clock', 'ms', ms, 'zero');
    while (this.#runNext(endMs));
    this.#nowMs = endMs;
  }

  /** Like `advance`, and lets promises settle after each timer, so that timers set by them still fall into the span. */
  async run(ms: number): Promise<void> {
    const endMs = this.#nowMs + checkMs('virtual clock', 'ms', ms, 'zero');
    await settle();
    while (this.#runNext(endMs)) await settle();
    this.#nowMs = endMs;
    await settle();
  }

  #runNext(endMs: number): boolean {
    const next = this.#appointments.top;
    if (next === undefined || next.dueMs > endMs) return false;
    this.#appointments.remove(next);
    this.#atOnce = next.dueMs > this.#nowMs ? 1 : this.#atOnce + 1;
    if (this.#atOnce > MOST_AT_ONCE) {
      this.#atOnce = 0;
      throw new Error(
        `virtual clock: expected time to go on, was ${MOST_AT_ONCE} timers at ${this.#nowMs} ms; one sets itself again without a delay`,
      );
    }
    this.#nowMs = next.dueMs;
    next.run();
    return true;
  }
}

/** Lets promises that wait for each other settle. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < MICROTASK_TURNS; turn += 1) await Promise.resolve();
}
