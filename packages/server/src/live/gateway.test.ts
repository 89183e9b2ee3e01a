/** Real sockets on loopback, a virtual clock: what only a kernel can show (C1, M14). */
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { type AddressInfo, connect as connectTcp, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { loopbackHosts } from '../http/origin.ts';
import { TokenBuckets } from '../http/token-buckets.ts';
import { Gateway } from './gateway.ts';
import type { HubLimits } from './hub.ts';
import { Bench } from './test-bench.ts';

interface Stage {
  readonly bench: Bench;
  readonly server: Server;
  readonly gateway: Gateway;
  readonly port: number;
}

let stage: Stage;
const clients: WebSocket[] = [];

async function open(limits: Partial<HubLimits> = {}, openingsPerMinute = 100_000): Promise<Stage> {
  const bench = new Bench({ limits: { maxPerUser: 5_000, maxGreeting: 5_000, ...limits } });
  const server = createServer({ highWaterMark: 16 * 1024 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const openings = new TokenBuckets({
    name: 'test.openings',
    scope: bench.scope,
    clock: bench.clock,
    perMinute: openingsPerMinute,
  });
  const maxConnections = limits.maxConnections ?? 1_000;
  const gateway = new Gateway({
    scope: bench.scope,
    hub: bench.hub,
    origin: () => loopbackHosts(port),
    openings,
    maxConnections,
  });
  gateway.attach(server);
  stage = { bench, server, gateway, port };
  return stage;
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate();
  stage.gateway.terminateAll();
  await stage.bench.end();
  stage.server.closeAllConnections();
  await new Promise((resolve) => stage.server.close(resolve));
  expect(stage.bench.census.size, 'census members left').toBe(0);
});

function connect(headers: Readonly<Record<string, string>> = {}, protocol = 'wyckoff.v1'): WebSocket {
  const origin = `http://127.0.0.1:${stage.port}`;
  const client = new WebSocket(`ws://127.0.0.1:${stage.port}/ws`, protocol, {
    perMessageDeflate: false,
    headers: { origin, ...headers },
  });
  client.on('error', () => undefined);
  clients.push(client);
  return client;
}

let tabs = 0;
async function greet(topics: readonly string[] = ['signals']): Promise<WebSocket> {
  const client = connect();
  await once(client, 'open');
  client.send(JSON.stringify({ op: 'hello', v: 1, epoch: null, lastSeq: null, topics, tab: `tab-${(tabs += 1)}-real` }));
  await once(client, 'message');
  return client;
}

const closeCode = async (client: WebSocket): Promise<number> => ((await once(client, 'close')) as [number])[0];
const socketOf = (client: WebSocket): Socket => (client as unknown as { _socket: Socket })._socket;

/** Status of an upgrade that is refused. */
function refusal(client: WebSocket): Promise<number> {
  return new Promise((resolve) => client.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0)));
}

/** Lets the kernel carry what was written, until the condition holds. */
async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 5_000 && !holds(); turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(holds()).toBe(true);
}

