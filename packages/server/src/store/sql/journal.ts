/** The journal: facts get their numbers, entities their new state and the engine its new place in one transaction, or nothing does. */
import { TOPIC_OF, type Account, type EpochMs, type Fact } from '@wyckoff/domain';
import type { FactRow } from '@wyckoff/contracts';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Change, StoredFact } from '../changes.ts';
import { CommitConflict } from '../refused.ts';
import type {
  Commit,
  EngineCursor,
  EngineInput,
  EngineRef,
  EngineSnapshot,
  EquityPoint,
  JournalStore,
  PendingFact,
} from '../store.ts';
import { minutesOf } from './bar-keys.ts';
import { putBars } from './bars.ts';
import { blobPieces, BLOB } from './blobs.ts';
import { EntityRows, entityOf } from './entities.ts';
import { appendFacts, lastSeqOf, lockFacts, type FactRecord } from './facts.ts';
import type { Gate } from './gate.ts';
import { all, execute, first, insertMany, rawRows, run, type Work } from './work.ts';
import { applyWrites } from './writes.ts';

const FACT_PAGE = 2000;
/** Inputs of an engine are facts no client sees. */
export const INPUT_TOPIC = 'inputs';
const INPUT = 'input.';

interface Texts {
  readonly advance: string;
  readonly position: string;
  readonly saveAccount: string;
  readonly dropSnapshot: string;
}

const TEXTS: Texts = {
  // The old position is part of the condition: a commit of the same bars a second time finds nothing to move.
  advance: 'update engines set position = ?, bar_ts = ?, updated_at = ? where id = ? and position = ?',
  position: 'select position from engines where id = ?',
  saveAccount: 'update accounts set data = ?, version = version + 1 where id = ?',
  dropSnapshot: "delete from blobs where owner_kind = 'ENGINE' and owner_id = ?",
};

/** The journal's part of the port, and the writes of people and venues. */
export interface Journalling extends JournalStore {
  change(change: Change): Promise<readonly StoredFact[]>;
}

/** `now` is the wall clock of the writes, for retention. */
export function journalStore(gate: Gate, now: () => EpochMs): Journalling {
  const { dialect } = gate;
  const { build: sql } = dialect;
  const texts: Texts = {
    advance: dialect.text(TEXTS.advance),
    position: dialect.text(TEXTS.position),
    saveAccount: dialect.text(TEXTS.saveAccount),
    dropSnapshot: dialect.text(TEXTS.dropSnapshot),
  };
  const committing = (commit: Commit): (() => Work<readonly FactRow[]>) =>
    function* () {
      yield* lockFacts(dialect);
      yield* moveCursor(texts, commit, now());
      const rows = yield* appendCommit(gate, commit, now());
      yield* saveMoney(texts, commit, now());
      for (const { series, columns, flags } of commit.bars ?? [])
        yield* putBars(series, columns, { from: 0, to: columns.length, flags });
      if (commit.writes !== undefined) yield* applyWrites(dialect, commit.writes, now());
      if (commit.snapshot !== undefined) yield* saveSnapshot(texts, { commit, bytes: commit.snapshot, now: now() });
      return rows;
    };

  return {
    commit: async (commit) => {
      checkSpan(commit);
      return await gate.transaction('commit bars', committing(commit));
    },

    change: async (change) =>
      await gate.transaction('change', function* () {
        if (change.facts.length === 0 && change.writes.length === 0)
          throw new RangeError('change: expected a fact or a write, was neither');
        yield* lockFacts(dialect);
        yield* applyWrites(dialect, change.writes, now());
        const before = yield* appendFacts(dialect, change.facts.map(recordOf), now());
        return change.facts.map((fact, i): StoredFact => ({ ...fact, seq: before + i + 1 }));
      }),

    lastSeq: async () => await gate.query('last seq', lastSeqOf),

    factsAfter: async (seq, limit, filter = {}) =>
      await gate.query('facts after', function* () {
        let query = sql
          .selectFrom('facts')
          .select(['seq', 'at', 'type', 'data'])
          .where('seq', '>', seq)
          .where('topic', '<>', INPUT_TOPIC);
        if (filter.topics !== undefined) query = query.where('topic', 'in', [...filter.topics]);
        if (filter.type !== undefined) query = query.where('type', '=', filter.type);
        return (yield* all(query.orderBy('seq').limit(Math.min(limit, FACT_PAGE)))).map(toFactRow);
      }),

    factsOfBars: async (engineId, bars) =>
      await gate.query('facts of bars', function* () {
        const rows = yield* all(ofBars(gate, engineId, bars).where('topic', '<>', INPUT_TOPIC));
        return rows.map(({ bar, at, type, data }): PendingFact => ({
          bar,
          fact: { kind: type, at, data: JSON.parse(data) as unknown } as Fact,
        }));
      }),

    inputsOfBars: async (engineId, bars) =>
      await gate.query('inputs of bars', function* () {
        const rows = yield* all(ofBars(gate, engineId, bars).where('topic', '=', INPUT_TOPIC));
        return rows.map(({ bar, at, type, data }): EngineInput => ({
          bar,
          kind: type.slice(INPUT.length),
          at,
          data: JSON.parse(data) as unknown,
        }));
      }),

    openEngine: async (engine, account) =>
      await gate.transaction('open engine', () => openEngine(gate, { engine, account, now: now() })),

    newestSnapshot: async (engineId) =>
      await gate.snapshot('newest snapshot', function* (): Work<EngineSnapshot | null> {
        const ofEngine = sql.selectFrom('blobs').where('owner_kind', '=', 'ENGINE').where('owner_id', '=', engineId);
        const newest = yield* first(ofEngine.select('part').orderBy('part', 'desc').limit(1));
        if (newest === undefined) return null;
        const parts = yield* all(ofEngine.select('bytes').where('part', '=', newest.part).orderBy('n').limit(1000));
        const bytes = gunzipSync(Buffer.concat(parts.map((part) => part.bytes)));
        const [position, barTime] = newest.part.split(':').map(Number);
        return { position, barTime, bytes: new Uint8Array(bytes) };
      }),

    account: async (id) =>
      await gate.query('account', function* () {
        const row = yield* first(sql.selectFrom('accounts').select('data').where('id', '=', id));
        return row === undefined ? null : (JSON.parse(row.data) as Account);
      }),
  };
}

