/** For bench/load.ts: hub and gateway on a real port, with a journal that commits small facts without end, paced; reports its own memory. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Census, Scope, systemTimers } from '@wyckoff/bounded';
import type { FactRow } from '@wyckoff/contracts';
import { loopbackHosts } from '../packages/server/src/http/origin.ts';
import { TokenBuckets } from '../packages/server/src/http/token-buckets.ts';
import { Gateway } from '../packages/server/src/live/gateway.ts';
import { Hub } from '../packages/server/src/live/hub.ts';
import { hubLimits } from '../packages/server/src/live/limits.ts';
import { readSettings } from '../packages/server/src/settings.ts';

const MESSAGES = Number(process.argv[2] ?? 200_000);
/** Facts committed per turn of 5 ms. */
const BATCH = 100;

let seq = 0;
const epoch = 'flood';
const commit = (): FactRow => {
  seq += 1;
  return { seq, at: Date.now(), type: 'risk.limit', data: { rule: `R${seq % 10}`, state: 'WARNING', value: seq, limit: 1 } };
};

const scope = new Scope({ name: 'server', census: new Census() });
const closes: { code: number; atMs: number }[] = [];
const { numbers } = readSettings({}, {});
const hub = new Hub({
  journal: { epoch, seq: () => seq, factsAfter: () => Promise.resolve([]), latestValues: () => [] },
  scope,
  timers: systemTimers,
  limits: hubLimits(numbers),
  authenticate: () => ({ user: 'local', role: 'admin' }),
  contractHash: 'flood',
  random: Math.random,
  wallMs: Date.now,
  defer: (run) => setImmediate(run),
  onClosed: (code) => closes.push({ code, atMs: performance.now() }),
});
const server = createServer({ highWaterMark: 16 * 1024 });
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  const openings = new TokenBuckets({ name: 'server.limits.openings', scope, clock: systemTimers, perMinute: 1_000 });
  new Gateway({ scope, hub, origin: () => loopbackHosts(port), openings, maxConnections: 100 }).attach(server);
  process.send?.({ port });
});

process.on('message', () => void flood());

async function flood(): Promise<void> {
  // A first part alone, so that code and tables of the fast path are there before the measurement.
  for (let i = 0; i < 20_000; i += BATCH) await turn();
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  const beganMs = performance.now();
  process.send?.({ pause: true });
  let peak = before;
  for (let sent = 0; sent < MESSAGES; sent += BATCH) {
    await turn();
    if (sent % 2_000 === 0) peak = Math.max(peak, process.memoryUsage.rss());
  }
  const slow = closes.find(({ code }) => code === 4429);
  const { offered, sent, lost } = hub.counts.facts;
  process.send?.({
    growthMb: (peak - before) / 1e6,
    closedWithinMs: slow === undefined ? null : slow.atMs - beganMs,
    closes: closes.map(({ code }) => code),
    lawKept: offered === sent + lost + hub.waitingFacts,
  });
}

async function turn(): Promise<void> {
  hub.publishFacts(Array.from({ length: BATCH }, commit));
  await sleep(5);
}
