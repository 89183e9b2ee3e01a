/** What the author of a synthetic series says is in it: the rows of a labelled data set (backtesting.md 13.1). */
import type { EpochMs, Price, Timeframe } from '../../bar/bar.ts';
import type { EventKind, Hypothesis, Phase } from '../../wyckoff/event.ts';

/**
 * Beside the events of the method: `RANGE` (spanFrom..spanTo and edges of a trading range), `PHASE` (the bars of one phase)
 * and `NONE` (a stretch without any structure; nothing in it is scored, what is found there is counted apart).
 */
export type LabelKind = EventKind | `FALSE_${EventKind}` | 'RANGE' | 'PHASE' | 'NONE';

export const VERDICTS = ['CORRECT', 'INCORRECT', 'AMBIGUOUS'] as const;
/** AMBIGUOUS is not scored. */
export type Verdict = (typeof VERDICTS)[number];

/** The schematics of the Wyckoff Stock Market Institute, and the ways a range breaks. */
export const SCHEMATICS = ['A1', 'A2', 'D1', 'D2'] as const;
export type Schematic = (typeof SCHEMATICS)[number];

export interface Label {
  readonly labelId: string;
  readonly symbol: string;
  readonly timeframe: Timeframe;
  /** Opening time of the event's bar; of the first bar for RANGE, PHASE and NONE. */
  readonly barTs: EpochMs;
  readonly kind: LabelKind;
  readonly verdict: Verdict;
  readonly hypothesis: Hypothesis | null;
  readonly phase: Phase | null;
  readonly rangeId: number | null;
  readonly support: Price | null;
  readonly resistance: Price | null;
  /** First and last bar of the labelled structure (events) or of the range, phase or stretch itself. */
  readonly spanFrom: EpochMs;
  readonly spanTo: EpochMs;
  readonly reason: string | null;
  readonly justification: string;
  readonly labeler: string;
  readonly reviewer: string | null;
  readonly source: string;
  readonly outcome: 'WIN' | 'LOSS' | null;
}
