/** Redis: a hundred thousand cached pages cleared while another process asks. */
import { Census, Scope } from '@wyckoff/bounded';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import process from 'node:process';
import { createClient } from 'redis';
import { startRedis } from '../../e2e/support/redis.ts';
import { pageKey } from '../../packages/server/src/cache/bar-page.ts';
import { clearSymbols } from '../../packages/server/src/cache/clear-symbols.ts';
import { placeOf, RedisLink } from '../../packages/server/src/cache/redis-link.ts';
import { atMost, type DataFigure } from './figure.ts';

const KEYS = 100_000;
const BATCH = 5_000;

export async function redisFigures(): Promise<readonly DataFigure[]> {
  await using scope = new Scope({ name: 'bench', census: new Census() });
  const { url, socket } = await startRedis(scope);
  if (socket === null) throw new Error('bench: expected a Redis of its own, was TEST_REDIS_URL');
  const other = createClient({ ...placeOf(url), RESP: 2 });
  await other.connect();
  const ready = Promise.withResolvers<void>();
  const link = new RedisLink({ url, scope, onProblem: (error) => ready.reject(error), onReady: () => ready.resolve() });
  await ready.promise;
  for (let from = 0; from < KEYS; from += BATCH) {
    const keys = Array.from({ length: BATCH }, (_, n) => pageKey({ symbol: 'BIG', timeframe: '1m' }, 0, from + n));
    const batch = other.multi();
    for (const key of keys) batch.set(key, 'x'.repeat(200), { expiration: { type: 'EX', value: 600 } });
    await batch.sAdd('bars-index:BIG', keys).execAsPipeline();
  }
  // What this machine does to a PING while nothing is cleared: without it a busy neighbour reads as a slow Redis.
  const quietMs = async (): Promise<number> => {
    const quiet = await startPings(socket);
    await new Promise((resolve) => setTimeout(resolve, 500));
    return await quiet();
  };
  const before = await quietMs();
  const pings = await startPings(socket);
  globalThis.gc?.();
  const heap = process.memoryUsage().heapUsed;
  const since = performance.now();
  const { total } = await clearSymbols(link.client, ['BIG']);
  const tookMs = performance.now() - since;
  const longestMs = await pings();
  globalThis.gc?.();
  const grownMb = (process.memoryUsage().heapUsed - heap) / 1e6;
  const machineMs = Math.max(before, await quietMs());
  other.destroy();
  if (total !== KEYS) throw new Error(`bench: expected ${KEYS} keys cleared, was ${total}`);
  return [
    atMost(`redis: ${KEYS} keys cleared`, tookMs, { unit: 'ms', target: 1_000 }),
    atMost(`redis: longest PING of another process meanwhile (${machineMs.toFixed(1)} with nothing cleared)`, longestMs, {
      unit: 'ms',
      target: 10,
    }),
    atMost('redis: what clearing adds to the longest PING', Math.max(0, longestMs - machineMs), { unit: 'ms', target: 10 }),
    atMost('redis: growth of the client', grownMb, { unit: 'MB', target: 5 }),
  ];
}

/** Starts to ask; the answer ends it and says the longest wait in milliseconds. */
async function startPings(socket: string): Promise<() => Promise<number>> {
  const child = spawn(process.execPath, ['bench/figures/ping-child.ts', socket], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout);
  await once(lines, 'line');
  return async () => {
    const answer = once(lines, 'line');
    child.stdin.end();
    const [text] = (await answer) as [string];
    return (JSON.parse(text) as { longestMs: number }).longestMs;
  };
}
