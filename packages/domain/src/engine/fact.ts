/** What an engine tells the world: immutable facts, discriminated by `kind`, each with the whole new state of its entity. */
import type { QueueEntry } from '../acceptance/approval-queue.ts';
import type { AutomationSettings, Consent } from '../acceptance/automation.ts';
import type { Gate } from '../acceptance/check.ts';
import type { AcceptanceMode, CommandAnswer } from '../acceptance/command.ts';
import type { DayCounters } from '../acceptance/day-counters.ts';
import type { KillSwitch } from '../acceptance/kill-switch.ts';
import type { BreakerState } from '../acceptance/loss-breaker.ts';
import type { AssetClass, EpochMs, Price, Ratio, Timeframe } from '../bar/bar.ts';
import type { AllocationRow, CampaignRecord } from '../campaign/campaign-record.ts';
import type { Fill, Order } from '../execution/order.ts';
import type { RiskLimits } from '../risk/limits.ts';
import type { Micros, Signal } from '../setup/signal.ts';
import type { LedgerRow } from '../trade/ledger.ts';
import type { Account, Position } from '../trade/position.ts';
import type { DetectionEvent, Hypothesis, Phase, RangeState, SubPhase } from '../wyckoff/event.ts';
import type { ToldInput, TradingCommandKind } from './input.ts';

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

/** What an accepted entry holds of every limit, from acceptance to its last fill or its end (trading.md 5.6). */
export interface ReservationFact {
  /** Of its signal: one each. */
  readonly id: string;
  readonly accountId: string;
  readonly signalId: string;
  readonly campaignId: string;
  readonly symbol: string;
  readonly state: 'HELD' | 'COMMITTED' | 'RELEASED';
  readonly riskMicros: Micros;
  readonly notionalMicros: Micros;
  readonly marginMicros: Micros;
  readonly cashMicros: Micros;
  readonly buckets: readonly string[];
  readonly assetClass: AssetClass;
  readonly version: number;
}

/** A halt that began or ended (5.7). */
export interface HaltFact {
  readonly id: string;
  readonly accountId: string;
  /** `all`, `account:<id>`, `class:<CLASS>` or `symbol:<SYMBOL>`. */
  readonly scope: string;
  readonly kind: 'DAILY_LOSS' | 'DRAWDOWN' | 'STALE' | 'RECONCILE' | 'EQUITY_UNKNOWN' | 'REJECTS' | 'MEMORY';
  readonly reason: string;
  readonly actor: string | null;
  readonly since: EpochMs;
  /** Null: in force. */
  readonly until: EpochMs | null;
  readonly value: number | null;
  readonly limit: number | null;
}

/** Whether and how the account trades: the state of `/trading`. */
export interface TradingState {
  readonly accountId: string;
  readonly killSwitch: KillSwitch;
  readonly acceptance: AcceptanceMode;
  readonly automation: AutomationSettings;
  readonly consent: Consent | null;
  readonly breaker: BreakerState;
  readonly counters: DayCounters;
  readonly brokerConnected: boolean;
  readonly permitted: boolean;
  /** In force (5.1); absent in facts of older programs. The version of the settings is that of `automation`. */
  readonly limits?: RiskLimits;
  /** Who and what changed it last. */
  readonly by: string;
  readonly reason: string;
}

/** A signal entered the approval queue, or left it. */
export interface ApprovalFact {
  readonly signalId: string;
  readonly state: 'WAITING' | 'APPROVED' | 'REJECTED' | 'EXPIRED' | 'CANCELLED';
  readonly entry: QueueEntry;
  /** The checks of an approval or of automation; null where nobody asked. */
  readonly gate: Gate | null;
  readonly by: string | null;
}

