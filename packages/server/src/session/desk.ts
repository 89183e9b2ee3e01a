/** What HTTP and the live hub may ask of a running session: reads, subscriptions and the replay's controls, in the shapes of the contract. */
import type {
  BarsAnswer,
  ChartAnswer,
  ConflatedData,
  ConnectionWire,
  EquityAnswer,
  FactRow,
  FactTopic,
  INNER_TOPICS,
  JournalRow,
  PositionWire,
  ProblemCode,
  SessionAnswer,
  SignalWire,
  SnapshotAnswer,
  SymbolsAnswer,
} from '@wyckoff/contracts';
import type { AssetClass, EpochMs, Timeframe } from '@wyckoff/domain';

type InnerTopic = (typeof INNER_TOPICS)[number];

/** A refusal is a value: `code` is a row of the contract's table of problems, `detail` says expected and was. */
export interface Refused {
  readonly ok: false;
  readonly code: ProblemCode;
  readonly detail: string;
  /** Known symbols near the one asked for, at most 5. */
  readonly suggestions?: readonly string[];
  /** What else the problem carries: `checks`, `halt`, `version`. */
  readonly extra?: Readonly<Record<string, unknown>>;
}
export type Answer<T> = { readonly ok: true; readonly value: T } | Refused;

/** One page; `nextCursor` is opaque, null on the last page. */
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/**
 * A value of which only the latest per key matters. `topic` is the topic of the wire (`bars:SPX:1d`, `account`, `positions`,
 * `connections`), `key` the conflation key within it (interface.md 3.3), `ts` pipeline time in epoch ms.
 */
export type ConflatedValue = ConflatedData & { readonly topic: string; readonly key: string; readonly ts: EpochMs };

export interface ChartQuery {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  /** Exclusive upper bound of the bars' opening time. */
  readonly before?: EpochMs | undefined;
  /** 1..1000 */
  readonly limit: number;
  readonly include: readonly ('ranges' | 'events' | 'trades')[];
}

export interface BarsQuery {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  /** Opening times, both included. */
  readonly from?: EpochMs | undefined;
  readonly to?: EpochMs | undefined;
  readonly order: 'newest' | 'oldest';
  /** 1..10,000 */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface SymbolsQuery {
  readonly q?: string | undefined;
  readonly assetClass?: AssetClass | undefined;
  /** 1..50 */
  readonly limit: number;
}

export interface SignalsQuery {
  readonly status?: string | undefined;
  readonly symbol?: string | undefined;
  readonly pattern?: string | undefined;
  /** 1..200 */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface PositionsQuery {
  readonly status?: 'OPEN' | 'CLOSED' | undefined;
  readonly symbol?: string | undefined;
  /** 1..200 */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface FactsQuery {
  readonly topic?: FactTopic | InnerTopic | undefined;
  readonly type?: string | undefined;
  /** Id of the entity. */
  readonly entity?: string | undefined;
  readonly audit?: 'true' | undefined;
  /** Exclusive; default 0. `nextCursor` of a page is the next `afterSeq`. */
  readonly afterSeq?: number | undefined;
  /** 1..200 */
  readonly limit: number;
}

export type SnapshotTopic = FactTopic | 'account' | 'connections';

/** The four things one can do to a replay; each answers the state after it. All are idempotent but `step`. */
export interface ReplayControl {
  state(): ConnectionWire;
  play(): ConnectionWire;
  pause(): ConnectionWire;
  /** One bar, then paused; the bar is on its way to the engine when this returns, its facts follow. */
  step(): ConnectionWire;
  /** Bars per second; null = as fast as possible. */
  setSpeed(barsPerSecond: number | null): ConnectionWire;
  /** Whether it pauses when a signal begins to wait for a person. */
  hold(on: boolean): ConnectionWire;
}

export interface DeskHealth {
  readonly store: { readonly ok: boolean; readonly kind: string; readonly bytes: number };
  /** True once the engine has been restored and takes bars. */
  readonly ready: boolean;
  /** Why the session ended early, in words for an operator; null while all is well. */
  readonly failure: string | null;
}

/**
 * The read side of a session. What is committed is visible, what is visible is committed; nothing shows beyond the engine's
 * position in the replay. What reads the store is a promise (a store may be across a network); what is in memory is not.
 */
export interface Desk {
  /** Random id of the journal; new when a store is created or replaced. */
  readonly epoch: string;
  /** Number of the newest committed fact, 0 before the first. */
  seq(): number;
  /** Called after each commit with its facts, in `seq` order without gaps. Listeners must not throw; at most 64. */
  subscribeFacts(listener: (facts: readonly FactRow[]) => void): Disposable;
  /** Called with the values of each committed bar, after its facts. At most 64 listeners. */
  subscribeValues(listener: (values: readonly ConflatedValue[]) => void): Disposable;
  /** Facts with `seq` above the given one, ascending, at most `limit` (1..2000). */
  factsAfter(seq: number, limit: number, topics?: readonly FactTopic[]): Promise<readonly FactRow[]>;
  /** The conflated values as they are now, for a client that just subscribed: last bar, account, marks, connections. */
  latestValues(topics: readonly string[]): readonly ConflatedValue[];
  /** State and `seq` of one instant. */
  snapshot(topics: readonly SnapshotTopic[]): Promise<SnapshotAnswer>;
  chart(query: ChartQuery): Promise<Answer<ChartAnswer>>;
  bars(query: BarsQuery): Promise<Answer<BarsAnswer>>;
  /** Instruments by part of their name, with the bars there are of each. */
  symbols(query: SymbolsQuery): Promise<SymbolsAnswer>;
  signals(query: SignalsQuery): Promise<Answer<Page<SignalWire>>>;
  positions(query: PositionsQuery): Promise<Answer<Page<PositionWire>>>;
  facts(query: FactsQuery): Promise<Answer<Page<JournalRow>>>;
  equity(accountId: string): Promise<Answer<EquityAnswer>>;
  connections(): ConnectionWire[];
  /** What the desk opens first (the `desk` of `GET /auth/session`). */
  series(): SessionAnswer['desk'];
  readonly replay: ReplayControl;
  health(): DeskHealth;
}

/**
 * How a session is opened (`openSession(options)` of session/open.ts): it opens or creates the store file, imports the demo series into
 * an empty one, restores the engine and starts the replay. It throws `StoreRefused` (store/refused.ts: `code`, `sentence`, `remedy`)
 * for a corrupt, locked or newer file, which stays untouched. All it opens belongs to `scope`.
 */
export interface SessionOptions<Scope> {
  readonly scope: Scope;
  /** Path of the SQLite file; its folder is created. */
  readonly storePath: string;
  /** Bars per second at start; null = as fast as possible. */
  readonly speed: number | null;
  /** False: opened paused. Default true. */
  readonly play?: boolean;
  /** Bars between engine snapshots, 1..10,000; default 100. */
  readonly snapshotEvery?: number;
}
