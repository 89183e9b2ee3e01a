/** An open position as the book works with it: plain numbers, so that a snapshot is its JSON (trading.md 6.3). */
import type { EpochMs, Price, Ratio, Timeframe } from '../bar/bar.ts';
import type { Direction, Leg, Micros, Pattern } from '../setup/signal.ts';
import type { Phase } from '../wyckoff/event.ts';
import { amt, qtyOf, riskOf } from './amount.ts';
import type { TradedInstrument } from './instrument.ts';
import { mulDiv } from './money.ts';
import type { ExitReason, Position } from './position.ts';

export const ORIGINS = ['SYSTEM', 'WEBHOOK', 'MANUAL'] as const;
export type Origin = (typeof ORIGINS)[number];

/** What of its setup a position is judged by later; fixed at entry. */
export interface PositionPlan {
  readonly signalId: string;
  /** Default: the first market of the book. */
  readonly symbol?: string;
  /** Of the series whose bars count its age; default: every bar does. */
  readonly timeframe?: Timeframe;
  /** Default SYSTEM. MANUAL ones run under stop and rungs, no rule closes them. */
  readonly origin?: Origin;
  readonly campaignId: string;
  readonly pattern: Pattern;
  readonly leg: Leg;
  readonly direction: Direction;
  readonly phase: Phase | null;
  readonly confidence: number | null;
  readonly signalAt: EpochMs;
  readonly initialStop: Price;
  readonly targets: readonly Price[];
  /** The edge a close must not go beyond (exit rule 1). */
  readonly protectingEdge: Price;
}

export interface OpenPosition extends PositionPlan {
  readonly id: string;
  readonly symbol: string;
  origin: Origin;
  /** Everything the entry filled, in one part or several. */
  initialSteps: number;
  /** Weighted over the parts of the entry. */
  entryPrice: Price;
  readonly entryTime: EpochMs;
  /** Fill to initial stop, summed over the parts. */
  initialRiskMicros: Micros;
  readonly equityBeforeMicros: Micros;
  /** ATR at entry; null when it was not known. */
  readonly atrAtEntry: number | null;
  openSteps: number;
  stop: Price;
  /** The number of the stop order in force: `STOP.n`. */
  stopRevision: number;
  /** Stops and exits that the venue refused since the last bar. */
  refusals?: number;
  /** The number of the last closing order: `EXIT.n`; the next one takes the next. */
  exitRevision: number;
  /** Bit `i` set: the rung at target `i + 1` has fired. */
  rungBits: number;
  /** Steps each target took so far. */
  rungSteps: readonly number[];
  /** Of the next order at each target; absent: all 1. */
  rungRevisions?: readonly number[];
  /** Targets that have fired, to the farthest. */
  rungsDone: number;
  /** Entry value of what is still open. */
  basisMicros: Micros;
  /** Closed parts, fees apart. */
  realisedMicros: Micros;
  commissionMicros: Micros;
  slippageMicros: Micros;
  impactMicros: Micros;
  /** Borrow of shorts and financing of currencies; financing may be earned. */
  borrowMicros: Micros;
  /** What it adds to cash to make equity. */
  contributionMicros: Micros;
  last: Price;
  lastAt: EpochMs;
  best: Price;
  worst: Price;
  /** Sum of entry price x steps, over the parts. */
  entrySum: number;
  /** Sum of exit price x steps. */
  exitSum: number;
  closedAt: EpochMs | null;
  exitReason: ExitReason | null;
  /** An exit order works; nothing else may be ordered for it. */
  exiting: ExitReason | null;
  bars: number;
  /** Bars that count towards the time exit. */
  agedBars: number;
  /** Volume divergences against it since entry, and its age at the last one (exit rule 4). */
  divergences: number;
  divergenceAt: number;
  version: number;
}

export function sideOf(direction: Direction): 1 | -1 {
  return direction === 'LONG' ? 1 : -1;
}

/** Entry to the current stop, 0 from break-even on; one that was found without a stop counts a tenth of its value (5.1). */
export function openRisk(position: OpenPosition, instrument: TradedInstrument): Micros {
  if (!hasStop(position)) return mulDiv(amt(instrument, position.last, { steps: position.openSteps, mode: 'up' }), 1, 10, 'up');
  const side = sideOf(position.direction);
  if (side * (position.entryPrice - position.stop) <= 0) return 0;
  return riskOf(instrument, [position.entryPrice, position.stop], position.openSteps);
}

/** A found position may have none, written as 0. */
export function hasStop({ stop }: Pick<OpenPosition, 'stop'>): boolean {
  return stop > 0;
}

/** Profit or loss of what is open at the last mark. */
export function unrealisedOf(position: OpenPosition, instrument: TradedInstrument): Micros {
  const held = instrument.settlement === 'CASH' ? sideOf(position.direction) * position.basisMicros : 0;
  return position.contributionMicros - held;
}

export function feesOf(position: OpenPosition): Micros {
  return position.commissionMicros + position.borrowMicros;
}

/** In units of the initial risk; null when there was none. */
export function inR(amount: Micros, position: OpenPosition): Ratio | null {
  return position.initialRiskMicros > 0 ? amount / position.initialRiskMicros : null;
}

/** How far a price went from the entry, in initial stop distances. */
export function excursionR(position: OpenPosition, price: Price): Ratio {
  const r = (price - position.entryPrice) / (position.entryPrice - position.initialStop);
  return Number.isFinite(r) ? r : 0;
}

/** The whole state as everybody sees it. */
export function positionOf(position: OpenPosition, instrument: TradedInstrument): Position {
  const closedSteps = position.initialSteps - position.openSteps;
  const unrealisedMicros = unrealisedOf(position, instrument);
  return {
    id: position.id,
    signalId: position.signalId,
    symbol: instrument.symbol,
    direction: position.direction,
    status: position.openSteps > 0 ? 'OPEN' : 'CLOSED',
    openQtyMicros: qtyOf(instrument, position.openSteps),
    initialQtyMicros: qtyOf(instrument, position.initialSteps),
    avgEntry: position.entryPrice,
    initialStop: position.initialStop,
    stop: position.stop,
    targets: position.targets,
    rungsDone: position.rungsDone,
    last: position.last,
    lastAt: position.lastAt,
    realisedMicros: position.realisedMicros,
    unrealisedMicros,
    costsMicros: feesOf(position),
    riskMicros: openRisk(position, instrument),
    r: inR(position.realisedMicros + unrealisedMicros - feesOf(position), position),
    mfeR: excursionR(position, position.best),
    maeR: excursionR(position, position.worst),
    openedAt: position.entryTime,
    closedAt: position.closedAt,
    avgExit: closedSteps > 0 ? position.exitSum / closedSteps : null,
    exitReason: position.exitReason,
    version: position.version,
  };
}
