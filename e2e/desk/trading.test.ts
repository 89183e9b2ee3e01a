/** A trader at the desk: approving what waits, stopping and resuming, flattening, exits, stops, and news - in a real browser against the real server. */
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  NotificationsAnswer,
  PositionWire,
  SignalWire,
  SnapshotAnswer,
  TradingWire,
} from '../../packages/contracts/src/index.ts';
import { launchBrowser } from '../support/browser.ts';
import {
  buildWeb,
  cutSocket,
  openPage,
  openServer,
  releaseSocket,
  SIZES,
  type TestServer,
  untilLive,
  type WatchedPage,
} from './support.ts';

const SOON = { timeout: 20_000, interval: 100 } as const;
const PICTURES = fileURLToPath(new URL('../.out/pictures/', import.meta.url));

let browser: Browser;
let server: TestServer;
let desk: WatchedPage;
let token = '';

beforeAll(async () => {
  const webDir = await buildWeb('trading');
  [browser, server] = await Promise.all([launchBrowser(), openServer(webDir, 250)]);
  token = (await server.get<{ csrfToken: string }>('/auth/session')).csrfToken;
  await replay({ do: 'pause' });
  // Signals on the way are let go: these tests play to known bars.
  await replay({ do: 'hold', on: false });
  desk = await openPage(browser, 'desk', server.url);
  await mkdir(PICTURES, { recursive: true });
}, 120_000);

afterAll(async () => {
  await browser.close();
  await server.stop();
});

