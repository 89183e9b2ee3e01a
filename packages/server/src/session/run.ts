/** The life of a bar: engine, facts, journal, broker, world - in this order, and none of it twice. */
import {
  BarCursor,
  type Account,
  type BarColumns,
  type EpochMs,
  type Fact,
  type Position,
  type TradingEngine,
} from '@wyckoff/domain';
import type { EngineRef, EquityPoint, PendingFact, Store } from '../store/store.ts';
import type { ConflatedValue } from './desk.ts';
import type { EngineFactory } from './engine-factory.ts';
import type { Journal } from './journal.ts';
import { resumeEngine, type ResumedFrom } from './resume.ts';

/** Bars of one transaction at most: what a kill can undo, and what keeps the event loop waiting. */
export const BARS_PER_COMMIT = 64;

export interface RunOptions {
  readonly store: Store;
  readonly journal: Journal;
  readonly ref: EngineRef;
  readonly accountId: string;
  /** The account as it is before the first bar. */
  readonly account: Account;
  readonly factory: EngineFactory;
  /** Bars between snapshots, >= 1. */
  readonly snapshotEvery: number;
}

export class Run {
  readonly #options: RunOptions;
  // bounded: facts of the at most 64 bars of one batch; emptied by its commit.
  #pending: PendingFact[] = [];
  #engine: TradingEngine | undefined;
  #position = 0;
  #barTime: EpochMs | null = null;
  #snapshotAt = 0;
  #account: Account;
  #openPositions: readonly Position[] = [];
  #lastBar: ConflatedValue | null = null;
  #busy = false;
  #resumed: ResumedFrom = { fromSnapshot: 0, restepped: 0, snapshotRefused: null };

  private constructor(options: RunOptions) {
    this.#options = options;
    this.#account = options.account;
  }

  /**
   * Restores the engine to where the store says it stood.
   * @throws ResumeMismatch when it does not get there.
   */
  static async resume(options: RunOptions): Promise<Run> {
    const { store, ref, factory, accountId } = options;
    const run = new Run(options);
    const cursor = await store.openEngine(ref, options.account);
    const sink = (fact: Fact): void => {
      run.#pending.push({ bar: run.#position, fact });
    };
    const { engine, from } = await resumeEngine({ store, ref, cursor, accountId, factory, sink });
    run.#engine = engine;
    run.#position = cursor.position;
    run.#barTime = cursor.barTime;
    run.#snapshotAt = from.fromSnapshot;
    run.#takeReport(engine);
    if (cursor.barTime !== null) run.#lastBar = await run.#storedBar(cursor.barTime);
    run.#resumed = from;
    return run;
  }

  get resumed(): ResumedFrom {
    return this.#resumed;
  }

  /** Bars taken and committed so far. */
  get position(): number {
    return this.#position;
  }

  /** Opening time of the last committed bar. */
  get barTime(): EpochMs | null {
    return this.#barTime;
  }

  /** As of the last committed bar. */
  get account(): Account {
    return this.#account;
  }

  get openPositions(): readonly Position[] {
    return this.#openPositions;
  }

  get lastBar(): ConflatedValue | null {
    return this.#lastBar;
  }

  /**
   * Takes bars from row `from` on, at most `limit`, and answers how many: fewer when an order is approved on the way, because it is journalled
   * before the broker may act on it. When this resolves they are stored and published.
   */
  async take(columns: BarColumns, from: number, limit: number): Promise<number> {
    const engine = this.#engine;
    if (engine === undefined) throw new Error('run: expected a living engine, was one that failed to commit; start again');
    if (this.#busy) throw new Error('run: expected one batch of bars at a time, was a second one before the first was stored');
    this.#busy = true;
    try {
      return await this.#takeBatch(engine, columns, {
        from,
        to: Math.min(columns.length, from + Math.min(limit, BARS_PER_COMMIT)),
      });
    } catch (error) {
      // The engine is ahead of the store now: only a restart, which steps the stored bars again, makes them one.
      this.#engine = undefined;
      throw error;
    } finally {
      this.#busy = false;
    }
  }

  async #takeBatch(
    engine: TradingEngine,
    columns: BarColumns,
    rows: { readonly from: number; readonly to: number },
  ): Promise<number> {
    const { journal, ref, snapshotEvery } = this.#options;
    const before = this.#position;
    const equity: EquityPoint[] = [];
    const values: ConflatedValue[] = [];
    const bar = new BarCursor(columns);
    let row = rows.from;
    let ordered = false;
    for (; row < rows.to && !ordered; row += 1) {
      this.#position += 1;
      engine.step(bar.at(row));
      equity.push(equityOf(columns.time[row], engine.report().account));
      values.push(this.#barValue(columns, row));
      ordered = engine.ordersWaiting;
    }
    const barTime = columns.time[row - 1];
    // With orders still in the engine's hands there is no state to save; the next batch brings the snapshot.
    const due = !ordered && this.#position - this.#snapshotAt >= snapshotEvery;
    const snapshot = due ? engine.snapshot() : undefined;
    const facts = this.#pending;
    this.#pending = [];
    const { account } = engine.report();
    const stored = await journal.commit({
      engine: ref,
      from: before,
      to: this.#position,
      barTime,
      facts,
      account,
      equity,
      snapshot,
    });
    if (due) this.#snapshotAt = this.#position;
    engine.deliver();
    this.#barTime = barTime;
    this.#lastBar = values.at(-1) ?? this.#lastBar;
    this.#takeReport(engine);
    journal.publish(stored, [...values, ...this.reportValues()]);
    return row - rows.from;
  }

  /** Account and marks of the open positions, as values for the live hub. */
  reportValues(): ConflatedValue[] {
    const account = this.#account;
    const marks = this.#openPositions.map((position) => ({
      topic: 'positions',
      key: position.id,
      ts: position.lastAt,
      type: 'position.marked' as const,
      data: { ...position, targets: [...position.targets] },
    }));
    return [{ topic: 'account', key: account.id, ts: account.at, type: 'account.updated', data: { ...account } }, ...marks];
  }

  #takeReport(engine: TradingEngine): void {
    const { account, openPositions } = engine.report();
    this.#account = { ...account };
    this.#openPositions = openPositions.map((position) => ({ ...position }));
  }

  #barValue(columns: BarColumns, row: number): ConflatedValue {
    const { symbol, timeframe } = this.#options.ref.series;
    const ts = columns.time[row];
    const data = {
      symbol,
      timeframe,
      ts,
      o: columns.open[row],
      h: columns.high[row],
      l: columns.low[row],
      c: columns.close[row],
      v: columns.volume[row],
    };
    return { topic: `bars:${symbol}:${timeframe}`, key: `${symbol}|${timeframe}|${ts}`, ts, type: 'bar.closed', data };
  }

  async #storedBar(time: EpochMs): Promise<ConflatedValue | null> {
    const { store, ref } = this.#options;
    const columns = await store.barsBefore(ref.series, { until: time, limit: 1 });
    return columns.length === 0 ? null : this.#barValue(columns, 0);
  }
}

function equityOf(ts: EpochMs, account: Account): EquityPoint {
  return { ts, equityMicros: account.equityMicros, cashMicros: account.cashMicros, heatRatio: account.heatRatio };
}
