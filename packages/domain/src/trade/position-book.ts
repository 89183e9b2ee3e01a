/** The book of one account over many instruments: positions, cash, equity, exact to the micro at every instant (trading.md 2.1, BT-3). */
import type { Bar, EpochMs, Price, Timeframe } from '../bar/bar.ts';
import { idOf } from '../setup/digest.ts';
import type { Micros } from '../setup/signal.ts';
import { amt, riskOf } from './amount.ts';
import { carryOf } from './carry.ts';
import type { Market } from './costs.ts';
import type { TradedInstrument } from './instrument.ts';
import { bitsOf, rungsDone } from './ladder.ts';
import { Ledger } from './ledger.ts';
import type { LedgerSink, LedgerState } from './ledger.ts';
import { add, mulDiv, neg, sub } from './money.ts';
import { openRisk, sideOf, unrealisedOf } from './open-position.ts';
import type { OpenPosition, PositionPlan } from './open-position.ts';
import type { Account, ExitReason } from './position.ts';

/** What of a fill moves the book. */
export interface BookFill {
  readonly steps: number;
  readonly price: Price;
  readonly ts: EpochMs;
  readonly commissionMicros: Micros;
  readonly slippageMicros: Micros;
  readonly impactMicros: Micros;
  readonly orderId: string;
  /** A target took it; `fired`: its order is filled completely. */
  readonly rung?: { readonly target: 1 | 2 | 3; readonly fired: boolean };
}

export type AccountSpec = Pick<Account, 'id' | 'kind' | 'currency' | 'startingMicros'>;

interface BookCommon {
  readonly account: AccountSpec;
  readonly onLedger: LedgerSink | null;
}

/** One market, or all of an account. */
export type BookOptions = BookCommon & (Market | { readonly markets: readonly Market[] });

/** Plain JSON. */
export interface BookState {
  readonly ledger: LedgerState;
  readonly positions: readonly Readonly<OpenPosition>[];
  readonly realised: Micros;
  readonly peak: Micros;
  readonly trades: number;
  readonly wins: number;
}

/** Which positions a bar marks, and whose age it counts. */
export interface MarkedSeries {
  readonly symbol: string;
  readonly timeframe: Timeframe;
}

export class PositionBook {
  readonly #account: AccountSpec;
  /** By symbol. */
  readonly #markets = new Map<string, Market>();
  readonly #firstSymbol: string;
  readonly #ledger: Ledger;
  /** Open positions in the order they opened; bounded by the risk desk. A closed one leaves at once. */
  #positions: OpenPosition[];
  #contributions: Micros;
  #realised: Micros;
  #peak: Micros;
  #trades: number;
  #wins: number;

  constructor(options: BookOptions, state?: BookState) {
    const { account } = options;
    const markets = 'markets' in options ? options.markets : [options];
    this.#account = account;
    for (const { instrument, costs } of markets) this.admit({ instrument, costs });
    this.#firstSymbol = markets[0]?.instrument.symbol ?? '';
    this.#ledger = new Ledger(account.id, options.onLedger, state?.ledger);
    this.#positions = (state?.positions ?? []).map((position) => ({ ...position }));
    this.#contributions = this.#positions.reduce((sum, position) => add(sum, position.contributionMicros), 0);
    this.#realised = state?.realised ?? 0;
    this.#peak = state?.peak ?? account.startingMicros;
    this.#trades = state?.trades ?? 0;
    this.#wins = state?.wins ?? 0;
    if (state === undefined)
      this.#ledger.book({ at: 0, kind: 'DEPOSIT', amountMicros: account.startingMicros, refId: account.id });
  }

  /** Opens a market, or gives an open one new terms: another exchange rate, other costs. */
  admit(market: Market): void {
    // bounded: one per symbol of the account
    this.#markets.set(market.instrument.symbol, market);
  }

  get positions(): readonly OpenPosition[] {
    return this.#positions;
  }

  get cash(): Micros {
    return this.#ledger.cash;
  }

