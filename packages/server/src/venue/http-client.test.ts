import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Census, Scope, systemTimers } from '@wyckoff/bounded';
import { settle, VirtualClock } from '@wyckoff/bounded/leak-kit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HttpClient, retryAfterMs } from './http-client.ts';
import type { HttpFailure } from './http-failure.ts';
import { RateLimit } from './rate-limit.ts';
import { retrying } from './retrying.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
let server: Server;
let url = '';
let handle: Handler = (_, response) => void response.end('{}');

beforeEach(async () => {
  server = createServer((request, response) => handle(request, response));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const scopeOn = (timers = systemTimers) => new Scope({ name: 'test', census: new Census(), timers });
const failure = async (promise: Promise<unknown>): Promise<HttpFailure> =>
  promise.then(
    () => expect.fail('expected a failure'),
    (error: unknown) => error as HttpFailure,
  );
const untilReal = async (isTrue: () => boolean): Promise<void> => {
  for (let i = 0; i < 2_000 && !isTrue(); i += 1) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(isTrue()).toBe(true);
};

describe('HTTP to a venue', () => {
  test('any status is an answer; a body that is no JSON says so', async () => {
    await using scope = scopeOn();
    const client = new HttpClient({ scope, baseUrl: url });
    handle = (request, response) => {
      response.statusCode = request.url === '/html' ? 502 : 200;
      response.end(request.url === '/html' ? '<html>bad gateway</html>' : JSON.stringify({ method: request.method }));
    };
    expect((await client.request({ method: 'POST', path: '/x', body: { a: 1 } })).json).toEqual({ method: 'POST' });
    expect(await client.request({ method: 'GET', path: '/html' })).toMatchObject({ status: 502, json: undefined });
  });

  test('a time-out and a reset may have been seen, a refused connection cannot', async () => {
    const clock = new VirtualClock();
    await using scope = scopeOn(clock);
    const client = new HttpClient({ scope, baseUrl: url, timeoutMs: 30_000 });
    let received = 0;
    handle = () => (received += 1);
    const late = failure(client.request({ method: 'POST', path: '/x' }));
    await untilReal(() => received === 1);
    clock.advance(29_999);
    clock.advance(1);
    expect(await late).toMatchObject({ reason: 'timeout', maybeSent: true });
    handle = (request) => request.socket.destroy();
    expect(await failure(client.request({ method: 'POST', path: '/x' }))).toMatchObject({ reason: 'reset', maybeSent: true });
    const nobody = new HttpClient({ scope, baseUrl: 'http://127.0.0.1:1' });
    expect(await failure(nobody.request({ method: 'POST', path: '/x' }))).toMatchObject({
      reason: 'unreachable',
      maybeSent: false,
    });
  });

  test('M4 what a client opened ends with its scope: no socket, timer or waiting request is left', async () => {
    const clock = new VirtualClock();
    const scope = scopeOn(clock);
    const client = new HttpClient({ scope, baseUrl: url, perMinute: 60, burst: 1 });
    let open = 0;
    server.on('connection', (socket) => {
      open += 1;
      socket.on('close', () => (open -= 1));
    });
    handle = () => undefined;
    const onWire = failure(client.request({ method: 'GET', path: '/x' }));
    const waiting = failure(client.request({ method: 'GET', path: '/y' }));
    await untilReal(() => open === 1);
    await scope.dispose();
    expect((await onWire).reason).toBe('closed');
    expect(await waiting).toMatchObject({ reason: 'closed', maybeSent: false });
    expect(clock.pending).toBe(0);
    await untilReal(() => open === 0);
  });

  test('what must hold directly before sending is asked after the rate limit', async () => {
    const clock = new VirtualClock();
    await using scope = scopeOn(clock);
    let received = 0;
    handle = (_, response) => {
      received += 1;
      response.end('{}');
    };
    const client = new HttpClient({ scope, baseUrl: url, perMinute: 60, burst: 1 });
    await client.request({ method: 'GET', path: '/first' });
    let halted = false;
    const order = client.request({
      method: 'POST',
      path: '/order',
      beforeSend: () => (halted ? Promise.reject(new Error('halted')) : Promise.resolve()),
    });
    const refused = failure(order);
    halted = true;
    clock.advance(1_000);
    expect((await refused).message).toBe('halted');
    expect(received).toBe(1);
  });

  test('a body beyond its limit is cut', async () => {
    await using scope = scopeOn();
    const client = new HttpClient({ scope, baseUrl: url, maxBodyBytes: 1_000 });
    handle = (_, response) => void response.end('x'.repeat(50_000));
    expect(await failure(client.request({ method: 'GET', path: '/x' }))).toMatchObject({ reason: 'oversize' });
  });

  test('429 silences everybody until Retry-After; reading is tried again then', async () => {
    const clock = new VirtualClock();
    await using scope = scopeOn(clock);
    const client = new HttpClient({ scope, baseUrl: url });
    let received = 0;
    handle = (_, response) => {
      received += 1;
      if (received === 1) response.writeHead(429, { 'retry-after': '7' });
      response.end('{}');
    };
    const reading = retrying(client, { path: '/x' }, { scope, random: () => 0.5 });
    await untilReal(() => received === 1 && client.inFlight === 0);
    await settle();
    await clock.run(6_900);
    expect(received).toBe(1);
    await clock.run(200);
    expect((await reading).status).toBe(200);
  });
});

describe('the rate limit', () => {
  test('180 a minute: no minute holds more than the rate and its burst, urgent ones go first', async () => {
    const clock = new VirtualClock();
    await using scope = scopeOn(clock);
    const limit = new RateLimit({ scope, perMinute: 180 });
    const went: string[] = [];
    for (let i = 0; i < 200; i += 1)
      void limit.take().then(
        () => went.push('n'),
        () => undefined,
      );
    void limit.take({ urgent: true }).then(() => went.push('u'));
    await settle();
    expect(went.length).toBe(18);
    await clock.run(1_000);
    expect(went[18]).toBe('u');
    await clock.run(59_000);
    expect(went.length).toBeLessThanOrEqual(198);
    expect(went.length).toBeGreaterThanOrEqual(197);
  });

  test('the caller too many is refused, an aborted one leaves', async () => {
    const clock = new VirtualClock();
    await using scope = scopeOn(clock);
    const limit = new RateLimit({ scope, perMinute: 60, burst: 1, maxWaiting: 1 });
    await limit.take();
    const stop = new AbortController();
    const waiting = failure(limit.take({ signal: stop.signal }));
    expect(await failure(limit.take())).toMatchObject({ reason: 'limited', maybeSent: false });
    stop.abort();
    expect(await waiting).toMatchObject({ reason: 'aborted', maybeSent: false });
    expect(limit.waiting).toBe(0);
  });

  test.each([
    ['3', 3_000],
    ['0', 0],
    ['-1', 0],
    ['99999', 60_000],
    ['Thu, 01 Jan 1970 00:00:10 GMT', 10_000],
    ['soon', null],
    [undefined, null],
  ])('Retry-After %s', (value, ms) => expect(retryAfterMs(value, () => 0)).toBe(ms));
});
