/** Trading ranges found against ranges labelled: a pair overlaps by half in time and agrees on both edges (backtesting.md 13.3). */
import type { RangeView } from '../../wyckoff/view.ts';
import { share, wilson, type Interval } from './wilson.ts';

export interface LabelledRange {
  readonly fromBar: number;
  readonly toBar: number;
  readonly support: number;
  readonly resistance: number;
}

interface FoundRange extends LabelledRange {
  readonly rangeId: number;
}

export interface RangeMetrics {
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
  /** Found ranges that lie mostly outside the labelled structures. */
  readonly unscored: number;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly precisionInterval: Interval | null;
  readonly recallInterval: Interval | null;
}

const LEAST_OVERLAP = 0.5;
const EDGE_TOLERANCE = 0.25;

/** One series at a time; a range counts as found once it was ACTIVE, from its start to the last bar before it broke or ended. */
export class RangeMeter {
  // bounded: the ranges of one series, each at least 15 bars long; cleared with it
  #found: FoundRange[] = [];
  #current: FoundRange | null = null;
  #tp = 0;
  #fp = 0;
  #fn = 0;
  #unscored = 0;

  /** Call on every bar; the view is asked for only when the detector's revision moved. */
  next(bar: number, range: RangeView | null): void {
    const current = this.#current;
    const alive =
      range !== null &&
      (range.state === 'ACTIVE' || (current !== null && range.rangeId === current.rangeId && range.state === 'FORMING'));
    if (current !== null && (range === null || range.rangeId !== current.rangeId)) this.#close();
    if (!alive) return;
    this.#current = {
      rangeId: range.rangeId,
      fromBar: range.startBar,
      toBar: bar,
      support: range.support.edge,
      resistance: range.resistance.edge,
    };
  }

  /** Judges the series: `spans` are the labelled structures, first and last bar. */
  finishSeries(labels: readonly LabelledRange[], spans: readonly (readonly [number, number])[]): void {
    this.#close();
    const pairs = labels
      .flatMap((label) => this.#found.map((found) => ({ label, found, overlap: overlapOf(label, found) })))
      .filter(({ label, found, overlap }) => overlap >= LEAST_OVERLAP && edgesAgree(label, found))
      .sort((a, b) => b.overlap - a.overlap);
    const used = new Set<LabelledRange>();
    for (const { label, found } of pairs) {
      if (used.has(label) || used.has(found)) continue;
      used.add(label).add(found);
      this.#tp += 1;
    }
    this.#fn += labels.filter((label) => !used.has(label)).length;
    for (const found of this.#found) {
      if (used.has(found)) continue;
      if (insideBy(found, spans) >= LEAST_OVERLAP) this.#fp += 1;
      else this.#unscored += 1;
    }
    this.#found = [];
  }

  metrics(): RangeMetrics {
    const [tp, fp, fn] = [this.#tp, this.#fp, this.#fn];
    return {
      tp,
      fp,
      fn,
      unscored: this.#unscored,
      precision: share(tp, tp + fp),
      recall: share(tp, tp + fn),
      precisionInterval: wilson(tp, tp + fp),
      recallInterval: wilson(tp, tp + fn),
    };
  }

  #close(): void {
    if (this.#current !== null) this.#found.push(this.#current);
    this.#current = null;
  }
}

/** Intersection over union of the bars. */
function overlapOf(a: LabelledRange, b: LabelledRange): number {
  const shared = Math.min(a.toBar, b.toBar) - Math.max(a.fromBar, b.fromBar) + 1;
  if (shared <= 0) return 0;
  return shared / (a.toBar - a.fromBar + 1 + (b.toBar - b.fromBar + 1) - shared);
}

function edgesAgree(label: LabelledRange, found: LabelledRange): boolean {
  const slack = EDGE_TOLERANCE * (label.resistance - label.support);
  return Math.abs(label.support - found.support) <= slack && Math.abs(label.resistance - found.resistance) <= slack;
}

/** Share of a found range's bars that lie inside labelled structures. */
function insideBy(found: LabelledRange, spans: readonly (readonly [number, number])[]): number {
  let inside = 0;
  for (const [from, to] of spans) inside += Math.max(0, Math.min(to, found.toBar) - Math.max(from, found.fromBar) + 1);
  return inside / (found.toBar - found.fromBar + 1);
}