  /** Cash and what the open positions contribute at the last mark. */
  get equity(): Micros {
    return this.#contributions === 0 ? this.#ledger.cash : add(this.#ledger.cash, this.#contributions);
  }

  get peak(): Micros {
    return this.#peak;
  }

  find(signalId: string): OpenPosition | undefined {
    return this.#positions.find((position) => position.signalId === signalId);
  }

  /** Of an open position or any admitted symbol. @throws {RangeError} when nobody admitted it. */
  instrumentOf(symbol: string): TradedInstrument {
    return this.#market(symbol).instrument;
  }

  /** Money from outside; the peak moves with it, so that a deposit is no profit and a withdrawal no drawdown. */
  deposit(amountMicros: Micros, at: EpochMs, refId: string): void {
    this.#transfer('DEPOSIT', positive('deposit', amountMicros), { at, refId });
  }

  /** False: more than the cash of the account, nothing happened. */
  withdraw(amountMicros: Micros, at: EpochMs, refId: string): boolean {
    if (positive('withdrawal', amountMicros) > this.cash) return false;
    this.#transfer('WITHDRAWAL', neg(amountMicros), { at, refId });
    return true;
  }

  /** Paid to the holder of a long position, owed by the holder of a short one (negative). */
  dividend(amountMicros: Micros, at: EpochMs, refId: string): void {
    this.#ledger.book({ at, kind: 'DIVIDEND', amountMicros, refId });
  }

  /** Brings the account to what the broker says (7.5). */
  correct(amountMicros: Micros, at: EpochMs, refId: string): void {
    if (amountMicros !== 0) this.#ledger.book({ at, kind: 'CORRECTION', amountMicros, refId });
  }

  /** Books the first fill of an entry. */
  open(plan: PositionPlan, fill: BookFill, atr: number | null): OpenPosition {
    const symbol = plan.symbol ?? this.#firstSymbol;
    const { instrument } = this.#market(symbol);
    const position: OpenPosition = {
      ...plan,
      symbol,
      origin: plan.origin ?? 'SYSTEM',
      id: idOf('position', plan.signalId),
      initialSteps: 0,
      openSteps: 0,
      entryPrice: fill.price,
      entryTime: fill.ts,
      initialRiskMicros: 0,
      equityBeforeMicros: this.equity,
      atrAtEntry: atr,
      stop: plan.initialStop,
      stopRevision: 1,
      exitRevision: 0,
      rungBits: 0,
      rungSteps: plan.targets.map(() => 0),
      rungsDone: 0,
      basisMicros: 0,
      realisedMicros: 0,
      commissionMicros: 0,
      slippageMicros: 0,
      impactMicros: 0,
      borrowMicros: 0,
      contributionMicros: 0,
      last: fill.price,
      lastAt: fill.ts,
      best: fill.price,
      worst: fill.price,
      entrySum: 0,
      exitSum: 0,
      closedAt: null,
      exitReason: null,
      exiting: null,
      bars: 0,
      agedBars: 0,
      divergences: 0,
      divergenceAt: 0,
      version: 0,
    };
    this.#enter(position, fill, instrument);
    // bounded: openPositions of the limits, checked before an entry is approved
    this.#positions = [...this.#positions, position];
    return position;
  }

  /** Books a later part of the same entry. */
  add(position: OpenPosition, fill: BookFill): void {
    this.#carry(position, fill.ts);
    this.#reach(position, fill.price, fill.price);
    this.#enter(position, fill, this.#market(position.symbol).instrument);
  }

