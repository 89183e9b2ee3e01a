/** Signed alerts over real HTTP: into the approval queue once, and through the relay also when the server is away for a while. */
import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Scope } from '@wyckoff/bounded';
import { problem, type SignalWire, webhookAnswer, type WebhookAnswer } from '@wyckoff/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, startServer } from '../main.ts';
import { HttpClient } from '../venue/http-client.ts';
import { Relay, type Relayed } from './relay.ts';
import { relayServer } from './relay-server.ts';
import { sign } from './signature.ts';
import { WebhookGuard } from './webhook-guard.ts';

const SECRET = 'a secret of the tests, long enough to be one';
const PATH = 'p'.repeat(43);
const NOW_S = (): number => Math.floor(Date.now() / 1000);

let folder: string;
let server: RunningServer;
let close: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-webhook-'));
  process.env['WYCKOFF_WEBHOOK_SECRET'] = SECRET;
  server = await startServer({ port: 0, logLevel: 'silent', speed: 'max', data: folder });
  for (let finished = false; !finished;) {
    const { feeds } = (await (await fetch(`${server.url}/health`)).json()) as { feeds: { replay: { finished: boolean } }[] };
    finished = feeds[0].replay.finished;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const chart = await fetch(`${server.url}/api/v1/chart?symbol=SPX&timeframe=1d&limit=1`);
  close = ((await chart.json()) as { columns: { c: number[] } }).columns.c[0];
});
afterAll(async () => {
  delete process.env['WYCKOFF_WEBHOOK_SECRET'];
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Sent {
  readonly timestamp?: string;
  readonly signature?: string;
  readonly signedBody?: string;
}

function send(body: string, { timestamp = String(NOW_S()), signature, signedBody = body }: Sent = {}): Promise<Response> {
  const headers = {
    'content-type': 'application/json',
    'x-timestamp': timestamp,
    'x-signature': signature ?? sign(SECRET, timestamp, Buffer.from(signedBody)),
  };
  return fetch(`${server.url}/api/v1/tradingview/webhook`, { method: 'POST', body, headers });
}
const codeOf = async (response: Response): Promise<string> => problem.parse(await response.json()).code;
const alert = (note: string, more: object = {}): string => JSON.stringify({ symbol: 'SPX', side: 'buy', stop: Number((close * 0.96).toFixed(2)), note, ...more }); // prettier-ignore
const signals = async (): Promise<SignalWire[]> => ((await (await fetch(`${server.url}/api/v1/signals?limit=200`)).json()) as { items: SignalWire[] }).items; // prettier-ignore

describe('trading 8.4 the webhook', () => {
  it('8.4 a signed alert waits for approval as an EXTERNAL signal; sent again it is the same one', async () => {
    const timestamp = String(NOW_S());
    const first = await send(alert('once'), { timestamp });
    expect(first.status).toBe(202);
    const answer: WebhookAnswer = webhookAnswer.parse(await first.json());
    expect(answer).toMatchObject({ status: 'PENDING', code: null });
    const again = await send(alert('once'), { timestamp });
    expect(again.headers.get('idempotent-replay')).toBe('true');
    expect(await again.json()).toEqual(answer);
    const made = (await signals()).filter(({ pattern }) => pattern === 'EXTERNAL');
    expect(made.map(({ id, status }) => ({ id, status }))).toEqual([{ id: answer.signalId, status: 'PENDING' }]);
    // Another second is another alert.
    const other = webhookAnswer.parse(await (await send(alert('once'), { timestamp: String(NOW_S() - 5) })).json());
    expect(other.signalId).not.toBe(answer.signalId);
  });

  it('8.4 what a rule of risk refuses is kept as refused, with its code', async () => {
    const answer = webhookAnswer.parse(await (await send(alert('wrong side', { stop: close * 1.05 }))).json());
    expect(answer.status).toBe('REJECTED');
    expect(answer.code).toMatch(/^RK_/);
    expect((await signals()).find(({ id }) => id === answer.signalId)).toMatchObject({ status: 'REJECTED' });
  });

  it('8.4 without the right signature of these very bytes and this time: 401, and nothing is made', async () => {
    const before = (await signals()).length;
    const old = String(NOW_S() - 301);
    const wrong: [Sent, RegExp][] = [
      [{ signature: '' }, /64 hex digits/],
      [{ signature: '0'.repeat(64) }, /under our secret/],
      [{ signedBody: alert('another') }, /under our secret/],
      [{ timestamp: old }, /30\d s old/],
      [{ timestamp: String(NOW_S() + 400) }, /s ahead/],
      [{ timestamp: '' }, /Unix seconds/],
    ];
    for (const [sent, detail] of wrong) {
      const response = await send(alert('a stranger'), sent);
      const body = problem.parse(await response.json());
      expect([response.status, body.code]).toEqual([401, 'webhook.signature']);
      expect(body.detail).toMatch(detail);
    }
    expect((await signals()).length).toBe(before);
  });

  it('8.4 twin: the same alert with the right signature is taken, so the refusals above were the signature', async () => {
    expect((await send(alert('a stranger'))).status).toBe(202);
  });

  it('8.4 bad bodies are named, and too many of one symbol wait', async () => {
    expect(await codeOf(await send('{"symbol":'))).toBe('request.malformed');
    expect(await codeOf(await send(JSON.stringify({ symbol: 'SPX', side: 'buy' })))).toBe('request.invalid');
    expect(await codeOf(await send(alert('x', { leverage: 50 })))).toBe('request.invalid');
    expect(await codeOf(await send(alert('x', { symbol: 'NOPE' })))).toBe('symbol.unknown');
    expect((await send(alert('x'.repeat(17 * 1024)))).status).toBe(413);
    const codes: number[] = [];
    for (let i = 0; i < 11; i += 1) codes.push((await send(alert(`many ${i}`, { symbol: 'MANY' }))).status);
    expect(codes).toEqual([...Array<number>(10).fill(422), 429]);
  });

  it('8.4 where no secret is set nobody can sign; twin: with it the same alert passes', async () => {
    const scope = new Scope({ name: 'guard' });
    const guard = (secret: string | null) => new WebhookGuard({ scope, clock: scope.timers, wallClock: Date.now, secret });
    const timestamp = String(NOW_S());
    const body = Buffer.from('{}');
    const signed = { timestamp, signature: sign(SECRET, timestamp, body), body };
    expect(() => guard(null).check(signed)).toThrow('expected WYCKOFF_WEBHOOK_SECRET to be set');
    expect(() => guard(`${SECRET}!`).check(signed)).toThrow('under our secret');
    expect(() => guard(SECRET).check(signed)).not.toThrow();
    await scope.dispose();
  });
});

describe('trading 8.4 the relay', () => {
  /** A door that fails as often as told, then hands over to the real server. */
  async function door(failures: number): Promise<{ readonly url: string; readonly server: Server; readonly seen: string[] }> {
    const seen: string[] = [];
    const http = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { 'x-timestamp': timestamp = '', 'x-signature': signature = '' } = request.headers as Record<string, string>;
        seen.push(signature);
        if (seen.length <= failures) return void response.writeHead(503).end();
        void send(Buffer.concat(chunks).toString(), { timestamp, signature }).then(async (answer) =>
          response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text()),
        );
      });
    });
    await new Promise<void>((ready) => http.listen(0, '127.0.0.1', ready));
    return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, server: http, seen };
  }

  async function relayTo(url: string, allowed: readonly string[] = []) {
    const scope = new Scope({ name: 'relay' });
    const relayed: Relayed[] = [];
    const client = new HttpClient({ scope, baseUrl: url });
    const relay = new Relay({ scope, client, secret: SECRET, wallClock: Date.now, random: () => 0 });
    const options = { scope, relay, path: PATH, allowed, behindProxy: false, onRefused: () => undefined };
    const port = await relayServer({ ...options, onRelayed: (result) => void relayed.push(result) }).listen('127.0.0.1', 0);
    return { scope, relayed, url: `http://127.0.0.1:${port}` };
  }

  it('8.4 signs plain text of TradingView, and tries again with the same signature until the server has it', async () => {
    const target = await door(3);
    const relay = await relayTo(target.url);
    const body = `  ${alert('from outside')}\n`;
    const response = await fetch(`${relay.url}/${PATH}`, { method: 'POST', body, headers: { 'content-type': 'text/plain' } });
    expect(response.status).toBe(202);
    expect(webhookAnswer.parse(await response.json()).status).toBe('PENDING');
    expect(relay.relayed).toMatchObject([{ delivered: true, status: 202, tries: 4 }]);
    expect(new Set(target.seen).size).toBe(1);
    await relay.scope.dispose();
    await new Promise((closed) => target.server.close(closed));
  });

  it('8.4 strangers get nothing: another path, another address, what is no JSON', async () => {
    const relay = await relayTo('http://127.0.0.1:9', ['52.89.214.238']);
    const post = async (path: string, body: string): Promise<number> => (await fetch(`${relay.url}/${path}`, { method: 'POST', body })).status; // prettier-ignore
    expect(await post('q'.repeat(43), alert('x'))).toBe(404);
    expect(await post(PATH, alert('x'))).toBe(403);
    const open = await relayTo('http://127.0.0.1:9');
    expect((await fetch(`${open.url}/${PATH}`, { method: 'POST', body: 'buy now' })).status).toBe(400);
    expect(relay.relayed).toEqual([]);
    await relay.scope.dispose();
    await open.scope.dispose();
  });
});
