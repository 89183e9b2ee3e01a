/** The port of the store: what a session keeps and reads back, whichever database holds it. */
import type { EquityAnswer, FactRow, FactTopic, OrderWire, PositionWire, RangeWire, SignalWire } from '@wyckoff/contracts';
import type { Account, AssetClass, BarColumns, CalendarId, EpochMs, Fact, Timeframe } from '@wyckoff/domain';
import type { OrderLog } from '../brokers/order-log.ts';
import type { ChangeStore, Write } from './changes.ts';
import type { CoverageStore } from './coverage-store.ts';
import type { EntityStore } from './entity-store.ts';
import type { JobStore } from './jobs-store.ts';
import type { DeadLetterStore, NotificationStore } from './notices-store.ts';
import type { RetentionStore } from './retention.ts';
import type { GateFigures } from './sql/gate.ts';
import type { StatisticsStore } from './statistics-store.ts';
import type { TradingStore } from './trading-store.ts';

export type EventWire = Extract<FactRow, { type: 'event.changed' }>['data'];

/** An instrument as the store knows it. */
export interface SymbolRecord {
  readonly symbol: string;
  readonly assetClass: AssetClass;
  readonly name: string;
  /** Where its bars come from, for people. */
  readonly source: string;
  /** True for generated data: never shown as a market. */
  readonly synthetic: boolean;
  /** IANA zone of the exchange. */
  readonly timeZone: string;
  readonly currency: string;
  readonly tickSize: number;
  /** What one unit is called. */
  readonly unit: string;
  /** When its market is open; null: not known, gaps are unjudged. Absent when saved: what is stored stays. */
  readonly calendar?: CalendarId | null | undefined;
}

/** One series: a symbol in one timeframe. Handed out by the store, which knows its number. */
export interface Series {
  readonly symbolId: number;
  readonly symbol: string;
  readonly timeframe: Timeframe;
}

/** A span of time, both ends included unless named otherwise; absent = open. */
export interface BarSpan {
  /** Exclusive. */
  readonly after?: EpochMs | undefined;
  /** Inclusive. */
  readonly until?: EpochMs | undefined;
}

export interface ImportCounts {
  readonly inserted: number;
  /** Rows equal to a stored bar. */
  readonly duplicate: number;
  /** Stored bars that were replaced (BAR_CORRECTED). */
  readonly corrected: number;
}

export interface ImportOptions {
  /** `BAR_FLAGS` of each row; the store itself adds `zeroVolume`, and `revised` to a bar whose content changed. Absent: those two alone. */
  readonly flags?: Uint8Array | undefined;
  /** True: the same bars in other units (a split). Nothing was revised: stored flags stay, and so does who they came from. */
  readonly adjusts?: boolean | undefined;
}

/** H2, H3: bars by key only; the cost of a page does not depend on its depth. */
export interface BarStore {
  /** The newest `limit` (1..10,000) bars that opened before `before` and not after `until`, ascending. */
  barsBefore(
    series: Series,
    query: { readonly before?: EpochMs; readonly until?: EpochMs; readonly limit: number },
  ): Promise<BarColumns>;
  /** The oldest `limit` (1..10,000) bars that opened after `after`, ascending. */
  barsAfter(series: Series, query: { readonly after?: EpochMs | undefined; readonly limit: number }): Promise<BarColumns>;
  countBars(series: Series, span?: BarSpan): Promise<number>;
  /** All bars of the span in chunks (default 1,000, at most 10,000): one keyset walk, stable under inserts. Each chunk is the reader's to keep. */
  streamBars(series: Series, span?: BarSpan & { readonly chunk?: number }): AsyncIterableIterator<BarColumns>;
  /** Bulk import in short transactions, giving way between them; repeating it changes nothing. */
  importBars(series: Series, columns: BarColumns, provider: string, options?: ImportOptions): Promise<ImportCounts>;
}

/** One engine, under one id. */
export interface EngineRef {
  readonly id: string;
  /** Its own series: the one it works on, of several the finest. */
  readonly series: Series;
  /** All it works on, its own among them; absent: its own alone. */
  readonly watched?: readonly Series[] | undefined;
}

