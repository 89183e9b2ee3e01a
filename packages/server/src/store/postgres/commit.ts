/** A commit that outlives the database: while it is away the commit is tried again, and one whose end was not heard is looked up. */
import type { FactRow } from '@wyckoff/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommitConflict, StoreFailure } from '../refused.ts';
import type { Commit, JournalStore } from '../store.ts';
import type { Gate } from '../sql/gate.ts';
import { all } from '../sql/work.ts';

/** How long a commit is tried; whoever can do better than wait says so sooner. */
const PATIENCE_MS = 30_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** The engine's place is part of every commit, so that trying again can neither lose bars nor book them twice. */
export function persistentCommit(store: JournalStore, gate: Gate, patienceMs = PATIENCE_MS): JournalStore['commit'] {
  return async (commit) => {
    const untilMs = performance.now() + patienceMs;
    let mayHaveGone = false;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
      try {
        return await store.commit(commit);
      } catch (error) {
        if (mayHaveGone && error instanceof CommitConflict && commit.to > commit.from)
          return await committed(gate, commit, error);
        if (!(error instanceof StoreFailure) || error.code !== 'store.unavailable' || performance.now() > untilMs) throw error;
        // Inputs alone do not move the engine: whether they were stored cannot be seen, so the caller must know.
        if (error.outcomeUnknown && commit.to === commit.from) throw error;
        mayHaveGone ||= error.outcomeUnknown;
        await sleep(pauseMs);
      }
    }
  };
}

/** The facts of a commit that went through unheard. */
async function committed(gate: Gate, { engine, from, to }: Commit, conflict: CommitConflict): Promise<readonly FactRow[]> {
  const { build: sql } = gate.dialect;
  const place = sql.selectFrom('engines').select('position').where('id', '=', engine.id);
  const facts = sql
    .selectFrom('facts')
    .select(['seq', 'at', 'type', 'data'])
    .where('engine', '=', engine.id)
    .where('bar', '>', from)
    .where('bar', '<=', to)
    .where('topic', '<>', 'inputs')
    .orderBy('seq');
  return await gate.snapshot('look up a commit', function* () {
    const [row] = yield* all(place);
    if (row?.position !== to) throw conflict;
    const rows = yield* all(facts);
    return rows.map(({ seq, at, type, data }) => ({ seq, at, type, data: JSON.parse(data) as unknown }) as FactRow);
  });
}
