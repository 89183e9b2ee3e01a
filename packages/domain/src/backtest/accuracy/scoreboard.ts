/** All counts of one matching: in total, per kind, per slice, and who was taken for whom. */
import type { EventKind } from '../../wyckoff/event.ts';
import type { Settled } from './pairing.ts';
import { Tally, type Metrics } from './tally.ts';

export const DIMENSIONS = ['symbol', 'timeframe', 'phase', 'hypothesis', 'regime'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** Further values of a dimension share one slice. */
const SLICES_KEPT = 500;

export interface Place {
  readonly symbol: string;
  readonly timeframe: string;
}

export type Outcome = 'tp' | 'fp' | 'fn' | 'tn' | 'unscored';

export class Scoreboard {
  readonly total = new Tally();
  /** Tradeable records only: their precision. */
  readonly tradeable = new Tally();
  // bounded: one per event kind
  readonly #kinds = new Map<EventKind, Tally>();
  // bounded: SLICES_KEPT per dimension, the rest in OTHER
  readonly #slices = new Map<Dimension, Map<string, Tally>>(DIMENSIONS.map((dimension) => [dimension, new Map()]));
  // bounded: kinds x kinds
  readonly #confusion = new Map<EventKind, Map<EventKind | 'NONE', number>>();

  /** Books a settled item; `inSpan` says whether an unmatched detection lies inside a labelled structure. */
  book(settled: Settled, place: Place, inSpan: boolean): Outcome {
    const outcome = outcomeOf(settled, inSpan);
    const kind = settled.what === 'detection' ? settled.detection.kind : settled.label.kind;
    const delay = settled.what === 'pair' ? settled.detection.confirmBar - settled.detection.bar : 0;
    for (const tally of [this.total, this.#kind(kind), ...this.#slicesOf(settled, place)]) count(tally, outcome, delay);
    if (settled.what !== 'label' && settled.detection.tradeable) count(this.tradeable, outcome, delay);
    this.#confuse(settled);
    return outcome;
  }

  kind(kind: EventKind): Metrics {
    return this.tally(kind).metrics();
  }

  tally(kind: EventKind): Tally {
    return this.#kinds.get(kind) ?? new Tally();
  }

  kinds(): EventKind[] {
    return [...this.#kinds.keys()];
  }

  slices(dimension: Dimension): Readonly<Record<string, Metrics>> {
    const slices = this.#slices.get(dimension) ?? new Map<string, Tally>();
    return Object.fromEntries([...slices].sort(([a], [b]) => (a < b ? -1 : 1)).map(([value, tally]) => [value, tally.metrics()]));
  }

  /** Rows: the labelled kind; columns: what was found there, NONE when nothing was. */
  confusion(): Readonly<Record<string, Readonly<Record<string, number>>>> {
    return Object.fromEntries([...this.#confusion].map(([label, row]) => [label, Object.fromEntries(row)]));
  }

  #kind(kind: EventKind): Tally {
    const tally = this.#kinds.get(kind) ?? new Tally();
    this.#kinds.set(kind, tally);
    return tally;
  }

  #slicesOf(settled: Settled, place: Place): Tally[] {
    const item = settled.what === 'detection' ? settled.detection : settled.label;
    const regime = settled.what === 'label' ? 'MISSED' : (settled.detection.regime ?? 'UNKNOWN');
    const values: Readonly<Record<Dimension, string>> = {
      symbol: place.symbol,
      timeframe: place.timeframe,
      phase: item.phase ?? 'none',
      hypothesis: item.hypothesis === null ? 'none' : item.hypothesis > 0 ? 'accumulation' : 'distribution',
      regime,
    };
    return DIMENSIONS.map((dimension) => {
      const slices = this.#slices.get(dimension) ?? new Map<string, Tally>();
      const value = slices.has(values[dimension]) || slices.size < SLICES_KEPT ? values[dimension] : 'OTHER';
      const tally = slices.get(value) ?? new Tally();
      slices.set(value, tally);
      return tally;
    });
  }

  #confuse(settled: Settled): void {
    if (settled.what === 'detection') return;
    if (settled.label.verdict !== 'CORRECT') return;
    const found = settled.what === 'pair' ? settled.detection.kind : (settled.mistakenFor ?? 'NONE');
    const row = this.#confusion.get(settled.label.kind) ?? new Map<EventKind | 'NONE', number>();
    row.set(found, (row.get(found) ?? 0) + 1);
    this.#confusion.set(settled.label.kind, row);
  }
}

/** The table of backtesting.md 13.2. */
function outcomeOf(settled: Settled, inSpan: boolean): Outcome {
  if (settled.what === 'detection') return inSpan ? 'fp' : 'unscored';
  const { verdict } = settled.label;
  if (verdict === 'AMBIGUOUS') return 'unscored';
  const matched = settled.what === 'pair';
  if (verdict === 'CORRECT') return matched ? 'tp' : 'fn';
  return matched ? 'fp' : 'tn';
}

function count(tally: Tally, outcome: Outcome, delay: number): void {
  if (outcome === 'tp') tally.hit(delay);
  else tally[outcome] += 1;
}