  /** Books an exit fill of a part or of all; a closed position leaves the book. */
  close(position: OpenPosition, fill: BookFill, reason: ExitReason): void {
    const { instrument } = this.#market(position.symbol);
    if (fill.steps > position.openSteps || fill.steps <= 0)
      throw new RangeError(`fill of ${fill.orderId}: expected 1-${position.openSteps} steps, was ${fill.steps}`);
    const side = sideOf(position.direction);
    // The days since the last mark were held too, by what is only closed now.
    this.#carry(position, fill.ts);
    const value = amt(instrument, fill.price, { steps: fill.steps, mode: side === 1 ? 'down' : 'up' });
    const isLast = fill.steps === position.openSteps;
    const basis = isLast ? position.basisMicros : mulDiv(position.basisMicros, fill.steps, position.openSteps, 'down');
    const pnl = side === 1 ? sub(value, basis) : sub(basis, value);
    const isCash = instrument.settlement === 'CASH';
    const kind = !isCash ? 'PNL' : side === 1 ? 'SELL' : 'BUY';
    this.#ledger.book({ at: fill.ts, kind, amountMicros: !isCash ? pnl : side === 1 ? value : neg(value), refId: fill.orderId });
    position.basisMicros = sub(position.basisMicros, basis);
    position.realisedMicros = add(position.realisedMicros, pnl);
    position.openSteps -= fill.steps;
    position.exitSum += fill.price * fill.steps;
    if (fill.rung !== undefined) noteRung(position, fill.rung, fill.steps);
    this.#reach(position, fill.price, fill.price);
    position.version += 1;
    this.#realised = add(this.#realised, pnl);
    this.#charge(position, fill);
    this.#revalue(position, position.last);
    if (isLast) this.#retire(position, fill.ts, reason);
  }

  /** Marks the positions of a series at the close, accrues what holding costs per calendar day. Without a series: all, and moves the peak. */
  mark(bar: Bar, series: MarkedSeries | null = null): void {
    for (let i = 0; i < this.#positions.length; i += 1) {
      const position = this.#positions[i];
      if (series === null || position.symbol === series.symbol) this.#markOne(position, bar, series);
    }
    if (series === null) this.notePeak();
  }

  /** Once per instant where several series are marked at it. */
  notePeak(): void {
    const equity = this.equity;
    if (equity > this.#peak) this.#peak = equity;
  }

  /** A drawdown that somebody reset begins anew (5.7). */
  resetPeak(): void {
    this.#peak = this.equity;
  }

  /** `equity - deposits + withdrawals = realised + unrealised - costs`, exact; dividends and corrections count as realised. */
  account(heldRisk: Micros, at: EpochMs): Account {
    const equityMicros = this.equity;
    const instrumentOf = (position: OpenPosition): TradedInstrument => this.#market(position.symbol).instrument;
    const risk = this.#positions.reduce((sum, position) => add(sum, openRisk(position, instrumentOf(position))), heldRisk);
    return {
      ...this.#account,
      startingMicros: this.#ledger.contributed,
      cashMicros: this.cash,
      equityMicros,
      peakMicros: this.#peak,
      drawdownRatio: this.#peak > 0 ? Math.max(0, (this.#peak - equityMicros) / this.#peak) : 0,
      realisedMicros: add(this.#realised, this.#ledger.other),
      unrealisedMicros: this.#positions.reduce((sum, position) => add(sum, unrealisedOf(position, instrumentOf(position))), 0),
      costsMicros: this.#ledger.fees,
      heatRatio: equityMicros > 0 ? risk / equityMicros : 0,
      trades: this.#trades,
      wins: this.#wins,
      at,
    };
  }

  state(): BookState {
    return {
      ledger: this.#ledger.state(),
      positions: this.#positions.map((position) => ({ ...position })),
      realised: this.#realised,
      peak: this.#peak,
      trades: this.#trades,
      wins: this.#wins,
    };
  }

  #market(symbol: string): Market {
    const market = this.#markets.get(symbol);
    if (market === undefined)
      throw new RangeError(`book of ${this.#account.id}: expected an admitted symbol, was ${symbol}; admit its market first`);
    return market;
  }

  #transfer(kind: 'DEPOSIT' | 'WITHDRAWAL', amountMicros: Micros, of: { readonly at: EpochMs; readonly refId: string }): void {
    this.#ledger.book({ ...of, kind, amountMicros });
    this.#peak = add(this.#peak, amountMicros);
  }

