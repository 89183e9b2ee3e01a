/** One symbol and timeframe, traded: bars in, facts out, approved orders handed out. The loop is `step`. */
import type { Bar, Timeframe } from '../bar/bar.ts';
import { TIMEFRAME_MS } from '../bar/bar.ts';
import { BarCursor, appendBar, createBarColumns } from '../bar/columns.ts';
import { CampaignBook } from '../campaign/campaign-book.ts';
import type { CampaignBookState } from '../campaign/campaign-book.ts';
import type { BrokerReport, Instruction } from '../execution/instruction.ts';
import type { Order } from '../execution/order.ts';
import { SimulatedBroker } from '../execution/simulated-broker.ts';
import type { SimulatedBrokerState } from '../execution/simulated-broker.ts';
import { RiskDesk } from '../risk/desk.ts';
import type { RiskDeskState } from '../risk/desk.ts';
import { Halts } from '../risk/halts.ts';
import { freshHalts } from '../risk/halt-state.ts';
import type { HaltState } from '../risk/halt-state.ts';
import type { HaltChange } from '../risk/halts.ts';
import { MarketTracker } from '../setup/market-tracker.ts';
import type { MarketTrackerState } from '../setup/market-tracker.ts';
import type { LedgerSink } from '../trade/ledger.ts';
import { positionOf } from '../trade/open-position.ts';
import { PositionBook } from '../trade/position-book.ts';
import type { AccountSpec, BookState } from '../trade/position-book.ts';
import type { Trade } from '../trade/trade.ts';
import type { DetectorOptions } from '../wyckoff/detector.ts';
import type { DetectionEvent } from '../wyckoff/event.ts';
import type { DetectorPort } from './detector-port.ts';
import { fingerprintOf, settingsOf } from './engine-settings.ts';
import type { EngineChoices } from './engine-settings.ts';
import { EntryDesk } from './entry-desk.ts';
import { ExitDesk } from './exit-desk.ts';
import { FactDesk } from './fact-desk.ts';
import type { BarReport, FactSink } from './fact.ts';
import { FillDesk } from './fill-desk.ts';
import { Tray } from './floor.ts';
import type { Floor } from './floor.ts';
import { createDetectorInContext, restoreDetectorInContext } from './htf-detector.ts';
import { OrderBook } from './order-book.ts';
import { RangeLog } from './range-log.ts';
import type { RangeLogState } from './range-log.ts';
import { SignalBook } from './signal-book.ts';
import type { LiveSignal } from './signal-book.ts';
import { SnapshotError, decodeSnapshot, encodeSnapshot } from './snapshot-codec.ts';

export interface TradingEngineOptions extends EngineChoices {
  readonly timeframe: Timeframe;
  readonly account: AccountSpec;
  /** Of the code that runs: a snapshot that another one took is refused, because it might go on differently. Default: none. */
  readonly codeVersion?: string;
  /** Rule pack and parameters of the detector. */
  readonly pack?: DetectorOptions;
  /** In place of `createDetectorInContext`, for studies: given the bytes of its snapshot when one is restored. */
  readonly detector?: (bytes: Uint8Array | null) => DetectorPort;
  /** `full` (default): ranges and phases are facts; `records`: only what trading needs, for runs nobody looks at. */
  readonly analysis?: 'full' | 'records';
  readonly sink: FactSink;
  readonly onTrade?: (trade: Trade) => void;
  readonly onLedger?: LedgerSink;
}

export interface TradingEngine {
  /** One closed bar: fills, positions, marks, detection, exits, entries, in this order. Facts go to the sink before it returns. */
  step(bar: Bar): void;
  /** Orders approved by the last step. Journal its facts first, then hand them over. Emptied by reading. */
  takeOrders(): readonly Instruction[];
  /** Orders wait to be handed over: a session that gathers bars into one commit ends it here. */
  readonly ordersWaiting: boolean;
  /** `takeOrders()` given to the simulated broker: after the facts of the step are journalled, before the next step. */
  deliver(): void;
  /** No more bars: entries expire, positions close at the last close with costs. */
  finish(reason: 'END_OF_DATA' | 'END_OF_WINDOW'): void;
  /** Account and open positions as of the last bar; may allocate. */
  report(): BarReport;
  /** Everything a continuation needs. @throws {Error} when approved orders were not delivered yet. */
  snapshot(): Uint8Array;
  /** Bars seen. */
  readonly bars: number;
  /** Cash and marks, micros. */
  readonly equityMicros: number;
  readonly openPositions: number;
  /** Equity is gone: nothing more can be traded. */
  readonly isRuined: boolean;
}

