/** What the desk's browser tests share: a freshly built page, the real server on an empty folder, and a page that reports every fault. */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { SERVER_FLAGS } from '../../tools/server-flags.mjs';

const WEB = fileURLToPath(new URL('../../packages/web/', import.meta.url));
const OUT = fileURLToPath(new URL('../.out/', import.meta.url));
const VITE = fileURLToPath(new URL('../../node_modules/vite/bin/vite.js', import.meta.url));
const run = promisify(execFile);

/** Builds the desk for production into a folder of this test's own; answers the folder. */
export async function buildWeb(name: string): Promise<string> {
  const outDir = join(OUT, name);
  const words = [
    VITE,
    'build',
    WEB,
    '--config',
    join(WEB, 'vite.config.ts'),
    '--outDir',
    outDir,
    '--emptyOutDir',
    '--logLevel',
    'error',
  ];
  await run(process.execPath, words, { env: { ...process.env, NODE_ENV: 'production' } });
  return outDir;
}

export interface TestServer {
  readonly url: string;
  /** Ends the server and starts it again on the same store and port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  get<T>(path: string): Promise<T>;
}

const SCRIPT = fileURLToPath(new URL('./server-process.ts', import.meta.url));

interface Running {
  readonly url: string;
  end(): Promise<void>;
}

/** A server of its own, with the memory of the real one: the governor sees what lives in its process, and sheds newcomers for it. */
async function spawnServer(options: object): Promise<Running> {
  const child = spawn(process.execPath, [...SERVER_FLAGS, SCRIPT, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`expected the server to start, it ended with ${String(code)}`)));
    child.stdout.on('data', (chunk: Buffer) => {
      const ready = /ready (\S+)/.exec(chunk.toString());
      if (ready !== null) resolve(ready[1]);
    });
  });
  return {
    url,
    end: () =>
      new Promise((resolve) => {
        child.removeAllListeners('exit');
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

/** The real server with its demo series; `speed` in bars per second. */
export async function openServer(
  webDir: string,
  speed: number,
  /** `prepare` fills the folder before the server sees it; `play: false`: the replay begins paused. */
  { prepare, play = true }: { readonly prepare?: (data: string) => Promise<void>; readonly play?: boolean } = {},
): Promise<TestServer> {
  const data = await mkdtemp(join(tmpdir(), 'wyckoff-desk-'));
  await prepare?.(data);
  // The tests poll the API far more often than a person looks, and open the page again and again.
  const numbers = { 'http.perMinuteUser': 60_000, 'http.perMinuteAddress': 60_000, 'ws.openingsPerMinute': 60_000 };
  const options = { data, webDir, speed, play, logLevel: 'error', numbers };
  let running = await spawnServer({ ...options, port: 0 });
  const { url } = running;
  return {
    url,
    async restart() {
      await running.end();
      running = await spawnServer({ ...options, port: Number(new URL(url).port) });
    },
    async stop() {
      await running.end();
      await rm(data, { recursive: true, force: true });
    },
    async get<T>(path: string) {
      const response = await fetch(`${url}/api/v1${path}`);
      return (await response.json()) as T;
    },
  };
}

export const SIZES = { desk: { width: 1440, height: 900 }, mobile: { width: 390, height: 844 } } as const;

export interface WatchedPage {
  readonly page: Page;
  /** Console errors, page errors and violations of the content policy, in order. */
  readonly faults: string[];
}

/** A page whose sockets the test can cut, and whose every fault is written down. */
export async function openPage(browser: Browser, size: keyof typeof SIZES, url: string): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: SIZES[size], reducedMotion: 'reduce' });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !message.text().includes('willReadFrequently'))
      faults.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`page: ${error.message}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:')) faults.push(`foreign request: ${request.url()}`);
  });
  await page.addInitScript(() => {
    const cut: { sockets: WebSocket[]; held: boolean; closes: string[] } = { sockets: [], held: false, closes: [] };
    Object.assign(window, { cut });
    const Native = window.WebSocket;
    window.WebSocket = class extends Native {
      constructor(address: string | URL, protocols?: string | string[]) {
        super(address, protocols);
        cut.sockets.push(this);
        this.addEventListener('close', ({ code, reason }) => cut.closes.push(`${String(code)} ${reason}`));
        if (cut.held) this.close();
      }
    };
    document.addEventListener('securitypolicyviolation', (event) =>
      console.error(`CSP ${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  await page.goto(url);
  return { page, faults };
}

/** Cuts the page's socket; while `held`, no new one opens either. */
export async function cutSocket(page: Page, held = false): Promise<void> {
  await page.evaluate((hold) => {
    const { cut } = window as unknown as { cut: { sockets: WebSocket[]; held: boolean } };
    cut.held = hold;
    cut.sockets.at(-1)?.close();
  }, held);
}

/** Lets sockets open again. */
export async function releaseSocket(page: Page): Promise<void> {
  await page.evaluate(() => {
    (window as unknown as { cut: { held: boolean } }).cut.held = false;
  });
}

/** Waits until the status line says that the link is live; if it never does, tells what the line says and how the sockets ended. */
export async function untilLive(page: Page): Promise<void> {
  try {
    await page.locator('[data-state="link"]', { hasText: 'live' }).waitFor();
  } catch (error) {
    const closes = await page.evaluate(() => (window as unknown as { cut: { closes: string[] } }).cut.closes);
    const line = (await page.locator('footer').textContent()) ?? 'no status line';
    throw new Error(`the link is not live: ${line}; its sockets ended with: ${closes.join(', ')}`, { cause: error });
  }
}

/** Sequence number in the status line. */
export async function seqOf(page: Page): Promise<number> {
  const text = (await page.locator('[data-figure="seq"]').textContent()) ?? '';
  return Number(text.replace(/[^0-9]/g, ''));
}