describe('gateway', () => {
  it('C1 a half-open peer (its socket paused, no FIN) is removed within 25 s, and its socket ended within one more', async () => {
    const { bench, gateway } = await open();
    const client = await greet();
    socketOf(client).pause();
    for (let second = 0; second < 25; second += 1) bench.clock.advance(1_000);
    expect(bench.hub.size).toBe(0);
    expect(bench.closes.map(([code]) => code)).toEqual([4408]);
    bench.clock.advance(1_100);
    await until(() => gateway.sockets === 0);
  });

  it('C1 a living peer answers the pings of the protocol by itself', async () => {
    const { bench } = await open();
    const client = await greet();
    let pings = 0;
    client.on('ping', () => (pings += 1));
    const heard = vi.spyOn(bench.hub, 'seen');
    for (let turn = 1; turn <= 6; turn += 1) {
      bench.clock.advance(9_000);
      // Both ends live in this process: a few turns of the loop carry a ping there and its pong back, however slow the machine is.
      for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
      await until(() => heard.mock.calls.length === pings);
      expect(bench.hub.size).toBe(1);
    }
    expect(pings).toBeGreaterThanOrEqual(2);
  });

  it('C1 100 connections at once, each coming back three times, leave nothing', async () => {
    const { bench, gateway } = await open();
    for (let round = 0; round < 3; round += 1) {
      const all = await Promise.all(Array.from({ length: 100 }, () => greet()));
      expect(bench.hub.size).toBe(100);
      for (const client of all) client.terminate();
      await until(() => bench.hub.size === 0);
    }
    await until(() => gateway.sockets === 0);
    expect(bench.census.row('server.ws.timers')?.size).toBe(0);
  });

  it('C1 above the limit 1013 can be read; a tenth above that the upgrade is refused with 503', async () => {
    await open({ maxConnections: 10 });
    for (let i = 0; i < 10; i += 1) await greet();
    const told = connect();
    expect(await closeCode(told)).toBe(1013);
    const open11 = connect();
    await once(open11, 'open');
    socketOf(open11).pause();
    expect(await refusal(connect())).toBe(503);
  });

  it('interface 3.1 a foreign origin, host, address or protocol never gets past the upgrade', async () => {
    await open();
    expect(await refusal(connect({ origin: 'https://evil.example' }))).toBe(403);
    expect(await refusal(connect({ host: 'evil.example' }))).toBe(421);
    expect(await refusal(connect({ 'sec-fetch-site': 'cross-site' }))).toBe(403);
    expect(await refusal(connect({}, 'other'))).toBe(400);
  });

  it('M11 more openings per minute than allowed: 429 with Retry-After', async () => {
    await open({}, 2);
    await greet();
    await greet();
    const [status, retry] = await new Promise<[number, string | undefined]>((resolve) => {
      connect().on('unexpected-response', (_request, response) =>
        resolve([response.statusCode ?? 0, response.headers['retry-after']]),
      );
    });
    expect([status, retry]).toEqual([429, '30']);
  });

  it('M14 a frame above 64 KiB is stopped by the transport, one above 4 KiB by the protocol', async () => {
    await open();
    const huge = await greet();
    huge.send('x'.repeat(70_000));
    expect(await closeCode(huge)).toBe(1009);
    const large = await greet();
    large.send('x'.repeat(5_000));
    expect(await closeCode(large)).toBe(4400);
  });

  it('M14 a client that stops reading is closed with 4429 while the others get everything', async () => {
    const { bench } = await open();
    const slow = await greet();
    const quick = await greet();
    let received = 0;
    quick.on('message', () => (received += 1));
    socketOf(slow).pause();
    let published = 0;
    // The kernel's buffers take some megabytes first; a turn in between lets the quick one read.
    for (; published < 20_000 && bench.hub.size === 2; published += 1) {
      bench.publish('signals', 2_000);
      if (published % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(bench.closes.map(([code]) => code)).toEqual([4429]);
    expect(bench.hub.queueBytes).toBeLessThanOrEqual(256 * 1024);
    await until(() => received === published);
  });

  it('M14 a slow client that reads again in time gets every fact in order', async () => {
    const { bench } = await open();
    const slow = await greet();
    const seqs: number[] = [];
    slow.on('message', (data: Buffer) => {
      const { seq } = JSON.parse(data.toString()) as { seq?: number };
      if (seq !== undefined) seqs.push(seq);
    });
    socketOf(slow).pause();
    // Until something waits in the queue, and a little more.
    for (let i = 0; i < 20_000 && bench.hub.queueBytes < 50_000; i += 1) {
      bench.publish('signals', 2_000);
      if (i % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    socketOf(slow).resume();
    await until(() => seqs.length === bench.journal.seq());
    expect(seqs).toEqual(bench.journal.numbers('signals'));
    expect(bench.hub.queueBytes).toBe(0);
  });

  it('C1 a refused upgrade is ended although its peer never ends its own side', async () => {
    const { port, server } = await open();
    const peer = connectTcp({ host: '127.0.0.1', port, allowHalfOpen: true });
    peer.write(`GET /other HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    peer.resume();
    await once(peer, 'end');
    const held = (): Promise<number> =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
      );
    for (let turn = 0; turn < 1_000 && (await held()) > 0; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(await held()).toBe(0);
    peer.destroy();
  });

  it('interface 3.1 other upgrade addresses are told 404 and closed', async () => {
    const { port } = await open();
    const status = await new Promise<number>((resolve, reject) => {
      const headers = {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        'sec-websocket-version': '13',
      };
      request({ host: '127.0.0.1', port, path: '/other', headers })
        .on('response', (response) => resolve(response.statusCode ?? 0))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(404);
  });
});
