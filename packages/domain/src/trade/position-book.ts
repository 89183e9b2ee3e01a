/** The book of one account: positions, cash, equity, exact to the micro at every instant (trading.md 2.1, BT-3). */
import type { Bar, EpochMs, Price } from '../bar/bar.ts';
import { idOf } from '../setup/digest.ts';
import type { Micros } from '../setup/signal.ts';
import { amt, riskOf } from './amount.ts';
import type { CostModel } from './costs.ts';
import type { TradedInstrument } from './instrument.ts';
import { Ledger } from './ledger.ts';
import type { LedgerSink, LedgerState } from './ledger.ts';
import { add, mulDiv, neg, sub, toMicros } from './money.ts';
import { openRisk, sideOf, unrealisedOf } from './open-position.ts';
import type { OpenPosition, PositionPlan } from './open-position.ts';
import type { Account, ExitReason } from './position.ts';

const DAY = 86_400_000;

/** What of a fill moves the book. */
export interface BookFill {
  readonly steps: number;
  readonly price: Price;
  readonly ts: EpochMs;
  readonly commissionMicros: Micros;
  readonly slippageMicros: Micros;
  readonly impactMicros: Micros;
  readonly orderId: string;
}

export type AccountSpec = Pick<Account, 'id' | 'kind' | 'currency' | 'startingMicros'>;

export interface BookOptions {
  readonly account: AccountSpec;
  readonly instrument: TradedInstrument;
  readonly costs: CostModel;
  readonly onLedger: LedgerSink | null;
}

/** Plain JSON. */
export interface BookState {
  readonly ledger: LedgerState;
  readonly positions: readonly Readonly<OpenPosition>[];
  readonly realised: Micros;
  readonly peak: Micros;
  readonly trades: number;
  readonly wins: number;
}

export class PositionBook {
  readonly #options: BookOptions;
  readonly #ledger: Ledger;
  /** Open positions in the order they opened; bounded by the risk desk. A closed one leaves at once. */
  #positions: OpenPosition[];
  #contributions: Micros;
  #realised: Micros;
  #peak: Micros;
  #trades: number;
  #wins: number;

  constructor(options: BookOptions, state?: BookState) {
    this.#options = options;
    const { account } = options;
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

  /** Books an entry fill. */
  open(plan: PositionPlan, fill: BookFill, atr: number | null): OpenPosition {
    const { instrument } = this.#options;
    const side = sideOf(plan.direction);
    const basis = amt(instrument, fill.price, { steps: fill.steps, mode: side === 1 ? 'up' : 'down' });
    const position: OpenPosition = {
      ...plan,
      id: idOf('position', plan.signalId),
      initialSteps: fill.steps,
      openSteps: fill.steps,
      entryPrice: fill.price,
      entryTime: fill.ts,
      initialRiskMicros: riskOf(instrument, [fill.price, plan.initialStop], fill.steps),
      equityBeforeMicros: this.equity,
      atrAtEntry: atr,
      stop: plan.initialStop,
      stopRevision: 1,
      rungsDone: 0,
      basisMicros: basis,
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
      exitSum: 0,
      closedAt: null,
      exitReason: null,
      exiting: null,
      bars: 0,
      agedBars: 0,
      version: 1,
    };
    if (instrument.settlement === 'CASH')
      this.#ledger.book({
        at: fill.ts,
        kind: side === 1 ? 'BUY' : 'SELL',
        amountMicros: side === 1 ? neg(basis) : basis,
        refId: fill.orderId,
      });
    this.#charge(position, fill);
    this.#positions = [...this.#positions, position];
    this.#revalue(position, fill.price);
    return position;
  }

  /** Books an exit fill of a part or of all; a closed position leaves the book. */
  close(position: OpenPosition, fill: BookFill, reason: ExitReason): void {
    const { instrument } = this.#options;
    if (fill.steps > position.openSteps || fill.steps <= 0)
      throw new RangeError(`fill of ${fill.orderId}: expected 1-${position.openSteps} steps, was ${fill.steps}`);
    const side = sideOf(position.direction);
    // The days since the last mark were held too, by what is only closed now.
    this.#borrow(position, fill.ts);
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
    this.#reach(position, fill.price, fill.price);
    position.version += 1;
    this.#realised = add(this.#realised, pnl);
    this.#charge(position, fill);
    this.#revalue(position, position.last);
    if (isLast) this.#retire(position, fill.ts, reason);
  }

  /** Marks every position at the close, accrues what a short costs per calendar day, moves the peak. */
  mark(bar: Bar): void {
    for (let i = 0; i < this.#positions.length; i += 1) this.#markOne(this.#positions[i], bar);
    const equity = this.equity;
    if (equity > this.#peak) this.#peak = equity;
  }

  /** `equity - starting = realised + unrealised - costs`, exact. */
  account(heldRisk: Micros, at: EpochMs): Account {
    const { account, instrument } = this.#options;
    const equityMicros = this.equity;
    const risk = this.#positions.reduce((sum, position) => add(sum, openRisk(position, instrument)), heldRisk);
    return {
      ...account,
      cashMicros: this.cash,
      equityMicros,
      peakMicros: this.#peak,
      drawdownRatio: this.#peak > 0 ? Math.max(0, (this.#peak - equityMicros) / this.#peak) : 0,
      realisedMicros: this.#realised,
      unrealisedMicros: this.#positions.reduce((sum, position) => add(sum, unrealisedOf(position, instrument)), 0),
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

  #markOne(position: OpenPosition, bar: Bar): void {
    this.#reach(position, bar.high, bar.low);
    position.bars += 1;
    this.#borrow(position, bar.time);
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

  /** Shorts: `notional x rate / 365` per calendar day since the last mark or partial close. */
  #borrow(position: OpenPosition, at: EpochMs): void {
    const { instrument, costs } = this.#options;
    if (position.direction === 'LONG' || costs.borrowRate === 0) return;
    const days = Math.floor(at / DAY) - Math.floor(position.lastAt / DAY);
    if (days <= 0) return;
    position.lastAt = at;
    const notional = amt(instrument, position.last, { steps: position.openSteps, mode: 'up' });
    const fee = toMicros(((notional / 1e6) * costs.borrowRate * days) / 365, 'up');
    position.borrowMicros = add(position.borrowMicros, fee);
    this.#ledger.book({ at, kind: 'BORROW_FEE', amountMicros: neg(fee), refId: position.id });
  }

  #revalue(position: OpenPosition, price: Price): void {
    const { instrument } = this.#options;
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