async function replay(command: object): Promise<void> {
  const response = await fetch(`${server.url}/api/v1/system/actions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-wyckoff-token': token },
    body: JSON.stringify({ action: 'replay', feed: 'replay', ...command }),
  });
  expect(response.status).toBe(200);
}

const snapshot = (): Promise<SnapshotAnswer> => server.get<SnapshotAnswer>('/snapshot');
const placeOf = async (): Promise<number> => (await snapshot()).connections?.at(0)?.replay?.position ?? -1;
const openPositions = async (): Promise<PositionWire[]> =>
  ((await snapshot()).positions ?? []).filter((position) => position.status === 'OPEN');

/** One bar, and everything it brings. */
async function step(): Promise<void> {
  const before = await placeOf();
  await replay({ do: 'step' });
  await expect.poll(placeOf, SOON).toBe(before + 1);
}

/** Bars before the last point of support of September 2003, less what a pause may overshoot. */
const SHORTLY_BEFORE = 850;
async function playTo(place: number): Promise<void> {
  await replay({ do: 'play' });
  await expect.poll(placeOf, { timeout: 60_000, interval: 50 }).toBeGreaterThan(place);
  await replay({ do: 'pause' });
}

/** Plays until something is true, looking after each bar; the bars of a replay are always the same. */
async function stepUntil(done: () => Promise<boolean>, most: number): Promise<void> {
  for (let i = 0; i < most; i += 1) {
    if (await done()) return;
    await step();
  }
  expect(await done()).toBe(true);
}

const picture = (page: Page, name: string): Promise<Buffer> => page.screenshot({ path: `${PICTURES}${name}.png` });
const waiting = async (): Promise<number> => (await snapshot()).trading?.waiting.length ?? 0;
const kill = async (): Promise<string> => (await server.get<TradingWire>('/trading')).halt.level;

/** Types the word that is asked for. */
async function confirmWith(page: Page, phrase: string): Promise<void> {
  await page.getByLabel(`To confirm, type ${phrase}`).fill(phrase);
}

describe('a trader at the desk', () => {
  it('issue 4.8 the mode of acceptance is said, and changed with a typed phrase', async () => {
    const { page } = desk;
    await untilLive(page);
    const panel = page.getByRole('region', { name: 'Waiting for you' });
    await panel.getByText('Every signal that passes the rules is entered by itself.').waitFor();
    await panel.getByRole('button', { name: 'Change' }).click();
    await page.getByRole('radio', { name: /By approval/ }).check();
    // Without the phrase it cannot be pressed.
    expect(await page.getByRole('button', { name: 'Change mode' }).isDisabled()).toBe(true);
    await confirmWith(page, 'CHANGE ACCEPTANCE');
    await page.getByRole('button', { name: 'Change mode' }).click();
    // The form names every mode in the same words: only when it has closed do they say what is in force.
    await page.getByRole('button', { name: 'Change mode' }).waitFor({ state: 'detached' });
    await panel.getByText('Every signal that passes the rules waits here for you.').waitFor();
    expect((await server.get<TradingWire>('/trading')).accounts[0].acceptance).toBe('queue');
  });

  it('issue 4.8 a signal waits with its figures and checks, is approved once, and becomes a position', async () => {
    const { page } = desk;
    await playTo(SHORTLY_BEFORE);
    await stepUntil(async () => (await waiting()) > 0, 120);
    const card = page.locator('[data-part="approval"]').first();
    await card.waitFor();
    await card.getByText(/Fits now: \d+ checks passed/).waitFor();
    expect(await card.getByText(/ends in \d+:\d\d/).count()).toBe(1);
    await expect.poll(() => page.title(), SOON).toMatch(/^\(1\) /);
    await picture(page, 'approval');
    const entry = (await snapshot()).trading?.waiting.at(0)?.entry;
    await page.keyboard.press('a');
    await page.getByRole('button', { name: /Confirm on the replay account/ }).waitFor();
    // Half of what was offered.
    const units = Math.floor((entry?.snapshot.qtyMicros ?? 0) / 2e6);
    await card.getByLabel(/Quantity, at most/).fill(String(units));
    await card.getByText(/Fits now/).waitFor();
    const confirm = card.getByRole('button', { name: /Confirm/ });
    await expect.poll(() => confirm.isEnabled(), SOON).toBe(true);
    await confirm.focus();
    await page.keyboard.press('Enter');
    await page
      .getByText(/An order was placed\./)
      .first()
      .waitFor();
    expect(await waiting()).toBe(0);
    await expect.poll(() => card.count(), SOON).toBe(0);
    const { signal } = await server.get<{ signal: SignalWire }>(`/signals/${entry?.signalId ?? ''}`);
    expect(['APPROVED', 'SUBMITTED']).toContain(signal.status);
    await stepUntil(async () => (await openPositions()).length > 0, 12);
    expect((await openPositions())[0].initialQtyMicros).toBeLessThanOrEqual(units * 1e6);
  }, 240_000);

  it('issue 4.3 the campaign of the entry stands in its table', async () => {
    const { page } = desk;
    await page.getByRole('tab', { name: /Campaigns/ }).click();
    const row = page.locator('#drawer tbody tr').first();
    await row.getByText(/^(active|markup)$/).waitFor();
    expect(await row.innerText()).toMatch(/SPX-1d-\d{4}-\d\d-\d\d-[LS]/);
    await picture(page, 'campaigns');
  });

  it('web 12.5 a stop moves only towards profit, and a part is closed after its preview', async () => {
    const { page } = desk;
    const before = (await openPositions())[0];
    const panel = page.getByRole('region', { name: 'Position' });
    await panel.getByRole('button', { name: 'Move stop' }).click();
    const dialog = page.getByRole('dialog', { name: /Move the stop/ });
    const worse = before.direction === 'LONG' ? before.stop * 0.97 : before.stop * 1.03;
    await dialog.getByRole('spinbutton', { name: 'Stop' }).fill(worse.toFixed(2));
    await dialog.getByText('A stop may only reduce risk.').waitFor();
    expect(await dialog.getByRole('button', { name: 'Confirm stop' }).isDisabled()).toBe(true);
    const better = before.stop + (before.last - before.stop) * 0.25;
    await dialog.getByRole('spinbutton', { name: 'Stop' }).fill(better.toFixed(2));
    await dialog.locator('[data-part="preview"]').waitFor();
    await picture(page, 'stop');
    await dialog.getByRole('button', { name: 'Confirm stop' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await expect.poll(async () => (await openPositions())[0].stop, SOON).toBeCloseTo(better, 1);

    await panel.getByRole('button', { name: 'Exit' }).click();
    const exit = page.getByRole('dialog', { name: /Exit SPX/ });
    await exit.getByRole('button', { name: '50 %' }).click();
    await exit.locator('[data-part="preview"]').getByText('stays open').waitFor();
    await exit.getByRole('button', { name: 'Confirm exit' }).click();
    await exit.waitFor({ state: 'hidden' });
    await step();
    await expect.poll(async () => (await openPositions()).at(0)?.openQtyMicros ?? 0, SOON).toBeLessThan(before.openQtyMicros);
    desk.faults.splice(0, desk.faults.length, ...desk.faults.filter((fault) => !/status of 422/.test(fault)));
  });

  it('issue 4.7 one key stops everything, every tab says so, and resuming needs a reason and its phrase', async () => {
    const { page } = desk;
    const other = await openPage(browser, 'mobile', server.url);
    await untilLive(other.page);
    await page.locator('#chart').focus();
    await page.keyboard.press('H');
    await page.locator('[data-halt="switch"]').waitFor();
    expect(await kill()).toBe('STOP');
    await other.page.locator('[data-halt="switch"]').waitFor();
    await other.page.getByRole('button', { name: 'STOP', exact: true }).waitFor();
    await picture(page, 'halted');
    await picture(other.page, 'halted-mobile');
    expect(await noOverflow(other.page)).toBe(true);
    await other.page.context().close();
    await page.getByRole('button', { name: 'Resume…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Kill switch' });
    const resume = dialog.getByRole('button', { name: 'Resume trading' });
    expect(await resume.isDisabled()).toBe(true);
    await dialog.getByLabel(/Why it is safe again/).fill('the feed is fine again');
    await confirmWith(page, 'RESUME TRADING');
    await resume.click();
    await dialog.waitFor({ state: 'hidden' });
    await expect.poll(kill, SOON).toBe('OFF');
    await page.locator('[data-halt="switch"]').waitFor({ state: 'detached' });
  });

  it('issue 4.7 a drill lists what would be cancelled and closed, and changes nothing', async () => {
    const { page } = desk;
    await page.locator('[data-act="halt"]').click();
    const dialog = page.getByRole('dialog', { name: 'Kill switch' });
    await dialog.getByRole('button', { name: 'Drill FLATTEN' }).click();
    await dialog.getByText(/^Drill: would cancel .* and close \d+ positions?\. Nothing was changed\./).waitFor();
    expect(await dialog.locator('[data-part="halt-answer"]').innerText()).toContain('close SPX');
    expect(await kill()).toBe('OFF');
    await picture(page, 'drill');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
  });

  it('issue 4.7 FLATTEN works with the stream down, needs its word, and closes every position', async () => {
    const { page, faults } = desk;
    expect((await openPositions()).length).toBeGreaterThan(0);
    await cutSocket(page, true);
    await page.locator('[data-act="halt"]').click();
    const dialog = page.getByRole('dialog', { name: 'Kill switch' });
    const flatten = dialog.getByRole('button', { name: 'FLATTEN', exact: true });
    expect(await flatten.isDisabled()).toBe(true);
    await confirmWith(page, 'FLATTEN');
    await flatten.click();
    await dialog.getByText(/^In force: .* closing \d+ position/).waitFor();
    expect(await kill()).toBe('FLATTEN');
    await picture(page, 'flatten');
    await page.keyboard.press('Escape');
    await releaseSocket(page);
    await untilLive(page);
    await stepUntil(async () => (await openPositions()).length === 0, 5);
    await page.getByRole('region', { name: 'Position' }).getByText('No open position.').waitFor();
    faults.splice(0, faults.length, ...faults.filter((fault) => !/WebSocket/.test(fault)));
  });

  it('issue 4.9 news arrives in the corner and in the list, and is marked as read', async () => {
    const { page } = desk;
    const critical = page.locator('[data-priority="CRITICAL"]').first();
    await critical.waitFor();
    expect(await page.locator('[data-priority]').count()).toBeLessThanOrEqual(5);
    await picture(page, 'toasts');
    const unread = async (): Promise<number> => (await server.get<NotificationsAnswer>('/notifications')).unread;
    expect(await unread()).toBeGreaterThan(0);
    await page.getByRole('button', { name: /Notifications, \d+ unread/ }).click();
    const dialog = page.getByRole('dialog', { name: 'Notifications' });
    await dialog
      .getByText(/Kill switch: FLATTEN/)
      .first()
      .waitFor();
    await picture(page, 'notifications');
    await dialog.getByRole('button', { name: 'Mark all read' }).click();
    await expect.poll(unread, SOON).toBe(0);
    await dialog.getByText('0 unread').waitFor();
    await dialog.getByRole('button', { name: 'Channels' }).click();
    await dialog.getByLabel('Announce signals from confidence').fill('75');
    await picture(page, 'channels');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('Saved.').waitFor();
    await dialog.getByRole('button', { name: 'Send a test to Telegram' }).click();
    await dialog.getByText(/^telegram: /).waitFor();
    await page.keyboard.press('Escape');
  });

  it('web 11 nothing overflows and nothing is logged', async () => {
    expect(await noOverflow(desk.page)).toBe(true);
    expect(desk.faults).toEqual([]);
  });
});

describe('a trader with a phone', () => {
  it('issue 4.8 what waits, campaigns and news fit 390 px', async () => {
    const { page, faults } = await openPage(browser, 'mobile', server.url);
    await untilLive(page);
    for (const tab of ['Waiting', 'Campaigns', 'Positions']) {
      await page.getByRole('tab', { name: tab }).click();
      await page.locator('[role="tabpanel"]').waitFor();
      await picture(page, `mobile-${tab.toLowerCase()}`);
      expect(await noOverflow(page)).toBe(true);
    }
    await page.locator('[data-act="halt"]').click();
    await page.getByRole('dialog', { name: 'Kill switch' }).waitFor();
    await picture(page, 'mobile-halt');
    const box = await page.getByRole('dialog', { name: 'Kill switch' }).boundingBox();
    expect(box?.width).toBeLessThanOrEqual(SIZES.mobile.width);
    expect(faults).toEqual([]);
    await page.context().close();
  });
});

const noOverflow = (page: Page): Promise<boolean> =>
  page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
