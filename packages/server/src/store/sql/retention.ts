/** The retention job: slices of keys are read beside the gate, what is found in them leaves a thousand rows at a time with a pause between, so that nobody waits for it (interface.md 4.1, 4.3, M15). */
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { RETAINED_TABLES, RETENTION_AGES, type RetainedTable, type RetentionAges, type RetentionLine, type RetentionOptions, type RetentionStore } from '../retention.ts'; // prettier-ignore
import type { Gate } from './gate.ts';
import { RULES } from './retention-rules.ts';
import type { Found, Key, Rule, RuleContext } from './retention-walk.ts';
import type { Work } from './work.ts';

const PAUSE_MS = 50;

export interface RetentionParts {
  readonly gate: Gate;
  /** Reads without keeping other work waiting; default: a query of the gate. */
  readonly read?: (<T>(holder: string, work: () => Work<T>) => Promise<T>) | undefined;
  /** Gives space back in the way of the database. */
  readonly afterwards: (options: Pick<RetentionOptions, 'pauseMs' | 'signal'>) => Promise<void>;
}

interface Run {
  readonly parts: RetentionParts;
  readonly options: RetentionOptions;
  readonly ages: RetentionAges;
}

export function retentionStore(parts: RetentionParts): RetentionStore {
  return {
    async retain(options) {
      const run = { parts, options, ages: { ...RETENTION_AGES, ...options.ages } };
      const lines: RetentionLine[] = [];
      for (const table of RETAINED_TABLES) {
        if (options.signal?.aborted === true) break;
        const line = await retainTable(run, table);
        options.onTable?.(line);
        lines.push(line);
      }
      if (options.dryRun !== true && lines.some((line) => line.rows > 0)) await parts.afterwards(options);
      return lines;
    },
  };
}

async function retainTable(run: Run, table: RetainedTable): Promise<RetentionLine> {
  const since = performance.now();
  let rows = 0;
  let batches = 0;
  for (const rule of RULES[table]) {
    for await (const gone of batchesOf(run, rule)) {
      rows += gone;
      batches += 1;
      run.options.onBatch?.({ table, rows, batches, ms: performance.now() - since });
    }
  }
  return { table, rows, batches, ms: performance.now() - since };
}

/** Rows that left, or in a dry run would, batch by batch. Told to stop, it ends before the next one. */
async function* batchesOf({ parts, options, ages }: Run, rule: Rule): AsyncIterableIterator<number> {
  const { gate } = parts;
  const read: NonNullable<RetentionParts['read']> = parts.read ?? ((holder, work) => gate.query(holder, work));
  const { now, dryRun = false, signal } = options;
  for (let key: unknown = null; ;) {
    if (signal?.aborted === true) return;
    const context: RuleContext = { dialect: gate.dialect, ages, now, key };
    const { keys, next }: Found = await read('retention (looking)', () => rule.find(context));
    if (dryRun) yield keys.length;
    else
      for (let waiting: readonly Key[] = keys; waiting.length > 0;) {
        if (isStopped(options)) return;
        const doomed = waiting;
        const { rows, left } = await gate.transaction('retention', () => rule.remove(context, doomed));
        yield rows;
        waiting = left;
        await rest(options);
      }
    if (next === null) return;
    key = next;
    await turn();
  }
}

function isStopped({ signal }: RetentionOptions): boolean {
  return signal?.aborted === true;
}

/** After what was written; whoever waits to write is not asked to wait for the next. */
async function rest({ pauseMs = PAUSE_MS }: RetentionOptions): Promise<void> {
  await (pauseMs > 0 ? pause(pauseMs) : turn());
}
