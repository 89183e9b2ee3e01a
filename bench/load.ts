/**
 * `npm run bench:load [-- --json] [--sockets 5000] [--seconds 5] [--messages 200000]`: HTTP requests with latency percentiles, memory per socket over
 * thousands of them, and what one client that stops reading costs. The server is a process of its own; its memory is read from outside.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { mb, percentile, round, startBundledServer, type StartedServer, untilReplayed } from './started-server.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    sockets: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '5' },
    messages: { type: 'string', default: '200000' },
  },
});
const SOCKETS = Number(values.sockets);
const SECONDS = Number(values.seconds);
const CONCURRENT = 50;
const OPENING_AT_ONCE = 100;
/** Code, buffers and tables that come with the first sockets are not the price of one more. */
const WARM_UP = 500;
const TOPICS = ['analysis', 'signals', 'orders', 'positions', 'risk', 'account', 'connections', 'bars:SPX:1d'];

const WIDE = {
  WYCKOFF_MEMORY_BUDGETMB: '1024',
  WYCKOFF_WS_MAXCONNECTIONS: String(SOCKETS + WARM_UP + 200),
  WYCKOFF_WS_MAXPERUSER: '20000',
  WYCKOFF_WS_OPENINGSPERMINUTE: '1000000',
  WYCKOFF_WS_GREETINGMAX: '1000',
  WYCKOFF_HTTP_PERMINUTEUSER: '1000000',
  WYCKOFF_HTTP_PERMINUTEADDRESS: '1000000',
};

// --- HTTP ---

const PATHS = [
  '/api/v1/auth/session',
  '/api/v1/chart?symbol=SPX&timeframe=1d&limit=250',
  '/api/v1/snapshot',
  '/api/v1/signals',
  '/api/v1/facts?limit=50',
  '/api/v1/system/memory',
];

function timed(server: StartedServer, path: string, agent: Agent): Promise<{ readonly ms: number; readonly ok: boolean }> {
  const beganMs = performance.now();
  return new Promise((resolve) => {
    const done = (ok: boolean): void => resolve({ ms: performance.now() - beganMs, ok });
    const asked = request(`${server.url}${path}`, { agent }, (response) => {
      response.resume();
      response.on('end', () => done(response.statusCode === 200));
    });
    asked.on('error', () => done(false));
    asked.end();
  });
}

async function loadHttp(server: StartedServer) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENT });
  const untilMs = performance.now() + SECONDS * 1_000;
  // At most some tens of thousands in the seconds it runs.
  const samples: number[] = [];
  let failed = 0;
  let asked = 0;
  let peakBytes = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() < untilMs) {
      const { ms, ok } = await timed(server, PATHS[asked % PATHS.length] ?? '/', agent);
      asked += 1;
      samples.push(ms);
      if (!ok) failed += 1;
    }
  };
  const watch = setInterval(() => (peakBytes = Math.max(peakBytes, server.rssBytes())), 100);
  await Promise.all(Array.from({ length: CONCURRENT }, worker));
  clearInterval(watch);
  agent.destroy();
  const of = (fraction: number): number | null => round(percentile(samples, fraction));
  return {
    concurrent: CONCURRENT,
    requests: samples.length,
    failed,
    perSecond: Math.round(samples.length / SECONDS),
    p50Ms: of(0.5),
    p95Ms: of(0.95),
    p99Ms: of(0.99),
    peakRssMb: mb(peakBytes),
  };
}

// --- sockets ---

let tabs = 0;

/** Opened, greeted and welcomed; answers how long that took. */
function open(
  server: Pick<StartedServer, 'port' | 'url'>,
  topics: readonly string[],
): Promise<{ readonly client: WebSocket; readonly ms: number }> {
  const beganMs = performance.now();
  return new Promise((resolve, reject) => {
    const client = new WebSocket(`ws://127.0.0.1:${server.port}/ws`, 'wyckoff.v1', {
      perMessageDeflate: false,
      headers: { origin: server.url },
    });
    client.on('open', () =>
      client.send(JSON.stringify({ op: 'hello', v: 1, epoch: null, lastSeq: null, topics, tab: `bench-tab-${(tabs += 1)}` })),
    );
    client.once('message', () => resolve({ client, ms: performance.now() - beganMs }));
    client.on('error', reject);
    client.on('close', (code) => reject(new Error(`expected a welcome, was closed with ${code}`)));
  });
}

async function openMany(server: StartedServer, count: number) {
  const clients: WebSocket[] = [];
  const samples: number[] = [];
  while (clients.length < count) {
    const some = await Promise.all(
      Array.from({ length: Math.min(OPENING_AT_ONCE, count - clients.length) }, () => open(server, TOPICS)),
    );
    for (const { client, ms } of some) {
      clients.push(client);
      samples.push(ms);
    }
  }
  return { clients, samples };
}

