/** A trader's other hands: rejecting, taking an order back, agreeing to automation, limits, statistics, and the way out of a drawdown - in a real browser. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  FactRow,
  OrderWire,
  RiskAnswer,
  SettingsAnswer,
  SignalWire,
  SnapshotAnswer,
  TradingWire,
} from '../../packages/contracts/src/index.ts';
import { Scope } from '../../packages/bounded/src/index.ts';
import { openStore } from '../../packages/server/src/store/open.ts';
import { launchBrowser } from '../support/browser.ts';
import { crashSeries } from './crash-series.ts';
import { buildWeb, openPage, openServer, type TestServer, untilLive, type WatchedPage } from './support.ts';

const SOON = { timeout: 20_000, interval: 100 } as const;
const FAR = { timeout: 60_000, interval: 100 } as const;
const PICTURES = fileURLToPath(new URL('../.out/pictures/', import.meta.url));

let browser: Browser;
let server: TestServer;
let desk: WatchedPage;
let token = '';

beforeAll(async () => {
  const webDir = await buildWeb('account');
  [browser, server] = await Promise.all([launchBrowser(), openServer(webDir, 2_000, { prepare, play: false })]);
  token = (await server.get<{ csrfToken: string }>('/auth/session')).csrfToken;
  desk = await openPage(browser, 'desk', server.url);
  await mkdir(PICTURES, { recursive: true });
  await untilLive(desk.page);
}, 120_000);

afterAll(async () => {
  await browser.close();
  await server.stop();
});

/** Bars, and what failed before: not due again for hours. */
async function prepare(data: string): Promise<void> {
  await crashSeries(data);
  await using scope = new Scope({ name: 'dead-letters' });
  const store = await openStore({ scope, path: join(data, 'wyckoff.db') });
  const now = Date.now();
  for (let n = 0; n < 23; n += 1) {
    const topic = n === 22 ? 'bar.quarantined' : n % 2 === 0 ? 'notify.email' : 'notify.webhook';
    const payload = { title: `Order ${String(n)} filled`, body: 'x'.repeat(n === 0 ? 9_000 : 20) };
    const id = `01890000-0000-7000-8000-0000000000${String(n).padStart(2, '0')}`;
    await store.saveDeadLetter({ id, topic, payload, error: `connect ECONNREFUSED (${String(n)})`, attempts: 12, firstAt: now - 9e6, lastAt: now, state: 'WAITING' }); // prettier-ignore
  }
}

async function post(path: string, body: object, headers: Record<string, string> = {}): Promise<unknown> {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-wyckoff-token': token, ...headers },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
  return await response.json();
}
const replay = (command: object) => post('/system/actions', { action: 'replay', feed: 'replay', ...command });
const snapshot = (): Promise<SnapshotAnswer> => server.get<SnapshotAnswer>('/snapshot');
const place = async () => (await snapshot()).connections?.at(0)?.replay;
const waiting = async () => (await snapshot()).trading?.waiting ?? [];
const halts = async (): Promise<string[]> => (await server.get<TradingWire>('/trading')).halts.map(({ kind }) => kind);
const picture = (page: Page, name: string): Promise<Buffer> => page.screenshot({ path: `${PICTURES}${name}.png` });
const typeIn = (page: Page, phrase: string): Promise<void> => page.getByLabel(`To confirm, type ${phrase}`).fill(phrase);

/** Plays until a signal waits: the replay stops there by itself. */
async function playToSignal(): Promise<void> {
  await replay({ do: 'play' });
  await expect.poll(async () => (await place())?.held ?? false, FAR).toBe(true);
}

