/** Accessibility of the real pages by axe: every page and its main states, in both themes, at both sizes (web.md 11). */
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { buildWeb, cutSocket, openPage, openServer, type SIZES, type TestServer, untilLive } from './support.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const THEMES = ['dark', 'light'] as const;

let browser: Browser;
let server: TestServer;

beforeAll(async () => {
  const webDir = await buildWeb('axe');
  [browser, server] = await Promise.all([launchBrowser(), openServer(webDir, 100)]);
}, 120_000);

afterAll(async () => {
  await browser.close();
  await server.stop();
});

/** What axe finds on the page as it stands: one line for each rule and place. */
async function found(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(options: object): Promise<AxeFindings> } };
    const { violations } = await axe.run({ resultTypes: ['violations'] });
    return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(' ')}: ${failureSummary ?? ''}`)); // prettier-ignore
  });
}

interface AxeFindings {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary?: string }[];
  }[];
}

/** Opens an address in a theme. */
async function opened(size: keyof typeof SIZES, theme: (typeof THEMES)[number], path = ''): Promise<Page> {
  const { page } = await openPage(browser, size, `${server.url}${path}`);
  await page.evaluate((chosen) => localStorage.setItem('wyckoff.ui', JSON.stringify({ theme: chosen })), theme);
  await page.reload();
  await page.locator(`html[data-theme="${theme}"]`).waitFor({ state: 'attached' });
  return page;
}

describe.each(THEMES)('in the %s theme', (theme) => {
  it('web 11 the desk has no violation: live, each tab, each popover, the link lost', async () => {
    const page = await opened('desk', theme);
    await untilLive(page);
    const problems: Record<string, string[]> = {};
    const look = async (state: string): Promise<void> => {
      const here = await found(page);
      if (here.length > 0) problems[state] = here;
    };
    await look('live');
    for (const tab of await page.getByRole('tab').all()) {
      await tab.click();
      await look(`tab ${(await tab.textContent()) ?? ''}`);
    }
    const dialog = page.getByRole('dialog').first();
    // Notifications, keys, help, and the kill switch by its button: its key stops at once.
    for (const key of ['b', '?', 'F1', 'halt']) {
      if (key === 'halt') await page.locator('[data-act="halt"]').click();
      else await page.keyboard.press(key);
      await dialog.waitFor();
      await look(`opened by ${key}`);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'hidden' });
    }
    await page.getByRole('button', { name: /this tab/i }).click();
    await page.getByRole('tab', { name: 'Dead letters' }).click();
    await page.getByText('No dead letters.').waitFor();
    await look('dead letters');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await cutSocket(page, true);
    await page.getByText(/The link is lost/).waitFor();
    await look('link lost');
    expect(problems).toEqual({});
    await page.context().close();
  });

  it('web 11 the desk of a telephone has no violation', async () => {
    const page = await opened('mobile', theme);
    await untilLive(page);
    expect(await found(page)).toEqual([]);
    await page.context().close();
  });

  it('web 11 an address that leads nowhere has no violation', async () => {
    const page = await opened('desk', theme, '/nowhere');
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
    expect(await found(page)).toEqual([]);
    await page.context().close();
  });
});

it('web 11 the twin: a button without a name and faint words are found', async () => {
  const page = await opened('desk', 'dark');
  await untilLive(page);
  await page.evaluate(() => {
    document.querySelector('main')?.insertAdjacentHTML('beforeend', '<button id="twin"></button><p id="faint">faint</p>');
    document.getElementById('faint')?.style.setProperty('color', '#222');
  });
  const here = (await found(page)).join('\n');
  expect(here).toContain('button-name');
  expect(here).toContain('color-contrast');
  await page.context().close();
});
