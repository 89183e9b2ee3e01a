/** Trading as people meet it: a real session on a real store, asked through its desk. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { Scope } from '@wyckoff/bounded';
import { signalAnswer, tradingAnswer, type SignalWire } from '@wyckoff/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Answer, Desk } from '../desk.ts';
import { openSession, type Session } from '../open.ts';
import type { Actor, TradingDesk } from '../trading-desk.ts';

const ann: Actor = { user: 'local', role: 'admin', address: '127.0.0.1', requestId: 'r-1', steppedUp: true };
/** The first entry of the demo series comes before this bar. */
const FAR = 1_200;

let folder: string;
let scope: Scope;
let session: Session;
let desk: Desk;
let trading: TradingDesk;
const alarms: string[] = [];

async function open(): Promise<void> {
  scope = new Scope({ name: 'test' });
  session = await openSession(
    { scope, storePath: join(folder, 'wyckoff.db'), speed: null, play: false },
    { onAlarm: (sentence) => alarms.push(sentence) },
  );
  desk = session.desk;
  trading = session.trading.desk;
}

async function reopen(): Promise<void> {
  await scope.dispose();
  await open();
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-trading-'));
  alarms.length = 0;
  await open();
});
afterEach(async () => {
  await scope.dispose();
  rmSync(folder, { recursive: true, force: true });
});

function valueOf<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Error(`${answer.code}: ${answer.detail}`);
  return answer.value;
}

function codeOf(answer: Answer<unknown>): string {
  return answer.ok ? 'ok' : answer.code;
}

async function bar(): Promise<void> {
  const { replay } = desk.replay.step();
  while (desk.replay.state().replay?.position === replay?.position) await turn();
}

async function until(isThere: () => Promise<boolean> | boolean): Promise<void> {
  for (let bars = 0; bars < FAR; bars += 1) {
    if (await isThere()) return;
    await bar();
  }
  throw new Error(`expected it within ${FAR} bars`);
}

const queueMode = () => trading.act({ action: 'setAcceptance', account: 'replay', mode: 'queue' }, ann);
const pending = async () => (await trading.state()).accounts[0]?.pending ?? 0;
const waiting = async (): Promise<SignalWire> => {
  await until(async () => (await pending()) > 0);
  const [signal] = valueOf(await desk.signals({ status: 'PENDING', limit: 1 })).items;
  return signal;
};
const approve = (id: string, more: { qtyMicros?: number; dryRun?: boolean } = {}) =>
  trading.decide(id, { decision: 'approve', dryRun: false, ...more }, ann);
const openPosition = async () => {
  await until(async () => valueOf(await desk.positions({ status: 'OPEN', limit: 1 })).items.length > 0);
  return valueOf(await desk.positions({ status: 'OPEN', limit: 1 })).items[0];
};
const orders = async () => valueOf(await trading.orders({ limit: 200 })).items;
const stop = (dryRun = false) => trading.halt({ level: 'STOP', reason: 'a test', dryRun }, ann);
const flatten = (dryRun = false) => trading.halt({ level: 'FLATTEN', reason: 'a test', dryRun }, ann);