  #enter(position: OpenPosition, fill: BookFill, instrument: TradedInstrument): void {
    const side = sideOf(position.direction);
    const value = amt(instrument, fill.price, { steps: fill.steps, mode: side === 1 ? 'up' : 'down' });
    const amountMicros = side === 1 ? neg(value) : value;
    if (instrument.settlement === 'CASH')
      this.#ledger.book({ at: fill.ts, kind: side === 1 ? 'BUY' : 'SELL', amountMicros, refId: fill.orderId });
    position.basisMicros = add(position.basisMicros, value);
    position.initialRiskMicros = add(
      position.initialRiskMicros,
      riskOf(instrument, [fill.price, position.initialStop], fill.steps),
    );
    position.openSteps += fill.steps;
    position.initialSteps += fill.steps;
    position.entrySum += fill.price * fill.steps;
    position.entryPrice = position.initialSteps === fill.steps ? fill.price : position.entrySum / position.initialSteps;
    position.version += 1;
    this.#charge(position, fill);
    this.#revalue(position, position.last);
  }

  #markOne(position: OpenPosition, bar: Bar, series: MarkedSeries | null): void {
    this.#reach(position, bar.high, bar.low);
    if (series === null || position.timeframe === undefined || position.timeframe === series.timeframe) position.bars += 1;
    this.#carry(position, bar.time);
    position.lastAt = bar.time;
    this.#revalue(position, bar.close);
  }

  /** How far the price went for and against the position. */
  #reach(position: OpenPosition, high: Price, low: Price): void {
    const isLong = position.direction === 'LONG';
    const best = isLong ? high : low;
    const worst = isLong ? low : high;
    if (isLong ? best > position.best : best < position.best) position.best = best;
    if (isLong ? worst < position.worst : worst > position.worst) position.worst = worst;
  }

  /** What it cost to hold what is open since the last mark or fill. */
  #carry(position: OpenPosition, at: EpochMs): void {
    const carry = carryOf(position, this.#market(position.symbol), at);
    if (carry === null) return;
    position.lastAt = at;
    position.borrowMicros = add(position.borrowMicros, carry.feeMicros);
    this.#ledger.book({ at, kind: carry.kind, amountMicros: neg(carry.feeMicros), refId: position.id });
  }

  #revalue(position: OpenPosition, price: Price): void {
    const { instrument } = this.#market(position.symbol);
    const side = sideOf(position.direction);
    const value = position.openSteps === 0 ? 0 : amt(instrument, price, { steps: position.openSteps, mode: 'nearest' });
    const contribution = side * (instrument.settlement === 'CASH' ? value : value - position.basisMicros);
    this.#contributions = add(this.#contributions, sub(contribution, position.contributionMicros));
    position.contributionMicros = contribution;
    position.last = price;
  }

  #charge(position: OpenPosition, fill: BookFill): void {
    position.commissionMicros = add(position.commissionMicros, fill.commissionMicros);
    position.slippageMicros = add(position.slippageMicros, fill.slippageMicros);
    position.impactMicros = add(position.impactMicros, fill.impactMicros);
    if (fill.commissionMicros > 0)
      this.#ledger.book({ at: fill.ts, kind: 'COMMISSION', amountMicros: neg(fill.commissionMicros), refId: fill.orderId });
  }

  #retire(position: OpenPosition, at: EpochMs, reason: ExitReason): void {
    position.closedAt = at;
    position.exitReason = reason;
    this.#positions = this.#positions.filter((one) => one !== position);
    this.#trades += 1;
    if (position.realisedMicros - position.commissionMicros - position.borrowMicros > 0) this.#wins += 1;
  }
}

function noteRung(position: OpenPosition, rung: NonNullable<BookFill['rung']>, steps: number): void {
  const taken = [...position.rungSteps];
  taken[rung.target - 1] = (taken[rung.target - 1] ?? 0) + steps;
  position.rungSteps = taken;
  if (!rung.fired) return;
  position.rungBits |= bitsOf(rung.target, position.targets);
  position.rungsDone = rungsDone(position.rungBits);
}

function positive(what: string, amountMicros: Micros): Micros {
  if (amountMicros > 0) return amountMicros;
  throw new RangeError(`${what}: expected more than 0 micros, was ${amountMicros}`);
}