describe('a trader decides', () => {
  it('4.5 the replay stops by itself where a signal waits, says so, and a rejection keeps its reason', async () => {
    const { page } = desk;
    await page.getByRole('region', { name: 'Waiting for you' }).getByRole('button', { name: 'Change' }).click();
    await page.getByRole('radio', { name: /By approval/ }).check();
    await typeIn(page, 'CHANGE ACCEPTANCE');
    await page.getByRole('button', { name: 'Change mode' }).click();
    await expect.poll(async () => (await server.get<TradingWire>('/trading')).accounts[0].acceptance, SOON).toBe('queue');
    await playToSignal();
    await page.getByRole('status').getByText('paused: a signal waits for you').waitFor();
    expect(await page.getByLabel('stop for signals').isChecked()).toBe(true);
    await picture(page, 'held');
    const [{ signalId }] = await waiting();
    const card = page.locator('[data-part="approval"]').first();
    await card.waitFor();
    await page.keyboard.press('x');
    const reject = card.getByRole('button', { name: 'Reject' });
    expect(await reject.isDisabled()).toBe(true);
    await card.getByLabel(/Reason/).fill('the volume is thin');
    await reject.click();
    await expect.poll(async () => (await waiting()).length, SOON).toBe(0);
    const { signal } = await server.get<{ signal: SignalWire }>(`/signals/${signalId}`);
    expect(signal).toMatchObject({ status: 'REJECTED', rejectCode: 'USER', rejectText: 'the volume is thin' });
    await expect.poll(() => page.getByText('paused: a signal waits for you').count(), SOON).toBe(0);
  }, 120_000);

  it('7.1 an entry that works is taken back from the table of orders', async () => {
    const { page } = desk;
    await playToSignal();
    const [{ signalId }] = await waiting();
    await post(`/signals/${signalId}/decision`, { decision: 'approve' });
    await page.getByRole('tab', { name: /Orders/ }).click();
    const row = page.locator('#drawer tbody tr').first();
    await row.getByRole('button', { name: 'Cancel' }).click();
    await replay({ do: 'step' });
    const state = async () => (await server.get<{ items: OrderWire[] }>('/orders?limit=1')).items[0].state;
    await expect.poll(state, SOON).toBe('CANCELLED');
    await row.getByText('cancelled').waitFor();
    await picture(page, 'cancelled');
  }, 120_000);

  it('5.1 every limit stands with its use; tightening needs a reason, raising its phrase', async () => {
    const { page } = desk;
    await page.getByRole('tab', { name: 'Risk' }).click();
    await page.locator('[data-limit="RK_HEAT"]').waitFor();
    expect(await page.locator('[data-limit]').count()).toBe(14);
    await picture(page, 'risk');
    const heat = async () => (await server.get<RiskAnswer>('/risk')).settings.find(({ field }) => field === 'heatBp')?.value;
    const change = async (percent: string): Promise<void> => {
      await page.getByRole('button', { name: 'Change limits' }).click();
      const form = page.getByRole('form', { name: 'Limits' });
      const save = form.getByRole('button', { name: 'Save limits' });
      await form.getByLabel('Portfolio heat, % of equity').fill(percent);
      expect(await save.isDisabled()).toBe(true);
      await form.getByLabel(/Why/).fill('a calmer month');
      if (percent === '9.5') {
        expect(await save.isDisabled()).toBe(true);
        await typeIn(page, 'RAISE RISK');
        await picture(page, 'limits');
      }
      await save.click();
      await form.waitFor({ state: 'detached' });
    };
    await change('8');
    expect(await heat()).toBe(800);
    await page.locator('[data-limit="RK_HEAT"]').getByText('8,000.00').waitFor();
    await change('9.5');
    expect(await heat()).toBe(950);
  }, 60_000);

  it('web 12.3 a refused signal says of each step what it measured, against what and by how much', async () => {
    const { page } = desk;
    await page.getByRole('tab', { name: /Signals/ }).click();
    const refused = page.locator('#drawer tbody tr', { hasText: 'refused' });
    await refused.first().getByRole('button', { name: 'Explain' }).click();
    const dialog = page.getByRole('dialog').first();
    await dialog.locator('[data-step="VOLUME"]').waitFor();
    await picture(page, 'explained');
    const [measured] = await dialog.locator('[data-step] td:nth-child(3)').allInnerTexts();
    expect(measured).toMatch(/^\d+\.\d\d$/);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    // One that went further has the limits as they would have stood.
    const { items } = await server.get<{ items: SignalWire[] }>('/signals?status=REJECTED&limit=200');
    const far = items.find(({ figures }) => figures != null);
    expect(far?.figures?.measures.length).toBeGreaterThan(3);
  }, 60_000);

  it('4.7 statistics are shown with what is too little to say', async () => {
    const { page } = desk;
    await page.getByRole('tab', { name: 'Statistics' }).click();
    await page.getByText('not enough data').first().waitFor();
    await page.getByLabel('One row per').selectOption('stage');
    await page.getByRole('columnheader', { name: 'stage' }).waitFor();
    await picture(page, 'statistics');
  }, 60_000);
});

