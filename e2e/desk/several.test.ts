/** Two series on one account: the desk shows the one that is chosen, live, and the account stays one (trading.md 1.1). */
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Scope } from '../../packages/bounded/src/index.ts';
import { drawSeries } from '../../packages/domain/src/index.ts';
import { openStore } from '../../packages/server/src/store/open.ts';
import { launchBrowser } from '../support/browser.ts';
import { buildWeb, openPage, openServer, type TestServer, untilLive, type WatchedPage } from './support.ts';

const BARS = 900;
const SYMBOLS = ['AAA', 'BBB'] as const;

async function twoSeries(data: string): Promise<void> {
  const scope = new Scope({ name: 'two-series' });
  const store = await openStore({ scope, path: join(data, 'wyckoff.db') });
  for (const [i, symbol] of SYMBOLS.entries()) {
    const { columns } = drawSeries({ schematic: 'all', seed: 1042, number: 3 + i, bars: BARS, noise: 'low' });
    const record = { symbol, assetClass: 'STOCK', name: symbol, source: 'drawn', synthetic: true, timeZone: 'UTC', currency: 'USD', tickSize: 0.01, unit: 'shares' } as const; // prettier-ignore
    await store.importBars(await store.saveSymbol(record, '1d'), columns, 'drawn');
  }
  const [first, second] = SYMBOLS.map((symbol) => ({ symbol, timeframe: '1d' }));
  await store.saveSetting('session.series', { ...first, others: [second] });
  await scope.dispose();
}

let browser: Browser;
let server: TestServer;
let desk: WatchedPage;
beforeAll(async () => {
  const webDir = await buildWeb('several');
  [browser, server] = await Promise.all([launchBrowser(), openServer(webDir, 40, { prepare: twoSeries })]);
  desk = await openPage(browser, 'desk', server.url);
  await untilLive(desk.page);
}, 120_000);
afterAll(async () => {
  await browser.close();
  await server.stop();
});

const lastClose = async (symbol: string): Promise<number> => (await server.get<{ columns: { c: number[] } }>(`/chart?symbol=${symbol}&timeframe=1d&limit=1`)).columns.c[0]; // prettier-ignore

it('1.1 the desk shows the series that is chosen, and its bars go on coming', async () => {
  const { page, faults } = desk;
  const choice = page.getByLabel('Series');
  expect(await choice.locator('option').allTextContents()).toEqual(['AAA 1d', 'BBB 1d']);
  expect(await choice.inputValue()).toBe('AAA 1d');
  const price = async (): Promise<number> => Number((await page.locator('.top [data-figure="price"]').first().textContent())?.replace(/[^0-9.]/g, '').slice(0, 6)); // prettier-ignore
  await choice.selectOption('BBB 1d');
  await expect.poll(() => choice.inputValue()).toBe('BBB 1d');
  // 40 bars a second of both: what is shown is near what came last, of that series.
  await expect.poll(async () => Math.abs((await price()) / (await lastClose('BBB')) - 1), { timeout: 20_000 }).toBeLessThan(0.05);
  const before = await page.locator('.top [data-figure="price"]').first().textContent();
  await expect.poll(() => page.locator('.top [data-figure="price"]').first().textContent(), { timeout: 20_000 }).not.toBe(before);
  await choice.selectOption('AAA 1d');
  await expect.poll(async () => Math.abs((await price()) / (await lastClose('AAA')) - 1), { timeout: 20_000 }).toBeLessThan(0.05);
  expect(faults).toEqual([]);
}, 60_000);
