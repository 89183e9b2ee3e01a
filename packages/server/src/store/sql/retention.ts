/** The retention job: keyset batches of 1,000 with a pause between them, so that nobody waits for it (interface.md 4.3, M15). */
import { setTimeout as pause } from 'node:timers/promises';
import { RETAINED_TABLES, RETENTION_AGES, type RetainedTable, type RetentionAges, type RetentionLine, type RetentionOptions, type RetentionStore } from '../retention.ts'; // prettier-ignore
import type { Gate } from './gate.ts';
import { RULES, type Batch, type Rule } from './retention-rules.ts';
import type { Work } from './work.ts';

const PAUSE_MS = 50;

/** `afterwards` gives space back in the way of the database. */
export function retentionStore(gate: Gate, afterwards: () => Promise<void>): RetentionStore {
  return {
    async retain(options) {
      const ages = { ...RETENTION_AGES, ...options.ages };
      const lines: RetentionLine[] = [];
      for (const table of RETAINED_TABLES) {
        if (options.signal?.aborted === true) break;
        const line = await retainTable(gate, table, { options, ages });
        options.onTable?.(line);
        lines.push(line);
      }
      if (options.dryRun !== true && lines.some((line) => line.rows > 0)) await afterwards();
      return lines;
    },
  };
}

async function retainTable(
  gate: Gate,
  table: RetainedTable,
  { options, ages }: { readonly options: RetentionOptions; readonly ages: RetentionAges },
): Promise<RetentionLine> {
  const since = performance.now();
  let rows = 0;
  let batches = 0;
  for (const rule of RULES[table]) {
    for await (const batch of batchesOf(gate, rule, { options, ages })) {
      rows += batch.rows;
      batches += 1;
    }
  }
  return { table, rows, batches, ms: performance.now() - since };
}

/** Batches until one says that it was the last. In a dry run each is counted and then walked past. */
async function* batchesOf(
  gate: Gate,
  rule: Rule,
  { options, ages }: { readonly options: RetentionOptions; readonly ages: RetentionAges },
): AsyncIterableIterator<Batch> {
  const { now, dryRun = false, pauseMs = PAUSE_MS, signal } = options;
  let key: unknown = null;
  for (;;) {
    if (signal?.aborted === true) return;
    const at = key;
    const work = (): Work<Batch> => rule({ dialect: gate.dialect, ages, now, dryRun, key: at });
    const batch = dryRun ? await gate.query('retention (dry run)', work) : await gate.transaction('retention', work);
    yield batch;
    if (batch.next === null) return;
    key = batch.next;
    if (pauseMs > 0) await pause(pauseMs);
  }
}
