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
  const { link, scope, timers } = openDeskLink(server);
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
  return { feed, scope, timers, seen, gap, server };
}

/** Lets time pass second by second, with room for the answers in between. */
async function seconds(desk: Awaited<ReturnType<typeof open>>, count: number): Promise<void> {
  for (let second = 0; second < count; second += 1) {
    await desk.timers.advance(1_000);
    await settled();
  }
}

const newest = ({ feed }: Awaited<ReturnType<typeof open>>): number => feed.window.t[feed.window.length - 1];

it('interface 3.3 bars left out while a page is on its way are asked for again, one page a second, until none are', async () => {
  const desk = await open((n) => {
    if (n <= 20) desk.gap();
    return Promise.resolve(Response.json(page(n)));
  });
  await desk.feed.loadNewest();
  desk.gap();
  await settled();
  // A desk that is always behind leaves the server alone in between: 300 requests a minute are allowed.
  expect(desk.seen.asked).toBe(1);
  await seconds(desk, 60);
  expect(desk.seen).toEqual({ asked: 21, at: 0, most: 1, problems: 0 });
  expect(newest(desk)).toBe(21);
  await desk.scope.dispose();
});

it('interface 3.3 a page for missing bars that the server refuses is asked for again when it may be, so that the chart ends up whole', async () => {
  const problem = { title: 'Too many requests.', code: 'request.rate_limited', remedy: 'Wait.' };
  const refused = () => Response.json(problem, { status: 429, headers: { 'retry-after': '7' } });
  const desk = await open((n) => Promise.resolve(n === 2 || n === 3 ? refused() : Response.json(page(n))));
  await desk.feed.loadNewest();
  await seconds(desk, 5);
  desk.gap();
  await settled();
  expect(desk.seen).toMatchObject({ asked: 2, problems: 1 });
  // More gaps do not jump the queue.
  desk.gap();
  await seconds(desk, 6);
  expect([desk.seen.asked, newest(desk)]).toEqual([2, 1]);
  await seconds(desk, 30);
  expect([desk.seen.asked, newest(desk)]).toEqual([4, 4]);
  await desk.scope.dispose();
});

it('C7 a gap while a page is on its way stays suspected: a hole before the next page is not taken for one run', async () => {
  const desk = await open((n) => {
    if (n === 1) {
      desk.gap();
      desk.server.value(TOPIC, 'bar.closed', { symbol: 'SPX', timeframe: '1d', ts: 50, o: 1, h: 1, l: 1, c: 1, v: 1 });
    }
    return Promise.resolve(Response.json(page(n === 1 ? 1 : 50)));
  });
  await desk.feed.loadNewest();
  await seconds(desk, 2);
  // The page 49, 50 does not reach back to 1: what is held starts anew with it instead of hiding 2 to 48.
  expect([...desk.feed.window.t.subarray(0, desk.feed.window.length)]).toEqual([49, 50]);
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
