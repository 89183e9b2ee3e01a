/** A real Chromium for tests: the one named by CHROMIUM_PATH, else the system's, else the one carried by an npm package. */
import { existsSync } from 'node:fs';
import process from 'node:process';
import { type Browser, chromium } from 'playwright-core';

const SYSTEM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

async function executable(): Promise<string> {
  const named = process.env['CHROMIUM_PATH'];
  if (named) return named;
  const system = SYSTEM.find((path) => existsSync(path));
  if (system) return system;
  // Only with this variable does the package unpack the shared libraries that a bare machine lacks.
  process.env['AWS_LAMBDA_JS_RUNTIME'] ??= 'nodejs24.x';
  const packaged = (await import('@sparticuz/chromium')).default;
  return packaged.executablePath();
}

/** Launches a headless browser that contacts nothing but the pages it is told to open. The caller closes it. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = await executable();
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-zygote',
      '--js-flags=--expose-gc',
    ],
  });
}
