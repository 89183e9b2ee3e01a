/** The watched series and their engines: bounded, opened before the feed, ended after it. */
import { Census, Scope } from '@wyckoff/bounded';
import { settle } from '@wyckoff/bounded/leak-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BarFeed, WatchAnswer } from '../contract/feed.ts';
import { seriesName, type SeriesKey } from '../contract/series-key.ts';
import { WatchList, type SeriesWorker } from './watch-list.ts';

const series = (n: number): SeriesKey => ({ symbol: `S${n}`, timeframe: '1h' });

let census: Census;
let scope: Scope;
let log: string[];
let refuse: WatchAnswer | null;
let list: WatchList<SeriesWorker>;
const feed = {
  name: 'test',
  watch: (of: SeriesKey, after?: number | null): WatchAnswer => {
    if (refuse !== null) return refuse;
    log.push(`feed ${seriesName(of)} after ${after}`);
    return { ok: true, created: true };
  },
  unwatch: (of: SeriesKey) => log.push(`leave ${seriesName(of)}`) > 0,
} as unknown as BarFeed;

function open(of: SeriesKey): Promise<SeriesWorker> {
  log.push(`open ${seriesName(of)}`);
  return Promise.resolve({
    newest: 7,
    [Symbol.asyncDispose]: () => {
      log.push(`end ${seriesName(of)}`);
      return Promise.resolve();
    },
  });
}

beforeEach(() => {
  census = new Census();
  scope = new Scope({ name: 'test', census });
  [log, refuse] = [[], null];
  list = new WatchList({ scope, feed, open, enginesOf: () => 2, maxEngines: 200 });
});
afterEach(() => scope.dispose());

describe('M12 watched series', () => {
  it('M12 the engine is opened first and the feed continues behind it; unwatching ends both, the feed first', async () => {
    expect(await list.watch(series(1))).toEqual({ ok: true, created: true });
    expect(await list.watch(series(1))).toEqual({ ok: true, created: false });
    expect(list.list()).toEqual([series(1)]);
    expect(list.unwatch(series(1))).toBe(true);
    expect(list.unwatch(series(1))).toBe(false);
    await list.settled();
    expect(log).toEqual(['open S1 1h', 'feed S1 1h after 7', 'leave S1 1h', 'end S1 1h']);
    expect(list.engines).toBe(0);
  });

  it('C11 a thousand symbols through a cap of 200: never more engines, the one too many refused with resource.limit', async () => {
    for (let n = 0; n < 1000; n += 1) {
      const answer = await list.watch(series(n));
      if (n >= 100) {
        expect(answer).toMatchObject({ ok: false, code: 'resource.limit' });
        list.unwatch(series(n - 100));
        await list.settled();
        expect(await list.watch(series(n))).toMatchObject({ ok: true });
      }
      expect(list.engines).toBeLessThanOrEqual(200);
    }
    expect(census.row('server.watched')).toMatchObject({ size: 100, highWater: 100 });
    expect(log.filter((line) => line.startsWith('end')).length).toBe(900);
  });

  it('a refusal of the feed and an engine that cannot be opened leave nothing', async () => {
    refuse = { ok: false, code: 'feed.unsupported', sentence: 'no' };
    expect(await list.watch(series(1))).toMatchObject({ code: 'feed.unsupported' });
    await list.settled();
    expect(log).toEqual(['open S1 1h', 'leave S1 1h', 'end S1 1h']);
    const broken = new WatchList({ scope, feed, open: () => Promise.reject(new Error('no store')) });
    await expect(broken.watch(series(2))).rejects.toThrow('no store');
    await broken.settled();
    expect([list.engines, broken.engines]).toEqual([0, 0]);
  });

  it('given up while it is being opened, it never reaches the feed', async () => {
    let release: () => void = () => undefined;
    const slow = new WatchList({
      scope,
      feed,
      open: async (of) => {
        await new Promise<void>((resolve) => (release = resolve));
        return await open(of);
      },
    });
    const watching = slow.watch(series(3));
    slow.unwatch(series(3));
    await settle();
    release();
    expect(await watching).toMatchObject({ ok: false, code: 'feed.closed' });
    await slow.settled();
    expect(log).toEqual(['leave S3 1h', 'open S3 1h', 'end S3 1h']);
  });
});
