/** One account, traded over all its series: inputs in, facts out, approved orders handed out. The loop is `#instant`. */
import type { Bar, EpochMs } from '../bar/bar.ts';
import type { CommandAnswer } from '../acceptance/command.ts';
import type { Campaign, CampaignState } from '../campaign/campaign.ts';
import { isFridayClose } from '../campaign/friday.ts';
import { recordOf } from '../campaign/record-of.ts';
import type { BrokerReport, Instruction } from '../execution/instruction.ts';
import type { LedgerRow } from '../trade/ledger.ts';
import { positionOf } from '../trade/open-position.ts';
import { marketOf, nextAccount, optionsOf, outsideHalts, refuseClosing, refuseOpening } from './account-life.ts';
import type { LaterAccount } from './account-life.ts';
import { AcceptanceDesk } from './acceptance-desk.ts';
import { checkSeries, identityOf, inOrder, oneSeries, openFloor, openLanes } from './account-parts.ts';
import type { AccountEngineOptions, EngineState, TradingEngineOptions } from './account-parts.ts';
import { CommandDesk } from './command-desk.ts';
import type { DetectorPort } from './detector-port.ts';
import { EntryDesk } from './entry-desk.ts';
import { ExitDesk } from './exit-desk.ts';
import { FactDesk } from './fact-desk.ts';
import type { BarReport } from './fact.ts';
import { FillDesk } from './fill-desk.ts';
import { heatOf, instrumentOf } from './floor.ts';
import type { Floor } from './floor.ts';
import { joinParts, splitParts } from './htf-snapshot.ts';
import type { EngineInput, ToldInput, TradingCommand } from './input.ts';
import { meetBenchmarks } from './lane.ts';
import type { Lane } from './lane.ts';
import { SnapshotError, decodeSnapshot, encodeSnapshot } from './snapshot-codec.ts';

export type { AccountEngineOptions, TradingEngineOptions } from './account-parts.ts';

export interface TradingEngine {
  /**
   * Takes one input; facts go to the sink before it returns. A command gets its answer, every other input null.
   * @throws {Error} while approved orders of the input before wait to be taken.
   */
  next(input: EngineInput): CommandAnswer | null;
  /** One closed bar of the first series: shorthand of `next` that allocates nothing. */
  step(bar: Bar): void;
  /** Orders approved by the last input. Journal its facts first, then hand them over. Emptied by reading. */
  takeOrders(): readonly Instruction[];
  /** Orders wait to be handed over: a session that gathers inputs into one commit ends it here. */
  readonly ordersWaiting: boolean;
  /** `takeOrders()` given to the simulated broker: after the facts of the input are journalled, before the next one. */
  deliver(): void;
  /** No more bars: entries expire, positions close at the last close with costs. */
  finish(reason: 'END_OF_DATA' | 'END_OF_WINDOW'): void;
  /** Account and open positions as of the last input; may allocate. */
  report(): BarReport;
  /** Everything a continuation needs. @throws {Error} when approved orders were not delivered yet. */
  snapshot(): Uint8Array;
  /** Inputs taken that changed something: instants of bars, and what is told as `input.*`. */
  readonly position: number;
  /** Bars seen, over all series. */
  readonly bars: number;
  /** Opening time of the newest bar of a series, by its place in the options; null: it has had none. */
  newestOf(series: number): EpochMs | null;
  /** When time alone will change something (an approval expires, a halt ends); null: nothing waits for it. */
  readonly nextDeadline: EpochMs | null;
  /** Cash and marks, micros. */
  readonly equityMicros: number;
  readonly openPositions: number;
  /** Equity is gone: nothing more can be traded. */
  readonly isRuined: boolean;
}

/** A fresh engine of one series with its own detector, account and broker. */
export function createTradingEngine(options: TradingEngineOptions): TradingEngine {
  return createAccountEngine(oneSeries(options));
}

/** A fresh engine. @throws {RangeError} without series, with too many, or with one twice. */
export function createAccountEngine(options: AccountEngineOptions): TradingEngine {
  return new Engine(options, null, null);
}

/** An engine of one series that continues bit-identically. @throws {SnapshotError} when the bytes belong to something else. */
export function restoreTradingEngine(bytes: Uint8Array, options: TradingEngineOptions): TradingEngine {
  return restoreAccountEngine(bytes, oneSeries(options));
}

