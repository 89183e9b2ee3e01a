/** GET /risk: correlations come from stored bars that the account has seen, or are null with the reason. */
import { Scope } from '@wyckoff/bounded';
import { riskAnswer } from '@wyckoff/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import type { Series, Store } from '../../store/store.ts';
import { columnsAt, DAY_MS, upTo } from '../../store/testing/samples.ts';
import { DEMO_SYMBOL } from '../demo-series.ts';
import { correlationsFor } from './correlations.ts';

let scope: Scope;
let store: Store;
beforeEach(() => {
  scope = new Scope({ name: 'test' });
  store = scope.own(openSqliteStore({ path: ':memory:' }), (one) => one.close());
});
afterEach(() => scope.dispose());

/** A price that goes up and down without a rhythm; `side` -1: the other way. */
async function bars(symbol: string, count: number, side: 1 | -1 = 1, from = 0): Promise<Series> {
  const series = await store.saveSymbol({ ...DEMO_SYMBOL, symbol }, '1d');
  const columns = columnsAt(upTo(count, 1).map((day) => (from + day) * DAY_MS));
  let price = 100;
  for (let i = 0; i < count; i += 1) {
    price *= 1 + (side * (((from + i) * 7_919) % 13) - side * 6) / 1_000;
    columns.open[i] = columns.high[i] = columns.low[i] = columns.close[i] = price;
  }
  await store.importBars(series, columns, 'test');
  return series;
}
const asked = async (series: readonly Series[], symbols: readonly string[], seen = 1_000) =>
  await correlationsFor(store, { series, newestOf: () => seen * DAY_MS }, symbols);

describe('interface 2.2 correlations of what is at stake', () => {
  it('interface 2.2 pairs over the last 60 common returns; what moves against the other is negative', async () => {
    const series = [await bars('AAA', 100), await bars('BBB', 100), await bars('CCC', 100, -1)];
    const { correlations, correlationsReason } = await asked(series, ['AAA', 'BBB', 'CCC', 'AAA']);
    expect(correlationsReason).toBe('');
    expect(correlations?.map(({ a, b, timeframe, ratio, bars: n }) => [a, b, timeframe, Math.round(ratio * 100), n])).toEqual([
      ['AAA', 'BBB', '1d', 100, 60],
      ['AAA', 'CCC', '1d', -100, 60],
      ['BBB', 'CCC', '1d', -100, 60],
    ]);
    expect(riskAnswer.shape.correlations.safeParse(correlations).success).toBe(true);
  });

  it('interface 2.2 too few common bars, or one symbol alone: null and why; bars the account has not seen do not count', async () => {
    const series = [await bars('AAA', 100), await bars('BBB', 100, 1, 76), await bars('CCC', 61)];
    expect(await asked(series, ['AAA'])).toMatchObject({ correlations: null, correlationsReason: expect.stringContaining('Fewer than two') as string }); // prettier-ignore
    expect(await asked(series, ['AAA', 'BBB'], 99)).toEqual({ correlations: null, correlationsReason: 'Correlation needs 60 common bars; 23 so far.' }); // prettier-ignore
    const some = await asked(series, ['AAA', 'CCC', 'BBB'], 60);
    expect([some.correlations?.length, some.correlationsReason]).toEqual([1, 'Correlation needs 60 common bars: 2 of 3 pairs have fewer.']); // prettier-ignore
    // A replay stands at day 40: the bars behind it are its future.
    expect((await asked(series, ['AAA', 'CCC'], 40)).correlations).toBeNull();
  });

  it('interface 2.2 one that stood still goes with nothing; more than ten symbols are cut to the largest', async () => {
    const still = await store.saveSymbol({ ...DEMO_SYMBOL, symbol: 'STILL' }, '1d');
    await store.importBars(still, columnsAt(upTo(100, DAY_MS)), 'test');
    expect((await asked([still, await bars('AAA', 100)], ['STILL', 'AAA'])).correlations).toBeNull();
    const many = await Promise.all(upTo(12, 1).map((n) => bars(`S${n}`, 70)));
    expect((await asked(many, many.map(({ symbol }) => symbol))).correlations).toHaveLength(45); // prettier-ignore
  });
});
