/** The bars of the crash test: enough of them that a session is killed many times before it gets through. */
import { createBarColumns, drawSeries } from '../../packages/domain/src/index.ts';
import { DEMO_SYMBOL } from '../../packages/server/src/session/demo-series.ts';
import type { Series, Store } from '../../packages/server/src/store/store.ts';

const BARS = 3000;
/** Many campaigns, few bars: nearly every kill hits something that trades. */
const DRAWN = { schematic: 'all', seed: 1042, number: 3, bars: 2600, noise: 'low' } as const;

/** A drawn series as the one that a session opens. */
export async function importDrawn(store: Store): Promise<void> {
  const { columns, symbol } = drawSeries(DRAWN);
  const series = await store.saveSymbol({ ...DEMO_SYMBOL, symbol, assetClass: 'STOCK', synthetic: true }, '1d');
  await store.importBars(series, columns, 'crash test');
  await store.saveSetting('session.series', { symbol, timeframe: '1d' });
}

export async function importHistory(store: Store): Promise<Series> {
  const series = await store.saveSymbol(DEMO_SYMBOL, '1d');
  if ((await store.countBars(series)) === BARS) return series;
  const columns = createBarColumns(BARS);
  for (let i = 0; i < BARS; i += 1) {
    const price = 100 + 10 * Math.sin(i / 9) + Math.cos(i / 50) * 20;
    columns.time[i] = i * 86_400_000;
    columns.open[i] = price;
    columns.high[i] = price + 2;
    columns.low[i] = price - 2;
    columns.close[i] = price + Math.sin(i);
    columns.volume[i] = 1000 + (i % 97);
  }
  columns.length = BARS;
  await store.importBars(series, columns, 'crash test');
  return series;
}
