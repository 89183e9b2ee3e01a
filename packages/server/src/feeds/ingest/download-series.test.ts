/** A download and the clock it is run under: what seems open is left out, and comes when the clock is right again. */
import { Census, Scope } from '@wyckoff/bounded';
import { appendBar, calendarOf, createBarColumns } from '@wyckoff/domain';
import { expect, it } from 'vitest';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import type { HistoryProvider } from '../contract/history.ts';
import { downloadSeries, type DownloadMark, type DownloadResult } from './download-series.ts';
import { Ingest } from './ingest.ts';

const DAY = 86_400_000;
const FROM = Date.UTC(2024, 0, 1);
const BARS = 30;

const history: HistoryProvider = {
  name: 'test',
  timeframes: ['1d'],
  async *pages({ from, to }) {
    for (let page = 0; page < BARS; page += 10) {
      const columns = createBarColumns(10);
      for (let n = page; n < page + 10; n += 1) {
        const time = FROM + n * DAY;
        if (time >= from && time < to) appendBar(columns, { time, open: 10, high: 11, low: 9, close: 10, volume: n });
      }
      yield await Promise.resolve({ columns });
    }
  },
  close: () => Promise.resolve(),
};

it('BAR_FUTURE a clock that jumps back and forth between runs and in the middle of one loses no bar and lets no open one in', async () => {
  await using scope = new Scope({ name: 'test', census: new Census() });
  const store = scope.own(openSqliteStore({ path: ':memory:' }), (opened) => opened.close());
  const series = await store.saveSymbol({ symbol: 'X', assetClass: 'CRYPTO', name: 'X', source: 'test', synthetic: true, timeZone: 'UTC', currency: 'USD', tickSize: 0.01, unit: 'units', calendar: '24/7' }, '1d'); // prettier-ignore
  const calendar = calendarOf('24/7');
  let mark: DownloadMark | null = null;
  const marks = {
    load: () => Promise.resolve(mark),
    save: (one: DownloadMark) => Promise.resolve(void (mark = one)),
    clear: () => Promise.resolve(void (mark = null)),
  };
  const download = (now: number, ingestNow = now): Promise<DownloadResult> =>
    downloadSeries({ history, ingest: new Ingest({ store, calendarOf: () => calendar, now: () => ingestNow }), series, request: { symbol: 'X', timeframe: '1d', from: FROM, to: FROM + 400 * DAY }, calendar, marks, resume: true, now }); // prettier-ignore
  const right = FROM + (BARS - 1) * DAY + DAY / 2;
  // Twenty days back: nine bars are over by that clock.
  expect(await download(FROM + 9.5 * DAY)).toMatchObject({ inserted: 9, open: BARS - 9 });
  // It jumps back after the run has begun: the rules refuse what lies in the future of the moment.
  expect(await download(right, FROM + 14.5 * DAY)).toMatchObject({ inserted: 6, rejected: BARS - 1 - 15, open: 1 });
  // Right again: all that is over, and not the bar of today.
  expect(await download(right)).toMatchObject({ inserted: BARS - 1 - 15, rejected: 0, open: 1 });
  expect((await store.barsAfter(series, { limit: 100 })).length).toBe(BARS - 1);
  // A year ahead nothing is there that was not there.
  expect(await download(right + 365 * DAY)).toMatchObject({ inserted: 1, corrected: 0, missing: 0 });
});
