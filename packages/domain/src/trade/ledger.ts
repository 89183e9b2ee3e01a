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

/** What a snapshot keeps of a ledger. */
export interface LedgerState {
  readonly seq: number;
  readonly cash: Micros;
  readonly fees: Micros;
}

const FEES: ReadonlySet<LedgerKind> = new Set<LedgerKind>(['COMMISSION', 'BORROW_FEE', 'FINANCING']);

export class Ledger {
  readonly #accountId: string;
  readonly #sink: LedgerSink | null;
  #seq: number;
  #cash: Micros;
  #fees: Micros;

  constructor(accountId: string, sink: LedgerSink | null, state?: LedgerState) {
    this.#accountId = accountId;
    this.#sink = sink;
    this.#seq = state?.seq ?? 0;
    this.#cash = state?.cash ?? 0;
    this.#fees = state?.fees ?? 0;
  }

  /** The sum of every row. Turnover is not summed: over years it would leave the safe integers, cash does not. */
  get cash(): Micros {
    return this.#cash;
  }

  /** Commission and fees paid so far, >= 0. */
  get fees(): Micros {
    return this.#fees;
  }

  /** Books one row. @throws {MoneyRangeError} before anything changed. */
  book(row: Omit<LedgerRow, 'accountId' | 'seq'>): void {
    const cash = add(this.#cash, row.amountMicros);
    if (FEES.has(row.kind)) this.#fees = sub(this.#fees, row.amountMicros);
    this.#cash = cash;
    this.#seq += 1;
    this.#sink?.({ accountId: this.#accountId, seq: this.#seq, ...row });
  }

  state(): LedgerState {
    return { seq: this.#seq, cash: this.#cash, fees: this.#fees };
  }
}