function checkSpan({ from, to, facts, inputs = [] }: Commit): void {
  if (to > from || (to === from && facts.length + inputs.length > 0)) return;
  throw new RangeError(`commit: expected at least one bar or input, was ${from}..${to}`);
}

function ofBars(
  { dialect }: Gate,
  engineId: string,
  bars: { readonly after: number; readonly until: number; readonly limit: number },
) {
  return dialect.build
    .selectFrom('facts')
    .select(['bar', 'at', 'type', 'data'])
    .where('engine', '=', engineId)
    .where('bar', '>', bars.after)
    .where('bar', '<=', bars.until)
    .orderBy('bar')
    .orderBy('seq')
    .limit(bars.limit);
}

function* openEngine(
  { dialect }: Gate,
  {
    engine,
    account,
    now,
  }: { readonly engine: EngineRef; readonly account: Parameters<JournalStore['openEngine']>[1]; readonly now: EpochMs },
): Work<EngineCursor> {
  const { id, series } = engine;
  const { build: sql } = dialect;
  const { broker, ...data } = account;
  if (broker !== undefined) yield* run(sql.updateTable('accounts').set({ broker }).where('id', '=', account.id).where('broker', '<>', broker)); // prettier-ignore
  const found = yield* first(sql.selectFrom('engines').select(['position', 'bar_ts', 'forgotten']).where('id', '=', id));
  if (found !== undefined) return { id, position: found.position, barTime: found.bar_ts, forgotten: found.forgotten };
  const { kind, currency } = account;
  const row = {
    id: account.id,
    kind,
    currency,
    data: JSON.stringify(data),
    started_at: now,
    version: 1,
    ...(broker !== undefined && { broker }),
  };
  yield* run(sql.insertInto('accounts').values(row).onConflict((conflict) => conflict.doNothing())); // prettier-ignore
  const place = { symbol_id: series.symbolId, tf: minutesOf(series.timeframe), account_id: account.id };
  yield* run(sql.insertInto('engines').values({ id, ...place, position: 0, bar_ts: null, updated_at: now }));
  return { id, position: 0, barTime: null, forgotten: 0 };
}

