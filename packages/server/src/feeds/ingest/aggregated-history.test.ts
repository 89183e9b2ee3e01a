/** Timeframes made of shorter ones: whole or not at all, in session time. */
import { appendBar, calendarOf, createBarColumns, type Bar, type Timeframe } from '@wyckoff/domain';
import { describe, expect, it } from 'vitest';
import type { HistoryPage, HistoryProvider } from '../contract/history.ts';
import { AggregatedHistory, sourceOf } from './aggregated-history.ts';

const HALF = 1_800_000;
/** Tuesday 2024-03-05, 09:30 in New York. */
const OPEN = Date.UTC(2024, 2, 5, 14, 30);

function provider(bars: readonly Bar[], timeframes: readonly Timeframe[]): HistoryProvider {
  return {
    name: 'test',
    timeframes,
    async *pages(): AsyncIterableIterator<HistoryPage> {
      for (let from = 0; from < bars.length; from += 5) {
        const columns = createBarColumns(5);
        for (const bar of bars.slice(from, from + 5)) appendBar(columns, bar);
        yield await Promise.resolve({ columns });
      }
    },
    close: () => Promise.resolve(),
  };
}

const half = (n: number, from = OPEN): Bar => ({
  time: from + n * HALF,
  open: n + 1,
  high: n + 3,
  low: n + 0.5,
  close: n + 2,
  volume: 10,
});

async function made(
  bars: readonly Bar[],
  timeframe: Timeframe,
): Promise<{ rows: [string, number, number, number][]; incomplete: number }> {
  const history = new AggregatedHistory({
    history: provider(bars, ['30m', '1d']),
    calendarOf: () => calendarOf('XNYS'),
    instrumentOf: (symbol) => ({
      symbol,
      assetClass: 'STOCK',
      timeZone: 'America/New_York',
      session: { open: '09:30', close: '16:00' },
    }),
  });
  const rows: [string, number, number, number][] = [];
  let incomplete = 0;
  for await (const page of history.pages({ symbol: 'SPY', timeframe, from: OPEN - 86_400_000, to: OPEN + 9 * 86_400_000 })) {
    incomplete += page.incomplete ?? 0;
    const { time, open, close, volume } = page.columns;
    for (let i = 0; i < page.columns.length; i += 1)
      rows.push([new Date(time[i]).toISOString().slice(5, 16), open[i], close[i], volume[i]]);
  }
  return { rows, incomplete };
}

const day = Array.from({ length: 13 }, (_, n) => half(n));

describe('9.1 missing timeframes', () => {
  it('are made of the longest that divides them', () => {
    expect(sourceOf('1h', ['1m', '5m', '30m', '1d'])).toBe('30m');
    expect(sourceOf('1w', ['1d', '1h'])).toBe('1d');
    expect(sourceOf('1m', ['5m'])).toBeNull();
  });

  it('count from the opening; the short slot before the bell closes with it', async () => {
    const { rows, incomplete } = await made(day, '4h');
    expect(rows).toEqual([
      ['03-05T14:30', 1, 9, 80],
      ['03-05T18:30', 9, 14, 50],
    ]);
    expect(incomplete).toBe(0);
  });

  it('AGG-3 a bar that lacks a part is counted and left out; the next one is whole', async () => {
    const { rows, incomplete } = await made(
      day.filter((_, n) => n !== 3),
      '1h',
    );
    expect(rows.map(([at]) => at)).toEqual([
      '03-05T14:30',
      '03-05T16:30',
      '03-05T17:30',
      '03-05T18:30',
      '03-05T19:30',
      '03-05T20:30',
    ]);
    expect(incomplete).toBe(1);
  });

  it('pages in the wrong order within themselves and bars before the opening change nothing', async () => {
    const early = [half(-2), half(-1)];
    const mixed = [...early, ...day].map((_, n, all) => all[Math.min(n - (n % 5) + (4 - (n % 5)), all.length - 1)]);
    expect(new Set(mixed).size).toBe(15);
    expect((await made(mixed, '1h')).rows).toEqual((await made(day, '1h')).rows);
  });

  it('a timeframe the provider has is passed through untouched', async () => {
    expect((await made([half(0)], '30m')).rows).toEqual([['03-05T14:30', 1, 2, 10]]);
  });
});
