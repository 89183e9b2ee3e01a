/** The whole server, started as `npm start` does, asked over real HTTP. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { get, request, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryAnswer, problem, PROBLEMS, replayActionAnswer, ROUTES, type RouteName } from '@wyckoff/contracts';
import Fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { denyByDefault } from './http/app.ts';
import { type RunningServer, startServer } from './main.ts';

const folders: string[] = [];
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'wyckoff-main-'));
  folders.push(made);
  return made;
};
afterAll(() => {
  for (const made of folders) rmSync(made, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** `fetch` would set its own Host and Origin; this asks exactly as told. */
function ask(server: RunningServer, path: string, { method = 'GET', headers = {}, body }: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(`${server.url}${path}`, { method, headers: { ...headers } }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const text = Buffer.concat(parts).toString();
        const isJson = /json/.test(response.headers['content-type'] ?? '');
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: (isJson ? JSON.parse(text) : {}) as Record<string, unknown>,
        });
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

const QUIET = { port: 0, logLevel: 'silent', speed: 'max' } as const;

describe('the server', () => {
  let server: RunningServer;
  let token: string;
  beforeAll(async () => {
    server = await startServer({
      ...QUIET,
      data: folder(),
      numbers: { 'http.perMinuteUser': 100_000, 'http.perMinuteAddress': 100_000 },
    });
    token = (await ask(server, '/api/v1/auth/session')).json['csrfToken'] as string;
    const isFinished = async (): Promise<boolean> => {
      const { json } = await ask(server, '/health');
      return (json['feeds'] as { replay: { finished: boolean } }[])[0]?.replay.finished ?? false;
    };
    while (!(await isFinished())) await new Promise((resolve) => setTimeout(resolve, 50));
  });
  afterAll(() => server.stop());

  it('interface 10: the routes mounted are those of the table and the files of the app, nothing else', () => {
    const table = Object.values(ROUTES).map(({ method, path }) => `${method} ${path}`);
    expect([...server.routes].sort()).toEqual([...table, 'GET /*'].sort());
  });

  it('interface 1.1: a route without a role stops the start; with one it does not', () => {
    const app = Fastify();
    denyByDefault(app);
    expect(() => app.get('/open', () => 'door')).toThrow('expected a role for GET /open');
    expect(() => app.get('/known', { config: { role: 'public' } }, () => 'door')).not.toThrow();
  });

  it.each<[RouteName, string]>([
    ['session', '/api/v1/auth/session'],
    ['chart', '/api/v1/chart?symbol=SPX&timeframe=1d'],
    ['snapshot', '/api/v1/snapshot'],
    ['signals', '/api/v1/signals?limit=200'],
    ['positions', '/api/v1/positions'],
    ['facts', '/api/v1/facts?limit=200'],
    ['equity', '/api/v1/accounts/replay/equity'],
    ['memory', '/api/v1/system/memory'],
    ['deadLetters', '/api/v1/system/dead-letters?topic=notify.email&limit=5'],
    ['health', '/health'],
  ])('interface 10: the answer of %s passes its schema', async (name, path) => {
    const { status, json } = await ask(server, path);
    expect(status).toBe(200);
    const route = ROUTES[name];
    if (!('answer' in route)) throw new Error(`${name} has no schema`);
    expect(route.answer.safeParse(json).error?.issues ?? []).toEqual([]);
  });

  it('interface 2.3: problems are rows of the table, as problem+json with the request id', async () => {
    const id = '00000000-0000-4000-8000-000000000001';
    const json = { 'content-type': 'application/json', 'x-wyckoff-token': token };
    const cases: [code: keyof typeof PROBLEMS, path: string, ask: Ask][] = [
      ['request.malformed', '/api/v1/system/actions', { method: 'POST', headers: json, body: '{"action":' }],
      ['request.malformed', '/api/v1/system/actions', { method: 'POST', headers: json, body: '['.repeat(40) + ']'.repeat(40) }],
      ['request.malformed', '/api/v1/system/actions', { method: 'POST', headers: json, body: '{"__proto__":{"a":1}}' }],
      [
        'request.invalid',
        '/api/v1/system/actions',
        { method: 'POST', headers: json, body: '{"action":"replay","do":"play","extra":1}' },
      ],
      ['request.invalid', '/api/v1/system/actions', { method: 'POST', headers: json, body: '{"action":"replay","do":"speed"}' }],
      ['request.too_large', '/api/v1/system/actions', { method: 'POST', headers: json, body: `"${'x'.repeat(70_000)}"` }],
      ['request.too_large', `/api/v1/facts?type=${'x'.repeat(3_000)}`, {}],
      [
        'request.unsupported_type',
        '/api/v1/system/actions',
        { method: 'POST', headers: { ...json, 'content-type': 'text/xml' }, body: '<a/>' },
      ],
      ['request.invalid', '/api/v1/chart?symbol=SPX&timeframe=7d', {}],
      ['request.invalid', '/api/v1/chart?symbol=SPX&timeframe=1d&include=money', {}],
      ['request.unknown_route', '/api/v1/nothing', {}],
      ['request.method', '/api/v1/chart', { method: 'DELETE', headers: { 'x-wyckoff-token': token } }],
      ['page.bad_cursor', '/api/v1/signals?cursor=nonsense', {}],
      ['page.bad_cursor', '/api/v1/system/dead-letters?cursor=nonsense', {}],
      ['request.invalid', '/api/v1/system/dead-letters?limit=201', {}],
      ['symbol.unknown', '/api/v1/chart?symbol=SPXX&timeframe=1d', {}],
      ['auth.host', '/api/v1/auth/session', { headers: { host: 'evil.example' } }],
      ['auth.origin', '/api/v1/auth/session', { headers: { origin: 'https://evil.example' } }],
      ['auth.origin', '/api/v1/auth/session', { headers: { 'sec-fetch-site': 'cross-site' } }],
      ['auth.origin', '/%61pi/v1/auth/session', { headers: { 'sec-fetch-site': 'cross-site' } }],
      ['auth.csrf', '/api/v1/system/actions', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }],
      ['auth.csrf', '/api/v1/system/actions', { method: 'POST', headers: { ...json, 'x-wyckoff-token': 'wrong' }, body: '{}' }],
    ];
    for (const [code, path, asked] of cases) {
      const {
        status,
        headers,
        json: body,
      } = await ask(server, path, { ...asked, headers: { ...asked.headers, 'x-request-id': id } });
      expect([path, body['code'], status]).toEqual([path, code, PROBLEMS[code][0]]);
      expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
      expect(problem.safeParse(body).success).toBe(true);
      expect([body['requestId'], headers['x-request-id']]).toEqual([id, id]);
      expect(JSON.stringify(body)).not.toMatch(/ {4}at |node_modules/);
    }
    expect((await ask(server, '/api/v1/chart', { method: 'DELETE', headers: { 'x-wyckoff-token': token } })).headers.allow).toBe(
      'GET',
    );
  });

  it('interface 6.2: the page by its token, a program by the token file of mode 0600, may change things', async () => {
    const file = join(server.settings.dataDir, 'local-token');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    for (const given of [token, readFileSync(file, 'utf8')]) {
      const headers = {
        'content-type': 'application/json',
        'x-wyckoff-token': given,
        'sec-fetch-site': 'same-origin',
        origin: server.url,
      };
      const answer = await ask(server, '/api/v1/system/actions', {
        method: 'POST',
        headers,
        body: '{"action":"replay","do":"speed","speed":9}',
      });
      expect(answer.status).toBe(200);
      expect(replayActionAnswer.parse(answer.json).connection.replay?.speed).toBe(9);
    }
  });

  it('interface 6.2: probes may use any host name', async () => {
    for (const path of ['/health/live', '/health/ready']) {
      expect((await ask(server, path, { headers: { host: 'wyckoff.svc' } })).json).toEqual({ status: 'ok' });
    }
  });

  it('interface 6.4: the document has the policy with a nonce of its own; every answer has the other headers', async () => {
    const [first, second] = [
      await ask(server, '/', { headers: { accept: 'text/html' } }),
      await ask(server, '/signals/1', { headers: { accept: 'text/html' } }),
    ];
    const nonce = (answer: Answer): string =>
      /'nonce-([^']+)'/.exec(String(answer.headers['content-security-policy']))?.[1] ?? '';
    expect(nonce(first).length).toBeGreaterThan(20);
    expect(nonce(first)).not.toBe(nonce(second));
    expect(String(first.headers['content-security-policy'])).toContain("default-src 'none'; script-src 'self'");
    expect(String(first.headers['content-security-policy'])).not.toContain('unsafe');
    expect(first.text).not.toContain('__CSP_NONCE__');
    const api = await ask(server, '/api/v1/auth/session');
    for (const { headers } of [first, api]) {
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
        'cross-origin-resource-policy': 'same-origin',
        'cache-control': 'no-store',
      });
    }
  });

  it('files outside of the app are not served', async () => {
    for (const path of [
      '/../package.json',
      '/%2e%2e/package.json',
      '/assets/..%2f..%2fpackage.json',
      '/.server-built-from',
      '/assets/none.js',
    ]) {
      const answer = await ask(server, path);
      expect([path, answer.status]).toEqual([path, 404]);
    }
  });

  it('memory.md 5: the census has no unbounded name, keeps its laws and shows in the metrics', async () => {
    const { census } = memoryAnswer.parse((await ask(server, '/api/v1/system/memory')).json);
    expect(census.length).toBeGreaterThan(10);
    for (const { name, size, capacity } of census)
      expect([name, capacity === null ? Infinity : size <= capacity]).toEqual([name, true]);
    expect(server.scope.census.audit()).toEqual([]);
    const { text } = await ask(server, '/metrics');
    for (const { name } of census) expect(text).toContain(`bounded_size{name="${name}"`);
    const needed = [
      'process_resident_memory_bytes',
      'nodejs_heap_size_used_bytes',
      'nodejs_eventloop_lag_p99_seconds',
      'ws_connections',
      'memory_governor_level',
    ];
    for (const name of [
      ...needed,
      'http_request_duration_seconds_count',
      'http_refused_total',
      'ws_queue_bytes',
      'tasks_running',
      'feed_bars_total',
    ]) {
      expect(text).toMatch(new RegExp(`^# TYPE ${name.replace(/_count$/, '')} `, 'm'));
    }
  });

  it('memory.md 1: the bounds of the default settings fit the default budget, and no structure hides its size', () => {
    expect(server.budget.fits).toBe(true);
    expect(server.budget.undeclared).toEqual([]);
  });

  it('L7 labels come from closed sets: unknown addresses are one series', async () => {
    for (let i = 0; i < 50; i += 1) await ask(server, `/api/v1/invented-${i}`);
    const { text } = await ask(server, '/metrics');
    expect(text).not.toContain('invented');
    expect(text.split('\n').filter((line) => line.startsWith('http_request_duration_seconds_count')).length).toBeLessThan(40);
  });
});