/** A fresh engine with its own detector, account and simulated broker. */
export function createTradingEngine(options: TradingEngineOptions): TradingEngine {
  return new Engine(options, null, null);
}

/** An engine that continues bit-identically. @throws {SnapshotError} when the bytes belong to something else. */
export function restoreTradingEngine(bytes: Uint8Array, options: TradingEngineOptions): TradingEngine {
  const { detector, state } = decodeSnapshot(bytes);
  const saved = state as EngineState;
  const expected = identityOf(options);
  if (saved.identity !== expected) throw new SnapshotError(expected, saved.identity);
  return new Engine(options, saved, detector);
}

/** Plain JSON. */
interface EngineState {
  readonly identity: string;
  readonly bars: number;
  readonly lastBar: Bar | null;
  readonly trades: number;
  readonly at: number;
  readonly book: BookState;
  readonly risk: RiskDeskState;
  readonly halts: HaltState;
  readonly campaigns: CampaignBookState;
  readonly orders: readonly Order[];
  readonly signals: readonly LiveSignal[];
  readonly ranges: RangeLogState;
  readonly tracker: MarketTrackerState;
  readonly passedParents: readonly string[];
  readonly broker: SimulatedBrokerState;
}

/** What a snapshot belongs to: the detector adds its own version and rules to it. */
function identityOf(options: TradingEngineOptions): string {
  const { instrument, timeframe, account, codeVersion } = options;
  const fingerprint = fingerprintOf(settingsOf(options));
  const parts = [account.id, account.startingMicros, instrument.symbol, instrument.assetClass, timeframe];
  return [...parts, `settings ${fingerprint}`, `code ${codeVersion ?? 'unnamed'}`].join(' ');
}

class Engine implements TradingEngine {
  readonly #options: TradingEngineOptions;
  readonly #detector: DetectorPort;
  readonly #broker: SimulatedBroker;
  readonly #floor: Floor;
  readonly #ranges: RangeLog;
  readonly #fills: FillDesk;
  readonly #exits: ExitDesk;
  readonly #entries: EntryDesk;
  readonly #barMs: number;
  readonly #warmupBars: number;
  readonly #tellHalt: (change: HaltChange) => void;
  /** The bar of the last step, copied: the one handed in may be a reused cursor. */
  readonly #last = createBarColumns(1);
  readonly #lastBar = new BarCursor(this.#last);
  #bars: number;

  constructor(options: TradingEngineOptions, saved: EngineState | null, detectorBytes: Uint8Array | null) {
    this.#options = options;
    this.#barMs = TIMEFRAME_MS[options.timeframe];
    this.#warmupBars = options.warmupBars ?? 0;
    this.#bars = saved?.bars ?? 0;
    if (saved?.lastBar != null) this.#keep(saved.lastBar);
    this.#floor = createFloor(options, saved);
    const { symbol } = this.#floor.instrument;
    const tellsAnalysis = options.analysis !== 'records';
    this.#ranges = new RangeLog(this.#floor.facts, { symbol, timeframe: options.timeframe, tellsAnalysis }, saved?.ranges);
    this.#fills = new FillDesk(this.#floor, options.onTrade ?? null, saved?.trades);
    this.#exits = new ExitDesk(this.#floor);
    this.#entries = new EntryDesk(this.#floor, this.#ranges, saved?.passedParents);
    const { instrument, costs } = this.#floor;
    this.#broker = new SimulatedBroker({ instrument, costs, limitFill: options.limitFill ?? 'touch' }, saved?.broker);
    this.#detector = openDetector(options, detectorBytes);
    this.#tellHalt = ({ rule, state, value, limit }) => this.#floor.facts.tell('risk.limit', { rule, state, value, limit });
  }

