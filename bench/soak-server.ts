/** For bench/soak.ts: the whole server opened, replayed at full speed and ended, round after round, in a process that is measured. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { collectGarbage } from '@wyckoff/bounded/leak-kit';
import { startServer } from '../packages/server/src/main.ts';

const isLeaking = process.argv.includes('--leak');
/** The control: what a forgotten listener or cache would keep. */
const forgotten: object[] = [];

const WIDE = {
  'ws.openingsPerMinute': 1_000_000,
  'ws.maxPerUser': 1_000,
  'http.perMinuteUser': 1_000_000,
  'http.perMinuteAddress': 1_000_000,
} as const;

async function round(): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'wyckoff-soak-'));
  const server = await startServer({ port: 0, data, speed: 'max', logLevel: 'silent', numbers: WIDE });
  process.send?.({ url: server.url, port: server.port });
  await new Promise<void>((resolve) => process.once('message', () => resolve()));
  const census = server.scope.census
    .rows()
    .map(({ name, size, capacity, bytes }) => ({ name, size, capacity, bytes: bytes ?? 0 }));
  const findings = server.scope.census.audit().map(({ text }) => text);
  const stuck = await server.stop();
  const left = server.scope.census.rows().map(({ name }) => name);
  if (isLeaking) forgotten.push(new Float64Array(8_192).fill(1), { census: structuredClone(census) });
  rmSync(data, { recursive: true, force: true });
  const heldBytes = await collectGarbage();
  process.send?.({ census, findings, stuck, left, heldBytes, rssBytes: process.memoryUsage.rss() });
}

process.on('message', (message) => {
  if (message === 'end') process.exit(0);
  if (message === 'round') void round();
});
process.send?.({ ready: true });
