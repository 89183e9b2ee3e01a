import { createBarColumns, TIMEFRAME_MS, type BarColumns, type Timeframe } from '@wyckoff/domain';
import { describe, expect, it } from 'vitest';
import { namedBy } from './file-name.ts';
import { otherTimeframe, spacingOf } from './spacing.ts';

describe('issue 5.6 what a file says of its bars', () => {
  it.each([
    ['data/AAPL-1d.csv', 'AAPL', '1d'],
    ['SPY_1m.parquet', 'SPY', '1m'],
    ['BTC-USD-4H.ndjson', 'BTC-USD', '4h'],
    ['EURUSD_M15.csv', 'EURUSD', '15m'],
    ['brk.b daily.csv', 'BRK.B', '1d'],
    // A month elsewhere: it says nothing.
    ['SPY-1M.csv', 'SPY-1M', null],
    ['SPY.csv', 'SPY', null],
    ['1d.csv', '1D', null],
    ['sp500-2000.csv', 'SP500-2000', null],
  ] as const)('import-8 %s are bars of %s, %s', (path, symbol, timeframe) => {
    expect(namedBy(path)).toEqual({ symbol, timeframe });
  });

  const every = (stepMs: number, count = 50): BarColumns => {
    const columns = createBarColumns(count);
    columns.length = count;
    for (let row = 0; row < count; row += 1) columns.time[row] = row * stepMs;
    return columns;
  };

  it.each(['1m', '5m', '15m', '30m', '1h', '4h', '1d', '1w'] as const satisfies readonly Timeframe[])(
    'import-9 bars of %s are not taken for shorter or longer ones',
    (timeframe) => {
      const bars = every(TIMEFRAME_MS[timeframe]);
      expect(otherTimeframe(bars, timeframe)).toBeNull();
      if (timeframe !== '1w') expect(otherTimeframe(bars, '1w')).toBe(timeframe);
      if (timeframe !== '1m') expect(otherTimeframe(every(60_000), timeframe)).toBe('1m');
      if (timeframe === '1d') expect([otherTimeframe(bars, '4h'), spacingOf(bars)]).toEqual(['1d', '1 days']);
      if (timeframe === '1w') expect([otherTimeframe(bars, '1d'), otherTimeframe(bars, '1m')]).toEqual(['1w', '1w']);
    },
  );

  it('import-9 summer time, holidays, thin minutes and single rows out of step decide nothing', () => {
    const days = every(24 * 3_600_000);
    days.time[20] -= 3_600_000;
    days.time[30] += 2 * 3_600_000;
    expect(otherTimeframe(days, '1d')).toBeNull();
    // One trade an hour is a minute bar an hour.
    expect(otherTimeframe(every(3_600_000), '1m')).toBeNull();
    expect(otherTimeframe(every(86_400_000, 5), '1m')).toBeNull();
    expect(otherTimeframe(createBarColumns(0), '1d')).toBeNull();
  });
});
