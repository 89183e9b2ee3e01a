/**
 * Clears the pages of symbols (C5): by their index, with UNLINK, in small batches one after the other. Redis serves everybody else between two
 * batches, so what another command waits is bounded by the cost of one; commands sent in one pipeline would be worked off in one go.
 */
import { indexKey, pagePattern } from './bar-page.ts';
import type { RedisClient } from './redis-link.ts';

/** About 0.3 ms of Redis. */
const BATCH = 250;

export interface Cleared {
  /** Keys Redis says it deleted, by symbol. */
  readonly deleted: Readonly<Record<string, number>>;
  readonly total: number;
  /** Where it broke off; null when it did not. What is counted above is gone all the same. */
  readonly failed: { readonly symbol: string; readonly error: string } | null;
}

/** By the index first, then by a walk over the keyspace for pages no index knows of. */
export async function clearSymbols(client: RedisClient, symbols: readonly string[]): Promise<Cleared> {
  const deleted: Record<string, number> = {};
  let total = 0;
  for (const symbol of symbols) {
    deleted[symbol] = 0;
    const count = (keys: number): void => {
      deleted[symbol] = (deleted[symbol] ?? 0) + keys;
      total += keys;
    };
    try {
      if ((await client.exists(indexKey(symbol))) === 1) await clearIndexed(client, symbol, count);
      else await clearScanned(client, symbol, count);
    } catch (error) {
      return { deleted, total, failed: { symbol, error: error instanceof Error ? error.message : String(error) } };
    }
  }
  return { deleted, total, failed: null };
}

/** Costs what the symbol holds; without an index nothing. */
export async function clearIndexed(client: RedisClient, symbol: string, count?: (keys: number) => void): Promise<void> {
  const index = indexKey(symbol);
  for await (const members of client.sScanIterator(index, { COUNT: BATCH })) {
    const keys = members.map(String);
    for (let from = 0; from < keys.length; from += BATCH) {
      const deleted = await client.unlink(keys.slice(from, from + BATCH));
      count?.(deleted);
    }
  }
  await client.unlink(index);
}

/** For a symbol whose index is gone. */
async function clearScanned(client: RedisClient, symbol: string, count: (keys: number) => void): Promise<void> {
  for await (const found of client.scanIterator({ MATCH: pagePattern(symbol), COUNT: BATCH })) {
    if (found.length > 0) count(await client.unlink(found.map(String)));
  }
}
