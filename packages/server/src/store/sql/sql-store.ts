/** The port over a gate: everything that is the same for both databases. */
import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import type { Store } from '../store.ts';
import { barStore, type BulkBars } from './bars.ts';
import { settingsStore, symbolStore } from './catalogue.ts';
import { entityStore } from './entity-reads.ts';
import { auditStore } from './facts.ts';
import type { Gate } from './gate.ts';
import { jobStore } from './jobs.ts';
import { journalStore } from './journal.ts';
import { deskStore } from './lists.ts';
import { orderLog } from './order-log.ts';
import { noticeStore } from './notices.ts';
import { coverageStore } from './survey.ts';
import { retentionStore, type RetentionParts } from './retention.ts';
import { statisticsStore } from './statistics.ts';
import { tradingStore } from './trading.ts';
import { execute, rawRows, type Work } from './work.ts';

/** A kill switch that takes longer to read counts as unreadable (trading.md 7.6). */
const KILL_SWITCH_MS = 500;

/** What each database does its own way. */
export interface StoreParts extends Pick<Store, 'kind' | 'stats' | 'close'> {
  readonly gate: Gate;
  readonly bulk: BulkBars;
  /** Long looks of retention, without keeping other work waiting; absent: through the gate. */
  readonly look?: RetentionParts['read'];
  /** After retention: gives space back. */
  readonly tidy: RetentionParts['afterwards'];
  /** Wall clock of the writes; default `Date.now`. */
  readonly now?: (() => number) | undefined;
}

export function sqlStore(parts: StoreParts, epoch: string): Store {
  const { gate, bulk, look, tidy, kind, stats, close, now = Date.now } = parts;
  return {
    ...barStore(gate, bulk),
    ...coverageStore(gate),
    ...journalStore(gate, now),
    ...auditStore(gate),
    ...deskStore(gate),
    ...entityStore(gate),
    ...settingsStore(gate, now),
    ...symbolStore(gate, now),
    ...statisticsStore(gate),
    ...tradingStore(gate, () => sleep(KILL_SWITCH_MS, undefined, { ref: false })),
    ...noticeStore(gate, now),
    ...jobStore(gate, now),
    ...retentionStore({ gate, read: look, afterwards: tidy }),
    orderLog: (accountId) => orderLog(gate, accountId),
    kind,
    epoch,
    stats,
    close,
  };
}

/** The journal's id: made with the store, kept with it. */
export function* epochOf({ dialect }: Gate, now: number): Work<string> {
  yield* execute(dialect.text(`insert into meta (id, epoch, created_at) values (1, ?, ?) on conflict (id) do nothing`), [
    randomUUID(),
    now,
  ]);
  const [row] = yield* rawRows<[string]>('select epoch from meta where id = 1', []);
  return row[0];
}
