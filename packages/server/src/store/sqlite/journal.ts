/** The journal: facts get their numbers, entities their new state and the engine its new place in one transaction, or nothing does. */
import { TOPIC_OF, type Account, type EpochMs, type Fact } from '@wyckoff/domain';
import type { FactRow, FactTopic } from '@wyckoff/contracts';
import type Database from 'better-sqlite3';
import { gunzipSync, gzipSync } from 'node:zlib';
import { CommitConflict } from '../refused.ts';
import type { Commit, EngineCursor, EngineRef, EngineSnapshot, PendingFact } from '../store.ts';
import { minutesOf, type SqliteBars } from './bars.ts';
import { entityOf, entityWriter, type EntityWriter } from './entities.ts';
import type { SqliteGate } from './gate.ts';

const FACT_PAGE = 2000;
/** Bytes of one part of a snapshot; a row larger than this would be read as a whole for nothing. */
const PART_BYTES = 256 * 1024;

export interface JournalOptions {
  /** Wall clock of the writes, for retention; default `Date.now`. */
  readonly now?: () => EpochMs;
}

export class SqliteJournal {
  readonly #gate: SqliteGate;
  readonly #bars: SqliteBars;
  readonly #now: () => EpochMs;
  readonly #entities: EntityWriter;
  readonly #lastSeq: Database.Statement;
  readonly #append: Database.Statement;
  readonly #advance: Database.Statement;
  readonly #position: Database.Statement;
  readonly #saveAccount: Database.Statement;
  readonly #equity: Database.Statement;

