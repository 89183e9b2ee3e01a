/** How far an import got, kept in the store beside the bars, so that it goes on after a kill where it stopped. */
import { createHash } from 'node:crypto';
import type { ImportCounts, Store } from '../../store/store.ts';

const SETTING = 'import.checkpoints';
/** Series of files remembered; the oldest leave. */
const MOST = 1_000;

export interface Checkpoint extends ImportCounts {
  /** Rows of the file that are in the store. */
  readonly rows: number;
}

type Saved = readonly (readonly [key: string, checkpoint: Checkpoint])[];

/** `identity`: changes with the file, so that another file of the same name begins anew. */
export function checkpointKey(identity: string, symbol: string, timeframe: string): string {
  return createHash('sha256').update(`${identity}\n${symbol}\n${timeframe}`).digest('hex').slice(0, 32);
}

export async function readCheckpoint(store: Store, key: string): Promise<Checkpoint | null> {
  return (await saved(store)).find(([known]) => known === key)?.[1] ?? null;
}

export async function saveCheckpoint(store: Store, key: string, checkpoint: Checkpoint): Promise<void> {
  const others = (await saved(store)).filter(([known]) => known !== key);
  await store.saveSetting(SETTING, [...others, [key, checkpoint] as const].slice(-MOST));
}

async function saved(store: Store): Promise<Saved> {
  const value = await store.setting(SETTING);
  return Array.isArray(value) ? (value as Saved) : [];
}
