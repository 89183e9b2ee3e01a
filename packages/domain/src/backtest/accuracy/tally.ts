/** Counts of one kind (or one slice of it) and what follows from them (backtesting.md 13.3). */
import { share, wilson, type Interval } from './wilson.ts';

/** Delays above this many bars share the last bin. */
const LONGEST_DELAY = 64;

export interface Metrics {
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
  readonly tn: number;
  /** Detections outside every span, and those matched to an AMBIGUOUS label. */
  readonly unscored: number;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
  readonly accuracy: number | null;
  readonly specificity: number | null;
  readonly negativePredictiveValue: number | null;
  readonly precisionInterval: Interval | null;
  readonly recallInterval: Interval | null;
  /** Median of confirmBar - eventBar over the true positives, bars. */
  readonly medianDelayBars: number | null;
}

export class Tally {
  tp = 0;
  fp = 0;
  fn = 0;
  tn = 0;
  unscored = 0;
  readonly #delays = new Uint32Array(LONGEST_DELAY + 1);

  hit(delayBars: number): void {
    this.tp += 1;
    this.#delays[Math.min(LONGEST_DELAY, Math.max(0, delayBars))] += 1;
  }

  include(other: Tally): void {
    this.tp += other.tp;
    this.fp += other.fp;
    this.fn += other.fn;
    this.tn += other.tn;
    this.unscored += other.unscored;
    for (let bars = 0; bars <= LONGEST_DELAY; bars++) this.#delays[bars] += other.#delays[bars];
  }

  metrics(): Metrics {
    const { tp, fp, fn, tn } = this;
    return {
      tp,
      fp,
      fn,
      tn,
      unscored: this.unscored,
      precision: share(tp, tp + fp),
      recall: share(tp, tp + fn),
      // 2PR/(P+R) written in counts; without any P or R it is as undefined as they are.
      f1: tp + fp === 0 || tp + fn === 0 ? null : share(2 * tp, 2 * tp + fp + fn),
      accuracy: share(tp + tn, tp + tn + fp + fn),
      specificity: share(tn, tn + fp),
      negativePredictiveValue: share(tn, tn + fn),
      precisionInterval: wilson(tp, tp + fp),
      recallInterval: wilson(tp, tp + fn),
      medianDelayBars: this.#medianDelay(),
    };
  }

  #medianDelay(): number | null {
    if (this.tp === 0) return null;
    let seen = 0;
    for (let bars = 0; bars <= LONGEST_DELAY; bars++) {
      seen += this.#delays[bars];
      if (2 * seen >= this.tp) return bars;
    }
    return LONGEST_DELAY;
  }
}
