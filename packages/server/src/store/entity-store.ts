/** The store's side of looking one thing up: a signal, a position, an order with its fills, and where each has been. */
import type { JournalRow, OrderWire, PositionWire, SignalWire } from '@wyckoff/contracts';
import type { Fact, Fill } from '@wyckoff/domain';

/** A fact of an engine as it was told, whether it travels on the stream or not. */
export interface ToldFact {
  readonly bar: number;
  readonly fact: Fact;
}

export interface JournalQuery {
  /** Exclusive. */
  readonly afterSeq: number;
  /** 1..2,000 */
  readonly limit: number;
  readonly topic?: string | undefined;
  readonly type?: string | undefined;
  readonly entity?: string | undefined;
  readonly audit?: boolean | undefined;
}

/** Closed positions of an account in sums, and the deepest fall of its equity: of what was opened since the account was, by the wall clock. */
export interface TradeSums {
  readonly trades: number;
  readonly sumR: number;
  readonly sumSquaresR: number;
  readonly maxDrawdownRatio: number;
  /** When the account was opened, by the wall clock; null: there is no such account. */
  readonly startedAt: number | null;
}

export interface EntityStore {
  /** By aggregates; R null counts as no trade. */
  tradeSums(accountId: string): Promise<TradeSums>;
  signalById(id: string): Promise<SignalWire | null>;
  positionById(id: string): Promise<PositionWire | null>;
  orderById(id: string): Promise<OrderWire | null>;
  /** Of at most 200 orders, in the order in which they happened; at most 10,000. */
  fillsOf(orderIds: readonly string[]): Promise<readonly Fill[]>;
  /** Everything an engine told after bars `from <= bar <= until`, its inputs among it, in its order; at most `limit`. */
  toldByEngine(
    engineId: string,
    bars: { readonly from: number; readonly until: number; readonly limit: number },
  ): Promise<readonly ToldFact[]>;
  /** What an engine said last in facts of a type; null: it never did. */
  newestOfType(engineId: string, type: string): Promise<unknown>;
  /** The journal as it is, inputs and ledger too, oldest first. */
  journalPage(query: JournalQuery): Promise<readonly JournalRow[]>;
}
