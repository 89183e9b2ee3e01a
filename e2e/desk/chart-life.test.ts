/** H1: a chart ends with its view. Fifty lives leave canvases, observers and nodes where they were; a view that forgets is caught. */
import { fileURLToPath } from 'node:url';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from 'vite';
import { launchBrowser } from '../support/browser.ts';
import type { Harness } from './harness/chart-life.ts';
import { buildWeb, openPage, openServer, type TestServer, untilLive } from './support.ts';

interface Living {
  readonly canvases: number;
  readonly observed: number;
  readonly nodes: number;
  readonly listeners: number;
  readonly heapBytes: number;
}

const HARNESS = fileURLToPath(new URL('./harness/chart-life.ts', import.meta.url));
const OUT = fileURLToPath(new URL('../.out/harness/', import.meta.url));

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      outDir: OUT,
      emptyOutDir: true,
      lib: { entry: HARNESS, formats: ['iife'], name: 'harness', fileName: () => 'harness.js' },
    },
  });
});
afterAll(() => browser.close());

/** Counts what observes, before any script of the page runs. */
const countObservers = (): void => {
  const living = new Set<ResizeObserver>();
  const Native = window.ResizeObserver;
  window.ResizeObserver = class extends Native {
    override observe(target: Element, options?: ResizeObserverOptions): void {
      living.add(this);
      super.observe(target, options);
    }
    override disconnect(): void {
      living.delete(this);
      super.disconnect();
    }
    override unobserve(target: Element): void {
      living.delete(this);
      super.unobserve(target);
    }
  };
  Object.assign(window, { livingObservers: living });
};

async function measure(page: Page, devtools: CDPSession): Promise<Living> {
  for (let i = 0; i < 3; i += 1) await devtools.send('HeapProfiler.collectGarbage');
  const { nodes, jsEventListeners } = await devtools.send('Memory.getDOMCounters');
  const { usedSize } = await devtools.send('Runtime.getHeapUsage');
  const [canvases, observed] = await page.evaluate(() => [
    document.querySelectorAll('canvas').length,
    (window as unknown as { livingObservers: Set<unknown> }).livingObservers.size,
  ]);
  return { canvases, observed, nodes, listeners: jsEventListeners, heapBytes: usedSize };
}

/** Living objects and closures of the page: what a leak leaves behind, without the code the machine compiles as it warms up. */
async function countObjects(devtools: CDPSession): Promise<number> {
  let text = '';
  const onChunk = ({ chunk }: { chunk: string }): void => {
    text += chunk;
  };
  devtools.on('HeapProfiler.addHeapSnapshotChunk', onChunk);
  await devtools.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  devtools.off('HeapProfiler.addHeapSnapshotChunk', onChunk);
  const { nodes, snapshot } = JSON.parse(text) as {
    nodes: number[];
    snapshot: { meta: { node_fields: string[]; node_types: [string[]] } };
  };
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const kind = fields.indexOf('type');
  const counted = new Set(['object', 'closure', 'array'].map((name) => types[0].indexOf(name)));
  let count = 0;
  for (let i = kind; i < nodes.length; i += fields.length) if (counted.has(nodes[i])) count += 1;
  return count;
}

describe('H1 a chart by itself', () => {
  let page: Page;
  let devtools: CDPSession;

  beforeAll(async () => {
    page = await browser.newPage();
    await page.addInitScript(countObservers);
    await page.goto('about:blank');
    await page.addScriptTag({ path: `${OUT}harness.js` });
    devtools = await page.context().newCDPSession(page);
    await page.evaluate(() => (window as unknown as Harness).cycle(5, false));
  });
  afterAll(() => page.close());

  it('H1 50 mounts and unmounts leave canvases, observers, nodes and listeners at base', async () => {
    const before = await measure(page, devtools);
    await page.evaluate(() => (window as unknown as Harness).cycle(50, false));
    const after = await measure(page, devtools);
    expect(after.canvases).toBe(0);
    expect(after.observed).toBe(before.observed);
    expect(after.listeners).toBeLessThanOrEqual(before.listeners);
    expect(after.nodes - before.nodes).toBeLessThanOrEqual(5);
  });

  it('H1 100 overlay changes add no element', async () => {
    expect(await page.evaluate(() => (window as unknown as Harness).toggle(100))).toBe(0);
  });

  it('H1 a chart that fails half-way leaves no canvas', async () => {
    expect(await page.evaluate(() => (window as unknown as Harness).failHalfway())).toBe(0);
  });

  it('twin: a view that forgets to dispose keeps observers, nodes and objects, and the same measure says so', async () => {
    const before = await measure(page, devtools);
    const objects = await countObjects(devtools);
    await page.evaluate(() => (window as unknown as Harness).cycle(50, true));
    const after = await measure(page, devtools);
    expect(await countObjects(devtools)).toBeGreaterThan(objects * 1.01);
    expect(after.observed - before.observed).toBeGreaterThanOrEqual(50);
    expect(after.nodes - before.nodes).toBeGreaterThan(500);
  });
});

describe('H1 C3 the desk as a whole', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await openServer(await buildWeb('desk-life'), 20);
  });
  afterAll(() => server.stop());

  it('H1 C3 30 leavings and returns: one chart, its observers and subscriptions, as many objects as after the tenth', async () => {
    const { page, faults } = await openPage(browser, 'desk', 'about:blank');
    await page.addInitScript(countObservers);
    await page.goto(server.url);
    await untilLive(page);
    await page.getByRole('button', { name: 'Pause' }).click();
    const devtools = await page.context().newCDPSession(page);
    const goTo = async (path: string): Promise<void> => {
      await page.evaluate((to) => {
        history.pushState({}, '', to);
        dispatchEvent(new PopStateEvent('popstate', { state: {} }));
      }, path);
    };
    const cycle = async (times: number): Promise<Living> => {
      for (let i = 0; i < times; i += 1) {
        await goTo('/nowhere');
        await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
        await goTo('/');
        await page.locator('#chart canvas').first().waitFor({ state: 'attached' });
        await page.locator('.values').waitFor();
      }
      await page.waitForTimeout(300);
      return measure(page, devtools);
    };
    const tenth = await cycle(10);
    const objects = await countObjects(devtools);
    const last = await cycle(20);
    expect(await countObjects(devtools)).toBeLessThanOrEqual(objects * 1.01);
    expect(last.canvases).toBe(tenth.canvases);
    expect(last.observed).toBe(tenth.observed);
    expect(last.listeners).toBeLessThanOrEqual(tenth.listeners + 2);
    expect(last.nodes).toBeLessThanOrEqual(tenth.nodes * 1.02);
    expect(last.heapBytes).toBeLessThanOrEqual(40 * 1024 * 1024);
    expect(faults.filter((fault) => !fault.startsWith('foreign'))).toEqual([]);
    process.stdout.write(
      `desk: heap after GC ${(last.heapBytes / 2 ** 20).toFixed(1)} MB, nodes ${String(last.nodes)}, listeners ${String(last.listeners)}\n`,
    );
    await page.context().close();
  }, 120_000);
});
