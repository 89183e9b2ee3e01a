/** The trading floor of one account: its books and desks, its series, and the tray of orders that wait to be handed over. */
import type { Timeframe } from '../bar/bar.ts';
import type { Campaign } from '../campaign/campaign.ts';
import type { Instruction } from '../execution/instruction.ts';
import { isIntraday } from '../market/intraday.ts';
import type { Exposure, RiskSnapshot } from '../risk/exposure.ts';
import type { RiskDesk } from '../risk/desk.ts';
import { marginOf } from '../risk/size.ts';
import { amt } from '../trade/amount.ts';
import type { TradedInstrument } from '../trade/instrument.ts';
import { mulDiv } from '../trade/money.ts';
import { openRisk } from '../trade/open-position.ts';
import type { OpenPosition } from '../trade/open-position.ts';
import type { PositionBook } from '../trade/position-book.ts';
import type { AccountSettings } from './engine-settings.ts';
import type { FactDesk } from './fact-desk.ts';
import type { HaltDesk } from './halt-desk.ts';
import type { Lane } from './lane.ts';
import type { OrderBook } from './order-book.ts';
import type { SignalBook } from './signal-book.ts';
import type { TradingDesk } from './trading-desk.ts';

export interface Floor {
  readonly accountId: string;
  readonly settings: AccountSettings;
  readonly facts: FactDesk;
  /** In the order of an instant: the longer timeframe first, then by symbol (backtesting.md 3). */
  readonly lanes: readonly Lane[];
  readonly book: PositionBook;
  readonly risk: RiskDesk;
  readonly halts: HaltDesk;
  readonly trading: TradingDesk;
  readonly orders: OrderBook;
  readonly signals: SignalBook;
  readonly tray: Tray;
  /** Something waits for time to pass. */
  readonly isWatched: boolean;
}

/** Instructions approved in this step; emptied by whoever hands them to a broker before the next one. */
export class Tray {
  #waiting: readonly Instruction[] = [];

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  put(instruction: Instruction): void {
    // bounded: a step puts a few per position, and the next step refuses to run before they are taken
    this.#waiting = [...this.#waiting, instruction];
  }

  take(): readonly Instruction[] {
    const waiting = this.#waiting;
    if (waiting.length > 0) this.#waiting = [];
    return waiting;
  }
}

/** The series something belongs to; without a timeframe the finest of its symbol. @throws {RangeError} when the account has none. */
export function laneOf(floor: Floor, symbol: string, timeframe: Timeframe | undefined): Lane {
  // The finest stands last.
  const lane = floor.lanes.findLast((one) => one.owns(symbol, timeframe)) ?? floor.lanes.findLast((one) => one.symbol === symbol);
  if (lane === undefined)
    throw new RangeError(`account ${floor.accountId}: expected a series of ${symbol}, was none; add it to the engine`);
  return lane;
}

export function instrumentOf(floor: Floor, position: OpenPosition): TradedInstrument {
  return floor.book.instrumentOf(position.symbol);
}

/** A living campaign of any series. */
export function campaignOf(floor: Floor, id: string): { readonly lane: Lane; readonly campaign: Campaign } | null {
  for (const lane of floor.lanes) {
    const campaign = lane.campaigns.byId(id);
    if (campaign !== undefined) return { lane, campaign };
  }
  return null;
}

/** The account as the risk desk must see it now, for an entry in an instrument. */
export function riskSnapshot(floor: Floor, instrument: TradedInstrument, automatic: boolean): RiskSnapshot {
  const positions = floor.book.positions.map((position) => exposureOf(floor, position));
  return {
    equityMicros: floor.book.equity,
    cashMicros: floor.book.cash,
    exposures: [...positions, ...floor.risk.held],
    halts: floor.halts.blocking(instrument, automatic),
    staleMarks: floor.halts.stale(floor.book.positions),
    permissive: floor.risk.permissive(floor.facts.at),
  };
}

function exposureOf(floor: Floor, position: OpenPosition): Exposure {
  const instrument = instrumentOf(floor, position);
  const notionalMicros = amt(instrument, position.last, { steps: position.openSteps, mode: 'up' });
  const isShortOfCash = instrument.settlement === 'CASH' && position.direction === 'SHORT';
  return {
    id: position.signalId,
    kind: 'POSITION',
    symbol: instrument.symbol,
    assetClass: instrument.assetClass,
    buckets: instrument.buckets,
    direction: position.direction,
    campaignId: position.campaignId,
    intraday: isIntraday(laneOf(floor, position.symbol, position.timeframe).timeframe),
    leg: position.origin === 'MANUAL' ? null : position.leg,
    phase: campaignOf(floor, position.campaignId)?.campaign.phase ?? position.phase,
    riskMicros: openRisk(position, instrument),
    notionalMicros,
    marginMicros: marginOf(instrument, notionalMicros),
    // The proceeds of a short sale and half as much again stay blocked.
    cashMicros: isShortOfCash ? mulDiv(notionalMicros, 3, 2, 'up') : 0,
  };
}

/** Open risk and reservations of the whole account. */
export function heatOf(floor: Floor): number {
  let heat = 0;
  for (const position of floor.book.positions) heat += openRisk(position, instrumentOf(floor, position));
  for (const { riskMicros } of floor.risk.held) heat += riskMicros;
  return heat;
}

/** Heat as a share of its limit; nothing left to lose counts as full. */
export function heatShare(floor: Floor): number {
  const limit = mulDiv(Math.max(0, floor.book.equity), floor.trading.now.limits.heatBp, 10_000, 'down');
  return limit > 0 ? heatOf(floor) / limit : 1;
}
