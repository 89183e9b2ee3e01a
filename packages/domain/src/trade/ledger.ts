/** The ledger: append-only rows handed to a sink, running sums kept (trading.md 2.1, TR-8). */
import type { EpochMs } from '../bar/bar.ts';
import type { Micros } from '../setup/signal.ts';
import { add, sub } from './money.ts';

export const LEDGER_KINDS = [
  'DEPOSIT', 'WITHDRAWAL', 'BUY', 'SELL', 'PNL', 'COMMISSION', 'BORROW_FEE', 'FINANCING', 'DIVIDEND', 'CORRECTION',
] as const; // prettier-ignore
export type LedgerKind = (typeof LEDGER_KINDS)[number];

export interface LedgerRow {
  readonly accountId: string;
  /** 1, 2, ... per account. */
  readonly seq: number;
  readonly at: EpochMs;
  readonly kind: LedgerKind;
  /** What it does to cash: negative leaves the account. */
  readonly amountMicros: Micros;
  /** The order, position or reason it belongs to. */
  readonly refId: string;
}

export type LedgerSink = (row: LedgerRow) => void;

/** The sums of a ledger; what a snapshot keeps of it. */
export interface LedgerState {
  readonly seq: number;
  readonly cash: Micros;
  /** Commission, borrow and financing paid; below 0 where more financing was earned. */
  readonly fees: Micros;
  /** Deposits less withdrawals. */
  readonly contributed: Micros;
  /** Dividends and corrections: gains that no position made. */
  readonly other: Micros;
}

type Sum = 'fees' | 'contributed' | 'other' | null;

/** Which sum a kind moves beside cash; purchases, sales and closed profit belong to positions. */
const SUM_OF: Readonly<Record<LedgerKind, Sum>> = {
  DEPOSIT: 'contributed',
  WITHDRAWAL: 'contributed',
  BUY: null,
  SELL: null,
  PNL: null,
  COMMISSION: 'fees',
  BORROW_FEE: 'fees',
  FINANCING: 'fees',
  DIVIDEND: 'other',
  CORRECTION: 'other',
};

export class Ledger {
  readonly #accountId: string;
  readonly #sink: LedgerSink | null;
  #seq: number;
  #cash: Micros;
  #fees: Micros;
  #contributed: Micros;
  #other: Micros;

  constructor(accountId: string, sink: LedgerSink | null, state?: LedgerState) {
    this.#accountId = accountId;
    this.#sink = sink;
    this.#seq = state?.seq ?? 0;
    this.#cash = state?.cash ?? 0;
    this.#fees = state?.fees ?? 0;
    this.#contributed = state?.contributed ?? 0;
    this.#other = state?.other ?? 0;
  }

  /** The sum of every row. Turnover is not summed: over years it would leave the safe integers, cash does not. */
  get cash(): Micros {
    return this.#cash;
  }

  get fees(): Micros {
    return this.#fees;
  }

  get contributed(): Micros {
    return this.#contributed;
  }

  get other(): Micros {
    return this.#other;
  }

  /** Books one row. @throws {MoneyRangeError} before anything changed. */
  book(row: Omit<LedgerRow, 'accountId' | 'seq'>): void {
    this.#count(row.kind, row.amountMicros);
    this.#seq += 1;
    this.#sink?.({ accountId: this.#accountId, seq: this.#seq, ...row });
  }

  /** A row that was booked before, read back from the store. @throws {RangeError} when a row is missing or belongs to another account. */
  replay(row: LedgerRow): void {
    if (row.accountId !== this.#accountId || row.seq !== this.#seq + 1)
      throw new RangeError(
        `ledger of ${this.#accountId}: expected row ${this.#seq + 1}, was row ${row.seq} of ${row.accountId}; the store lost or mixed rows`,
      );
    this.#count(row.kind, row.amountMicros);
    this.#seq = row.seq;
  }

  state(): LedgerState {
    return { seq: this.#seq, cash: this.#cash, fees: this.#fees, contributed: this.#contributed, other: this.#other };
  }

  #count(kind: LedgerKind, amount: Micros): void {
    const cash = add(this.#cash, amount);
    const sum = SUM_OF[kind];
    if (sum === 'fees') this.#fees = sub(this.#fees, amount);
    else if (sum === 'contributed') this.#contributed = add(this.#contributed, amount);
    else if (sum === 'other') this.#other = add(this.#other, amount);
    this.#cash = cash;
  }
}

/** The sums of an account from its rows, in order. @throws {RangeError} on a missing, repeated or foreign row. */
export function replayLedger(accountId: string, rows: Iterable<LedgerRow>): LedgerState {
  const ledger = new Ledger(accountId, null);
  for (const row of rows) ledger.replay(row);
  return ledger.state();
}