describe('4.5 the approval queue through the desk', () => {
  it('4.5 a waiting signal is rehearsed without effect, approved for less, and answered the same again', async () => {
    valueOf(await queueMode());
    const signal = await waiting();
    expect(signalAnswer.parse(valueOf(await trading.signal(signal.id)))).toMatchObject({ waiting: { state: 'WAITING' } });
    const before = desk.seq();
    const rehearsed = valueOf(await approve(signal.id, { dryRun: true }));
    expect(rehearsed).toMatchObject({ gate: { allowed: true }, placed: false, dryRun: true });
    expect(rehearsed.order).toMatchObject({ intent: 'OPEN', qtyMicros: signal.qtyMicros });
    expect(desk.seq()).toBe(before);
    expect(await pending()).toBe(1);
    const less = Math.floor(signal.qtyMicros / 2);
    const done = valueOf(await approve(signal.id, { qtyMicros: less }));
    expect(done).toMatchObject({ placed: true, repeated: false });
    expect(done.order?.qtyMicros).toBeLessThanOrEqual(less);
    expect(await pending()).toBe(0);
    expect(valueOf(await approve(signal.id))).toMatchObject({
      repeated: true,
      sentence: 'It was approved already; nothing was done again.',
    });
    const drill = await stop(true);
    expect(drill).toMatchObject({ dryRun: true, halt: { level: 'OFF' }, cancels: [{ orderId: done.order?.id, symbol: 'SPX' }] });
    expect((await orders()).find((order) => order.id === done.order?.id)?.state).toBe('PENDING_NEW');
    expect(codeOf(await trading.decide(signal.id, { decision: 'reject', reason: 'changed my mind', dryRun: false }, ann))).toBe(
      'signal.decided',
    );
    const made = await orders();
    expect(made.filter((order) => order.leg === 'ENTRY')).toHaveLength(1);
    const { lifecycle } = valueOf(await trading.signal(signal.id));
    expect(lifecycle.map((step) => step.status)).toEqual(expect.arrayContaining(['GENERATED', 'PENDING', 'APPROVED']));
    expect(lifecycle.find((step) => step.status === 'APPROVED')?.actor).toBe('local');
  });

  it('4.5 a replay at full speed stops where a signal waits: the next bar would end it; told not to, it goes on', async () => {
    valueOf(await queueMode());
    const state = () => desk.replay.state().replay;
    desk.replay.play();
    for (let turns = 0; turns < 20_000 && (state()?.playing ?? false); turns += 1) await turn();
    expect(state()).toMatchObject({ playing: false, finished: false, holds: true, held: true });
    const place = state()?.position ?? 0;
    const [signal] = valueOf(await desk.signals({ status: 'PENDING', limit: 9 })).items;
    expect(valueOf(await approve(signal.id, { dryRun: true })).gate.allowed).toBe(true);
    valueOf(await trading.decide(signal.id, { decision: 'reject', reason: 'too thin', dryRun: false }, ann));
    expect(state()).toMatchObject({ held: false, position: place });
    // The twin: nobody is asked to decide before the next bar.
    desk.replay.hold(false);
    desk.replay.play();
    for (let turns = 0; turns < 60_000 && !(state()?.finished ?? true); turns += 1) await turn();
    expect(state()).toMatchObject({ finished: true, holds: false, held: false });
    expect(valueOf(await desk.signals({ status: 'EXPIRED', limit: 9 })).items.length).toBeGreaterThan(0);
  });

  it('4.5 4.3 a signal waits as long as its timeframe allows, 1-60 minutes; what waits already keeps its time', async () => {
    const change = (value: object, version: number) =>
      trading.changeSetting('approvals', { value: { ...value }, version, dryRun: false }, ann);
    for (const value of [{ minutes: 0 }, { minutes: 61 }, { byTimeframe: { '1d': 90 } }, { byTimeframe: { '7d': 5 } }])
      expect(codeOf(await change(value, 0))).toBe('request.invalid');
    expect(codeOf(await change({ minutes: 7, byTimeframe: { '1d': 30 } }, 0))).toBe('ok');
    valueOf(await queueMode());
    const wait = async () => {
      const { waiting: one } = valueOf(await trading.signal((await waiting()).id));
      return ((one?.entry.expiresAt ?? 0) - (one?.entry.queuedAt ?? 0)) / 60_000;
    };
    expect(await wait()).toBe(30);
    expect(codeOf(await change({ byTimeframe: { '1d': null } }, 1))).toBe('ok');
    expect(await wait()).toBe(30);
    expect((await trading.state()).accounts[0].acceptance).toBe('queue');
    await bar();
    expect(await wait()).toBe(7);
  });

  it('4.5 a waiting signal is rejected with a reason, kept with who said so', async () => {
    valueOf(await queueMode());
    const { id } = await waiting();
    const answer = valueOf(await trading.decide(id, { decision: 'reject', reason: 'too thin', dryRun: false }, ann));
    expect(answer).toMatchObject({ signal: { status: 'REJECTED' }, placed: false });
    expect(await pending()).toBe(0);
    expect(await orders()).toEqual([]);
  });

  it('4.5 M8 what nobody decided expires with its time, and is gone from the queue', async () => {
    valueOf(await queueMode());
    const { id } = await waiting();
    await bar();
    expect(await pending()).toBe(0);
    expect(valueOf(await trading.signal(id)).signal.status).toBe('EXPIRED');
    expect(codeOf(await approve(id))).toBe('signal.expired');
  });

  it('issue 4.10 a signal waits on through a restart, and can be approved then', async () => {
    valueOf(await queueMode());
    const { id } = await waiting();
    await reopen();
    expect(await pending()).toBe(1);
    expect(valueOf(await approve(id))).toMatchObject({ placed: true });
    await reopen();
    expect((await orders()).filter((order) => order.leg === 'ENTRY')).toHaveLength(1);
    await openPosition();
  });
});