  constructor(gate: SqliteGate, bars: SqliteBars, options: JournalOptions = {}) {
    this.#gate = gate;
    this.#bars = bars;
    this.#now = options.now ?? Date.now;
    this.#entities = entityWriter(gate);
    this.#lastSeq = gate.prepare('select coalesce(max(seq), 0) from facts').pluck(true);
    this.#append = gate.prepare(
      'insert into facts (seq, at, engine, bar, topic, type, entity, data, stored_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    // The old position is part of the condition: a commit of the same bars a second time finds nothing to move.
    this.#advance = gate.prepare('update engines set position = ?, bar_ts = ?, updated_at = ? where id = ? and position = ?');
    this.#position = gate.prepare('select position from engines where id = ?').pluck(true);
    this.#saveAccount = gate.prepare('update accounts set data = ?, version = version + 1 where id = ?');
    this.#equity = gate.prepare(
      'insert into equity_points (account_id, ts, equity_micros, cash_micros, heat) values (?, ?, ?, ?, ?)',
    );
  }

  commit(commit: Commit): readonly FactRow[] {
    return this.#gate.transaction('commit bars', () => {
      this.#moveCursor(commit);
      const rows = this.#appendFacts(commit);
      this.#saveMoney(commit);
      if (commit.bars !== undefined) this.#bars.put(commit.engine.series, commit.bars, { from: 0, to: commit.bars.length });
      if (commit.snapshot !== undefined) this.#saveSnapshot(commit, commit.snapshot);
      return rows;
    });
  }

  lastSeq(): number {
    return this.#lastSeq.get() as number;
  }

  after(seq: number, limit: number, filter: { readonly topics?: readonly FactTopic[]; readonly type?: string } = {}): FactRow[] {
    let query = this.#gate.sql.selectFrom('facts').select(['seq', 'at', 'type', 'data']).where('seq', '>', seq);
    if (filter.topics !== undefined) query = query.where('topic', 'in', [...filter.topics]);
    if (filter.type !== undefined) query = query.where('type', '=', filter.type);
    const page = query.orderBy('seq').limit(Math.min(limit, FACT_PAGE));
    return this.#gate.read('facts after', () => this.#gate.all(page)).map(toFactRow);
  }

  ofBars(engineId: string, bars: { readonly after: number; readonly until: number; readonly limit: number }): PendingFact[] {
    const query = this.#gate.sql
      .selectFrom('facts')
      .select(['bar', 'at', 'type', 'data'])
      .where('engine', '=', engineId)
      .where('bar', '>', bars.after)
      .where('bar', '<=', bars.until)
      .orderBy('bar')
      .orderBy('seq')
      .limit(bars.limit);
    const rows = this.#gate.read('facts of bars', () => this.#gate.all(query));
    return rows.map(({ bar, at, type, data }) => ({ bar, fact: { kind: type, at, data: JSON.parse(data) as unknown } as Fact }));
  }

  openEngine(engine: EngineRef, account: Account): EngineCursor {
    const { id, series } = engine;
    const { sql } = this.#gate;
    const find = sql.selectFrom('engines').select(['position', 'bar_ts']).where('id', '=', id);
    return this.#gate.transaction('open engine', () => {
      const found = this.#gate.first(find);
      if (found !== undefined) return { id, position: found.position, barTime: found.bar_ts };
      const now = this.#now();
      const { kind, currency } = account;
      const row = { id: account.id, kind, currency, data: JSON.stringify(account), started_at: now, version: 1 };
      this.#gate.run(sql.insertInto('accounts').values(row).onConflict((conflict) => conflict.doNothing())); // prettier-ignore
      const place = { symbol_id: series.symbolId, tf: minutesOf(series.timeframe), account_id: account.id };
      this.#gate.run(sql.insertInto('engines').values({ id, ...place, position: 0, bar_ts: null, updated_at: now }));
      return { id, position: 0, barTime: null };
    });
  }

  newestSnapshot(engineId: string): EngineSnapshot | null {
    const { sql } = this.#gate;
    const ofEngine = sql.selectFrom('blobs').where('owner_kind', '=', 'ENGINE').where('owner_id', '=', engineId);
    return this.#gate.read('newest snapshot', () => {
      const newest = this.#gate.first(ofEngine.select('part').orderBy('part', 'desc').limit(1));
      if (newest === undefined) return null;
      const parts = this.#gate.all(ofEngine.select('bytes').where('part', '=', newest.part).orderBy('n').limit(1000));
      const bytes = gunzipSync(Buffer.concat(parts.map((part) => part.bytes)));
      const [position, barTime] = newest.part.split(':').map(Number);
      return { position, barTime, bytes: new Uint8Array(bytes) };
    });
  }

  account(id: string): Account | null {
    const row = this.#gate.read('account', () =>
      this.#gate.first(this.#gate.sql.selectFrom('accounts').select('data').where('id', '=', id)),
    );
    return row === undefined ? null : (JSON.parse(row.data) as Account);
  }

  #moveCursor({ engine, from, to, barTime }: Commit): void {
    if (!(to > from)) throw new RangeError(`commit: expected at least one bar, was ${from}..${to}`);
    if (this.#advance.run(to, barTime, this.#now(), engine.id, from).changes === 1) return;
    throw new CommitConflict(engine.id, from, (this.#position.get(engine.id) as number | undefined) ?? null);
  }

  #appendFacts({ engine, facts, account }: Commit): FactRow[] {
    const context = { series: engine.series, tf: minutesOf(engine.series.timeframe), accountId: account.id };
    const now = this.#now();
    let seq = this.lastSeq();
    return facts.map(({ bar, fact }) => {
      seq += 1;
      this.#append.run(
        seq,
        fact.at,
        engine.id,
        bar,
        TOPIC_OF[fact.kind],
        fact.kind,
        entityOf(fact),
        JSON.stringify(fact.data),
        now,
      );
      this.#entities(fact, context);
      return { seq, at: fact.at, type: fact.kind, data: fact.data } as unknown as FactRow;
    });
  }

  #saveMoney({ account, equity }: Commit): void {
    this.#saveAccount.run(JSON.stringify(account), account.id);
    for (const { ts, equityMicros, cashMicros, heatRatio } of equity)
      this.#equity.run(account.id, ts, equityMicros, cashMicros, heatRatio);
  }

  /** Only the newest snapshot of an engine is kept: it leaves with the transaction that brings the next one. */
  #saveSnapshot({ engine, to, barTime }: Commit, bytes: Uint8Array): void {
    const { sql } = this.#gate;
    this.#gate.run(sql.deleteFrom('blobs').where('owner_kind', '=', 'ENGINE').where('owner_id', '=', engine.id));
    const packed = gzipSync(bytes, { level: 1 });
    const part = `${String(to).padStart(12, '0')}:${barTime}`;
    for (let n = 0; n * PART_BYTES < packed.length; n += 1) {
      const piece = packed.subarray(n * PART_BYTES, (n + 1) * PART_BYTES);
      const row = { owner_kind: 'ENGINE', owner_id: engine.id, part, n, bytes: piece, created_at: this.#now() };
      this.#gate.run(sql.insertInto('blobs').values(row));
    }
  }
}

function toFactRow(row: { seq: number; at: number; type: string; data: string }): FactRow {
  return { seq: row.seq, at: row.at, type: row.type, data: JSON.parse(row.data) as unknown } as FactRow;
}
