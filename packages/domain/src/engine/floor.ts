/** The trading floor of one engine: its books and desks, and the tray of orders that wait to be handed over. */
import type { Timeframe } from '../bar/bar.ts';
import type { CampaignBook } from '../campaign/campaign-book.ts';
import type { Instruction } from '../execution/instruction.ts';
import type { Exposure, RiskSnapshot } from '../risk/exposure.ts';
import type { RiskDesk } from '../risk/desk.ts';
import type { Halts } from '../risk/halts.ts';
import type { RiskLimits } from '../risk/limits.ts';
import type { PatternRisk } from '../risk/pattern-risk.ts';
import type { MarketTracker } from '../setup/market-tracker.ts';
import { isIntraday } from '../market/intraday.ts';
import { amt } from '../trade/amount.ts';
import type { CostModel } from '../trade/costs.ts';
import type { TradedInstrument } from '../trade/instrument.ts';
import { mulDiv } from '../trade/money.ts';
import { openRisk } from '../trade/open-position.ts';
import type { OpenPosition } from '../trade/open-position.ts';
import type { PositionBook } from '../trade/position-book.ts';
import type { FactDesk } from './fact-desk.ts';
import type { OrderBook } from './order-book.ts';
import type { SignalBook } from './signal-book.ts';

export interface Floor {
  readonly accountId: string;
  readonly instrument: TradedInstrument;
  readonly timeframe: Timeframe;
  readonly costs: CostModel;
  readonly limits: RiskLimits;
  readonly patternRisk: PatternRisk;
  readonly facts: FactDesk;
  readonly book: PositionBook;
  readonly risk: RiskDesk;
  readonly halts: Halts;
  readonly campaigns: CampaignBook;
  readonly orders: OrderBook;
  readonly signals: SignalBook;
  readonly tracker: MarketTracker;
  readonly tray: Tray;
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

/** The account as the risk desk must see it now. */
export function riskSnapshot(floor: Floor): RiskSnapshot {
  const positions = floor.book.positions.map((position) => exposureOf(floor, position));
  return {
    equityMicros: floor.book.equity,
    cashMicros: floor.book.cash,
    exposures: [...positions, ...floor.risk.held],
    halts: floor.halts.inForce,
    staleMarks: [],
    permissive: { today: 0, campaignIds: [] },
  };
}

function exposureOf(floor: Floor, position: OpenPosition): Exposure {
  const { instrument } = floor;
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
    intraday: isIntraday(floor.timeframe),
    leg: position.leg,
    phase: position.phase,
    riskMicros: openRisk(position, instrument),
    notionalMicros,
    marginMicros: instrument.settlement === 'MARGIN' ? Math.ceil(notionalMicros / instrument.leverage) : 0,
    // The proceeds of a short sale and half as much again stay blocked.
    cashMicros: isShortOfCash ? mulDiv(notionalMicros, 3, 2, 'up') : 0,
  };
}