/** An engine that continues bit-identically. @throws {SnapshotError} when the bytes belong to something else. */
export function restoreAccountEngine(bytes: Uint8Array, options: AccountEngineOptions): TradingEngine {
  const { detector, state } = decodeSnapshot(bytes);
  const saved = state as EngineState;
  const expected = identityOf(options);
  if (saved.identity !== expected) throw new SnapshotError(expected, saved.identity);
  return new Engine(options, saved, splitParts(detector, options.series.length));
}

interface Parts {
  readonly floor: Floor;
  readonly acceptance: AcceptanceDesk;
  readonly exits: ExitDesk;
  readonly fills: FillDesk;
  readonly entries: EntryDesk;
  readonly commands: CommandDesk;
  readonly series: readonly Lane[];
}

class Engine implements TradingEngine {
  readonly #options: AccountEngineOptions;
  /** Of the account in force: another one has other desks. */
  #floor: Floor;
  #fills: FillDesk;
  #exits: ExitDesk;
  #entries: EntryDesk;
  #acceptance: AcceptanceDesk;
  #commands: CommandDesk;
  /** By the place in the options. */
  #series: readonly Lane[];
  /** The lanes of this instant, in order; the first `#count` count. */
  #present: Lane[];
  /** Null: the account the engine was made with. */
  #later: LaterAccount | null;
  #count = 0;
  #position: number;
  #bars: number;
  /** Campaigns with a change that is not told yet, and the state each was told in last. */
  readonly #changed: Campaign[] = [];
  readonly #toldStates = new WeakMap<Campaign, CampaignState>();
  /** Risk at stake, and at which fact it was summed. */
  #heat = 0;
  #heatAt = -1;
  /** The first row of a fresh ledger, told with the first input. */
  #opening: LedgerRow | null = null;

  constructor(options: AccountEngineOptions, saved: EngineState | null, detectors: readonly Uint8Array[] | null) {
    this.#options = options;
    checkSeries(options.series);
    const parts = this.#parts(new FactDesk(options.sink), saved, detectors);
    this.#later = saved?.later ?? null;
    this.#floor = parts.floor;
    this.#series = parts.series;
    this.#present = [...parts.floor.lanes];
    this.#acceptance = parts.acceptance;
    this.#exits = parts.exits;
    this.#fills = parts.fills;
    this.#entries = parts.entries;
    this.#commands = parts.commands;
    this.#position = saved?.position ?? 0;
    this.#bars = saved?.bars ?? 0;
    for (const lane of parts.floor.lanes)
      for (const campaign of lane.campaigns.living) this.#toldStates.set(campaign, campaign.state);
  }

