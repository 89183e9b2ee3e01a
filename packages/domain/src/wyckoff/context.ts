/** What a bar may bring along from outside its own series; all of it is part of a recorded run. */
import type { Price } from '../bar/bar.ts';
import type { Hypothesis, Phase } from './event.ts';

/** Leading hypothesis of a higher timeframe after its last closed bar (detection.md 8.1). */
export interface HtfContext {
  readonly hypothesis: Hypothesis | null;
  readonly phase: Phase | null;
  /** 0..100 */
  readonly confidence: number;
}

export interface BarContext {
  readonly benchClose?: Price;
  readonly benchLow?: Price;
  /** 0..100, rank within the watchlist. */
  readonly rsPercentile?: number;
  readonly htf?: HtfContext | null;
  /** A scheduled announcement: nothing on this bar is tradeable. */
  readonly news?: boolean;
}