/** Bars of one series, and `BAR_FLAGS` of each as `ImportOptions.flags`. */
export interface SeriesBars {
  readonly series: Series;
  readonly columns: BarColumns;
  readonly flags?: Uint8Array | undefined;
}

/** Where an engine stands: it has taken `position` bars, the last of which opened at `barTime`. */
export interface EngineCursor {
  readonly id: string;
  readonly position: number;
  readonly barTime: EpochMs | null;
  /** Facts of bars up to this one have left by age (retention): nothing can be compared with them. */
  readonly forgotten: number;
}

/** A fact on its way into the journal; `bar` is the position (from 1) of the bar that caused it. */
export interface PendingFact {
  readonly bar: number;
  readonly fact: Fact;
  /** Who caused it; absent: the engine. */
  readonly actor?: string | undefined;
  readonly requestId?: string | null | undefined;
  /** What it is about, where the fact itself does not say. */
  readonly entity?: string | null | undefined;
  /** Kept 2 years and chained by hash. */
  readonly audit?: boolean | undefined;
}

/**
 * What reached an engine beside its bars: a decision, a halt, a report of a venue. Journalled as a fact of type `input.<kind>` that no client
 * sees; the engine takes it after bar `bar`, so stepping the bars again with their inputs gives the same state.
 */
export interface EngineInput {
  readonly bar: number;
  /** Without the prefix; at most 42 characters. */
  readonly kind: string;
  readonly at: EpochMs;
  readonly data: unknown;
}

export interface EquityPoint {
  readonly ts: EpochMs;
  readonly equityMicros: number;
  readonly cashMicros: number;
  readonly heatRatio: number;
}

/** The outcome of one or more bars: all of it is stored, or none. */
export interface Commit {
  readonly engine: EngineRef;
  /** Position before: the store refuses the commit when it stands elsewhere, so no bar is booked twice. */
  readonly from: number;
  readonly to: number;
  /** Opening time of the last bar; null before the first. */
  readonly barTime: EpochMs | null;
  readonly facts: readonly PendingFact[];
  readonly account: Account;
  readonly equity: readonly EquityPoint[];
  /** The bars themselves, when they come from a live feed. */
  readonly bars?: readonly SeriesBars[] | undefined;
  /** State of the engine after `to`. */
  readonly snapshot?: Uint8Array | undefined;
  /** In the order in which the engine took them. With facts or inputs alone `to` may equal `from`; `barTime` is then that of the last bar. */
  readonly inputs?: readonly EngineInput[] | undefined;
  /** Rows that change with it: ledger, reservations, allocations, campaigns, halts, notifications. */
  readonly writes?: readonly Write[] | undefined;
}

export interface EngineSnapshot {
  readonly position: number;
  /** Opening time of the last bar in it. */
  readonly barTime: EpochMs;
  readonly bytes: Uint8Array;
}

/** The record of what happened. One transaction per commit; what it returns is what is stored. */
export interface JournalStore {
  /** @throws CommitConflict when the engine does not stand at `from`; nothing is written then. */
  commit(commit: Commit): Promise<readonly FactRow[]>;
  /** Number of the newest fact, 0 when there is none. */
  lastSeq(): Promise<number>;
  factsAfter(
    seq: number,
    limit: number,
    filter?: { readonly topics?: readonly FactTopic[]; readonly type?: string },
  ): Promise<FactRow[]>;
  /** Facts of one engine caused by bars `after < bar <= until`, ascending; at most `limit`. */
  factsOfBars(
    engineId: string,
    bars: { readonly after: number; readonly until: number; readonly limit: number },
  ): Promise<PendingFact[]>;
  /** Inputs of one engine taken after bars `after < bar <= until`, in their order; at most `limit`. */
  inputsOfBars(
    engineId: string,
    bars: { readonly after: number; readonly until: number; readonly limit: number },
  ): Promise<EngineInput[]>;
  /** Creates the engine at position 0 when it is new; otherwise says where it stands. `broker`: kept with the account from now on; default `paper`. */
  openEngine(engine: EngineRef, account: Account & { readonly broker?: string }): Promise<EngineCursor>;
  newestSnapshot(engineId: string): Promise<EngineSnapshot | null>;
  account(id: string): Promise<Account | null>;
}

