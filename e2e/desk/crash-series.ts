/** The demo market until May 2005, then a day on which it more than doubles: whoever is short loses a fifth of the account. */
import { join } from 'node:path';
import { Scope } from '../../packages/bounded/src/index.ts';
import { createBarColumns, type BarColumns } from '../../packages/domain/src/index.ts';
import { readCsv } from '../../packages/server/src/feeds/csv/read-csv.ts';
import { DEMO_SYMBOL, DEMO_TIMEFRAME, demoFile } from '../../packages/server/src/session/demo-series.ts';
import { openStore } from '../../packages/server/src/store/open.ts';

const CRASH = Date.UTC(2005, 4, 4);
const FACTOR = 2.2;
const DAYS_AFTER = 30;
const DAY_MS = 86_400_000;

export async function crashSeries(data: string): Promise<void> {
  const scope = new Scope({ name: 'crash-series' });
  const store = await openStore({ scope, path: join(data, 'wyckoff.db') });
  const series = await store.saveSymbol(DEMO_SYMBOL, DEMO_TIMEFRAME);
  await store.importBars(series, await barsWithCrash(), DEMO_SYMBOL.source);
  await store.saveSetting('session.series', { symbol: DEMO_SYMBOL.symbol, timeframe: DEMO_TIMEFRAME });
  await scope.dispose();
}

async function barsWithCrash(): Promise<BarColumns> {
  const answer = await readCsv(demoFile(), { now: Date.now() });
  if (!answer.ok) throw new Error(answer.sentence);
  const { columns: demo } = answer;
  const kept = demo.time.subarray(0, demo.length).findIndex((time) => time >= CRASH);
  const out = createBarColumns(kept + DAYS_AFTER);
  for (const field of ['time', 'open', 'high', 'low', 'close', 'volume'] as const) out[field].set(demo[field].subarray(0, kept));
  for (let i = 0; i < DAYS_AFTER; i += 1) {
    const at = kept + i;
    const price = demo.close[kept - 1] * FACTOR;
    out.time[at] = CRASH + i * DAY_MS;
    out.open[at] = out.close[at] = price;
    out.high[at] = price * 1.005;
    out.low[at] = price * 0.995;
    out.volume[at] = demo.volume[kept - 1];
  }
  out.length = kept + DAYS_AFTER;
  return out;
}