/** Two truths about one thing: ours and the broker's (7.5). */
export interface ReconcileFact {
  readonly accountId: string;
  readonly symbol: string;
  readonly code:
    | 'LATE_FILL' | 'OVERFILL' | 'CONFLICT' | 'UNKNOWN_ORDER' | 'QUANTITY' | 'CASH' | 'IMPORTED' | 'RELEASED'
    /** It refused every stop and every exit of a position (7.4). */
    | 'UNPROTECTED'; // prettier-ignore
  readonly sentence: string;
  readonly refId: string;
}

export type Fact =
  | { readonly kind: 'event.changed'; readonly at: EpochMs; readonly data: EventFactState }
  | { readonly kind: 'phase.changed'; readonly at: EpochMs; readonly data: PhaseChange }
  | { readonly kind: 'range.changed'; readonly at: EpochMs; readonly data: RangeFactState }
  | { readonly kind: 'signal.created' | 'signal.changed'; readonly at: EpochMs; readonly data: Signal }
  | { readonly kind: 'order.changed'; readonly at: EpochMs; readonly data: Order }
  | { readonly kind: 'order.filled'; readonly at: EpochMs; readonly data: { readonly fill: Fill; readonly order: Order } }
  | { readonly kind: 'position.opened' | 'position.changed' | 'position.closed'; readonly at: EpochMs; readonly data: Position }
  | { readonly kind: 'risk.limit'; readonly at: EpochMs; readonly data: RiskLimitState }
  | { readonly kind: 'campaign.changed'; readonly at: EpochMs; readonly data: CampaignRecord }
  | { readonly kind: 'allocation.decided'; readonly at: EpochMs; readonly data: AllocationRow }
  | { readonly kind: 'reservation.changed'; readonly at: EpochMs; readonly data: ReservationFact }
  | { readonly kind: 'halt.changed'; readonly at: EpochMs; readonly data: HaltFact }
  | { readonly kind: 'trading.changed'; readonly at: EpochMs; readonly data: TradingState }
  | { readonly kind: 'approval.changed'; readonly at: EpochMs; readonly data: ApprovalFact }
  | { readonly kind: 'reconcile.difference'; readonly at: EpochMs; readonly data: ReconcileFact }
  | { readonly kind: 'ledger.booked'; readonly at: EpochMs; readonly data: LedgerRow }
  | { readonly kind: 'input.broker'; readonly at: EpochMs; readonly data: Extract<ToldInput, { readonly kind: 'broker' }> }
  | { readonly kind: 'input.clock'; readonly at: EpochMs; readonly data: Extract<ToldInput, { readonly kind: 'clock' }> }
  /** The command and, told after what it caused, its answer: the audit of what people did. */
  | { readonly kind: 'input.command'; readonly at: EpochMs; readonly data: Extract<ToldInput, { readonly kind: 'command' }> }
  | {
      readonly kind: 'command.answered';
      readonly at: EpochMs;
      readonly data: { readonly actor: string; readonly command: TradingCommandKind; readonly answer: CommandAnswer };
    };

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

/** The topic on which a kind travels (interface.md 3.4); `inputs` stay inside. */
export const TOPIC_OF = {
  'event.changed': 'analysis',
  'phase.changed': 'analysis',
  'range.changed': 'analysis',
  'signal.created': 'signals',
  'signal.changed': 'signals',
  'approval.changed': 'signals',
  'order.changed': 'orders',
  'order.filled': 'orders',
  'position.opened': 'positions',
  'position.changed': 'positions',
  'position.closed': 'positions',
  'campaign.changed': 'campaigns',
  'allocation.decided': 'campaigns',
  'reservation.changed': 'risk',
  'risk.limit': 'risk',
  'halt.changed': 'trading',
  'trading.changed': 'trading',
  'reconcile.difference': 'trading',
  'ledger.booked': 'account',
  'input.broker': 'inputs',
  'input.clock': 'inputs',
  'input.command': 'inputs',
  'command.answered': 'inputs',
} as const satisfies Readonly<Record<FactKind, string>>;

/** What an engine says of itself after each bar, conflated on the wire: never journalled as a fact. */
export interface BarReport {
  readonly account: Account;
  readonly openPositions: readonly Position[];
}
