/** The account from its journal alone: fills and ledger rows give cash, realised profit and fees to the micro, or say where they part (TR-8). */
import type { Price } from '../bar/bar.ts';
import type { Micros } from '../setup/signal.ts';
import { amt } from './amount.ts';
import type { TradedInstrument } from './instrument.ts';
import { Ledger } from './ledger.ts';
import type { LedgerKind, LedgerRow } from './ledger.ts';
import { add, mulDiv, neg, sub } from './money.ts';
import type { OrderIntent, OrderSide } from './order-terms.ts';

/** What of an `order.filled` fact moves the account. */
export interface JournalFill {
  readonly orderId: string;
  /** The position, or the signal it came from: whatever its entries and exits share. */
  readonly positionKey: string;
  readonly symbol: string;
  readonly side: OrderSide;
  readonly intent: OrderIntent;
  readonly qtyMicros: number;
  readonly price: Price;
  readonly commissionMicros: Micros;
}

export interface ReplayedAccount {
  readonly cashMicros: Micros;
  /** Closed parts, dividends and corrections, before fees. */
  readonly realisedMicros: Micros;
  readonly feesMicros: Micros;
  readonly contributedMicros: Micros;
  /** Positions that are still open, oldest first. */
  readonly open: readonly ReplayedPosition[];
  readonly rows: number;
  readonly fills: number;
}

export interface ReplayedPosition {
  readonly key: string;
  readonly symbol: string;
  readonly side: 1 | -1;
  readonly steps: number;
  readonly basisMicros: Micros;
}

interface Held {
  readonly symbol: string;
  readonly side: 1 | -1;
  steps: number;
  basisMicros: Micros;
}

/** The journal contradicts itself: a row is missing, or says something else than its fill. */
export class JournalMismatch extends Error {
  constructor(where: string, expected: string, was: string) {
    super(`journal replay: ${where}: expected ${expected}, was ${was}; the journal is incomplete or was altered`);
    this.name = 'JournalMismatch';
  }
}

/** Takes fills and ledger rows in the order they were journalled; every fill is followed by the rows it made. */
export class AccountReplay {
  readonly #ledger: Ledger;
  readonly #instruments: ReadonlyMap<string, TradedInstrument>;
  /** Open positions; a closed one leaves. */
  readonly #open = new Map<string, Held>();
  #realised: Micros = 0;
  #rows = 0;
  #fills = 0;
  /** What the last fill still has to show for itself. */
  #dueKind: LedgerKind | null = null;
  #dueMicros: Micros = 0;
  #dueCommission: Micros = 0;
  #dueRef = '';

  constructor(accountId: string, instruments: Iterable<TradedInstrument>) {
    this.#ledger = new Ledger(accountId, null);
    this.#instruments = new Map([...instruments].map((instrument) => [instrument.symbol, instrument]));
  }

  /** @throws {JournalMismatch} */
  fill(fill: JournalFill): void {
    this.#settled();
    const instrument = this.#instruments.get(fill.symbol);
    if (instrument === undefined) throw new JournalMismatch(`fill of ${fill.orderId}`, 'a known symbol', fill.symbol);
    const steps = fill.qtyMicros / instrument.lotStepMicros;
    const value = amt(instrument, fill.price, { steps, mode: fill.side === 'BUY' ? 'up' : 'down' });
    const pnl = fill.intent === 'OPEN' ? this.#enter(fill, steps, value) : this.#leave(fill, steps, value);
    if (instrument.settlement === 'CASH') {
      this.#dueKind = fill.side === 'BUY' ? 'BUY' : 'SELL';
      this.#dueMicros = fill.side === 'BUY' ? neg(value) : value;
    } else if (fill.intent === 'CLOSE') {
      this.#dueKind = 'PNL';
      this.#dueMicros = pnl;
    }
    this.#dueCommission = fill.commissionMicros;
    this.#dueRef = fill.orderId;
    this.#fills += 1;
  }

  /** @throws {JournalMismatch} when a row of a fill says something else; {RangeError} when a row is missing. */
  row(row: LedgerRow): void {
    this.#ledger.replay(row);
    this.#rows += 1;
    if (row.kind === 'BUY' || row.kind === 'SELL' || row.kind === 'PNL') this.#settle(row);
    else if (row.kind === 'COMMISSION') {
      if (-row.amountMicros !== this.#dueCommission || row.refId !== this.#dueRef)
        throw new JournalMismatch(`row ${row.seq}`, `a commission of ${this.#dueCommission} for ${this.#dueRef}`, worded(row));
      this.#dueCommission = 0;
    }
  }

  /** @throws {JournalMismatch} when rows of the last fill are missing. */
  end(): ReplayedAccount {
    this.#settled();
    const { cash, fees, contributed, other } = this.#ledger;
    return {
      cashMicros: cash,
      realisedMicros: add(this.#realised, other),
      feesMicros: fees,
      contributedMicros: contributed,
      open: [...this.#open].map(([key, held]) => ({ key, ...held })),
      rows: this.#rows,
      fills: this.#fills,
    };
  }

  #enter(fill: JournalFill, steps: number, value: Micros): Micros {
    const held = this.#open.get(fill.positionKey);
    if (held === undefined) {
      const side = fill.side === 'BUY' ? 1 : -1;
      // bounded: open positions of the account; a closed one leaves
      this.#open.set(fill.positionKey, { symbol: fill.symbol, side, steps, basisMicros: value });
    } else {
      held.steps += steps;
      held.basisMicros = add(held.basisMicros, value);
    }
    return 0;
  }

  #leave(fill: JournalFill, steps: number, value: Micros): Micros {
    const held = this.#open.get(fill.positionKey);
    if (held === undefined || steps > held.steps)
      throw new JournalMismatch(`fill of ${fill.orderId}`, `at most ${held?.steps ?? 0} open steps`, `${steps}`);
    const isLast = steps === held.steps;
    const basis = isLast ? held.basisMicros : mulDiv(held.basisMicros, steps, held.steps, 'down');
    const pnl = held.side === 1 ? sub(value, basis) : sub(basis, value);
    this.#realised = add(this.#realised, pnl);
    if (isLast) this.#open.delete(fill.positionKey);
    else {
      held.steps -= steps;
      held.basisMicros = sub(held.basisMicros, basis);
    }
    return pnl;
  }

  #settle(row: LedgerRow): void {
    if (row.kind !== this.#dueKind || row.amountMicros !== this.#dueMicros || row.refId !== this.#dueRef)
      throw new JournalMismatch(`row ${row.seq}`, `${this.#dueKind ?? 'no'} ${this.#dueMicros} for ${this.#dueRef}`, worded(row));
    this.#dueKind = null;
  }

  #settled(): void {
    if (this.#dueKind !== null || this.#dueCommission !== 0)
      throw new JournalMismatch(`fill of ${this.#dueRef}`, 'its ledger rows before the next fill', 'none');
  }
}

function worded(row: LedgerRow): string {
  return `${row.kind} ${row.amountMicros} for ${row.refId}`;
}