  /** Everything that belongs to one account. */
  #parts(facts: FactDesk, saved: EngineState | null, detectors: readonly (Uint8Array | DetectorPort)[] | null): Parts {
    const options = optionsOf(this.#options, saved?.later ?? null);
    const series = inOrder(options.series);
    facts.at = saved?.at ?? 0;
    const lanes = openLanes(options, {
      series,
      facts,
      saved,
      detectors,
      campaignBp: () => this.#floor.trading.now.limits.campaignBp,
      campaigns: {
        onChange: (campaign) => this.#noteCampaign(campaign),
        onAllocation: (row) => facts.tell('allocation.decided', row),
      },
    });
    meetBenchmarks(lanes);
    const floor = openFloor(options, { series, facts, lanes, saved, onLedger: (row) => this.#booked(row, facts) });
    const acceptance = new AcceptanceDesk(floor);
    const exits = new ExitDesk(floor, acceptance);
    const fills = new FillDesk(floor, exits, { onTrade: options.onTrade ?? null, trades: saved?.trades ?? 0 });
    const entries = new EntryDesk(floor, acceptance, { calendar: options.calendar ?? null, known: saved?.known ?? null });
    const commands = new CommandDesk(floor, { acceptance, entries, exits, fills });
    return {
      floor,
      acceptance,
      exits,
      fills,
      entries,
      commands,
      series: options.series.map((one) => lanes[series.indexOf(one)]),
    };
  }

  next(input: EngineInput): CommandAnswer | null {
    if (input.kind === 'bars') {
      for (const { series, bar } of input.bars) this.#stage(this.#lane(series), bar);
      this.#instant();
      this.#tellCampaigns();
      return null;
    }
    const answer = this.#other(input);
    this.#tellCampaigns();
    return answer;
  }

  #other(input: ToldInput): CommandAnswer | null {
    this.#checkTray();
    const { facts } = this.#floor;
    if (input.kind === 'clock' && !this.#isDue(input.at)) return null;
    this.#begin(Math.max(facts.at, input.at));
    if (input.kind === 'clock') {
      facts.tell('input.clock', input);
      this.#tick();
      return null;
    }
    // An approval that comes too late is judged, and answered, as what it is.
    if (input.kind !== 'command' || input.command.kind !== 'approve') this.#tick();
    if (input.kind === 'broker') {
      facts.tell('input.broker', input);
      this.#fills.hear(input.reports);
      return null;
    }
    const { actor, command } = input;
    facts.tell('input.command', input);
    const answer = this.#carryOut(actor, command);
    facts.tell('command.answered', { actor, command: command.kind, answer });
    return answer;
  }

  #carryOut(actor: string, command: TradingCommand): CommandAnswer {
    if (command.kind !== 'closeAccount' && command.kind !== 'openAccount') return this.#commands.carryOut(actor, command);
    const refused =
      command.kind === 'closeAccount'
        ? refuseClosing(this.#floor, this.#options)
        : refuseOpening(this.#floor, this.#options, command.capitalMicros);
    if (refused === null && command.kind === 'closeAccount') this.#closeAccount(actor, command.reason);
    if (refused === null && command.kind === 'openAccount') this.#openAccount(actor, command);
    const { at } = this.#floor.facts;
    return { done: refused === null, refusal: refused, gate: null, orderId: null, repeated: false, at };
  }

  /** What is open is sold at the last price that was seen: the market may be closed, and the account goes nowhere any more. */
  #closeAccount(actor: string, reason: string): void {
    const { signals, lanes, halts, trading } = this.#floor;
    for (const live of signals.living) this.#exits.cancelEntry(live, 'ACCOUNT_CLOSED', actor);
    this.#leaveAll('MANUAL');
    if (this.openPositions > 0) this.#leaveAll('MANUAL');
    for (const lane of lanes) for (const campaign of [...lane.campaigns.living]) lane.campaigns.end(campaign, 'CANCELLED', null);
    halts.judgeHeat(0);
    halts.command({ kind: 'close', actor, reason });
    if (trading.now.permitted) trading.change({ permitted: false }, actor, reason);
  }

  /** The next account on this market, which goes on as if nothing had happened. */
  #openAccount(actor: string, of: Extract<TradingCommand, { readonly kind: 'openAccount' }>): void {
    const { facts, lanes, halts } = this.#floor;
    const outside = outsideHalts(this.#floor);
    for (const { rule, symbol } of outside) halts.set(rule, { symbol, on: false, reason: 'The account is archived.', actor });
    const later = nextAccount(this.#options, this.#later, of);
    const detectors = lanes.map(({ detector }) => detector);
    const parts = this.#parts(facts, marketOf(this.#state(), later), detectors);
    this.#later = later;
    this.#floor = parts.floor;
    this.#series = parts.series;
    this.#present = [...parts.floor.lanes];
    this.#acceptance = parts.acceptance;
    this.#exits = parts.exits;
    this.#fills = parts.fills;
    this.#entries = parts.entries;
    this.#commands = parts.commands;
    this.#heat = 0;
    this.#heatAt = -1;
    this.#tellOpening();
    parts.floor.trading.tell(actor, 'OPENED');
    for (const { rule, symbol, reason } of outside) parts.floor.halts.set(rule, { symbol, on: true, reason, actor });
  }

  step(bar: Bar): void {
    this.#stage(this.#series[0], bar);
    this.#instant();
    if (this.#changed.length > 0) this.#tellCampaigns();
  }

  get ordersWaiting(): boolean {
    return !this.#floor.tray.isEmpty;
  }

  takeOrders(): readonly Instruction[] {
    return this.#floor.tray.take();
  }

  deliver(): void {
    if (this.#floor.tray.isEmpty) return;
    for (const instruction of this.takeOrders()) this.#brokerOf(instruction).take(instruction);
  }

  finish(reason: 'END_OF_DATA' | 'END_OF_WINDOW'): void {
    this.deliver();
    for (const { signalId } of this.#floor.trading.queue.entries)
      this.#acceptance.expire(signalId, reason, 'There are no more bars.');
    this.#leaveAll(reason);
    // An exit that was being cancelled leaves its position open: once more.
    if (this.openPositions > 0) this.#leaveAll(reason);
    this.#tellCampaigns();
  }

  #leaveAll(reason: 'END_OF_DATA' | 'END_OF_WINDOW' | 'MANUAL'): void {
    for (const position of this.#floor.book.positions) this.#exits.leave(position, reason);
    this.deliver();
    for (const lane of this.#floor.lanes) if (lane.broker !== null && lane.bars > 0) this.#hear(lane.broker.settle(lane.bar));
  }

  report(): BarReport {
    const { book, risk, facts } = this.#floor;
    const held = risk.held.reduce((sum, row) => sum + row.riskMicros, 0);
    return {
      account: book.account(held, facts.at),
      openPositions: book.positions.map((position) => positionOf(position, instrumentOf(this.#floor, position))),
    };
  }

  get position(): number {
    return this.#position;
  }

  get bars(): number {
    return this.#bars;
  }

  newestOf(series: number): EpochMs | null {
    const lane = this.#lane(series);
    return lane.bars === 0 ? null : lane.bar.time;
  }

  get nextDeadline(): EpochMs | null {
    const { halts } = this.#floor;
    return earliest(this.#acceptance.nextExpiry, earliest(halts.nextEnd, halts.nextTurn));
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
    if (!this.#floor.tray.isEmpty)
      throw new Error('trading engine: expected no approved orders waiting, were some; deliver them before a snapshot');
    return encodeSnapshot(joinParts(this.#floor.lanes.map((lane) => lane.detector.snapshot())), this.#state());
  }

  #state(): EngineState {
    const { book, risk, halts, trading, orders, signals, lanes, facts } = this.#floor;
    return {
      identity: identityOf(this.#options),
      position: this.#position,
      bars: this.#bars,
      trades: this.#fills.trades,
      at: facts.at,
      book: book.state(),
      risk: risk.state(),
      halts: halts.state(),
      trading: trading.state(),
      orders: orders.state(),
      signals: signals.state(),
      lanes: lanes.map((lane) => lane.state()),
      ...(this.#entries.known !== null && { known: this.#entries.known }),
      ...(this.#later !== null && { later: this.#later }),
    };
  }

  /** The bar joins the instant, in the order of the lanes. */
  #stage(lane: Lane, bar: Bar): void {
    if (this.#count === 0) this.#checkTray();
    if (!lane.take(bar)) return;
    const present = this.#present;
    let place = this.#count;
    for (; place > 0 && present[place - 1].rank > lane.rank; place -= 1) present[place] = present[place - 1];
    present[place] = lane;
    this.#count += 1;
  }

  /** All bars of one closing time: each of the steps of backtesting.md 3 over every series before the next step. */
  #instant(): void {
    const count = this.#count;
    this.#count = 0;
    if (count === 0) return;
    const present = this.#present;
    this.#bars += count;
    const { facts } = this.#floor;
    facts.turn();
    for (let i = 0; i < count; i += 1) facts.reach(present[i].closing);
    this.#begun();
    if (this.#floor.isWatched) this.#tick();
    for (let i = 0; i < count; i += 1) this.#meet(present[i]);
    this.#mark(present, count);
    if (this.#holdsCurrency && isFridayClose(this.#floor.facts.before, this.#floor.facts.at)) this.#exits.leaveForWeekEnd();
    for (let i = 0; i < count; i += 1) this.#detect(present[i]);
    for (let i = 0; i < count; i += 1) if (present[i].isWarm) this.#exits.next(present[i]);
    if (someSpoke(present, count)) this.#entries.next(present, count);
  }

  #begin(at: EpochMs): void {
    this.#floor.facts.at = at;
    this.#begun();
  }

  #begun(): void {
    this.#position += 1;
    if (this.#opening !== null) this.#tellOpening();
  }

  #tellOpening(): void {
    const row = this.#opening;
    this.#opening = null;
    if (row !== null) this.#floor.facts.tell('ledger.booked', row);
  }

  #meet({ broker, bar }: Lane): void {
    if (broker === null) return;
    const reports = broker.meet(bar);
    if (reports.length > 0) this.#fills.hear(reports);
  }

  #mark(present: readonly Lane[], count: number): void {
    const { book, halts, risk, settings } = this.#floor;
    if (book.positions.length > 0) {
      for (let i = 0; i < count; i += 1) book.mark(present[i].bar, present[i]);
      book.notePeak();
      if (settings.trailing) this.#fills.raiseStops();
    }
    if (halts.concernedBy(book.equity)) halts.next(book.equity);
    if (book.positions.length > 0 || risk.held.length > 0 || halts.isHot) this.#judgeHeat();
  }

  /** What is at risk changes only with something that is told; the equity it is measured by, with every bar. */
  #judgeHeat(): void {
    const { book, halts, trading, facts } = this.#floor;
    if (facts.told !== this.#heatAt) this.#heat = heatOf(this.#floor);
    this.#heatAt = facts.told;
    const limit = (book.equity * trading.now.limits.heatBp) / 10_000;
    halts.judgeHeat(limit > 0 ? this.#heat / limit : 1);
  }

  get #holdsCurrency(): boolean {
    const { positions } = this.#floor.book;
    for (let i = 0; i < positions.length; i += 1) if (instrumentOf(this.#floor, positions[i]).assetClass === 'FOREX') return true;
    return false;
  }

  #detect(lane: Lane): void {
    const { bar } = lane;
    lane.events = lane.benchmark === null ? lane.detector.onBar(bar) : lane.detector.onBar(bar, lane.besideBenchmark());
    lane.tracker.next(bar);
    lane.exits.next(bar);
    lane.transitions = lane.ranges.next(lane.detector, lane.events, lane.campaigns.living.length > 0);
  }

  /** What time alone changes. */
  #tick(): void {
    const { halts, trading } = this.#floor;
    this.#acceptance.tick();
    halts.turn();
    if (this.#commands.isFlattening) this.#commands.flattenAll(trading.now.kill.activationId ?? 'unnamed');
  }

  #isDue(at: EpochMs): boolean {
    const deadline = this.nextDeadline;
    return (deadline !== null && at >= deadline) || this.#commands.isFlattening;
  }

  #hear(reports: readonly BrokerReport[]): void {
    if (reports.length > 0) this.#fills.hear(reports);
  }

  #checkTray(): void {
    if (!this.#floor.tray.isEmpty)
      throw new Error('trading engine: expected the orders of the last step taken, were waiting; deliver them first');
  }

  #lane(series: number): Lane {
    const lane = this.#series[series];
    if (lane === undefined) throw new RangeError(`bars: expected a series 0-${this.#series.length - 1}, was ${series}`);
    return lane;
  }

  #brokerOf(instruction: Instruction): NonNullable<Lane['broker']> {
    const symbol = this.#symbolOf(instruction);
    const broker = this.#floor.lanes.findLast((lane) => lane.symbol === symbol)?.broker;
    if (broker == null) throw new Error('deliver: expected a simulated broker, was a venue; take the orders instead');
    return broker;
  }

  #symbolOf(instruction: Instruction): string {
    if (instruction.kind === 'cancel') return this.#floor.orders.find(instruction.clientId)?.symbol ?? this.#series[0].symbol;
    return (instruction.kind === 'placeOco' ? instruction.orders[0] : instruction.order).terms.symbol;
  }

  /** A new state is told at once; what else changes, where nobody looks on, once per input. */
  #noteCampaign(campaign: Campaign): void {
    const isStep = this.#toldStates.get(campaign) !== campaign.state;
    this.#toldStates.set(campaign, campaign.state);
    if (this.#options.analysis === 'records' && !isStep) {
      // bounded: the living campaigns; emptied before the input ends
      if (!this.#changed.includes(campaign)) this.#changed.push(campaign);
      return;
    }
    const place = this.#changed.indexOf(campaign);
    if (place >= 0) this.#changed.splice(place, 1);
    this.#campaignChanged(campaign);
  }

  /** What the input changed of campaigns without moving them. */
  #tellCampaigns(): void {
    if (this.#changed.length === 0) return;
    for (const campaign of this.#changed) this.#campaignChanged(campaign);
    this.#changed.length = 0;
  }

  #campaignChanged(campaign: Campaign): void {
    const { book, risk, facts } = this.#floor;
    const open = book.positions.filter(({ campaignId }) => campaignId === campaign.id);
    const reservedMicros = risk.held.reduce((sum, row) => (row.campaignId === campaign.id ? sum + row.riskMicros : sum), 0);
    const instrument = book.instrumentOf(campaign.symbol);
    facts.tell(
      'campaign.changed',
      recordOf(campaign, { equityMicros: book.equity, open, reservedMicros, instrument, at: facts.at }),
    );
  }

  #booked(row: LedgerRow, facts: FactDesk): void {
    this.#options.onLedger?.(row);
    // The account opens before its first input: that row is told with it.
    if (row.seq === 1) this.#opening = row;
    else facts.tell('ledger.booked', row);
  }
}

function someSpoke(present: readonly Lane[], count: number): boolean {
  for (let i = 0; i < count; i += 1) if (present[i].events.length > 0 && present[i].isWarm) return true;
  return false;
}

function earliest(a: EpochMs | null, b: EpochMs | null): EpochMs | null {
  if (a === null) return b;
  return b === null ? a : Math.min(a, b);
}
