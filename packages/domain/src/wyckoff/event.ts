/** The records a detector returns (detection.md 1.4). */
import type { EpochMs, Price, Ratio } from '../bar/bar.ts';

export const EVENT_KINDS = [
  'PS', 'PSY', 'SC', 'BC', 'AR', 'ST', 'SPRING', 'SHAKEOUT', 'UTAD', 'UT', 'TEST', 'SOS', 'SOW', 'LPS', 'LPSY',
] as const; // prettier-ignore
export type EventKind = (typeof EVENT_KINDS)[number];

/** Index of a kind in {@link EVENT_KINDS}, as marks, rings and counters keep it. A switch, because a look-up by name is slow on every record. */
export function kindCode(kind: EventKind): number {
  switch (kind) {
    case 'PS':
      return 0;
    case 'PSY':
      return 1;
    case 'SC':
      return 2;
    case 'BC':
      return 3;
    case 'AR':
      return 4;
    case 'ST':
      return 5;
    case 'SPRING':
      return 6;
    case 'SHAKEOUT':
      return 7;
    case 'UTAD':
      return 8;
    case 'UT':
      return 9;
    case 'TEST':
      return 10;
    case 'SOS':
      return 11;
    case 'SOW':
      return 12;
    case 'LPS':
      return 13;
    case 'LPSY':
      return 14;
  }
}

/** `candidate` and `expired` appear only with `emitCandidates`. */
export const EVENT_STATUSES = ['confirmed', 'failed', 'held', 'repeat', 'direct', 'candidate', 'expired'] as const;
export type EventStatus = (typeof EVENT_STATUSES)[number];

/** +1 accumulation, -1 distribution. */
export type Hypothesis = 1 | -1;

export const PHASES = ['A', 'B', 'C', 'D', 'E'] as const;
export type Phase = (typeof PHASES)[number];

export const SUB_PHASES = ['C_SPRING', 'C_TEST', 'C_READY', 'E_EARLY', 'E_MATURE', 'E_LATE', 'E_EXHAUSTION'] as const;
export type SubPhase = (typeof SUB_PHASES)[number];

/** Reason codes of detection.md 4.12: the first group rejects a candidate, the second makes a record not tradeable. */
export const REASON_CODES = [
  'WRONG_PHASE', 'PREMATURE', 'VOLUME_TOO_HIGH', 'VOLUME_TOO_LOW', 'SPREAD_NARROW', 'WEAK_CLOSE', 'TOO_DEEP', 'TOO_SHALLOW',
  'NO_RECOVERY', 'NO_BOUNCE', 'BROKE_LEVEL', 'TIMEOUT', 'LOW_HISTORY', 'ANOMALY',
  'AWAIT_TEST', 'AWAIT_LPS', 'IN_RANGE', 'RANGE_QUALITY', 'LEVEL_STRENGTH', 'PHASE_CONFIDENCE', 'CONFIDENCE',
  'HYPOTHESIS_CONFLICT', 'SESSION', 'HTF_CONFLICT', 'NO_VOLUME',
] as const; // prettier-ignore
export type ReasonCode = (typeof REASON_CODES)[number];

/** Index of a reason in {@link REASON_CODES}. */
export function reasonCode(reason: ReasonCode): number {
  switch (reason) {
    case 'WRONG_PHASE':
      return 0;
    case 'PREMATURE':
      return 1;
    case 'VOLUME_TOO_HIGH':
      return 2;
    case 'VOLUME_TOO_LOW':
      return 3;
    case 'SPREAD_NARROW':
      return 4;
    case 'WEAK_CLOSE':
      return 5;
    case 'TOO_DEEP':
      return 6;
    case 'TOO_SHALLOW':
      return 7;
    case 'NO_RECOVERY':
      return 8;
    case 'NO_BOUNCE':
      return 9;
    case 'BROKE_LEVEL':
      return 10;
    case 'TIMEOUT':
      return 11;
    case 'LOW_HISTORY':
      return 12;
    case 'ANOMALY':
      return 13;
    case 'AWAIT_TEST':
      return 14;
    case 'AWAIT_LPS':
      return 15;
    case 'IN_RANGE':
      return 16;
    case 'RANGE_QUALITY':
      return 17;
    case 'LEVEL_STRENGTH':
      return 18;
    case 'PHASE_CONFIDENCE':
      return 19;
    case 'CONFIDENCE':
      return 20;
    case 'HYPOTHESIS_CONFLICT':
      return 21;
    case 'SESSION':
      return 22;
    case 'HTF_CONFLICT':
      return 23;
    case 'NO_VOLUME':
      return 24;
  }
}

export const TIERS = ['EXCELLENT', 'GOOD', 'ACCEPTABLE', 'WEAK'] as const;
export type Tier = (typeof TIERS)[number];

export const RANGE_STATES = [
  'NONE',
  'SEED',
  'FORMING',
  'ACTIVE',
  'BROKEN_UP',
  'BROKEN_DOWN',
  'COMPLETED',
  'EXPIRED',
  'FAILED',
] as const;
export type RangeState = (typeof RANGE_STATES)[number];

/**
 * One append-only record. `eventBar` is where it happened, `confirmBar` the first bar at which it is knowable;
 * nothing is acted on before `confirmBar` and nothing is withdrawn. Bars count from 0 over the accepted bars.
 */
export interface DetectionEvent {
  /** `rangeId:A|D:kind:eventBar`; PS and PSY use rangeId 0. `(id, status)` is unique. */
  readonly id: string;
  /** The record this one follows (a TEST names its Spring). */
  readonly refId?: string;
  readonly rangeId: number;
  readonly kind: EventKind;
  readonly status: EventStatus;
  readonly hypothesis: Hypothesis;
  readonly eventBar: number;
  readonly confirmBar: number;
  readonly eventTime: EpochMs;
  readonly confirmTime: EpochMs;
  readonly price: Price;
  readonly level: Price | null;
  readonly volRatio: Ratio | null;
  readonly spreadRatio: Ratio | null;
  /** 0..1 */
  readonly closePos: Ratio;
  readonly metrics: Readonly<Record<string, number>>;
  /** 0..100, sum of the components; null where the kind is not scored. */
  readonly score: number | null;
  readonly components: Readonly<Record<string, number>>;
  readonly adjustments: Readonly<Record<string, number>>;
  /** Integer 0..100. */
  readonly confidence: number | null;
  readonly tier: Tier;
  readonly phase: Phase | null;
  readonly subPhase: SubPhase | null;
  readonly phaseConfidence: number;
  readonly rangeQuality: number;
  readonly levelStrength: number;
  readonly tradeable: boolean;
  readonly riskFactor: 1 | 0.75 | 0.5;
  /** Why it is not tradeable; the order has no meaning. */
  readonly reasons: readonly ReasonCode[];
  readonly prices: {
    readonly support: Price;
    readonly resistance: Price;
    readonly springLow?: Price;
    readonly sosHigh?: Price;
    readonly lpsLow?: Price;
    readonly atr: number;
    readonly objectives?: readonly Price[];
  };
}

/** A near miss: the trigger held and exactly one condition failed. */
export interface Rejection {
  readonly kind: EventKind;
  readonly hypothesis: Hypothesis;
  readonly bar: number;
  readonly reason: ReasonCode;
  readonly value: number;
  readonly limit: number;
}
