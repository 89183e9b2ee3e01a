/** Signals that wait for a person: at most so many, each until its deadline, with what is to be approved kept as it was (trading.md 4.5, M8). */
import type { EpochMs, Price, Timeframe } from '../bar/bar.ts';
import type { Direction, EntryType, Micros, Pattern, QtyMicros } from '../setup/signal.ts';
import type { Gate } from './check.ts';

/** What the person saw: an approval is for this and for nothing larger. */
export interface ApprovalSnapshot {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly pattern: Pattern;
  readonly direction: Direction;
  readonly entryType: EntryType;
  readonly entryPrice: Price;
  readonly stopPrice: Price;
  readonly targets: readonly Price[];
  readonly qtyMicros: QtyMicros;
  readonly riskMicros: Micros;
  readonly rMultiple: number | null;
  readonly confidence: number | null;
  /** Version of the signal it was taken from. */
  readonly version: number;
}

export interface QueueEntry {
  readonly signalId: string;
  readonly queuedAt: EpochMs;
  /** Exclusive: at this instant it has expired. */
  readonly expiresAt: EpochMs;
  readonly snapshot: ApprovalSnapshot;
  /** Why automation passed it on; null: it was not asked. */
  readonly missed: string | null;
}

/** A decision that was made: repeated by the same person it gets the same answer. */
export interface Decision {
  readonly signalId: string;
  readonly decision: 'approve' | 'reject';
  readonly by: string;
  readonly at: EpochMs;
  readonly gate: Gate;
}

/** Plain JSON. */
export interface ApprovalQueueState {
  readonly entries: readonly QueueEntry[];
  readonly decisions: readonly Decision[];
}

export interface QueueRules {
  /** 1-200. */
  readonly capacity: number;
  /** 1-60. */
  readonly minutes: number;
  /** 1-60, where a timeframe has its own; else `minutes`. */
  readonly byTimeframe?: Readonly<Partial<Record<Timeframe, number>>> | undefined;
}

export const DEFAULT_QUEUE: QueueRules = Object.freeze({ capacity: 50, minutes: 5 });
const DECISIONS_KEPT = 200;

/** Why rules are none; null: they are good. */
export function refuseQueueRules({ capacity, minutes, byTimeframe = {} }: QueueRules): string | null {
  const times = [minutes, ...Object.values(byTimeframe)];
  const isGood = Number.isInteger(capacity) && capacity >= 1 && capacity <= 200 && times.every((one) => one >= 1 && one <= 60);
  return isGood ? null : 'The queue holds 1-200 signals for 1-60 minutes.';
}
const MINUTE = 60_000;

/** Values, not a machine of timers: the owner asks for `nextExpiry` and comes back then. */
export class ApprovalQueue {
  readonly #rules: QueueRules;
  /** By expiry, then by arrival: the next to leave stands first. Never longer than the capacity. */
  #entries: readonly QueueEntry[];
  #decisions: readonly Decision[];

  constructor(rules: QueueRules = DEFAULT_QUEUE, state?: ApprovalQueueState) {
    if (!(Number.isInteger(rules.capacity) && rules.capacity >= 1 && rules.capacity <= 200))
      throw new RangeError(`approval queue: expected a capacity of 1-200, was ${rules.capacity}`);
    if (!(rules.minutes >= 1 && rules.minutes <= 60))
      throw new RangeError(`approval queue: expected 1-60 minutes, was ${rules.minutes}`);
    this.#rules = rules;
    this.#entries = state?.entries ?? [];
    this.#decisions = state?.decisions ?? [];
  }

  get entries(): readonly QueueEntry[] {
    return this.#entries;
  }

  /** When the first entry expires; null when nothing waits. */
  get nextExpiry(): EpochMs | null {
    return this.#entries.length === 0 ? null : this.#entries[0].expiresAt;
  }

  find(signalId: string): QueueEntry | undefined {
    return this.#entries.find((entry) => entry.signalId === signalId);
  }

  /** Adds one, or answers the one that waits already. `overflowed`: the oldest, which had to leave (`QUEUE_OVERFLOW`). */
  add(
    signalId: string,
    at: EpochMs,
    of: { readonly snapshot: ApprovalSnapshot; readonly missed: string | null; readonly minutes?: number },
  ): { readonly entry: QueueEntry; readonly overflowed: QueueEntry | null } {
    const waiting = this.find(signalId);
    if (waiting !== undefined) return { entry: waiting, overflowed: null };
    const overflowed = this.#entries.length < this.#rules.capacity ? null : this.#oldest();
    if (overflowed !== null) this.remove(overflowed.signalId);
    const expiresAt = at + (of.minutes ?? this.#rules.byTimeframe?.[of.snapshot.timeframe] ?? this.#rules.minutes) * MINUTE;
    const entry: QueueEntry = Object.freeze({ signalId, queuedAt: at, expiresAt, snapshot: of.snapshot, missed: of.missed });
    const place = this.#entries.findIndex((one) => one.expiresAt > expiresAt);
    const to = place === -1 ? this.#entries.length : place;
    // bounded: the capacity, 200 at most; the oldest left above when it was full
    this.#entries = [...this.#entries.slice(0, to), entry, ...this.#entries.slice(to)];
    return { entry, overflowed };
  }

  /** Takes it out, whatever became of it. */
  remove(signalId: string): QueueEntry | null {
    const entry = this.find(signalId);
    if (entry === undefined) return null;
    this.#entries = this.#entries.filter((one) => one !== entry);
    return entry;
  }

  /** Everything whose deadline has come, the earliest first; it has left the queue. */
  expire(now: EpochMs): readonly QueueEntry[] {
    const rest = this.#entries.findIndex((entry) => entry.expiresAt > now);
    const due = rest === -1 ? this.#entries : this.#entries.slice(0, rest);
    if (due.length > 0) this.#entries = this.#entries.slice(due.length);
    return due;
  }

  /** Keeps a decision, so that its repetition gets the same answer; the last 200. */
  decided(decision: Decision): void {
    this.#decisions = [...this.#decisions.filter((one) => one.signalId !== decision.signalId), decision].slice(-DECISIONS_KEPT);
  }

  decisionOn(signalId: string): Decision | null {
    return this.#decisions.find((one) => one.signalId === signalId) ?? null;
  }

  state(): ApprovalQueueState {
    return { entries: this.#entries, decisions: this.#decisions };
  }

  #oldest(): QueueEntry {
    return this.#entries.reduce((oldest, entry) => (entry.queuedAt < oldest.queuedAt ? entry : oldest));
  }
}
