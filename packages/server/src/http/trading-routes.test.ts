/** Trading over real HTTP: tokens, confirmations, versions and keys, and a halt that nothing turns away. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accountsAnswer, campaignsAnswer, deadLettersAnswer, factsAnswer, haltAnswer, ordersAnswer, problem, riskAnswer, settingsAnswer, snapshotAnswer, stepUpAnswer, tradingAnswer } from '@wyckoff/contracts'; // prettier-ignore
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, startServer } from '../main.ts';
import { PHRASES } from './step-up.ts';

let folder: string;
let server: RunningServer;
let token: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-routes-'));
  server = await startServer({ port: 0, logLevel: 'silent', speed: 'max', data: folder, numbers: { 'http.perMinuteUser': 10_000, 'http.perMinuteAddress': 10_000 } }); // prettier-ignore
  token = readFileSync(join(folder, 'local-token'), 'utf8');
  for (let finished = false; !finished;) {
    const { json } = await ask('/health', {}, '');
    finished = (json as { feeds: { replay: { finished: boolean } }[] }).feeds[0].replay.finished;
    await new Promise((resolve) => setImmediate(resolve));
  }
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: unknown;
}

async function ask(
  path: string,
  init: RequestInit & { headers?: Record<string, string> } = {},
  base = '/api/v1',
): Promise<Answer> {
  const response = await fetch(`${server.url}${base}${path}`, {
    ...init,
    headers: {
      ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
      'x-wyckoff-token': token,
      ...init.headers,
    },
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: text === '' ? null : (JSON.parse(text) as unknown) };
}

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  ask(path, { method: 'POST', body: JSON.stringify(body), headers });
const patch = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  ask(path, { method: 'PATCH', body: JSON.stringify(body), headers });
const code = ({ json }: Answer): string => problem.parse(json).code;

async function confirmed(action: keyof typeof PHRASES): Promise<Record<string, string>> {
  const { json } = await post('/auth/step-up', { action, phrase: PHRASES[action] });
  return { 'x-step-up': stepUpAnswer.parse(json).stepUpToken };
}

describe('interface 2.2 trading over HTTP', () => {
  it('interface 10: every list answers in the form of the contract', async () => {
    expect(tradingAnswer.parse((await ask('/trading')).json).accounts).toHaveLength(1);
    expect(riskAnswer.parse((await ask('/risk')).json).accountId).toBe('replay');
    expect(campaignsAnswer.parse((await ask('/campaigns?limit=3')).json).items.length).toBeGreaterThan(0);
    expect(ordersAnswer.parse((await ask('/orders?limit=5&status=FILLED')).json).items[0].fills.length).toBeGreaterThan(0);
    expect(accountsAnswer.parse((await ask('/accounts')).json).items).toHaveLength(1);
    expect(settingsAnswer.parse((await ask('/settings')).json).items.map((item) => item.key)).toContain('notifications');
    const facts = factsAnswer.parse((await ask('/facts?audit=true&limit=5')).json).items;
    expect(facts.every((row) => row.actor === 'engine')).toBe(true);
    const topics = 'campaigns,trading,notifications,signals';
    expect(snapshotAnswer.parse((await ask(`/snapshot?topics=${topics}`)).json).campaigns?.length).toBeGreaterThan(0);
  });

  it('C6 interface 2.2: dead letters are tried again by word, discarded only with the confirmation of that very act', async () => {
    const act = (body: object, headers = {}) => post('/system/actions', body, headers);
    expect((await act({ action: 'retryDeadLetters', all: true })).json).toEqual({ count: 0 });
    for (const which of [{}, { ids: ['a'], all: true }, { ids: [] }, { all: false }])
      expect((await act({ action: 'retryDeadLetters', ...which })).status, JSON.stringify(which)).toBe(422);
    const refused = await act({ action: 'purgeDeadLetters', topic: 'notify.email' }, await confirmed('raiseRisk'));
    expect([refused.status, code(refused)]).toEqual([403, 'auth.step_up']);
    expect((await act({ action: 'purgeDeadLetters', topic: 'notify.email' }, await confirmed('purgeDeadLetters'))).json).toEqual({
      count: 0,
    });
    expect(deadLettersAnswer.parse((await ask('/system/dead-letters?topic=notify.email')).json)).toMatchObject({ total: 0 });
  });

  it('interface 2.2 BAR_OUTLIER confirmBar: a replay holds no bar, and says so; without an id it is refused', async () => {
    const none = await post('/system/actions', { action: 'confirmBar', id: 'nothing' });
    expect([none.status, code(none)]).toEqual([404, 'resource.not_found']);
    expect((await post('/system/actions', { action: 'confirmBar' })).status).toBe(422);
  });

  it('interface 2.1: pages of orders and campaigns walk to the end without a gap; a foreign cursor is refused', async () => {
    for (const list of ['orders', 'campaigns']) {
      const ids: string[] = [];
      let cursor: string | null = null;
      do {
        const { json } = await ask(`/${list}?limit=7${cursor === null ? '' : `&cursor=${cursor}`}`);
        const page = json as { items: { id: string }[]; nextCursor: string | null };
        ids.push(...page.items.map((item) => item.id));
        cursor = page.nextCursor;
      } while (cursor !== null);
      const { json } = await ask(`/${list}?limit=200`);
      expect(ids).toEqual((json as { items: { id: string }[] }).items.map((item) => item.id));
      expect(code(await ask(`/${list}?limit=7&symbol=SPX&cursor=AAAA`))).toBe('page.bad_cursor');
    }
  });

  it('interface 6.2: nothing is changed without the token', async () => {
    for (const path of ['/trading/halt', '/trading/actions', '/signals/x/decision', '/positions/x/exit', '/auth/step-up'])
      expect(code(await post(path, {}, { 'x-wyckoff-token': 'wrong' }))).toBe('auth.csrf');
    expect((await ask('/trading')).json).toMatchObject({ halt: { level: 'OFF' } });
  });

  it('interface 6.4: what lets more risk in needs its own fresh confirmation', async () => {
    const resume = { action: 'resume', reason: 'all is well' };
    const refused = await post('/trading/actions', resume);
    expect(refused.status).toBe(403);
    expect(refused.json).toMatchObject({ code: 'auth.step_up', action: 'resume', phrase: PHRASES.resume });
    expect(code(await post('/auth/step-up', { action: 'resume', phrase: 'resume' }))).toBe('auth.step_up');
    expect(code(await post('/trading/actions', resume, await confirmed('resetBreaker')))).toBe('auth.step_up');
    expect((await post('/trading/actions', resume, await confirmed('resume'))).status).toBe(200);
    // What takes risk away does not.
    expect((await post('/trading/actions', { action: 'disableAutomation', account: 'replay' })).status).toBe(200);
  });

  it('interface 2.1: V asks for a version, I for a key', async () => {
    expect(code(await patch('/positions/x', { stop: 1 }))).toBe('request.version_missing');
    expect(code(await patch('/positions/x', { stop: 1 }, { 'if-match': '3' }))).toBe('request.version_missing');
    expect(code(await patch('/positions/x', { stop: 1 }, { 'if-match': '"3"' }))).toBe('resource.not_found');
    expect(code(await post('/positions/x/exit', {}))).toBe('request.key_missing');
    expect(code(await post('/positions/x/exit', {}, { 'idempotency-key': 'mine' }))).toBe('request.key_missing');
    const key = { 'idempotency-key': '00000000-0000-4000-8000-000000000000' };
    expect(code(await post('/positions/x/exit', {}, key))).toBe('resource.not_found');
    expect(code(await post('/positions/x/exit', { ratio: 0.5, qtyMicros: 5 }, key))).toBe('request.invalid');
  });

  it('4.5 rejecting needs a reason; 7.6 FLATTEN needs the typed word', async () => {
    expect(code(await post('/signals/x/decision', { decision: 'reject' }))).toBe('request.invalid');
    expect(code(await post('/signals/x/decision', { decision: 'approve' }))).toBe('resource.not_found');
    expect(code(await post('/trading/halt', { level: 'FLATTEN' }))).toBe('request.invalid');
    expect((await ask('/trading')).json).toMatchObject({ halt: { level: 'OFF' } });
  });

  it('7.6 goal: a halt is in force within a second, and again and again it is the same halt', async () => {
    const began = performance.now();
    const first = haltAnswer.parse((await post('/trading/halt', { level: 'STOP', reason: 'a test' })).json);
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(first).toMatchObject({ halt: { level: 'STOP', stored: true, by: 'local' } });
    const again = haltAnswer.parse((await post('/trading/halt', { level: 'STOP', reason: 'another' })).json);
    expect(again.halt.activationId).toBe(first.halt.activationId);
    const [audit] = factsAnswer.parse((await ask('/facts?type=killswitch.changed&limit=200')).json).items.slice(-1);
    expect(audit).toMatchObject({ actor: 'local', data: { level: 'STOP' } });
    expect((await post('/trading/actions', { action: 'resume', reason: 'done' }, await confirmed('resume'))).status).toBe(200);
  });

  it('settings change by If-Match and tell it', async () => {
    const body = { value: { theme: 'dark' } };
    const done = await patch('/settings/appearance', body, { 'if-match': '"0"' });
    expect(done).toMatchObject({ status: 200, json: { version: 1, value: { theme: 'dark' } } });
    expect((await patch('/settings/appearance', body, { 'if-match': '"0"' })).status).toBe(412);
  });
});

describe('interface 2.1 the halt is under no limit', () => {
  it('7.6 with every bucket of tokens empty a halt still passes', async () => {
    const data = mkdtempSync(join(tmpdir(), 'wyckoff-limit-'));
    const numbers = { 'http.perMinuteUser': 60, 'http.perMinuteAddress': 60 };
    const small = await startServer({ port: 0, logLevel: 'silent', speed: 'max', play: false, data, numbers });
    try {
      const secret = readFileSync(join(data, 'local-token'), 'utf8');
      const halt = () =>
        fetch(`${small.url}/api/v1/trading/halt`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-wyckoff-token': secret },
          body: JSON.stringify({ level: 'STOP', reason: 'a test' }),
        });
      let status = 200;
      for (let i = 0; i < 200 && status === 200; i += 1) status = (await fetch(`${small.url}/api/v1/trading`)).status;
      expect(status).toBe(429);
      const answer = await halt();
      expect(answer.status).toBe(200);
      expect(haltAnswer.parse(await answer.json()).halt.level).toBe('STOP');
    } finally {
      await small.stop();
      rmSync(data, { recursive: true, force: true });
    }
  });
});
