import { LruTtlCache } from '@wyckoff/bounded';
import type { ChartAnswer } from '@wyckoff/contracts';
import { afterEach, expect, it, vi } from 'vitest';
import { HttpClient } from '../../link/http.ts';
import { BarStore } from '../../stores/bar-store.ts';
import { openDeskLink } from '../../testing/desk-link.ts';
import { MemoryServer } from '../../testing/memory-server.ts';
import { ChartFeed } from './chart-feed.ts';

const TOPIC = 'bars:SPX:1d';
afterEach(() => vi.unstubAllGlobals());

/** A page that ends at this bar. */
function page(last: number): ChartAnswer {
  const t = [last - 1, last];
  const flat = [1, 1];
  const columns = { t, o: flat, h: flat, l: flat, c: flat, v: flat };
  return { symbol: 'SPX', timeframe: '1d', asOf: last, seq: 0, columns, more: false, ranges: [], events: [], trades: [] };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A feed on a connected link; `answer` is asked for every page, by its number from 1. */
async function open(answer: (n: number) => Promise<Response>) {
  const server = new MemoryServer({ ring: 10 });
  const { link, scope } = openDeskLink(server);
  link.connection.wake();
  await settled();
  const seen = { asked: 0, at: 0, most: 0, problems: 0 };
  vi.stubGlobal('fetch', async () => {
    seen.asked += 1;
    seen.at += 1;
    seen.most = Math.max(seen.most, seen.at);
    try {
      return await answer(seen.asked);
    } finally {
      seen.at -= 1;
    }
  });
  const slices = new LruTtlCache<string, ChartAnswer>({ name: 'web.chart.slices', capacity: 2, itemBytes: 1, ttlMs: 1, scope });
  const feed = new ChartFeed({
    session: { http: new HttpClient(), link, slices, bars: new BarStore(scope) },
    scope,
    series: { symbol: 'SPX', timeframe: '1d' },
    changed: () => undefined,
    overlaysChanged: () => undefined,
    problem: (view) => void (seen.problems += view === null ? 0 : 1),
  });
  const gap = (): void => server.value(TOPIC, 'bars.gap', { symbol: 'SPX', timeframe: '1d', fromTs: 1 });
  return { feed, scope, seen, gap };
}

it('interface 3.3 bars left out while a page is on its way are asked for again, one page at a time, until none are', async () => {
  const desk = await open((n) => {
    if (n <= 20) desk.gap();
    return Promise.resolve(Response.json(page(n)));
  });
  await desk.feed.loadNewest();
  expect(desk.seen).toEqual({ asked: 21, at: 0, most: 1, problems: 0 });
  expect(desk.feed.window.t[desk.feed.window.length - 1]).toBe(21);
  await desk.scope.dispose();
});

it('L3 no page is asked for once the view has left, and a page that fails does not block the next', async () => {
  const desk = await open((n) => Promise.resolve(n === 1 ? new Response('', { status: 500 }) : Response.json(page(n))));
  await desk.feed.loadNewest();
  expect(desk.seen).toMatchObject({ asked: 1, problems: 1 });
  await desk.feed.loadNewest();
  expect(desk.feed.loaded).toBe(true);
  const leaving = desk.feed.loadNewest();
  desk.gap();
  await desk.scope.dispose();
  await leaving;
  expect(desk.seen.asked).toBe(3);
});