function* moveCursor(texts: Texts, { engine, from, to, barTime }: Commit, now: EpochMs): Work<void> {
  const { changes } = yield* execute(texts.advance, [to, barTime, now, engine.id, from]);
  if (changes === 1) return;
  const [row] = yield* rawRows<[number]>(texts.position, [engine.id]);
  throw new CommitConflict(engine.id, from, row?.[0] ?? null);
}

/** Inputs first: they led to the facts. */
function* appendCommit({ dialect }: Gate, commit: Commit, now: EpochMs): Work<readonly FactRow[]> {
  const { engine, facts, account, inputs = [] } = commit;
  const entities = new EntityRows({ engine, accountId: account.id, now });
  const taken = inputs.map(({ bar, kind, at, data }): FactRecord => ({
    at,
    engine: engine.id,
    bar,
    topic: INPUT_TOPIC,
    type: `${INPUT}${kind}`,
    entity: null,
    data: textOf(data),
  }));
  const told = facts.map(({ bar, fact, actor, requestId, entity, audit }): FactRecord => {
    entities.take(fact);
    return {
      at: fact.at,
      engine: engine.id,
      bar,
      topic: TOPIC_OF[fact.kind],
      type: fact.kind,
      entity: entity ?? entityOf(fact),
      data: textOf(fact.data),
      actor: actor ?? null,
      requestId: requestId ?? null,
      audit: audit === true,
    };
  });
  const before = yield* appendFacts(dialect, [...taken, ...told], now);
  yield* entities.write();
  return facts.map(
    ({ fact }, i) =>
      ({ seq: before + taken.length + i + 1, at: fact.at, type: fact.kind, data: fact.data }) as unknown as FactRow,
  );
}

function* saveMoney(texts: Texts, { account, equity }: Commit, now: EpochMs): Work<void> {
  yield* execute(texts.saveAccount, [JSON.stringify(account), account.id]);
  yield* insertMany({
    table: 'equity_points',
    columns: ['account_id', 'ts', 'equity_micros', 'cash_micros', 'heat', 'stored_at'],
    // Inputs between bars may bring a second point of the same instant: the later one counts.
    conflict:
      'on conflict (account_id, ts) do update set equity_micros = excluded.equity_micros, cash_micros = excluded.cash_micros, heat = excluded.heat',
    rows: lastOfEach(equity).map(({ ts, equityMicros, cashMicros, heatRatio }) => [
      account.id,
      ts,
      equityMicros,
      cashMicros,
      heatRatio,
      now,
    ]),
  });
}

function lastOfEach(points: readonly EquityPoint[]): readonly EquityPoint[] {
  return points.filter((point, i) => points[i + 1]?.ts !== point.ts);
}

/** Only the newest snapshot of an engine is kept: it leaves with the transaction that brings the next one. */
function* saveSnapshot(
  texts: Texts,
  saved: { readonly commit: Commit; readonly bytes: Uint8Array; readonly now: EpochMs },
): Work<void> {
  const { engine, to, barTime } = saved.commit;
  yield* execute(texts.dropSnapshot, [engine.id]);
  const packed = gzipSync(saved.bytes, { level: 1 });
  const part = `${String(to).padStart(12, '0')}:${barTime}`;
  yield* insertMany({ ...BLOB, rows: blobPieces(['ENGINE', engine.id, part], packed, saved.now) });
}

function recordOf({
  at,
  topic,
  type,
  data,
  userId,
  entity,
  actor,
  requestId,
  cause,
  audit,
}: Change['facts'][number]): FactRecord {
  return {
    at,
    engine: '',
    bar: 0,
    topic,
    type,
    entity: entity ?? null,
    data: textOf(data),
    userId: userId ?? null,
    actor: actor ?? null,
    requestId: requestId ?? null,
    cause: cause ?? null,
    audit: audit === true,
  };
}

function textOf(data: unknown): string {
  return JSON.stringify(data ?? null);
}

function toFactRow(row: { seq: number; at: number; type: string; data: string }): FactRow {
  return { seq: row.seq, at: row.at, type: row.type, data: JSON.parse(row.data) as unknown } as FactRow;
}