describe('7.6 the kill switch through the desk', () => {
  it('TR-11 under STOP nothing can be approved; after resuming it can', async () => {
    valueOf(await queueMode());
    const { id } = await waiting();
    const halted = await stop();
    expect(halted).toMatchObject({ halt: { level: 'STOP', stored: true, by: 'local' }, dryRun: false });
    expect(halted.tookMs).toBeLessThan(1_000);
    const refused = await approve(id);
    expect(refused).toMatchObject({
      ok: false,
      code: 'trading.halted',
      extra: { reasonCode: 'KILL_SWITCH', halt: { level: 'STOP' } },
    });
    expect(await orders()).toEqual([]);
    valueOf(await trading.act({ action: 'resume', reason: 'all is well', acknowledge: [] }, ann));
    expect(valueOf(await approve(id))).toMatchObject({ placed: true });
  });

  it('TR-11 a halt holds through a restart', async () => {
    await stop();
    await reopen();
    expect(tradingAnswer.parse(await trading.state()).halt).toMatchObject({ level: 'STOP', readable: true });
    for (let i = 0; i < 700; i += 1) await bar();
    expect(
      (await orders()).filter((order) => order.intent === 'OPEN' && order.state !== 'REJECTED' && order.state !== 'CANCELLED'),
    ).toEqual([]);
    expect(valueOf(await desk.positions({ limit: 1 })).items).toEqual([]);
  });

  it('TR-11 a flag that another process raised in the store lets no entry be filled', async () => {
    await session.store.change({
      facts: [],
      writes: [{ kind: 'kill-switch', state: { level: 'STOP', reason: 'from outside', actor: 'bob', at: 5, activationId: 'x' } }],
    });
    for (let i = 0; i < 700; i += 1) await bar();
    expect((await orders()).filter((order) => order.state === 'FILLED')).toEqual([]);
    expect(valueOf(await desk.positions({ limit: 1 })).items).toEqual([]);
    expect((await trading.state()).accounts[0]).toMatchObject({ id: 'replay' });
  });

  it('7.6 the drill says what would be closed and changes nothing; FLATTEN closes it, acknowledged before it resumes', async () => {
    const position = await openPosition();
    const before = desk.seq();
    const drill = await flatten(true);
    expect(drill.closes.map((row) => row.positionId)).toEqual([position.id]);
    expect(drill).toMatchObject({ dryRun: true, halt: { level: 'OFF' } });
    expect(desk.seq()).toBe(before);
    const done = await flatten();
    expect(done.closes.map((row) => row.positionId)).toEqual([position.id]);
    expect(done.tookMs).toBeLessThan(1_000);
    await bar();
    const [closed] = valueOf(await desk.positions({ limit: 1 })).items;
    expect(closed).toMatchObject({ id: position.id, status: 'CLOSED', exitReason: 'FLATTEN' });
    // The flag that is acknowledged says what became of it.
    const results = async () => (await trading.state()).halt.results.map(({ positionId, state }) => [positionId, state]);
    await expect.poll(results, { timeout: 5_000 }).toEqual([[position.id, 'CLOSED']]);
    const unread = await trading.act({ action: 'resume', reason: 'all is well', acknowledge: [] }, ann);
    expect(unread).toMatchObject({ ok: false, extra: { reasonCode: 'UNACKNOWLEDGED' } });
    valueOf(await trading.act({ action: 'resume', reason: 'all is well', acknowledge: [position.id] }, ann));
    expect((await trading.state()).halt.level).toBe('OFF');
  });

  it('7.6 with the database gone it still acts within a second, stands in the folder, and alarms', async () => {
    await openPosition();
    await session.store.close();
    const done = await flatten();
    expect(done).toMatchObject({ halt: { level: 'FLATTEN', stored: false } });
    expect(done.tookMs).toBeLessThan(1_000);
    expect(alarms.join(' ')).toContain('could not be stored');
    expect(JSON.parse(readFileSync(join(folder, 'halt.json'), 'utf8'))).toMatchObject({ level: 'FLATTEN' });
    await reopen();
    expect((await trading.state()).halt.level).toBe('FLATTEN');
    await bar();
    expect(valueOf(await desk.positions({ status: 'OPEN', limit: 1 })).items).toEqual([]);
  });

  it('7.6 resuming without confirmation or reason is refused', async () => {
    await stop();
    const refused = await trading.act({ action: 'resume', reason: 'fine', acknowledge: [] }, { ...ann, steppedUp: false });
    expect(codeOf(refused)).toBe('auth.step_up');
    expect((await trading.state()).halt.level).toBe('STOP');
  });
});

