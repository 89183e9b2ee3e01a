/** Numbers facts and appends them, audited ones chained by hash (interface.md 4.2). */
import { createHash } from 'node:crypto';
import type { AuditVerdict, StoredFact } from '../changes.ts';
import type { Gate } from './gate.ts';
import type { SqlDialect } from './dialect.ts';
import { execute, insertMany, rawRows, type Work } from './work.ts';

/** One fact as it is written; `data` is its JSON text, which is what the chain is over. */
export interface FactRecord {
  readonly at: number;
  readonly engine: string;
  readonly bar: number;
  readonly topic: string;
  readonly type: string;
  readonly entity: string | null;
  readonly data: string;
  readonly userId?: string | null;
  readonly actor?: string | null;
  readonly requestId?: string | null;
  readonly cause?: number | null;
  readonly audit?: boolean;
}

const COLUMNS = [
  'seq', 'at', 'engine', 'bar', 'topic', 'type', 'entity', 'data', 'stored_at', 'user_id', 'actor', 'request_id', 'cause', 'audit', 'hash',
] as const; // prettier-ignore

const LAST_SEQ = 'select coalesce(max(seq), 0) from facts';

export function* lastSeqOf(): Work<number> {
  const [row] = yield* rawRows<[number]>(LAST_SEQ, []);
  return row[0];
}

/**
 * Appends in the caller's transaction, which must have taken the writer's lock by `lockFacts` before it read anything; answers the number of
 * the fact before the first.
 */
export function* appendFacts(dialect: SqlDialect, facts: readonly FactRecord[], now: number): Work<number> {
  const before = yield* lastSeqOf();
  let hash: Uint8Array | null = facts.some((fact) => fact.audit === true) ? yield* chainHead(dialect) : null;
  const rows = facts.map((fact, i) => {
    const seq = before + i + 1;
    const own = fact.audit === true ? (hash = chained(hash, seq, fact)) : null;
    const { at, engine, bar, topic, type, entity, data, userId = null, actor = null, requestId = null, cause = null } = fact;
    return [
      seq,
      at,
      engine,
      bar,
      topic,
      type,
      entity,
      data,
      now,
      userId,
      actor,
      requestId,
      cause,
      fact.audit === true ? 1 : 0,
      own,
    ];
  });
  yield* insertMany({ table: 'facts', columns: COLUMNS, conflict: '', rows });
  return before;
}

/** One writer at a time, so that the numbers are the order of the commits. */
export function* lockFacts({ writerLock }: SqlDialect): Work<void> {
  if (writerLock !== null) yield* execute(writerLock);
}

/** SHA-256 of the hash before and of everything the fact says. */
function chained(previous: Uint8Array | null, seq: number, fact: FactRecord): Uint8Array {
  const { at, userId = null, topic, type, entity, actor = null, requestId = null, cause = null, data } = fact;
  return createHash('sha256')
    .update(previous ?? new Uint8Array(32))
    .update(JSON.stringify([seq, at, userId, topic, type, entity, actor, requestId, cause, data]))
    .digest();
}

function* chainHead(dialect: SqlDialect): Work<Uint8Array | null> {
  const [newest] = yield* rawRows<[Uint8Array]>(
    `select hash from facts where ${dialect.isSet('audit')} order by seq desc limit 1`,
    [],
  );
  if (newest !== undefined) return newest[0];
  const [anchor] = yield* rawRows<[Uint8Array | null]>('select anchor_hash from meta where id = 1', []);
  return anchor?.[0] ?? null;
}

type AuditRow = [
  seq: number, at: number, userId: string | null, topic: string, type: string, entity: string | null, actor: string | null,
  requestId: string | null, cause: number | null, data: string, hash: Uint8Array | null,
]; // prettier-ignore

function auditPage(dialect: SqlDialect): string {
  return dialect.text(
    `select seq, at, user_id, topic, type, entity, actor, request_id, cause, data, hash from facts where ${dialect.isSet('audit')} and seq > ? order by seq limit ?`,
  );
}

const CHECK_PAGE = 500;

export function auditStore(gate: Gate) {
  const text = auditPage(gate.dialect);
  const page = async (seq: number, limit: number): Promise<AuditRow[]> =>
    await gate.query('audit', () => rawRows<AuditRow>(text, [seq, limit]));
  return {
    async auditAfter(seq: number, limit: number): Promise<readonly StoredFact[]> {
      return (await page(seq, Math.min(limit, 1000))).map(storedOf);
    },

    async checkAudit(): Promise<AuditVerdict> {
      const [anchor] = await gate.query('audit anchor', () =>
        rawRows<[number, Uint8Array | null]>('select anchor_seq, anchor_hash from meta where id = 1', []),
      );
      let hash: Uint8Array | null = anchor?.[1] ?? null;
      let seq = anchor?.[0] ?? 0;
      for (let checked = 0; ;) {
        const rows = await page(seq, CHECK_PAGE);
        for (const row of rows) {
          const [own, at, userId, topic, type, entity, actor, requestId, cause, data, stored] = row;
          const expected = chained(hash, own, {
            at,
            engine: '',
            bar: 0,
            userId,
            topic,
            type,
            entity,
            actor,
            requestId,
            cause,
            data,
          });
          if (stored === null || Buffer.compare(expected, stored) !== 0)
            return { ok: false, checked, brokenAt: own, sentence: brokenText(own, type) };
          hash = stored;
          seq = own;
          checked += 1;
        }
        if (rows.length < CHECK_PAGE) return { ok: true, checked, lastSeq: checked === 0 ? null : seq };
      }
    },
  };
}

function brokenText(seq: number, type: string): string {
  return `The audit chain breaks at fact ${seq} (${type}): it, or one before it, was changed or removed after it was written.`;
}

function storedOf([seq, at, userId, topic, type, entity, actor, requestId, cause, data]: AuditRow): StoredFact {
  return { seq, at, userId, topic, type, entity, actor, requestId, cause, audit: true, data: JSON.parse(data) as unknown };
}