describe('the end', () => {
  it('L7 C12 open sockets and kept-alive connections do not delay the end; everything has let go', async () => {
    const server = await startServer({ ...QUIET, data: folder() });
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`, 'wyckoff.v1', { headers: { origin: server.url } });
    const code = new Promise<number>((resolve) => socket.on('close', resolve));
    await new Promise((resolve) => socket.on('open', resolve));
    // A client that never lets go of its connection.
    await new Promise<void>((resolve) => {
      get(`${server.url}/health/live`, { agent: false, headers: { connection: 'keep-alive' } }, (response) => {
        response.resume();
        response.on('end', resolve);
      });
    });
    const began = performance.now();
    expect(await server.stop()).toEqual([]);
    // Kept alive, the connection would hold it for 5 s.
    expect(performance.now() - began).toBeLessThan(4_500);
    expect(await code).toBe(1001);
    expect(server.scope.census.rows().map(({ name }) => name)).toEqual([]);
  });

  it('L7 ten servers one after another leave no handle and no timer behind', async () => {
    const data = folder();
    const active = (): number => process.getActiveResourcesInfo().filter((type) => /Timeout|TCP|Immediate/.test(type)).length;
    const once = async (): Promise<void> => {
      const server = await startServer({ ...QUIET, data, play: false });
      await ask(server, '/api/v1/auth/session');
      await server.stop();
    };
    await once();
    const before = active();
    for (let i = 0; i < 10; i += 1) await once();
    expect(active()).toBeLessThanOrEqual(before + 1);
  });

  it('memory.md 1: bounds above the budget refuse the start with the table, and what was opened is closed', async () => {
    const data = folder();
    const start = startServer({ ...QUIET, data, numbers: { 'ws.queueTotalBytes': 268_435_456 } });
    await expect(start).rejects.toThrow(/expected at least \d+, was 256[\s\S]*server\.ws\.queues/);
    const again = await startServer({ ...QUIET, data });
    await again.stop();
  });

  it('interface 6.2: a second server on the same data is refused and leaves the token file of the first alone', async () => {
    const data = folder();
    const first = await startServer({ ...QUIET, data, play: false });
    const issued = readFileSync(join(data, 'local-token'), 'utf8');
    await expect(startServer({ ...QUIET, data })).rejects.toThrow(/in use by another wyckoff/);
    expect(readFileSync(join(data, 'local-token'), 'utf8')).toBe(issued);
    const headers = { 'content-type': 'application/json', 'x-wyckoff-token': issued };
    const body = '{"action":"replay","do":"pause"}';
    expect((await ask(first, '/api/v1/system/actions', { method: 'POST', headers, body })).status).toBe(200);
    await first.stop();
  });

  it('interface 9: every fault of the settings is told at once', async () => {
    const start = startServer({ ...QUIET, data: folder(), port: 99_999, host: '0.0.0.0', speed: 'slow' });
    await expect(start).rejects.toThrow(/server\.port[\s\S]*server\.host[\s\S]*speed/);
    await expect(startServer({ ...QUIET, data: folder(), speed: 1e9 })).rejects.toThrow('above 0 and up to 1,000,000, or max');
  });
});

describe('limits', () => {
  it('M11 the 61st request of a minute is told when to come back', async () => {
    const server = await startServer({ ...QUIET, data: folder(), play: false, numbers: { 'http.perMinuteUser': 60 } });
    const statuses: number[] = [];
    for (let i = 0; i < 61; i += 1) statuses.push((await ask(server, '/api/v1/auth/session')).status);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(60);
    const refused = await ask(server, '/api/v1/auth/session');
    const last = refused.status === 429 ? refused : await ask(server, '/api/v1/auth/session');
    expect([last.status, Number(last.headers['retry-after'])]).toEqual([429, 1]);
    expect((await ask(server, '/health/live')).status).toBe(200);
    await server.stop();
  });
});
