/** What a run said, as a set to compare others with: one number per record, in memory as large as the records of one run. */
import { EVENT_KINDS, EVENT_STATUSES, type DetectionEvent, type EventKind } from '@wyckoff/domain';

/** More records than this are not compared. */
export const MOST_RECORDS = 1_000_000;

export type Counts = Readonly<Partial<Record<EventKind, number>>>;

export interface Difference {
  /** Records there were not before, and records that are no more, by kind. */
  readonly added: Counts;
  readonly removed: Counts;
  readonly addedCount: number;
  readonly removedCount: number;
  readonly tradeableAdded: number;
  readonly tradeableRemoved: number;
  /** Records in both by records in either; 1: the same. */
  readonly jaccard: number;
}

/** Kind, side, status and bar: the number of the range is left out, or one range more would rename all that follow. */
function keyOf({ kind, hypothesis, status, eventBar }: DetectionEvent): number {
  const word =
    (EVENT_KINDS.indexOf(kind) * EVENT_STATUSES.length + EVENT_STATUSES.indexOf(status)) * 2 + (hypothesis === 1 ? 1 : 0);
  return eventBar * 1024 + word;
}

export class RecordSet {
  // bounded: MOST_RECORDS, refused above
  readonly #records = new Set<number>();
  // bounded: a part of the records
  readonly #tradeable = new Set<number>();
  readonly #byKind = new Uint32Array(EVENT_KINDS.length);

  /** False when the set is full. */
  hear(record: DetectionEvent): boolean {
    const key = keyOf(record);
    if (this.#records.has(key)) return true;
    if (this.#records.size >= MOST_RECORDS) return false;
    this.#records.add(key);
    this.#byKind[EVENT_KINDS.indexOf(record.kind)]++;
    if (record.tradeable) this.#tradeable.add(key);
    return true;
  }

  get size(): number {
    return this.#records.size;
  }

  get tradeable(): number {
    return this.#tradeable.size;
  }

  /** A meter for another run, which remembers counts and what it has heard of this set. */
  compare(): Comparison {
    return new Comparison(this.#records, this.#tradeable, this.#byKind);
  }
}

/** Hears another run. */
export class Comparison {
  readonly #base: ReadonlySet<number>;
  readonly #baseTradeable: ReadonlySet<number>;
  readonly #baseByKind: Uint32Array;
  // bounded: MOST_RECORDS
  readonly #heard = new Set<number>();
  readonly #added = new Uint32Array(EVENT_KINDS.length);
  readonly #common = new Uint32Array(EVENT_KINDS.length);
  #tradeableAdded = 0;
  #tradeableCommon = 0;

  constructor(base: ReadonlySet<number>, baseTradeable: ReadonlySet<number>, baseByKind: Uint32Array) {
    this.#base = base;
    this.#baseTradeable = baseTradeable;
    this.#baseByKind = baseByKind;
  }

  hear(record: DetectionEvent): void {
    const key = keyOf(record);
    if (this.#heard.has(key) || this.#heard.size >= MOST_RECORDS) return;
    this.#heard.add(key);
    const kind = EVENT_KINDS.indexOf(record.kind);
    if (this.#base.has(key)) this.#common[kind]++;
    else this.#added[kind]++;
    if (!record.tradeable) return;
    if (this.#baseTradeable.has(key)) this.#tradeableCommon++;
    else this.#tradeableAdded++;
  }

  difference(): Difference {
    const removed = this.#baseByKind.map((n, i) => n - this.#common[i]);
    const total = (counts: Uint32Array): number => counts.reduce((sum, n) => sum + n, 0);
    const common = total(this.#common);
    const addedCount = total(this.#added);
    const either = this.#base.size + addedCount;
    return {
      added: named(this.#added),
      removed: named(removed),
      addedCount,
      removedCount: total(removed),
      tradeableAdded: this.#tradeableAdded,
      tradeableRemoved: this.#baseTradeable.size - this.#tradeableCommon,
      jaccard: either === 0 ? 1 : common / either,
    };
  }
}

function named(counts: Uint32Array): Counts {
  return Object.fromEntries(EVENT_KINDS.map((kind, i) => [kind, counts[i]] as const).filter(([, n]) => n > 0));
}
