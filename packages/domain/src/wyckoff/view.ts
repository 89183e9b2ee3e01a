/** What a detector shows of itself between events: range, levels, phases (detection.md 1.4 `EngineView`). */
import type { EpochMs, Price, VolumeReliability } from '../bar/bar.ts';
import type { EventKind, Hypothesis, Phase, RangeState, SubPhase } from './event.ts';

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

/** The last bar's features; null where the statistic is not defined yet. */
export interface FeaturesView {
  readonly bar: number;
  readonly time: EpochMs;
  readonly volRatio: number | null;
  readonly spreadRatio: number | null;
  /** 0..1 */
  readonly closePos: number;
  readonly effectiveSpread: number | null;
  /** ATR14 after the bar before, in price. */
  readonly atr: number | null;
  /** In ATR. */
  readonly gap: number | null;
  readonly effort: EffortClass;
  readonly direction: 1 | 0 | -1;
  readonly volumeWord: 'CLIMACTIC' | 'HIGH' | 'AVERAGE' | 'LOW' | 'DRIED_UP' | null;
  readonly volumeTrend: 'RISING' | 'FLAT' | 'DECLINING' | null;
  /** Over 10 bars: a new high (BEARISH) or low (BULLISH) on clearly less volume than the one before. */
  readonly divergence: 'BEARISH' | 'BULLISH' | null;
  readonly session: string | null;
  readonly openingBar: boolean;
  readonly closingBar: boolean;
  readonly sessionVolRatio: number | null;
}

export type EffortClass = 'NORMAL' | 'CLIMACTIC' | 'ABSORPTION' | 'NO_DEMAND';

export interface ZoneView {
  readonly kind: 'demand' | 'supply';
  readonly low: Price;
  readonly high: Price;
  readonly bar: number;
  readonly touches: number;
  readonly freshness: 'FRESH' | 'TESTED' | 'EXHAUSTED';
  /** 0..100; 70 and more is high. */
  readonly significance: number;
}

export interface ProfileView {
  readonly low: Price;
  readonly high: Price;
  /** Volume per bin, low to high; the first and the last are the overflow. */
  readonly bins: readonly number[];
  readonly pointOfControl: Price;
  readonly valueLow: Price;
  readonly valueHigh: Price;
}

export interface SchematicView {
  readonly id: 'A1' | 'A2' | 'D1' | 'D2';
  readonly alternative: 'A2' | 'D2' | null;
  /** 0..100; reported from 60. */
  readonly score: number;
  readonly forming: boolean;
  /** 0..1 */
  readonly completion: number;
  readonly points: readonly {
    readonly kind: EventKind;
    readonly bar: number | null;
    readonly x: number;
    readonly y: number;
    readonly template: number;
  }[];
}

/** A candidate that waits: what would confirm it and what would end it. */
export interface PendingView {
  readonly kind: EventKind;
  readonly hypothesis: Hypothesis;
  readonly bar: number;
  readonly price: Price;
  /** A close at or beyond this price confirms; null when something else does. */
  readonly confirmsAt: Price | null;
  /** A price beyond this kills it; null when only time does. */
  readonly failsAt: Price | null;
  /** Last bar on which it can still confirm; null when open-ended. */
  readonly lastBar: number | null;
}

export interface SpringSeriesView {
  readonly hypothesis: Hypothesis;
  readonly count: number;
  readonly volumeTrend: 'DECLINING' | 'RISING' | 'STABLE' | null;
  readonly timing: 'COMPRESSED' | 'NORMAL' | 'HEALTHY' | null;
  readonly tests: 'IMPROVING' | 'DEGRADING' | 'STABLE' | null;
  readonly risk: 'LOW' | 'MODERATE' | 'HIGH';
  readonly bestBar: number;
}

export type Regime = 'HIGH_VOLATILITY' | 'LOW_VOLATILITY' | 'RANGING' | 'TREND_UP' | 'TREND_DOWN';

export interface DetectorCounters {
  readonly invalid: number;
  readonly duplicate: number;
  readonly late: number;
  readonly gaps: number;
  /** Clusters, touches and zones dropped because their store was full. */
  readonly overflow: number;
}

/** Everything a screen shows of a detector; built on demand, may allocate. */
/** What {@link Detector.glance} builds of a view. */
export interface DetectorGlance extends Pick<DetectorView, 'range' | 'previous' | 'regime'> {
  readonly features: Pick<FeaturesView, 'session'> | null;
}

export interface DetectorView {
  readonly bars: number;
  readonly revision: number;
  readonly pack: string;
  /** The living range (FORMING, ACTIVE or BROKEN), else null. */
  readonly range: RangeView | null;
  readonly previous: RangeView | null;
  /** SEED while a climax waits for its automatic rally, else the range's state or NONE. */
  readonly state: RangeState;
  readonly zones: readonly ZoneView[];
  readonly profile: ProfileView | null;
  readonly pending: readonly PendingView[];
  readonly springs: readonly SpringSeriesView[];
  readonly features: FeaturesView | null;
  readonly schematics: readonly SchematicView[];
  /** 0..1, null without a range. */
  readonly causeProgress: number | null;
  readonly regime: Regime | null;
  /** ln return of the instrument less the benchmark's, over 20 and 60 bars. */
  readonly relativeStrength: { readonly rs20: number | null; readonly rs60: number | null };
  readonly effectiveReliability: VolumeReliability;
  readonly counters: DetectorCounters;
}
