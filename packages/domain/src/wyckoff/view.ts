/** What a detector shows of itself between events: range, levels, phases (detection.md 1.4 `EngineView`). */
import type { EpochMs, Price } from '../bar/bar.ts';
import type { Hypothesis, Phase, RangeState, SubPhase } from './event.ts';

/** One step of a hypothesis' phase machine. `to` null: the hypothesis ended. */
export interface PhaseTransition {
  readonly seq: number;
  readonly hypothesis: Hypothesis;
  readonly rangeId: number;
  readonly bar: number;
  readonly time: EpochMs;
  readonly from: Phase | null;
  readonly to: Phase | null;
  /** Event kind or the condition that moved it, for people. */
  readonly cause: string;
}

export interface HypothesisView {
  readonly hypothesis: Hypothesis;
  readonly phase: Phase | null;
  readonly subPhase: SubPhase | null;
  readonly startBar: number | null;
  readonly startTime: EpochMs | null;
  readonly bStart: number | null;
  readonly implied: boolean;
  readonly suspended: boolean;
  readonly ended: boolean;
  /** 0..100 */
  readonly phaseConfidence: number;
  readonly leading: boolean;
}

export interface LevelView {
  /** Volume-weighted price (Lw, Hw). */
  readonly price: Price;
  /** Edge from which breaks are measured (L, H). */
  readonly edge: Price;
  readonly touches: number;
  /** 0..100 */
  readonly strength: number;
}

export interface RangeView {
  readonly rangeId: number;
  readonly state: RangeState;
  readonly route: 'event' | 'structural';
  readonly startBar: number;
  readonly startTime: EpochMs;
  readonly endBar: number | null;
  readonly endTime: EpochMs | null;
  readonly support: LevelView;
  readonly resistance: LevelView;
  /** 0..100 */
  readonly quality: number;
  readonly durationBars: number;
  readonly columns: number;
  readonly boxSize: number;
  readonly objectives: readonly Price[];
  readonly hypotheses: readonly HypothesisView[];
}