  step(bar: Bar): void {
    // A bar that was here already, or comes late, is the store's business (TR-13).
    if (this.#bars > 0 && !(bar.time > this.#lastBar.time)) return;
    this.#begin(bar);
    this.#hear(this.#broker.meet(bar));
    this.#mark(bar);
    const events = this.#detector.onBar(bar);
    this.#floor.tracker.next(bar);
    const transitions = this.#ranges.next(this.#detector, events, this.#floor.campaigns.living.length > 0);
    if (this.#bars <= this.#warmupBars) return;
    if (this.#exits.hasWork) this.#exits.next(bar, { events, transitions, currentRangeId: this.#ranges.currentRangeId });
    if (events.length > 0) this.#enter(bar, events);
  }

  get ordersWaiting(): boolean {
    return !this.#floor.tray.isEmpty;
  }

  takeOrders(): readonly Instruction[] {
    return this.#floor.tray.take();
  }

  deliver(): void {
    if (this.#floor.tray.isEmpty) return;
    for (const instruction of this.takeOrders()) this.#broker.take(instruction);
  }

  finish(reason: 'END_OF_DATA' | 'END_OF_WINDOW'): void {
    this.deliver();
    for (const position of this.#floor.book.positions) this.#exits.leave(position, reason);
    this.deliver();
    this.#hear(this.#broker.settle(this.#lastBar));
  }

  report(): BarReport {
    const { book, risk, instrument, facts } = this.#floor;
    const held = risk.held.reduce((sum, row) => sum + row.riskMicros, 0);
    return {
      account: book.account(held, facts.at),
      openPositions: book.positions.map((position) => positionOf(position, instrument)),
    };
  }

  get bars(): number {
    return this.#bars;
  }

  get equityMicros(): number {
    return this.#floor.book.equity;
  }

  get openPositions(): number {
    return this.#floor.book.positions.length;
  }

  get isRuined(): boolean {
    return this.#floor.book.equity <= 0;
  }

  snapshot(): Uint8Array {
    const { tray, book, risk, halts, campaigns, orders, signals, tracker, facts } = this.#floor;
    if (!tray.isEmpty)
      throw new Error('trading engine: expected no approved orders waiting, were some; deliver them before a snapshot');
    const state: EngineState = {
      identity: identityOf(this.#options),
      bars: this.#bars,
      lastBar: this.#bars === 0 ? null : copyOf(this.#lastBar),
      trades: this.#fills.trades,
      at: facts.at,
      book: book.state(),
      risk: risk.state(),
      halts: halts.state(),
      campaigns: campaigns.state(),
      orders: orders.living,
      signals: signals.living,
      ranges: this.#ranges.state(),
      tracker: tracker.state(),
      passedParents: this.#entries.passedParents,
      broker: this.#broker.state(),
    };
    return encodeSnapshot(this.#detector.snapshot(), state);
  }

  #begin(bar: Bar): void {
    if (!this.#floor.tray.isEmpty)
      throw new Error('trading engine: expected the orders of the last step taken, were waiting; deliver them first');
    this.#bars += 1;
    this.#floor.facts.at = bar.time + this.#barMs;
    this.#keep(bar);
  }

  #keep(bar: Bar): void {
    this.#last.length = 0;
    appendBar(this.#last, bar);
  }

  #hear(reports: readonly BrokerReport[]): void {
    if (reports.length > 0) this.#fills.hear(reports);
  }

  #mark(bar: Bar): void {
    const { book, halts, facts } = this.#floor;
    book.mark(bar);
    if (halts.concernedBy(book.equity)) halts.next(facts.at, book.equity, this.#tellHalt);
  }

  #enter(bar: Bar, events: readonly DetectionEvent[]): void {
    this.#entries.next(bar, events, this.#detector);
  }
}

function copyOf({ time, open, high, low, close, volume }: Bar): Bar {
  return { time, open, high, low, close, volume };
}

function openDetector(options: TradingEngineOptions, bytes: Uint8Array | null): DetectorPort {
  if (options.detector !== undefined) return options.detector(bytes);
  const { instrument, timeframe, pack } = options;
  return bytes === null
    ? createDetectorInContext(instrument, timeframe, pack)
    : restoreDetectorInContext(bytes, instrument, timeframe, pack);
}

function createFloor(options: TradingEngineOptions, saved: EngineState | null): Floor {
  const { account, timeframe } = options;
  const { symbol } = options.instrument;
  const { traded: instrument, costs, limits, patternRisk, halts } = settingsOf(options);
  const facts = new FactDesk(options.sink);
  facts.at = saved?.at ?? 0;
  return {
    accountId: account.id,
    instrument,
    timeframe,
    costs,
    limits,
    patternRisk,
    facts,
    book: new PositionBook({ account, instrument, costs, onLedger: options.onLedger ?? null }, saved?.book),
    risk: new RiskDesk(saved?.risk),
    halts: new Halts(halts, saved?.halts ?? freshHalts(account.startingMicros)),
    campaigns: new CampaignBook({ accountId: account.id, symbol, timeframe, campaignBp: limits.campaignBp }, saved?.campaigns),
    orders: new OrderBook(facts, instrument, saved?.orders),
    signals: new SignalBook(facts, { instrument, timeframe }, saved?.signals),
    tracker: new MarketTracker(saved?.tracker),
    tray: new Tray(),
  };
}
