/** What an engine tells the world: immutable facts, discriminated by `kind`, each with the whole new state of its entity. */
import type { EpochMs, Price, Ratio, Timeframe } from '../bar/bar.ts';
import type { Fill, Order } from '../execution/order.ts';
import type { Signal } from '../setup/signal.ts';
import type { Account, Position } from '../trade/position.ts';
import type { DetectionEvent, Hypothesis, Phase, RangeState, SubPhase } from '../wyckoff/event.ts';

/** The phases one hypothesis went through in a range, for bands on a chart. `to` null: still in it. */
export interface PhaseSpan {
  readonly phase: Phase;
  readonly from: EpochMs;
  readonly to: EpochMs | null;
}

export interface HypothesisState {
  readonly hypothesis: Hypothesis;
  readonly phase: Phase | null;
  readonly subPhase: SubPhase | null;
  readonly phaseConfidence: number;
  readonly leading: boolean;
  readonly implied: boolean;
  readonly suspended: boolean;
  readonly ended: boolean;
  readonly phases: readonly PhaseSpan[];
}

/** A range as it stands; the same id is sent again whenever it changes. */
export interface RangeFactState {
  /** `symbol:timeframe:startTime`. */
  readonly id: string;
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly rangeId: number;
  readonly state: RangeState;
  readonly route: 'event' | 'structural';
  readonly startTime: EpochMs;
  readonly endTime: EpochMs | null;
  readonly support: Price;
  readonly resistance: Price;
  readonly supportPrice: Price;
  readonly resistancePrice: Price;
  readonly supportStrength: number;
  readonly resistanceStrength: number;
  readonly quality: number;
  readonly durationBars: number;
  /** Columns of the point-and-figure count. */
  readonly columns: number;
  readonly objectives: readonly Price[];
  readonly hypotheses: readonly HypothesisState[];
}

export interface PhaseChange {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly rangeId: number;
  readonly hypothesis: Hypothesis;
  readonly from: Phase | null;
  readonly to: Phase | null;
  readonly confidence: number;
  readonly cause: string;
  readonly time: EpochMs;
}

export interface EventFactState {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly event: DetectionEvent;
}

/** A limit that was reached or left again. */
export interface RiskLimitState {
  readonly rule: string;
  readonly state: 'WARNING' | 'REACHED' | 'CLEARED';
  readonly value: Ratio;
  readonly limit: Ratio;
}

export type Fact =
  | { readonly kind: 'event.changed'; readonly at: EpochMs; readonly data: EventFactState }
  | { readonly kind: 'phase.changed'; readonly at: EpochMs; readonly data: PhaseChange }
  | { readonly kind: 'range.changed'; readonly at: EpochMs; readonly data: RangeFactState }
  | { readonly kind: 'signal.created' | 'signal.changed'; readonly at: EpochMs; readonly data: Signal }
  | { readonly kind: 'order.changed'; readonly at: EpochMs; readonly data: Order }
  | { readonly kind: 'order.filled'; readonly at: EpochMs; readonly data: { readonly fill: Fill; readonly order: Order } }
  | { readonly kind: 'position.opened' | 'position.changed' | 'position.closed'; readonly at: EpochMs; readonly data: Position }
  | { readonly kind: 'risk.limit'; readonly at: EpochMs; readonly data: RiskLimitState };

export type FactKind = Fact['kind'];

/** What a kind carries. */
export type DataOf<K extends FactKind> = Fact extends infer F
  ? F extends { readonly kind: infer FK; readonly data: infer D }
    ? K extends FK
      ? D
      : never
    : never
  : never;

/** Receives each fact in order; `at` is the closing instant of the bar, in pipeline time. */
export type FactSink = (fact: Fact) => void;

/** The topic of the wire on which a kind travels (interface.md 3.4). */
export const TOPIC_OF: Readonly<Record<FactKind, 'analysis' | 'signals' | 'orders' | 'positions' | 'risk'>> = {
  'event.changed': 'analysis',
  'phase.changed': 'analysis',
  'range.changed': 'analysis',
  'signal.created': 'signals',
  'signal.changed': 'signals',
  'order.changed': 'orders',
  'order.filled': 'orders',
  'position.opened': 'positions',
  'position.changed': 'positions',
  'position.closed': 'positions',
  'risk.limit': 'risk',
};

/** What an engine says of itself after each bar, conflated on the wire: never journalled as a fact. */
export interface BarReport {
  readonly account: Account;
  readonly openPositions: readonly Position[];
}
