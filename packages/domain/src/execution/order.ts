/** Orders, fills and positions as every part of the system sees them (trading.md 6.3, 7.1). */
import type { EpochMs, Price, Ratio } from '../bar/bar.ts';
import type { Direction, Micros, QtyMicros } from '../setup/signal.ts';

export const ORDER_STATES = [
  'PENDING_NEW', 'SUBMITTED', 'ACCEPTED', 'PARTIALLY_FILLED', 'CANCEL_PENDING', 'FILLED', 'CANCELLED', 'REJECTED', 'EXPIRED', 'FAILED',
] as const; // prettier-ignore
export type OrderState = (typeof ORDER_STATES)[number];
export const ORDER_TYPES = ['MARKET', 'LIMIT', 'STOP', 'STOP_LIMIT'] as const;
export type OrderType = (typeof ORDER_TYPES)[number];
export const ORDER_SIDES = ['BUY', 'SELL'] as const;
export type OrderSide = (typeof ORDER_SIDES)[number];
export const ORDER_INTENTS = ['OPEN', 'CLOSE'] as const;
export type OrderIntent = (typeof ORDER_INTENTS)[number];

export interface Order {
  readonly id: string;
  /** Deterministic, the same on every retry (trading.md 7.2). */
  readonly clientId: string;
  readonly signalId: string | null;
  readonly positionId: string | null;
  readonly symbol: string;
  /** `ENTRY`, `STOP.r`, `T1.r`, `EXIT.n`. */
  readonly leg: string;
  readonly intent: OrderIntent;
  readonly side: OrderSide;
  readonly type: OrderType;
  readonly state: OrderState;
  readonly qtyMicros: QtyMicros;
  readonly filledQtyMicros: QtyMicros;
  readonly limitPrice: Price | null;
  readonly stopPrice: Price | null;
  readonly averagePrice: Price | null;
  readonly reason: string | null;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  readonly version: number;
}

export interface Fill {
  readonly orderId: string;
  /** 1, 2, ... within the order. */
  readonly n: number;
  /** Unique per broker: a fill seen twice is booked once. */
  readonly execId: string;
  /** Opening time of the bar it happened in (simulated), or the venue's time. */
  readonly ts: EpochMs;
  readonly qtyMicros: QtyMicros;
  /** Slipped price, rounded to the tick against us. */
  readonly price: Price;
  /** Price before slippage and impact. */
  readonly grossPrice: Price;
  readonly commissionMicros: Micros;
}

export const EXIT_REASONS = [
  'STOP', 'BREAKEVEN', 'TRAIL', 'T1', 'T2', 'T3', 'RULE_1', 'RULE_2', 'RULE_3', 'RULE_4', 'RULE_5', 'INVALIDATED', 'MANUAL', 'FLATTEN',
  'FRIDAY', 'PROTECTION_FAILED', 'TRIM', 'BROKER', 'END_OF_DATA', 'END_OF_WINDOW',
] as const; // prettier-ignore
export type ExitReason = (typeof EXIT_REASONS)[number];

export interface Position {
  readonly id: string;
  readonly signalId: string | null;
  readonly symbol: string;
  readonly direction: Direction;
  readonly status: 'OPEN' | 'CLOSED';
  readonly openQtyMicros: QtyMicros;
  readonly initialQtyMicros: QtyMicros;
  readonly avgEntry: Price;
  readonly initialStop: Price;
  readonly stop: Price;
  readonly targets: readonly Price[];
  /** How many rungs of the ladder have fired. */
  readonly rungsDone: number;
  /** Last price it was marked at and when that bar opened. */
  readonly last: Price;
  readonly lastAt: EpochMs;
  readonly realisedMicros: Micros;
  readonly unrealisedMicros: Micros;
  readonly costsMicros: Micros;
  /** Open risk: entry to the current stop, 0 from break-even on. */
  readonly riskMicros: Micros;
  /** In units of the initial risk, realised and open together; null when the initial risk is 0. */
  readonly r: Ratio | null;
  readonly mfeR: Ratio;
  readonly maeR: Ratio;
  readonly openedAt: EpochMs;
  readonly closedAt: EpochMs | null;
  readonly avgExit: Price | null;
  readonly exitReason: ExitReason | null;
  readonly version: number;
}

export interface Account {
  readonly id: string;
  readonly kind: 'PAPER' | 'LIVE' | 'REPLAY' | 'BACKTEST';
  readonly currency: string;
  readonly startingMicros: Micros;
  readonly cashMicros: Micros;
  readonly equityMicros: Micros;
  readonly peakMicros: Micros;
  /** (peak - equity) / peak now. */
  readonly drawdownRatio: Ratio;
  readonly realisedMicros: Micros;
  readonly unrealisedMicros: Micros;
  readonly costsMicros: Micros;
  /** Open risk of all positions plus reservations, as a share of equity. */
  readonly heatRatio: Ratio;
  readonly trades: number;
  readonly wins: number;
  readonly at: EpochMs;
}