/** Where a page begins: below this key, newest first. */
export interface PageKey {
  readonly at: EpochMs;
  readonly id: string;
}

export interface Window {
  readonly series: Series;
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** Lists and windows for the desk; no list is longer than its `limit`. */
export interface DeskStore {
  signals(query: {
    readonly status?: string | undefined;
    readonly symbol?: string | undefined;
    readonly pattern?: string | undefined;
    readonly below?: PageKey | undefined;
    readonly limit: number;
  }): Promise<{ readonly item: SignalWire; readonly key: PageKey }[]>;
  positions(query: {
    readonly status?: 'OPEN' | 'CLOSED' | undefined;
    readonly symbol?: string | undefined;
    readonly below?: PageKey | undefined;
    readonly limit: number;
  }): Promise<{ readonly item: PositionWire; readonly key: PageKey }[]>;
  rangesIn(window: Window, limit: number): Promise<RangeWire[]>;
  eventsIn(window: Window, limit: number): Promise<EventWire[]>;
  positionsIn(window: Window, limit: number): Promise<PositionWire[]>;
  /** At most 2,000 points, ascending, the first and the last among them. */
  equity(accountId: string): Promise<EquityAnswer['items']>;
  /** The newest of each, and the seq they belong to: one instant. */
  snapshot(limits: {
    readonly ranges: number;
    readonly events: number;
    readonly signals: number;
    readonly orders: number;
    readonly positions: number;
  }): Promise<{
    readonly seq: number;
    readonly ranges: RangeWire[];
    readonly events: EventWire[];
    readonly signals: SignalWire[];
    readonly orders: OrderWire[];
    readonly positions: PositionWire[];
  }>;
}

/** A setting of one user (empty = the system). Changed by a `Change` with a `setting` write, which is audited and checks the version. */
export interface SettingRow {
  readonly userId: string;
  readonly key: string;
  readonly value: unknown;
  readonly version: number;
  readonly updatedAt: EpochMs;
  readonly updatedBy: string;
}

export interface SettingsStore {
  /** The value of a setting of the system; undefined when it was never set. */
  setting(key: string): Promise<unknown>;
  settingRow(userId: string, key: string): Promise<SettingRow | null>;
  /** All of one user, at most 200. */
  settingRows(userId: string): Promise<readonly SettingRow[]>;
  /** The system's own notes, such as which series is replayed; what people change goes by `change`. */
  saveSetting(key: string, value: unknown): Promise<void>;
}

export interface SymbolStore {
  symbols(limit: number): Promise<SymbolRecord[]>;
  /** Those whose symbol or name holds the text, in any case; by symbol, at most `limit` (1..200). */
  searchSymbols(query: {
    readonly text?: string | undefined;
    readonly assetClass?: AssetClass | undefined;
    readonly limit: number;
  }): Promise<SymbolRecord[]>;
  findSymbol(symbol: string): Promise<SymbolRecord | null>;
  /** Adds or updates the instrument and answers its series. */
  saveSymbol(record: SymbolRecord, timeframe: Timeframe): Promise<Series>;
  findSeries(symbol: string, timeframe: Timeframe): Promise<Series | null>;
}

/** What the desk and `/metrics` say of the store. */
export interface StoreStats extends GateFigures {
  readonly kind: string;
  /** Size of the database; 0 while it is not known. */
  readonly bytes: number;
}

export interface Store
  extends
    BarStore,
    JournalStore,
    ChangeStore,
    CoverageStore,
    DeskStore,
    EntityStore,
    SettingsStore,
    StatisticsStore,
    SymbolStore,
    TradingStore,
    NotificationStore,
    DeadLetterStore,
    JobStore,
    RetentionStore {
  readonly kind: 'sqlite' | 'postgres';
  /** Random id of the journal; new when the store is created. */
  readonly epoch: string;
  /** The log of one account's orders at its venue. */
  orderLog(accountId: string): OrderLog;
  stats(): StoreStats;
  /** Flushes and lets go of the database; idempotent. */
  close(): void | Promise<void>;
}
