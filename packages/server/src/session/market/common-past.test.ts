/** The past of several series: whole instants however it is fetched, what was missed is late, and a restart takes the same way (trading.md 4.4). */
import { Scope } from '@wyckoff/bounded';
import {
  appendBar,
  BarCursor,
  calendarOf,
  createBarColumns,
  drawSeries,
  TIMEFRAME_MS,
  TIMEFRAMES,
  type BarColumns,
} from '@wyckoff/domain';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HistoryPage, HistoryProvider, HistoryRequest } from '../../feeds/contract/history.ts';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import type { EngineRef, Store } from '../../store/store.ts';
import { DEMO_SYMBOL } from '../demo-series.ts';
import { accountFactory } from '../engine-factory.ts';
import { Journal } from '../journal.ts';
import { Run } from '../run.ts';
import { takeCommonPast } from './common-past.ts';

const DAY = TIMEFRAME_MS['1d'];
const SYMBOLS = ['AAA', 'BBB'];
const drawn = [3, 4].map((number) => drawSeries({ schematic: 'all', seed: 1042, number, bars: 400, noise: 'low' }).columns);
const MONEY = {
  startingMicros: 1e11,
  cashMicros: 1e11,
  equityMicros: 1e11,
  peakMicros: 1e11,
  drawdownRatio: 0,
  realisedMicros: 0,
  unrealisedMicros: 0,
};
const ACCOUNT = { id: 'paper', kind: 'PAPER', currency: 'USD', ...MONEY, costsMicros: 0, heatRatio: 0, trades: 0, wins: 0, at: 0 } as const; // prettier-ignore

/** A provider that has so many bars of each symbol, in pages of 70; of one that is away it says so. */
class Shelf implements HistoryProvider {
  readonly name = 'shelf';
  readonly timeframes = TIMEFRAMES;
  readonly #bars: number;
  readonly #away: string | null;

  constructor(bars: number, away: string | null = null) {
    this.#bars = bars;
    this.#away = away;
  }

  async *pages({ symbol, from, to }: HistoryRequest): AsyncIterableIterator<HistoryPage> {
    if (symbol === this.#away) throw new Error('503');
    const columns = drawn[SYMBOLS.indexOf(symbol)];
    const rows = Array.from({ length: this.#bars }, (_, row) => row).filter(
      (row) => columns.time[row] >= from && columns.time[row] < to,
    );
    for (let at = 0; at < rows.length; at += 70)
      yield await Promise.resolve({ columns: picked(columns, rows.slice(at, at + 70)) });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function picked(columns: BarColumns, rows: readonly number[]): BarColumns {
  const out = createBarColumns(rows.length);
  for (const row of rows) appendBar(out, new BarCursor(columns).at(row));
  return out;
}

let folder: string;
let scope: Scope;
let store: Store;
let ref: EngineRef;
let told: string[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-past-'));
  scope = new Scope({ name: 'test' });
  store = scope.own(openSqliteStore({ path: join(folder, 'wyckoff.db') }), (open) => open.close());
  const watched = [];
  for (const symbol of SYMBOLS) watched.push(await store.saveSymbol({ ...DEMO_SYMBOL, symbol, timeZone: 'UTC' }, '1d'));
  ref = { id: 'paper:AAA+1:1d', series: watched[0], watched };
  told = [];
});
afterEach(async () => {
  await scope.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function resumed(snapshotEvery: number): Promise<Run> {
  const journal = await Journal.open(store, scope.child('journal'), () => undefined);
  const series = SYMBOLS.map(
    (symbol) => ({ instrument: { symbol, assetClass: 'INDEX', timeZone: 'UTC' }, timeframe: '1d' }) as const,
  );
  const factory = accountFactory({ series, account: { id: 'paper', kind: 'PAPER', currency: 'USD', startingMicros: 1e11 } });
  return await Run.resume({
    store,
    journal,
    ref,
    accountId: 'paper',
    account: ACCOUNT,
    factory,
    snapshotEvery,
    storesBars: true,
  });
}

/** All that the provider has, `bars` days after the first. */
async function past(run: Run, history: HistoryProvider, bars: number): Promise<void> {
  const parts = {
    store,
    run,
    history,
    calendar: calendarOf('24/7'),
    firstBar: drawn[0].time[0] - 1,
    wallClock: () => drawn[0].time[bars - 1] + DAY,
  };
  const hears = { onProgress: () => undefined, onNotice: (sentence: string) => void told.push(sentence) };
  await takeCommonPast(
    { ...parts, ...hears, take: (rows, from, limit) => run.take(rows, from, limit) },
    new AbortController().signal,
  );
}

const late = async (): Promise<number> => (await store.inputsOfBars(ref.id, { after: 0, until: 9_999, limit: 999 })).filter(({ kind }) => kind === 'late').length; // prettier-ignore

describe('trading.md 4.4 the common past', () => {
  it('4.4 pages of one series after the other make whole instants; what one missed is late, and a restart finds the same', async () => {
    let run = await resumed(1_000);
    await past(run, new Shelf(300), 300);
    expect([run.position, await late()]).toEqual([300, 0]);
    // BBB was away for three days.
    const alone = { ...picked(drawn[0], [300, 301, 302]), places: new Uint8Array(3) };
    for (let row = 0; row < 3;) row += await run.take(alone, row, 3);
    expect(run.position).toBe(303);
    await past(run, new Shelf(310), 310);
    expect([run.position, await late()]).toEqual([303 + 3 + 7, 3]);
    expect(await store.countBars(ref.watched?.[1] ?? ref.series)).toBe(310);
    run = await resumed(1_000);
    expect(run.resumed).toMatchObject({ fromSnapshot: 0, restepped: 313 });
    expect(run.newestOf('BBB', '1d')).toBe(drawn[1].time[309]);
  });

  it('a provider that has nothing of one now is told; what the others have is taken, and the rest later, late', async () => {
    const run = await resumed(50);
    await past(run, new Shelf(100, 'BBB'), 100);
    expect(told).toEqual([expect.stringContaining('BBB 1d: the history could not be fetched now: 503')]);
    expect(run.position).toBe(100);
    await past(run, new Shelf(120), 120);
    expect([run.position, await late()]).toEqual([100 + 100 + 20, 100]);
    expect((await resumed(50)).position).toBe(220);
  });
});
