/** A signal: one record of the detector turned into a plan with entry, stop, targets and size (trading.md 4). */
import type { AssetClass, EpochMs, Price, Ratio, Timeframe } from '../bar/bar.ts';
import type { Phase, ReasonCode } from '../wyckoff/event.ts';

/** An integer amount of 1e-6 of the account currency, a safe integer. */
export type Micros = number;
/** An integer quantity in millionths of a unit (whole shares are multiples of 1,000,000). */
export type QtyMicros = number;

export const PATTERNS = ['SPRING', 'UTAD', 'TEST', 'SOS', 'SOW', 'LPS', 'LPSY', 'EXTERNAL'] as const;
export type Pattern = (typeof PATTERNS)[number];
export const DIRECTIONS = ['LONG', 'SHORT'] as const;
export type Direction = (typeof DIRECTIONS)[number];
export const LEGS = ['F', 'S', 'L'] as const;
export type Leg = (typeof LEGS)[number];
export const SIGNAL_STATES = [
  'GENERATED', 'PENDING', 'APPROVED', 'SUBMITTED', 'FILLED', 'PARTIALLY_CLOSED',
  'REJECTED', 'EXPIRED', 'CANCELLED', 'STOPPED', 'TARGET_HIT', 'CLOSED',
] as const; // prettier-ignore
export type SignalState = (typeof SIGNAL_STATES)[number];
export const ENTRY_TYPES = ['MARKET', 'LIMIT', 'STOP'] as const;
export type EntryType = (typeof ENTRY_TYPES)[number];

/** One step of the validation chain, kept with its figures (trading.md 3). */
export interface ChainStep {
  readonly stage: 'VOLUME' | 'PHASE' | 'LEVELS' | 'RISK' | 'STRATEGY';
  /** `PASS` or the code of the rule, such as `PH_PATTERN`. */
  readonly code: string;
  readonly result: 'PASS' | 'WARN' | 'FAIL';
  readonly measured: number | null;
  readonly limit: number | null;
  readonly sentence: string;
}

/** A measure of 5.1 as it stood: before the trade, after it, and its limit. */
export interface MeasureFigures {
  readonly code: string;
  /** The bucket of RK_BUCKET; null elsewhere. */
  readonly of: string | null;
  readonly beforeMicros: Micros;
  readonly afterMicros: Micros;
  readonly limitMicros: Micros;
}

/** Every figure a signal was judged by, kept with it (trading.md end of 3). Entry, stop, targets and R stand in the signal itself. */
export interface SignalFigures {
  readonly steps: number;
  readonly unit: 'SHARES' | 'LOTS' | 'UNITS' | 'CONTRACTS';
  readonly leverage: number;
  readonly marginMicros: Micros;
  readonly notionalMicros: Micros;
  readonly riskMicros: Micros;
  /** Of equity. */
  readonly riskRatio: Ratio;
  /** Before any limit. */
  readonly wantedMicros: Micros;
  readonly equityMicros: Micros;
  /** Entry with gap allowance and half spread. */
  readonly sizingPrice: Price;
  /** Over the whole ladder. */
  readonly rPlan: Ratio | null;
  readonly reward: 'IDEAL' | 'ACCEPTABLE' | null;
  /** TICK: volume counts price changes, not units. */
  readonly volumeSource: 'ACTUAL' | 'TICK';
  readonly measures: readonly MeasureFigures[];
}

export interface Signal {
  /** Derived from what it is about, so that a bar processed twice makes one signal. */
  readonly id: string;
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly assetClass: AssetClass;
  readonly pattern: Pattern;
  readonly leg: Leg;
  readonly direction: Direction;
  readonly status: SignalState;
  /** Id of the detection record. */
  readonly eventId: string;
  readonly phase: Phase | null;
  /** Opening time of the bar at whose close the signal was made. */
  readonly barTime: EpochMs;
  readonly entryType: EntryType;
  readonly entryPrice: Price;
  readonly stopPrice: Price;
  readonly stopReason: string;
  /** T1 <= T2 <= T3 outward; equal prices are one rung. */
  readonly targets: readonly Price[];
  readonly qtyMicros: QtyMicros;
  readonly riskMicros: Micros;
  readonly notionalMicros: Micros;
  /** Reward to risk at T2; null when there is no plan. */
  readonly rMultiple: Ratio | null;
  /** 0..100, the one number of detection. */
  readonly confidence: number | null;
  readonly reasons: readonly ReasonCode[];
  readonly chain: readonly ChainStep[];
  readonly rejectCode: string | null;
  readonly rejectText: string | null;
  /** Of a refused one what was known when it was refused: no steps where no size was left. Null or absent: refused before the limits were asked. */
  readonly figures?: SignalFigures | null;
  /** A person must look at it: never automatic (ST-13). Absent: false. */
  readonly needsReview?: boolean;
  /** Last bar (counted in bars from creation) on which the entry may still fill. */
  readonly validBars: number;
  readonly version: number;
}
