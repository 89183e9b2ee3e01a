/** The door of the store: any order, any number of times, bad ones among them - the same store; what is held back is held once and comes in when confirmed. */
import { Census, Scope } from '@wyckoff/bounded';
import { appendBar, calendarOf, createBarColumns, type Bar, type BarColumns } from '@wyckoff/domain';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import type { Series, Store } from '../../store/store.ts';
import { Ingest, type IngestOptions, type IngestResult, type Revision } from './ingest.ts';
import { Quarantine, QUARANTINE_TOPIC } from './quarantine.ts';

const DAY = 86_400_000;
const FROM = Date.UTC(2024, 0, 1);
const NOW = Date.UTC(2025, 0, 1);
const bar = (n: number, over: Partial<Bar> = {}): Bar => ({
  time: FROM + n * DAY,
  open: 10,
  high: 12,
  low: 9,
  close: 10 + (n % 3) / 10,
  volume: 100 + n,
  ...over,
});

let scope: Scope;
let store: Store;
let symbols = 0;
beforeEach(() => {
  scope = new Scope({ name: 'test', census: new Census() });
  store = scope.own(openSqliteStore({ path: ':memory:' }), (opened) => opened.close());
});
afterEach(() => scope.dispose());

async function newSeries(): Promise<Series> {
  symbols += 1;
  return await store.saveSymbol({ symbol: `S${symbols}`, assetClass: 'CRYPTO', name: 'S', source: 'test', synthetic: true, timeZone: 'UTC', currency: 'USD', tickSize: 0.01, unit: 'units' }, '1d'); // prettier-ignore
}

function ingest(options: Partial<IngestOptions> = {}): Ingest {
  return new Ingest({ store, calendarOf: () => calendarOf('24/7'), now: () => NOW, ...options });
}

function columnsOf(bars: readonly Bar[]): BarColumns {
  const columns = createBarColumns(bars.length);
  for (const one of bars) appendBar(columns, one);
  return columns;
}

async function stored(series: Series): Promise<Bar[]> {
  const { time, open, high, low, close, volume, length } = await store.barsAfter(series, { limit: 10_000 });
  return Array.from({ length }, (_, i) => ({
    time: time[i],
    open: open[i],
    high: high[i],
    low: low[i],
    close: close[i],
    volume: volume[i],
  }));
}

function sum({ inserted, corrected, duplicates, quarantined, rejected }: IngestResult): number {
  return inserted + corrected + duplicates + quarantined + rejected;
}

const BAD: readonly Partial<Bar>[] = [
  { open: NaN },
  { close: -1 },
  { high: 1 },
  { volume: Infinity },
  { time: NaN },
  { time: NOW + 9 * DAY },
];

