/** The ledger: append-only rows handed to a sink, running sums kept (trading.md 2.1, TR-8). */
import type { EpochMs } from '../bar/bar.ts';
import type { Micros } from '../setup/signal.ts';
import { add } from './money.ts';

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
  readonly sums: Readonly<Record<LedgerKind, Micros>>;
}

const NO_SUMS = Object.fromEntries(LEDGER_KINDS.map((kind) => [kind, 0])) as Record<LedgerKind, Micros>;

export class Ledger {
  readonly #accountId: string;
  readonly #sink: LedgerSink | null;
  #seq: number;
  readonly #sums: Record<LedgerKind, Micros>;
  #cash: Micros;

  constructor(accountId: string, sink: LedgerSink | null, state?: LedgerState) {
    this.#accountId = accountId;
    this.#sink = sink;
    this.#seq = state?.seq ?? 0;
    this.#sums = { ...NO_SUMS, ...state?.sums };
    this.#cash = LEDGER_KINDS.reduce((cash, kind) => add(cash, this.#sums[kind]), 0);
  }

  /** The sum of every row. */
  get cash(): Micros {
    return this.#cash;
  }

  sum(kind: LedgerKind): Micros {
    return this.#sums[kind];
  }

  /** Commission and fees paid so far, >= 0. */
  get fees(): Micros {
    return -(this.#sums.COMMISSION + this.#sums.BORROW_FEE + this.#sums.FINANCING) || 0;
  }

  /** Books one row. @throws {MoneyRangeError} before anything changed. */
  book(row: Omit<LedgerRow, 'accountId' | 'seq'>): void {
    const sum = add(this.#sums[row.kind], row.amountMicros);
    this.#cash = add(this.#cash, row.amountMicros);
    this.#sums[row.kind] = sum;
    this.#seq += 1;
    this.#sink?.({ accountId: this.#accountId, seq: this.#seq, ...row });
  }

  state(): LedgerState {
    return { seq: this.#seq, sums: { ...this.#sums } };
  }
}
