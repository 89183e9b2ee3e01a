/** The life of a bar, and of everything else that reaches an account: engine, facts, journal, broker, world - in this order, and none of it twice. */
import {
  TIMEFRAME_MS,
  type AcceptanceMode,
  type Account,
  type EpochMs,
  type Fact,
  type Instruction,
  type KillSwitch,
  type Position,
  type ToldInput,
  type TradingCommand,
  type TradingEngine,
  type TradingState,
} from '@wyckoff/domain';
import type { EngineInput, EngineRef, EquityPoint, PendingFact, Series, Store } from '../store/store.ts';
import type { ConflatedValue } from './desk.ts';
import type { EngineFactory } from './engine-factory.ts';
import { barsBySeries, closingOf, endOfInstant, stepInstant, type InstantRows } from './instants/instant-rows.ts';
import { filledInput, lateInput } from './instants/late-bars.ts';
import type { Journal } from './journal.ts';
import { AccountDown } from './recovery.ts';
import { attributed, barValue, equityOf, reportValues } from './run-facts.ts';
import { resumeEngine, type ResumedFrom } from './resume.ts';
import type { AccountRun, InputBy, Outcome } from './trading/account-run.ts';
import { idleState } from './trading/idle-state.ts';
import { Turns } from './turns.ts';
import { successionOf, writesOfFacts } from './writes-of-facts.ts';

/** Bars of one transaction at most: what a kill can undo, and what keeps the event loop waiting. */
export const BARS_PER_COMMIT = 64;

const ENGINE: InputBy = { actor: 'engine', requestId: null };

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
  /** Where approved orders go; default: the simulated broker of the engine, which meets the next bar. */
  readonly venue?: ((orders: readonly Instruction[]) => Promise<void>) | undefined;
  /** Read before opening orders are handed over (7.6); default: the engine's own flag is all there is. */
  readonly readKillSwitch?: (() => Promise<KillSwitch>) | undefined;
  /** Wall clock of commands where bars arrive as they happen; default: the time of the last bar, as in a replay. */
  readonly wallClock?: (() => EpochMs) | undefined;
  /** As the engine was made; default `all`. */
  readonly acceptance?: AcceptanceMode | undefined;
  /** Bars come from outside and are stored with what they led to; default: they are stored already. */
  readonly storesBars?: boolean | undefined;
  /** Told after every commit when time alone will change something next; null: nothing waits. */
  readonly onDeadline?: ((at: EpochMs | null) => void) | undefined;
  /** Told at once when the engine is ahead of the store and stands still; `restore` brings it back. */
  readonly onDown?: ((error: unknown) => void) | undefined;
}

export class Run implements AccountRun {
  readonly #options: RunOptions;
  readonly #turns = new Turns();
  // bounded: facts of the at most 64 bars of one batch, or of one input; emptied by its commit.
  #pending: PendingFact[] = [];
  #engine: TradingEngine | undefined;
  readonly #series: readonly Series[];
  #position = 0;
  #barTime: EpochMs | null = null;
  #snapshotAt = 0;
  #account: Account;
  #openPositions: readonly Position[] = [];
  #trading: TradingState;
  /** Signals that wait for approval: at most the queue's 200. */
  #waiting: readonly string[] = [];
  /** By the place of the series: as many as there are. */
  readonly #lastBars: (ConflatedValue | null)[];
  /** A signal began to wait for a person. */
  #asks = false;
  #busy = false;
  #unhanded: readonly Instruction[] = [];
  #resumed: ResumedFrom = { fromSnapshot: 0, restepped: 0, snapshotRefused: null };

  private constructor(options: RunOptions) {
    this.#options = options;
    this.#account = options.account;
    this.#series = options.ref.watched ?? [options.ref.series];
    this.#lastBars = this.#series.map(() => null);
    this.#trading = idleState(options.accountId, options.acceptance ?? 'all');
  }

  /**
   * Restores the engine to where the store says it stood.
   * @throws ResumeMismatch when it does not get there.
   */
  static async resume(options: RunOptions): Promise<Run> {
    const run = new Run(options);
    await run.#load();
    return run;
  }

  /**
   * After a commit that failed: back to where the store says it stands, the way of a restart; then what was stored and not told is told, and what was
   * ordered and not handed over is handed over. Does nothing while the engine lives.
   * @throws ResumeMismatch; StoreFailure while the store is away, and then nothing has changed.
   */
  async restore(): Promise<void> {
    await this.#turns.take(async () => {
      if (this.#engine !== undefined) return;
      try {
        await this.#load();
        const { journal, venue, onDeadline } = this.#options;
        await journal.catchUp();
        await venue?.(this.#unhanded);
        onDeadline?.(this.nextDeadline);
      } catch (error) {
        this.#engine = undefined;
        throw error;
      }
    });
  }