describe('6.3 positions by hand', () => {
  it('6.3 a stop moves only towards profit, and only from the version that was seen', async () => {
    const position = await openPosition();
    const { id, version, stop: at, last } = position;
    const towards = at + (last - at) / 4;
    const away = at - (last - at) / 4;
    const move = (price: number, seen: number, dryRun = false) =>
      trading.moveStop(id, { stop: price, version: seen, dryRun }, ann);
    expect(await move(towards, version + 1)).toMatchObject({ ok: false, code: 'request.version_conflict', extra: { version } });
    expect(codeOf(await move(away, version))).toBe('stop.loosens');
    const rehearsed = valueOf(await move(towards, version, true));
    expect(rehearsed.riskAfter).toBeLessThan(rehearsed.riskBefore);
    expect(valueOf(await desk.positions({ status: 'OPEN', limit: 1 })).items[0].stop).toBe(at);
    const moved = valueOf(await move(towards, version));
    expect(moved.riskAfter).toBeLessThan(moved.riskBefore);
    expect(moved.position.version).toBeGreaterThan(version);
  });

  it('an exit is made once per key, also after a restart; another body under the key is refused', async () => {
    const { id, openQtyMicros } = await openPosition();
    const key = '00000000-0000-4000-8000-000000000001';
    const leave = (more: object = {}) => trading.exit(id, { dryRun: false, key, ...more }, ann);
    expect(valueOf(await leave({ dryRun: true }))).toMatchObject({ dryRun: true, remainingQtyMicros: 0 });
    const first = valueOf(await leave());
    expect(first).toMatchObject({ replayed: false, qtyMicros: openQtyMicros, order: { intent: 'CLOSE' } });
    expect(valueOf(await leave())).toMatchObject({ replayed: true, order: { id: first.order?.id } });
    expect(codeOf(await leave({ ratio: 0.5 }))).toBe('request.key_reused');
    await reopen();
    expect(valueOf(await leave())).toMatchObject({ replayed: true, order: { id: first.order?.id } });
    await bar();
    expect((await orders()).filter((order) => order.leg.startsWith('EXIT'))).toHaveLength(1);
    expect(valueOf(await desk.positions({ limit: 1 })).items[0]).toMatchObject({ status: 'CLOSED', exitReason: 'MANUAL' });
  });

  it('an exit larger than the position, or of nothing known, is refused', async () => {
    const { id, openQtyMicros } = await openPosition();
    const key = '00000000-0000-4000-8000-000000000002';
    const ask = (positionId: string, qtyMicros: number) => trading.exit(positionId, { qtyMicros, dryRun: false, key }, ann);
    expect(codeOf(await ask(id, openQtyMicros + 10_000))).toBe('exit.too_large');
    expect(codeOf(await ask('nosuch', 1))).toBe('resource.not_found');
  });
});

