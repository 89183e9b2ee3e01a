/** In which prices a file is: as they were traded, or as of a day after some of the splits. Told by the bars it shares with the store, never guessed (ADJ-5). */
import { matchesSplit, type BarColumns, type EpochMs } from '@wyckoff/domain';
import type { BarStore, Series } from '../../store/store.ts';
import type { AppliedSplit } from './applied-splits.ts';
import { scaled } from './scaled-history.ts';

/** `traded`: as they were, no split applied; `stored`: as the stored ones are. */
export const FILE_PRICES = ['traded', 'stored'] as const;
export type FilePrices = (typeof FILE_PRICES)[number];

/** Stored bars compared at each end of a block. */
const COMPARED = 1_000;
/** Two closes are the same price within this part, so that a revised bar does not decide. */
const SAME = 0.02;
/** Share of the bars compared that must be the same. */
const AGREEING = 0.9;

export class PricesUnknown extends Error {
  readonly split: AppliedSplit;

  constructor(series: Series, split: AppliedSplit) {
    const day = new Date(split.from).toISOString().slice(0, 10);
    super(
      split.state !== 'half'
        ? `${series.symbol} ${series.timeframe}: the stored bars are in the prices after the split of ${day}, and it cannot be told in which these are: say --prices traded (as they were) or --prices stored (as the stored ones are).`
        : `${series.symbol} ${series.timeframe}: the split of ${day} was stopped in the middle: run "wyckoff adjust" for it again first.`,
    );
    this.name = 'PricesUnknown';
    this.split = split;
  }
}

export interface FilePricesOptions {
  readonly store: Pick<BarStore, 'barsBefore' | 'barsAfter'>;
  readonly series: Series;
  readonly applied: readonly AppliedSplit[];
  /** What a person says; absent: it is found out. */
  readonly given?: FilePrices | undefined;
}

export class FileInStoredPrices {
  readonly #options: FilePricesOptions;
  /** Ascending in time. */
  readonly #splits: readonly AppliedSplit[];
  /** How many of them, the earliest first, the file knows already; null: not told yet. */
  #known: number | null;

  constructor(options: FilePricesOptions) {
    this.#options = options;
    this.#splits = [...options.applied].sort((a, b) => a.from - b.from);
    this.#known = options.given === undefined ? null : options.given === 'traded' ? 0 : this.#splits.length;
  }

  /** Splits the file did not know and that were applied to it; null while nothing needed to be told. */
  get missing(): readonly AppliedSplit[] {
    return this.#known === null ? [] : this.#splits.slice(this.#known);
  }

  /** A block of ascending bars in the stored prices. @throws PricesUnknown */
  async bring(columns: BarColumns): Promise<BarColumns> {
    const newest = this.#splits.at(-1);
    if (newest === undefined || columns.length === 0 || columns.time[0] >= newest.from) return columns;
    const half = this.#splits.find(({ state }) => state === 'half');
    if (half !== undefined) throw new PricesUnknown(this.#options.series, half);
    if (this.#options.given === undefined) this.#known = (await this.#byStored(columns)) ?? this.#byJumps(columns) ?? this.#known;
    if (this.#known === null) throw new PricesUnknown(this.#options.series, newest);
    const missing = new Set(this.missing);
    // In the order in which the stored bars were adjusted: the same bars give the same numbers.
    return scaled(
      columns,
      this.#options.applied.filter((split) => missing.has(split)),
    );
  }

  /** By bars of the same time: the number of splits known with which they agree; the most, where several do. */
  async #byStored(columns: BarColumns): Promise<number | null> {
    const { store, series } = this.#options;
    const last = columns.time[columns.length - 1];
    const head = await store.barsAfter(series, { after: columns.time[0] - 1, limit: COMPARED });
    const tail = await store.barsBefore(series, { before: last + 1, limit: COMPARED });
    const pairs = [...pairsOf(columns, head), ...pairsOf(columns, tail)];
    const decisive = pairs.filter(({ time }) => time < (this.#splits.at(-1)?.from ?? 0));
    if (decisive.length === 0) return null;
    for (let known = this.#splits.length; known >= 0; known -= 1) {
      if (this.#splits.every((_, place) => this.#agrees(decisive, { known, place }))) return known;
    }
    return null;
  }

  /** The bars between one split and the one before it, on their own: few of them must not be outvoted by many others. */
  #agrees(pairs: readonly Pair[], { known, place }: { readonly known: number; readonly place: number }): boolean {
    const [from, to] = [this.#splits[place - 1]?.from ?? -Infinity, this.#splits[place].from];
    const own = pairs.filter(({ time }) => time >= from && time < to);
    const same = own.filter(({ time, ratio }) => Math.abs(ratio * this.#factorAt(time, known) - 1) < SAME);
    return same.length >= AGREEING * own.length;
  }

  /** By the file's own prices at the splits it spans: a jump that fits one says that it does not know it, nor any later one. */
  #byJumps({ time, open, close, length }: BarColumns): number | null {
    let told: number | null = null;
    for (const [place, { from, priceFactor }] of this.#splits.entries()) {
      const row = time.subarray(0, length).findIndex((at) => at >= from);
      if (row <= 0) continue;
      if (matchesSplit(close[row - 1], open[row], priceFactor)) return place;
      told = place + 1;
    }
    // It knows the last one it spans: whether also those after its end, nobody can say.
    return told === this.#splits.length ? told : null;
  }

  /** What a bar of that time must be multiplied by when the first `known` splits are in it. */
  #factorAt(time: EpochMs, known: number): number {
    let factor = 1;
    for (const { from, priceFactor } of this.#splits.slice(known)) if (from > time) factor *= priceFactor;
    return factor;
  }
}

interface Pair {
  readonly time: EpochMs;
  /** Close of the file / stored close. */
  readonly ratio: number;
}

/** Bars of one time in two ascending runs. */
function pairsOf(file: BarColumns, stored: BarColumns): Pair[] {
  const pairs: Pair[] = []; // bounded: COMPARED
  for (let i = 0, k = 0; i < file.length && k < stored.length;) {
    if (file.time[i] === stored.time[k]) {
      pairs.push({ time: file.time[i], ratio: file.close[i] / stored.close[k] });
      i += 1;
      k += 1;
    } else if (file.time[i] < stored.time[k]) i += 1;
    else k += 1;
  }
  return pairs;
}