describe('TR-13 ingestion', () => {
  it('TR-13 the same bars in any order, in any pieces, twice and with bad ones among them give the same store', async () => {
    const days = Array.from({ length: 40 }, (_, n) => bar(n, n === 20 ? { open: 30, high: 31, low: 29, close: 30 } : {}));
    const bad = fc.array(fc.tuple(fc.nat(39), fc.constantFrom(...BAD)), { maxLength: 10 });
    const order = fc.shuffledSubarray(days, { minLength: 40 });
    await fc.assert(
      fc.asyncProperty(order, order, bad, fc.integer({ min: 1, max: 60 }), async (first, second, wrong, piece) => {
        const series = await newSeries();
        const all: Bar[] = [...first, ...wrong.map(([n, over]) => bar(n, over)), ...second];
        const door = ingest();
        for (let at = 0; at < all.length; at += piece) {
          const result = await door.take(series, columnsOf(all.slice(at, at + piece)), { provider: 'test' });
          expect(sum(result)).toBe(result.fetched);
        }
        expect(await stored(series)).toEqual(days);
      }),
      { numRuns: 60, seed: 13 },
    );
  });

  it('TR-13 the twin: a door that stops at the first bad bar gives another store', async () => {
    const series = await newSeries();
    const all = [bar(0), bar(1, { close: NaN }), bar(2)];
    const stopsEarly = all.slice(
      0,
      all.findIndex((one) => !Number.isFinite(one.close)),
    );
    await ingest().take(series, columnsOf(stopsEarly), { provider: 'test' });
    const twin = await stored(series);
    await ingest().take(series, columnsOf(all), { provider: 'test' });
    expect(await stored(series)).not.toEqual(twin);
    expect((await stored(series)).map(({ time }) => time)).toEqual([FROM, FROM + 2 * DAY]);
  });

  it('BAR_DUPLICATE, BAR_CORRECTED, BAR_LATE, BAR_GAP and BAR_ZERO_VOLUME are counted, a revision is told with both values', async () => {
    const series = await newSeries();
    const revisions: Revision[] = [];
    const door = ingest({ onRevision: (_, revision) => revisions.push(revision) });
    const first = await door.take(series, columnsOf([bar(0), bar(1), bar(5), bar(6, { volume: 0 })]), { provider: 'test' });
    expect(first).toMatchObject({ fetched: 4, inserted: 4, missing: 3, zeroVolume: 1, late: 0 });
    const second = await door.take(series, columnsOf([bar(1), bar(0, { close: 11 }), bar(3)]), { provider: 'test' });
    expect(second).toMatchObject({ fetched: 3, inserted: 1, corrected: 1, duplicates: 1, late: 1 });
    expect(revisions).toEqual([{ time: FROM, old: bar(0), now: bar(0, { close: 11 }) }]);
  });

  it('BAR_OUTLIER in history is accepted and said, and more than a page of stored bars is walked', async () => {
    const series = await newSeries();
    const many = Array.from({ length: 2600 }, (_, n) => ({ ...bar(n), time: FROM - (2600 - n) * DAY }));
    await ingest().take(series, columnsOf(many), { provider: 'test' });
    const revisions: number[] = [];
    const changed = many.map((one, n) => (n % 1000 === 999 ? { ...one, close: 16, high: 16 } : one));
    const result = await ingest({ onRevision: (_, { time }) => revisions.push(time) }).take(series, columnsOf(changed), {
      provider: 'test',
    });
    expect(result).toMatchObject({ fetched: 2600, inserted: 0, corrected: 2, duplicates: 2598, outliers: 2 });
    expect(revisions).toEqual([many[999].time, many[1999].time]);
  });
});

describe('BAR_OUTLIER live: quarantine', () => {
  const jump = bar(2, { open: 20, high: 21, low: 19, close: 20 });
  const held = (): Quarantine => new Quarantine({ scope, letters: store });

  it('the bar waits in the dead letters, the next one is judged against it, confirmation lets it in', async () => {
    const series = await newSeries();
    const quarantine = held();
    const door = ingest({ quarantine });
    const live = { provider: 'test', live: true };
    expect(await door.take(series, columnsOf([bar(0), bar(1), jump]), live)).toMatchObject({ inserted: 2, quarantined: 1 });
    // A held bar never causes the refusal of later ones.
    expect(await door.take(series, columnsOf([bar(3, { open: 20, high: 21, low: 19, close: 20.5 })]), live)).toMatchObject({
      inserted: 1,
      quarantined: 0,
    });
    expect(await door.take(series, columnsOf([jump]), live)).toMatchObject({ quarantined: 1 });
    expect(quarantine.size).toBe(1);
    expect(await store.countDeadLetters()).toBe(1);
    expect((await store.deadLetters({ topic: QUARANTINE_TOPIC, limit: 10 }))[0].error).toContain('the close moved');

    const reborn = held();
    await reborn.restore();
    const [one] = reborn.list();
    expect(one.bar).toEqual(jump);
    const seriesOf = (symbol: string, timeframe: Series['timeframe']): Promise<Series | null> =>
      store.findSeries(symbol, timeframe);
    expect(await ingest({ quarantine: reborn }).confirm('unknown', seriesOf)).toBe(false);
    expect(await ingest({ quarantine: reborn }).confirm(one.id, seriesOf)).toBe(true);
    expect((await stored(series)).map(({ close }) => close)).toEqual([10, 10.1, 20, 20.5]);
    expect(await store.countDeadLetters()).toBe(0);
  });

  it('a split that is known explains the jump, and nothing is held', async () => {
    const series = await newSeries();
    const door = ingest({
      quarantine: held(),
      splitsOf: (symbol) => [{ kind: 'SPLIT', symbol, from: FROM + 2 * DAY, priceFactor: 2 }],
    });
    expect(await door.take(series, columnsOf([bar(0), bar(1), jump]), { provider: 'test', live: true })).toMatchObject({
      inserted: 3,
      quarantined: 0,
      outliers: 0,
    });
  });
});