describe('a trader lets go', () => {
  it('4.6 automation is switched on by agreeing to its words, which are kept with who agreed', async () => {
    const { page } = desk;
    await page.getByRole('region', { name: 'Waiting for you' }).getByRole('button', { name: 'Change' }).click();
    const dialog = page.getByRole('dialog', { name: 'How signals become orders' });
    await dialog.getByRole('radio', { name: /Automatic/ }).check();
    await dialog.getByLabel('Confidence at least').fill('60');
    await dialog.getByLabel('Spring').first().waitFor();
    const words = await dialog.locator('[data-part="consent"]').innerText();
    expect(words).toContain('confidence 60 or more');
    const enable = dialog.getByRole('button', { name: 'Enable automation' });
    await typeIn(page, 'ENABLE AUTOMATION');
    expect(await enable.isDisabled()).toBe(true);
    await dialog.getByLabel('I agree to these words').check();
    await picture(page, 'consent');
    await enable.click();
    await dialog.waitFor({ state: 'hidden' });
    const [account] = (await server.get<TradingWire>('/trading')).accounts;
    expect(account).toMatchObject({ acceptance: 'auto', automation: { enabled: true, minConfidence: 60, consent: { by: 'local', text: words } } }); // prettier-ignore
  }, 60_000);

  it('5.7 a drawdown halts every entry until it is reset with a reason and its phrase', async () => {
    const { page } = desk;
    await replay({ do: 'hold', on: false });
    await replay({ do: 'play' });
    await expect.poll(async () => (await place())?.finished ?? false, FAR).toBe(true);
    expect(await halts()).toContain('DRAWDOWN');
    const button = page.getByRole('button', { name: 'Reset drawdown' }).first();
    await button.waitFor();
    await picture(page, 'drawdown');
    await button.click();
    const dialog = page.getByRole('dialog', { name: 'Reset drawdown' });
    const act = dialog.getByRole('button', { name: 'Reset drawdown' });
    await dialog.getByLabel(/Reason|Why/).fill('the market is open again');
    expect(await act.isDisabled()).toBe(true);
    await typeIn(page, 'RESET DRAWDOWN');
    await act.click();
    await dialog.waitFor({ state: 'hidden' });
    await expect.poll(halts, SOON).not.toContain('DRAWDOWN');
    await button.waitFor({ state: 'detached' });
    const facts = await server.get<{ items: FactRow[] }>('/facts?type=halt.changed&limit=200');
    expect(facts.items.at(-1)?.data).toMatchObject({ kind: 'DRAWDOWN', actor: 'local' });
  }, 120_000);

  it('4.5 how long a signal waits is set where its way to an order is', async () => {
    const { page } = desk;
    await page.getByRole('region', { name: 'Waiting for you' }).getByRole('button', { name: 'Change' }).click();
    const form = page.getByRole('form', { name: 'How long a signal waits' });
    const save = form.getByRole('button', { name: 'Save minutes' });
    expect(await form.getByLabel('Minutes a signal waits for you').inputValue()).toBe('5');
    for (const wrong of ['5', '0', '61', '2.5']) {
      await form.getByLabel('Minutes a signal waits for you').fill(wrong);
      expect(await save.isDisabled(), wrong).toBe(true);
    }
    await form.getByLabel('Minutes a signal waits for you').fill('45');
    await save.click();
    const kept = async () => (await server.get<SettingsAnswer>('/settings')).items.find(({ key }) => key === 'approvals')?.value;
    await expect.poll(kept, SOON).toMatchObject({ minutes: 45 });
    await picture(page, 'minutes');
    await page.keyboard.press('Escape');
  }, 60_000);

  it('8.1 8.2 the way to going live is shown with its progress, and the paper account is begun anew after its phrase', async () => {
    const { page } = desk;
    await page.getByRole('tab', { name: 'Risk' }).click();
    const live = page.getByRole('region', { name: 'Going live' });
    await live.getByText('not eligible yet').waitFor();
    expect(await live.locator('[data-condition]').count()).toBe(4);
    await live.locator('[data-condition="Days"]').getByText('of 90').waitFor();
    await picture(page, 'going-live');
    await live.getByRole('button', { name: 'Begin the paper account anew' }).click();
    const form = page.getByRole('form', { name: 'Paper account' });
    const begin = form.getByRole('button', { name: 'Begin anew' });
    await form.getByLabel('Capital').fill('25000');
    await form.getByLabel('Costs of its fills').selectOption('per-share');
    await form.getByLabel(/Why/).fill('a new beginning');
    expect(await begin.isDisabled()).toBe(true);
    await typeIn(page, 'RESET PAPER');
    await picture(page, 'reset-paper');
    await begin.click();
    await form.waitFor({ state: 'detached' });
    const [account] = (await server.get<TradingWire>('/trading')).accounts;
    expect(account).toMatchObject({ id: 'replay-2', automation: { enabled: false } });
    await page.getByText('25,000.00').first().waitFor();
    await live.getByText('by the record of account replay-2').waitFor();
    await page
      .getByRole('region', { name: 'Waiting for you' })
      .getByText(/By approval/)
      .waitFor();
    await picture(page, 'after-reset');
  }, 60_000);

  it('C7 what the charts hold is told on the page, and can be forgotten', async () => {
    const { page } = desk;
    await page.getByRole('button', { name: /this tab/i }).click();
    const line = page.locator('[data-part="chart-cache"]');
    await line.getByText(/Charts held: 1 of 10 series/).waitFor();
    await picture(page, 'chart-cache');
    await line.getByRole('button', { name: 'Forget charts' }).click();
    await line.getByText(/Charts held: 0 of 10 series/).waitFor();
    await page.keyboard.press('Escape');
  }, 60_000);

  it('C6 web 4.7 dead letters: pages and topics, what it was and why, another try, and discarded only after the phrase', async () => {
    const { page } = desk;
    await page.getByRole('button', { name: /this tab/i }).click();
    await page.getByRole('tab', { name: 'Dead letters' }).click();
    const letters = page.locator('[data-part="letter"]');
    const count = (n: number): Promise<void> => expect.poll(() => letters.count(), SOON).toBe(n);
    await count(20);
    await page.getByText('23 in all').waitFor();
    await letters.first().getByText('What it was, its first 4 KiB').click();
    await letters.first().getByText('Order 0 filled').waitFor();
    await picture(page, 'dead-letters');
    await page.getByRole('button', { name: 'Newer' }).click();
    await count(3);
    await page.getByLabel('Of which topic').selectOption('bar.quarantined');
    await count(1);
    await letters.first().getByText('waits for a person').waitFor();
    expect(await page.getByRole('button', { name: /^Retry/ }).count()).toBe(0);
    await page.getByLabel('Of which topic').selectOption('notify.webhook');
    await count(11);
    await letters.first().getByRole('button', { name: 'Retry' }).click();
    await page.getByText('1 letter tried again').waitFor();
    await page.getByLabel('Of which topic').selectOption('notify.email');
    await count(11);
    await page.getByRole('button', { name: 'Discard all of notify.email' }).click();
    const discard = page.getByRole('form', { name: 'Discard' }).getByRole('button', { name: 'Discard' });
    expect(await discard.isDisabled()).toBe(true);
    await picture(page, 'dead-letters-discard');
    await typeIn(page, 'PURGE DEAD LETTERS');
    await discard.click();
    await page.getByText('11 letters discarded.').waitFor();
    await page.getByText('No dead letters.').waitFor();
    const { items } = await server.get<{ items: { type: string; actor: string }[] }>('/facts?entity=dead-letters&audit=true');
    expect(items.map(({ type, actor }) => [type, actor])).toEqual([['deadletters.retried', 'local'], ['deadletters.purged', 'local']]); // prettier-ignore
    await page.keyboard.press('Escape');
  }, 60_000);

  it('web 10 whatever can be pressed or filled in has a name, in every tab; ids stand once', async () => {
    const { page, faults } = desk;
    for (const tab of await page.getByRole('tab').all()) {
      await tab.click();
      await page.locator('[role="tabpanel"]').waitFor();
      expect(await nameless(page)).toEqual([]);
    }
    expect(faults).toEqual([]);
  }, 60_000);
});

/** What assistive technology would read as a bare "button" or "edit", and ids that are there twice. */
async function nameless(page: Page): Promise<string[]> {
  const client = await page.context().newCDPSession(page);
  const { nodes } = await client.send('Accessibility.getFullAXTree');
  await client.detach();
  const roles = [
    'button',
    'link',
    'textbox',
    'spinbutton',
    'checkbox',
    'radio',
    'combobox',
    'tab',
    'dialog',
    'region',
    'searchbox',
    'meter',
    'progressbar',
  ];
  const bare = nodes.filter((node) => !node.ignored && roles.includes(String(node.role?.value)) && String(node.name?.value ?? '') === '').map((node) => String(node.role?.value)); // prettier-ignore
  const twice = await page.evaluate(() => {
    const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
    return ids.filter((id, i) => ids.indexOf(id) !== i);
  });
  return [...bare, ...twice.map((id) => `id ${id}`)];
}