async function loadSockets(server: StartedServer) {
  const warm = await openMany(server, WARM_UP);
  await sleep(2_000);
  const [rssBefore, before] = [server.rssBytes(), await server.memory()];
  const { clients, samples } = await openMany(server, SOCKETS);
  await sleep(3_000);
  const [rssAfter, after] = [server.rssBytes(), await server.memory()];
  const roster = after.census.find(({ name }) => name === 'server.ws.connections')?.size ?? 0;
  const broadcast = await loadBroadcast(server, clients);
  for (const client of [...warm.clients, ...clients]) client.terminate();
  await sleep(1_500);
  const left = (await server.memory()).census.find(({ name }) => name === 'server.ws.connections')?.size ?? -1;
  const v8Bytes = after.heapUsedBytes + after.externalBytes - before.heapUsedBytes - before.externalBytes;
  return {
    sockets: SOCKETS,
    connected: roster - WARM_UP,
    bytesPerConnection: Math.round((rssAfter - rssBefore) / SOCKETS),
    heapBytesPerConnection: Math.round(v8Bytes / SOCKETS),
    rssMb: mb(rssAfter),
    openP50Ms: round(percentile(samples, 0.5)),
    openP99Ms: round(percentile(samples, 0.99)),
    ...broadcast,
    leftAfterClose: left,
  };
}

/** One replayed bar reaches everybody: time from asking for it to the last one having it. */
async function loadBroadcast(server: StartedServer, clients: readonly WebSocket[]) {
  let missing = clients.length;
  let finish: () => void = () => undefined;
  const everybody = new Promise<void>((resolve) => (finish = resolve));
  for (const client of clients) {
    const hear = (data: Buffer): void => {
      if (!data.includes('bar.closed')) return;
      client.off('message', hear);
      missing -= 1;
      if (missing === 0) finish();
    };
    client.on('message', hear);
  }
  const beganMs = performance.now();
  await control(server, { do: 'step' });
  await Promise.race([everybody, sleep(10_000)]);
  return { broadcastMs: round(performance.now() - beganMs), notReached: missing };
}

async function control(server: StartedServer, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json', 'x-wyckoff-token': server.localToken };
  await fetch(`${server.url}/api/v1/system/actions`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ action: 'replay', ...body }),
  });
}

// --- one client that stops reading ---

interface Flooded {
  readonly growthMb: number;
  readonly closedWithinMs: number | null;
  readonly closes: readonly number[];
  readonly lawKept: boolean;
}

/** Facts without end to readers and, in one of two runs, to a client that takes nothing; delays are those of the readers. */
async function flood(isPaused: boolean) {
  const child = fork(join(import.meta.dirname, 'flood-server.ts'), [values.messages], {
    execArgv: ['--expose-gc', '--max-semi-space-size=1'],
  });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const target = { port, url: `http://127.0.0.1:${port}` };
  const samples: number[] = [];
  const readers = await Promise.all(Array.from({ length: 3 }, () => open(target, ['risk'])));
  for (const { client } of readers) {
    client.on('message', (data: Buffer) => {
      const ts = /"ts":(\d+)/.exec(data.toString('latin1', 0, 120))?.[1];
      if (ts !== undefined && samples.length < 2_000_000) samples.push(Date.now() - Number(ts));
    });
  }
  const { client: slow } = await open(target, ['risk']);
  child.send('go');
  const answer = await new Promise<Flooded>((resolve) => {
    child.on('message', (message: Flooded | { pause: true }) => {
      if ('growthMb' in message) resolve(message);
      else if (isPaused) (slow as unknown as { _socket: Socket })._socket.pause();
    });
  });
  for (const { client } of [...readers, { client: slow }]) client.terminate();
  child.kill();
  const { growthMb, closedWithinMs, closes, lawKept } = answer;
  return {
    growthMb: round(growthMb),
    closedWithinMs: round(closedWithinMs),
    closes,
    lawKept,
    readersP99Ms: percentile(samples, 0.99),
    facts: samples.length,
  };
}

const crowded = await startBundledServer({ args: ['--paused'], env: WIDE });
const sockets = await loadSockets(crowded);
await crowded.stop();
const server = await startBundledServer({ args: ['--speed', 'max'], env: WIDE });
await untilReplayed(server);
const http = await loadHttp(server);
const stopped = await server.stop();
const allRead = await flood(false);
const onePaused = await flood(true);
const result = {
  http,
  sockets,
  pausedClient: { messages: Number(values.messages), onePaused, allRead },
  stopMs: Math.round(stopped.ms),
  exitCode: stopped.code,
};
if (values.json === true) process.stdout.write(`${JSON.stringify(result)}\n`);
else process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
process.exit(0);