describe('4.6 and settings through the desk', () => {
  it('4.6 automation is enabled with the words agreed to, bound to the version of its settings, and disabled at once', async () => {
    const { patterns, whitelist, blacklist, maxTrades, maxRiskBp, breakerLosses } = (await trading.state()).accounts[0]
      .automation;
    const limits = { patterns, whitelist, blacklist, maxTrades, maxRiskBp, breakerLosses };
    const consent = 'I understand that orders are placed without asking me.';
    valueOf(
      await trading.act(
        { action: 'enableAutomation', account: 'replay', consent, limits: { ...limits, minConfidence: 90 } },
        ann,
      ),
    );
    const [on] = (await trading.state()).accounts;
    expect(on).toMatchObject({
      acceptance: 'auto',
      automation: { enabled: true, minConfidence: 90, consent: { by: 'local', address: '127.0.0.1', text: consent } },
    });
    expect(on.automation.consent?.settingsVersion).toBe(on.automation.version);
    valueOf(await trading.act({ action: 'disableAutomation', account: 'replay' }, ann));
    expect((await trading.state()).accounts[0].automation.enabled).toBe(false);
    await reopen();
    expect((await trading.state()).accounts[0]).toMatchObject({ acceptance: 'auto', automation: { enabled: false } });
  });

  it('8.2 an account without a track record does not go live', async () => {
    const answer = await trading.act({ action: 'setMode', account: 'replay', mode: 'LIVE', confirm: 'LIVE' }, ann);
    expect(answer).toMatchObject({ ok: false, code: 'live.not_eligible', extra: { trackRecord: { eligible: false } } });
  });

  it('8.2 an account that is not live stays permitted when it is told to be PAPER', async () => {
    valueOf(await trading.act({ action: 'setMode', account: 'replay', mode: 'PAPER' }, ann));
    expect((await trading.state()).accounts[0]).toMatchObject({ permitted: true });
  });

  it('settings are merged, versioned and audited; a stale version changes nothing', async () => {
    const change = (value: Record<string, unknown>, version: number, dryRun = false) =>
      trading.changeSetting('notifications', { value, version, dryRun }, ann);
    expect(valueOf(await change({ minConfidence: 90 }, 0, true))).toMatchObject({
      version: 0,
      changes: [{ field: 'minConfidence', from: 85, to: 90 }],
    });
    expect(valueOf(await change({ minConfidence: 90, quietHours: { enabled: true } }, 0))).toMatchObject({ version: 1 });
    expect(await change({ minConfidence: 80 }, 0)).toMatchObject({
      ok: false,
      code: 'request.version_conflict',
      extra: { version: 1 },
    });
    expect(codeOf(await change({ minConfidence: 20 }, 1))).toBe('request.invalid');
    expect(codeOf(await trading.changeSetting('nosuch', { value: {}, version: 0, dryRun: false }, ann))).toBe(
      'resource.not_found',
    );
    valueOf(await change({ minConfidence: null }, 1));
    const { items } = await trading.settings(ann);
    expect(items.find((item) => item.key === 'notifications')).toMatchObject({
      version: 2,
      value: { minConfidence: 85, quietHours: { enabled: true } },
    });
    const audit = valueOf(await desk.facts({ type: 'settings.changed', audit: 'true', limit: 10 })).items;
    expect(audit.map((row) => row.actor)).toEqual(['local', 'local']);
    expect(await session.store.checkAudit()).toMatchObject({ ok: true });
  });
});
