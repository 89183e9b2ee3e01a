/** Redis: a hundred thousand cached pages cleared while somebody else asks. */
import { Census, Scope } from '@wyckoff/bounded';
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
  const { url } = await startRedis(scope);
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
  let done = false;
  let longestMs = 0;
  const asking = (async () => {
    while (!done) {
      const since = performance.now();
      await other.ping();
      longestMs = Math.max(longestMs, performance.now() - since);
    }
  })();
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const since = performance.now();
  const { total } = await clearSymbols(link.client, ['BIG']);
  const tookMs = performance.now() - since;
  done = true;
  await asking;
  globalThis.gc?.();
  const grownMb = (process.memoryUsage().heapUsed - before) / 1e6;
  other.destroy();
  if (total !== KEYS) throw new Error(`bench: expected ${KEYS} keys cleared, was ${total}`);
  return [
    atMost(`redis: ${KEYS} keys cleared`, tookMs, { unit: 'ms', target: 1_000 }),
    atMost('redis: longest PING of another client meanwhile', longestMs, { unit: 'ms', target: 10 }),
    atMost('redis: growth of the client', grownMb, { unit: 'MB', target: 5 }),
  ];
}