  async #load(): Promise<void> {
    const { store, ref, factory, account, venue } = this.#options;
    this.#pending = [];
    const cursor = await store.openEngine(ref, account);
    const sink = (fact: Fact): void => {
      this.#pending.push({ bar: this.#position, fact });
      if (fact.kind === 'approval.changed' && fact.data.state === 'WAITING') this.#asks = true;
    };
    const hasVenue = venue !== undefined;
    const { engine, from, lastOrders } = await resumeEngine({ store, ref, cursor, factory, sink, hasVenue });
    this.#position = cursor.position;
    this.#barTime = cursor.barTime;
    this.#snapshotAt = from.fromSnapshot;
    this.#takeReport(engine);
    await this.#findLastBars(engine);
    this.#resumed = from;
    this.#unhanded = lastOrders;
    const told = await store.newestOfType(ref.id, 'trading.changed');
    if (told !== null) this.#trading = told as TradingState;
    const waiting = await store.signals({ status: 'PENDING', limit: 200 });
    this.#waiting = waiting.map(({ item }) => item.id);
    this.#engine = engine;
  }

  /** A reset brings another one. */
  get accountId(): string {
    return this.#account.id;
  }

  get resumed(): ResumedFrom {
    return this.#resumed;
  }

  /** What was ordered last before the process began: a desk that has it already takes nothing of it twice. */
  get unhanded(): readonly Instruction[] {
    return this.#unhanded;
  }

  /** Instants taken and committed so far: of one series, its bars. */
  get position(): number {
    return this.#position;
  }

  /** Opening time of the last committed bar; of several series, of a bar of the engine's own that closed with the newest instant. */
  get barTime(): EpochMs | null {
    return this.#barTime;
  }

  /** As of the last committed bar or input. */
  get account(): Account {
    return this.#account;
  }

  get openPositions(): readonly Position[] {
    return this.#openPositions;
  }

  get trading(): TradingState {
    return this.#trading;
  }

  get pending(): readonly string[] {
    return this.#waiting;
  }

  /** What it works on, in the order of the places. */
  get series(): readonly Series[] {
    return this.#series;
  }

  /** The newest committed bar of each series that has had one. */
  get lastBars(): readonly ConflatedValue[] {
    return this.#lastBars.filter((bar) => bar !== null);
  }

  /** Opening time of the newest committed bar of a series; null: it has had none, or it is not watched. */
  newestOf(symbol: string, timeframe: string): EpochMs | null {
    return this.#lastBars[this.#series.findIndex((one) => one.symbol === symbol && one.timeframe === timeframe)]?.ts ?? null;
  }

  /** Closing time of the newest instant: what closes by then and comes later is late. */
  get closing(): EpochMs | null {
    return this.#barTime === null ? null : this.#barTime + TIMEFRAME_MS[this.#options.ref.series.timeframe];
  }

  /** When time alone will change something; null: nothing waits for it, or the engine has ended. */
  get nextDeadline(): EpochMs | null {
    return this.#engine?.nextDeadline ?? null;
  }

  /**
   * Takes bars from row `from` on, at most `limit` and the rest of their instant, and answers how many: fewer when an order is approved on the way,
   * because it is journalled before the broker may act on it. When this resolves they are stored and published.
   */
  async take(columns: InstantRows, from: number, limit: number): Promise<number> {
    this.#living();
    if (this.#busy) throw new Error('run: expected one batch of bars at a time, was a second one before the first was stored');
    this.#busy = true;
    const to = Math.min(columns.length, from + Math.min(limit, BARS_PER_COMMIT));
    try {
      return await this.#turns.take(() => this.#guarded((engine) => this.#takeBatch(engine, columns, { from, to })));
    } finally {
      this.#busy = false;
    }
  }

  /**
   * Bars older than the newest one taken are about to be stored, which the account does not hear of: what it decided without them stays decided.
   * When this resolves a resume knows of them, too, whether they come to be stored or not. @throws RangeError for a bar that is not older.
   */
  async fills(series: Series, times: readonly EpochMs[]): Promise<void> {
    const newest = this.newestOf(series.symbol, series.timeframe);
    const young = times.find((time) => newest === null || time >= newest);
    if (young !== undefined) throw new RangeError(`run: expected a bar to fill in before ${String(newest)}, was ${young}`);
    await this.#turns.take(() =>
      this.#guarded(async (engine) => {
        const { journal, ref } = this.#options;
        const position = this.#position;
        const input = filledInput(series, { times, position, at: this.#now() });
        const { account } = engine.report();
        const place = { engine: ref, from: position, to: position, barTime: this.#barTime };
        await journal.record({ ...place, facts: [], inputs: [input], account, equity: [] }, () => Promise.resolve([]));
      }),
    );
  }

  /** A command: journalled with its facts and its answer, then acted on. */
  async command(command: TradingCommand, by: InputBy): Promise<Outcome> {
    return await this.#turns.take(() =>
      this.#guarded((engine) => this.#takeInput(engine, { kind: 'command', at: this.#now(), actor: by.actor, command }, by)),
    );
  }

  /** What a venue reported. */
  async broker(at: EpochMs, reports: Extract<ToldInput, { kind: 'broker' }>['reports'], venue: string): Promise<void> {
    const by = { actor: venue, requestId: null };
    await this.#turns.take(() => this.#guarded((engine) => this.#takeInput(engine, { kind: 'broker', at, reports }, by)));
  }

  /** Time went by; nothing is stored when nothing was due. */
  async clock(at: EpochMs): Promise<void> {
    await this.#turns.take(() =>
      this.#guarded(async (engine) => {
        await this.#takeInput(engine, { kind: 'clock', at }, { actor: 'clock', requestId: null });
      }),
    );
  }

  /** On a copy of the engine as it is: the same code, the same answer, and nothing changes. */
  async rehearse(command: TradingCommand, by: InputBy): Promise<Outcome> {
    return await this.#turns.take(() => {
      const facts: Fact[] = [];
      let hears = false;
      const copy = this.#options.factory.restore(this.#living().snapshot(), (fact) => {
        if (hears) facts.push(fact);
      });
      hears = true;
      const answer = copy.next({ kind: 'command', at: this.#now(), actor: by.actor, command });
      if (answer === null) throw new Error(`run: expected an answer to ${command.kind}, was none`);
      return Promise.resolve({ answer, facts });
    });
  }

  /** Pipeline time now. */
  get now(): EpochMs {
    return this.#now();
  }

  /** Account and marks of the open positions, as values for the live hub. */
  reportValues(): ConflatedValue[] {
    return reportValues(this.#account, this.#openPositions);
  }

  #living(): TradingEngine {
    if (this.#engine === undefined) throw new AccountDown();
    return this.#engine;
  }

  async #guarded<T>(work: (engine: TradingEngine) => Promise<T>): Promise<T> {
    const engine = this.#living();
    try {
      return await work(engine);
    } catch (error) {
      // The engine is ahead of the store now: only `restore`, which steps the stored bars and inputs again, makes them one.
      this.#engine = undefined;
      this.#options.onDown?.(error);
      throw error;
    }
  }

  async #takeBatch(
    engine: TradingEngine,
    columns: InstantRows,
    rows: { readonly from: number; readonly to: number },
  ): Promise<number> {
    const { journal, ref, snapshotEvery, storesBars = false } = this.#options;
    const before = this.#position;
    const own = TIMEFRAME_MS[ref.series.timeframe];
    const equity: EquityPoint[] = [];
    const values: ConflatedValue[] = [];
    const inputs: EngineInput[] = [];
    const newest: (readonly [place: number, value: ConflatedValue])[] = [];
    let barTime = this.#barTime ?? -Infinity;
    let row = rows.from;
    let ordered = false;
    this.#asks = false;
    // A person who is asked is asked before the next bar.
    while (row < rows.to && !ordered && !this.#asks) {
      const to = endOfInstant(columns, row, this.#series);
      this.#position += 1;
      const opening = closingOf(columns, row, this.#series) - own;
      const isLate = this.#series.length > 1 && opening <= barTime;
      if (isLate) inputs.push(lateInput(columns, { from: row, to, position: this.#position }, this.#series));
      stepInstant(engine, columns, row, to);
      barTime = Math.max(barTime, opening);
      equity.push(equityOf(barTime, engine.report().account));
      for (; row < to; row += 1) {
        const place = columns.places?.[row] ?? 0;
        const value = barValue(this.#series[place], columns, row);
        values.push(value);
        newest.push([place, value]);
      }
      ordered = engine.ordersWaiting;
    }
    // With orders still in the engine's hands there is no state to save; the next batch brings the snapshot.
    const due = !ordered && this.#position - this.#snapshotAt >= snapshotEvery;
    const snapshot = due ? engine.snapshot() : undefined;
    const facts = attributed(this.#pending, ENGINE);
    this.#pending = [];
    const { account } = engine.report();
    const writes = writesOfFacts(facts.map(({ fact }) => fact));
    const place = { engine: ref, from: before, to: this.#position, barTime };
    let halted: KillSwitch | null = null;
    const bars =
      storesBars && columns.stored !== true ? barsBySeries(columns, { from: rows.from, to: row }, this.#series) : undefined;
    await journal.record({ ...place, facts, inputs, writes, account, equity, snapshot, bars }, async () => {
      if (due) this.#snapshotAt = this.#position;
      this.#barTime = barTime;
      for (const [at, value] of newest) if (value.ts >= (this.#lastBars[at]?.ts ?? 0)) this.#lastBars[at] = value;
      this.#heard(facts);
      halted = await this.#handOver(engine);
      this.#takeReport(engine);
      return [...values, ...this.reportValues()];
    });
    await this.#obey(engine, halted);
    this.#options.onDeadline?.(engine.nextDeadline);
    return row - rows.from;
  }

  async #takeInput(engine: TradingEngine, input: ToldInput, by: InputBy): Promise<Outcome> {
    const { journal, ref } = this.#options;
    const answer = engine.next(input);
    const facts = attributed(this.#pending, by);
    this.#pending = [];
    const told = facts.map(({ fact }) => fact);
    if (facts.length > 0) {
      const { account } = engine.report();
      const archived = account.id === this.#account.id ? null : this.#account;
      const equity = this.#barTime === null || archived !== null ? [] : [equityOf(this.#barTime, account)];
      const place = { engine: ref, from: this.#position, to: this.#position, barTime: this.#barTime };
      const writes = [...(archived === null ? [] : successionOf(archived, account)), ...writesOfFacts(told)];
      let halted: KillSwitch | null = null;
      await journal.record({ ...place, facts, writes, account, equity }, async () => {
        this.#heard(facts);
        halted = await this.#handOver(engine);
        this.#takeReport(engine);
        return this.reportValues();
      });
      await this.#obey(engine, halted);
      this.#options.onDeadline?.(engine.nextDeadline);
    }
    return { answer: answer ?? NO_ANSWER, facts: told };
  }

  /**
   * Gives approved orders to the broker. The kill switch is read once more when one of them opens; answers the flag when it forbids that and the
   * engine does not know yet.
   */
  async #handOver(engine: TradingEngine): Promise<KillSwitch | null> {
    if (!engine.ordersWaiting) return null;
    const { venue, readKillSwitch } = this.#options;
    const kill = readKillSwitch === undefined || this.#trading.killSwitch.level !== 'OFF' ? null : await readKillSwitch();
    if (venue === undefined) engine.deliver();
    else await venue(engine.takeOrders());
    return kill === null || kill.level === 'OFF' ? null : kill;
  }

  /** The flag went up, or cannot be read, without anybody telling the engine: what was just handed over is cancelled before the next bar. */
  async #obey(engine: TradingEngine, kill: KillSwitch | null): Promise<void> {
    if (kill === null) return;
    const input = { kind: 'command', at: this.#now(), actor: 'kill-switch', command: { kind: 'setKillSwitch', kill } } as const;
    await this.#takeInput(engine, input, { actor: 'kill-switch', requestId: null });
  }

  #heard(facts: readonly PendingFact[]): void {
    for (const { fact } of facts) {
      if (fact.kind === 'trading.changed') this.#trading = fact.data;
      else if (fact.kind === 'approval.changed') {
        const { signalId, state } = fact.data;
        const others = this.#waiting.filter((id) => id !== signalId);
        this.#waiting = state === 'WAITING' ? [...others, signalId] : others;
      }
    }
  }

  /** Pipeline time: of the last bar's close, or the wall clock's where bars come as they happen; it never goes back. */
  #now(): EpochMs {
    return Math.max(this.closing ?? 0, this.#account.at, this.#options.wallClock?.() ?? 0);
  }

  #takeReport(engine: TradingEngine): void {
    const { account, openPositions } = engine.report();
    this.#account = { ...account };
    this.#openPositions = openPositions.map((position) => ({ ...position }));
  }

  /** As the store has them, up to where the engine came. */
  async #findLastBars(engine: TradingEngine): Promise<void> {
    for (const [place, series] of this.#series.entries()) {
      const until = this.#series.length === 1 ? this.#barTime : engine.newestOf(place);
      if (until === null) continue;
      const columns = await this.#options.store.barsBefore(series, { until, limit: 1 });
      if (columns.length > 0) this.#lastBars[place] = barValue(series, columns, 0);
    }
  }
}

/** Of inputs that nobody waits for. */
const NO_ANSWER = { done: true, refusal: null, gate: null, orderId: null, repeated: false, at: 0 } as const;
