import { expect, test } from 'vitest';
import { AUTOMATION_OFF } from '../acceptance/automation.ts';
import { KILL_SWITCH_OFF, activate } from '../acceptance/kill-switch.ts';
import type { Bar } from '../bar/bar.ts';
import { tightenLimits } from '../risk/limits.ts';
import type { DetectionEvent } from '../wyckoff/event.ts';
import type { TradingCommand } from './input.ts';
import { DAY, START, bar, flat, lps, springTest, utadTest } from './kit/scripted-market.ts';
import { EVENING, account } from './kit/account-rig.ts';
import type { Account, Said } from './kit/account-rig.ts';
import { seriesSettings } from './engine-settings.ts';

const TRADER = { user: 'ann', role: 'trader' } as const;
const ONE: Said = { 60: [springTest(60)] };
const statuses = (one: Account): string[] =>
  one.facts.flatMap((fact) => (fact.kind === 'signal.created' || fact.kind === 'signal.changed' ? [fact.data.status] : []));

test('RK_BUCKET RK_HEAT limits bind over symbols: of two that share a group one is cut, of another group it passes', () => {
  const patternRisk = { SPRING: 200, UTAD: 200, TEST: 200, SOS: 80, SOW: 80, LPS: 70, LPSY: 70, EXTERNAL: 50 };
  const limits = tightenLimits({ bucketBp: 200, campaignBp: 300, orderValueBp: 2_000 });
  const together = account({ 'AAA TECH': ONE, 'BBB TECH': ONE, 'CCC OIL': ONE }, { patternRisk, limits });
  const held = together.of('reservation.changed').map(({ symbol, riskMicros }) => [symbol, riskMicros]);
  // An order of a fifth of equity risks less than the group may.
  expect(held.map(([symbol]) => symbol)).toEqual(['AAA', 'BBB', 'CCC']);
  const tech = held.filter(([symbol]) => symbol !== 'CCC').reduce((sum, [, risk]) => sum + Number(risk), 0);
  expect(tech).toBeLessThanOrEqual(2_000_000_000);
  const apart = held.find(([symbol]) => symbol === 'CCC');
  expect(Number(apart?.[1])).toBe(Number(held[0][1]));
});

test('RK_MAX_POSITIONS TR-2 of two signals of one instant of which one fits exactly one passes, the better one', () => {
  const better: Said = { 60: [springTest(60, { confidence: 95 })] };
  const one = account({ 'AAA A': ONE, 'BBB B': better }, { limits: tightenLimits({ openPositions: 1 }) });
  expect(one.of('reservation.changed').map(({ symbol }) => symbol)).toEqual(['BBB']);
  expect(one.rejections()).toEqual(['RK_MAX_POSITIONS']);
});

test('RK_OPPOSITE_OPEN a symbol is not held both ways, whichever of its series asks', () => {
  const short: Said = { 62: [utadTest(62)] };
  const one = account({ 'AAA A 1d': ONE, 'AAA A 4h': short });
  one.run([flat(61, 101.6), flat(62, 109)]);
  expect(one.rejections()).toContain('RK_OPPOSITE_OPEN');
});

test('4.5 a signal waits, reserves nothing, is approved once, and never larger than it was lowered to', () => {
  const one = account({ AAA: ONE }, { acceptance: 'queue' });
  const [waiting] = one.of('approval.changed');
  expect(waiting.state).toBe('WAITING');
  expect(one.engine.report().account.heatRatio).toBe(0);
  expect(one.engine.nextDeadline).toBe(EVENING + 300_000);
  const { signalId } = waiting;
  expect(one.ask({ kind: 'approve', signalId, by: { user: 'bob', role: 'viewer' }, qtyMicros: null }).refusal?.code).toBe(
    'FORBIDDEN',
  );
  const answer = one.ask({ kind: 'approve', signalId, by: TRADER, qtyMicros: 10_500_000 });
  expect(answer).toMatchObject({ done: true, refusal: null, repeated: false });
  expect(one.of('order.changed')[0]).toMatchObject({ id: answer.orderId, qtyMicros: 10_000_000 });
  expect(one.ask({ kind: 'approve', signalId, by: TRADER, qtyMicros: null })).toMatchObject({ done: true, repeated: true });
  expect(statuses(one)).toEqual(['GENERATED', 'PENDING', 'APPROVED']);
  one.run([flat(61, 101.6)]);
  expect(one.engine.report().openPositions[0].openQtyMicros).toBe(10_000_000);
});

test('4.5 checks at approval: kill switch, halt, stale data and broker leave it waiting; time, stop and reward end it', () => {
  const fresh = (): { one: Account; signalId: string } => {
    const one = account({ AAA: ONE }, { acceptance: 'queue' });
    return { one, signalId: one.of('approval.changed')[0].signalId };
  };
  const code = ({ one, signalId }: ReturnType<typeof fresh>, before: TradingCommand | null, at = EVENING): string | undefined => {
    if (before !== null) one.ask(before);
    return one.ask({ kind: 'approve', signalId, by: TRADER, qtyMicros: null }, at).refusal?.code;
  };
  const stop = activate(KILL_SWITCH_OFF, { level: 'STOP', activationId: 'x', actor: 'ann', reason: 'drill', at: EVENING });
  expect(code(fresh(), { kind: 'setKillSwitch', kill: stop })).toBe('KILL_SWITCH');
  expect(code(fresh(), { kind: 'setHalt', halt: 'MEMORY', symbol: null, inForce: true, reason: 'full' })).toBe('HALTED');
  expect(code(fresh(), { kind: 'setConnection', connected: false })).toBe('BROKER_DOWN');
  expect(code(fresh(), { kind: 'permit', allowed: false, reason: 'live' })).toBe('LIVE_NOT_ALLOWED');
  const late = fresh();
  expect(code(late, null, EVENING + 300_000)).toBe('EXPIRED');
  expect(statuses(late.one).at(-1)).toBe('EXPIRED');
  expect(late.one.of('input.clock')).toHaveLength(0);
  expect(code({ one: fresh().one, signalId: 'nobody' }, null)).toBe('NOT_FOUND');
});

test('4.5 a clock expires it, a clock with nothing to do is no input; a no needs a reason', () => {
  const one = account({ AAA: ONE }, { acceptance: 'queue' });
  const { position } = one.engine;
  one.engine.next({ kind: 'clock', at: EVENING + 1 });
  expect(one.engine.position).toBe(position);
  const { signalId } = one.of('approval.changed')[0];
  expect(one.ask({ kind: 'reject', signalId, by: TRADER, reason: 'no' }).refusal?.code).toBe('REASON');
  one.engine.next({ kind: 'clock', at: EVENING + 300_000 });
  expect(statuses(one).at(-1)).toBe('EXPIRED');
  expect(one.ask({ kind: 'reject', signalId, by: TRADER, reason: 'too late' }).refusal?.code).toBe('NOT_PENDING');
  const other = account({ AAA: ONE }, { acceptance: 'queue' });
  const id = other.of('approval.changed')[0].signalId;
  expect(other.ask({ kind: 'reject', signalId: id, by: TRADER, reason: 'not today' }).done).toBe(true);
  expect(statuses(other).at(-1)).toBe('REJECTED');
});

test('4.3 a signal that waits is void when its stop is crossed or its bars are over', () => {
  const crossed = account({ AAA: ONE }, { acceptance: 'queue', queue: { capacity: 50, minutes: 60 } });
  crossed.run([bar(61, [97, 97.5, 95, 96])]);
  // A day is longer than any approval may wait.
  expect(statuses(crossed).at(-1)).toBe('EXPIRED');
});

test('4.6 automation passes what its rules allow, counts it, and sends the rest to the queue with the code', () => {
  const consent = { settingsVersion: 2, by: 'ann', at: 0, address: '::1', text: 'I agree' };
  const settings = { ...AUTOMATION_OFF, version: 2, enabled: true, minConfidence: 80 };
  const off = account({ AAA: ONE }, { acceptance: 'auto' });
  expect(off.of('approval.changed')[0].entry.missed).toBe('AUTO_OFF');
  const prices = { support: 100, resistance: 110, springLow: 98.8, atr: 2, objectives: [122, 125, 130] };
  const later: Said = {
    62: [springTest(62, { prices })],
    63: [springTest(63, { confidence: 75, prices, refId: '1:A:SPRING:50', id: '1:A:TEST:63' })],
  };
  const calendar = { loadedAt: () => EVENING, between: () => [] };
  const on = account({ AAA: later, BBB: {} }, { acceptance: 'auto', calendar });
  expect(on.ask({ kind: 'setAutomation', by: 'ann', settings: { ...settings, maxTrades: 0 }, consent }).refusal?.code).toBe(
    'SETTING',
  );
  expect(on.ask({ kind: 'setAutomation', by: 'ann', settings, consent }).done).toBe(true);
  on.run([flat(61, 101.5), flat(62, 101.5), flat(63, 101.5)]);
  expect(on.of('reservation.changed')[0].state).toBe('HELD');
  expect(on.of('trading.changed').at(-1)?.counters.trades).toBe(1);
  expect(on.of('approval.changed').map(({ entry }) => entry.missed)).toEqual(['AUTO_CONFIDENCE']);
});

test('4.6 the loss breaker opens after losers in a row, is told, and is reset by hand', () => {
  const losers: Record<number, DetectionEvent[]> = {};
  const bars: Bar[] = [];
  for (const k of [0, 1, 2]) {
    const at = 62 + 5 * k;
    losers[at] = [
      springTest(at, {
        rangeId: 1,
        id: `1:A:TEST:${at}`,
        refId: `1:A:SPRING:${at - 3}`,
        prices: { support: 100, resistance: 110, springLow: 98.8, atr: 2, objectives: [122, 125, 130] },
      }),
    ];
    bars.push(flat(at - 1, 101.5), flat(at, 101.5), flat(at + 1, 101.5), bar(at + 2, [99, 99.2, 98.9, 99]), flat(at + 3, 99));
  }
  const one = account({ AAA: losers });
  one.run(bars);
  expect(one.of('position.closed').length).toBeGreaterThanOrEqual(3);
  expect(one.of('trading.changed').at(-1)).toMatchObject({ breaker: { state: 'OPEN' } });
  one.ask({ kind: 'resetBreaker', by: 'ann', reason: 'looked at it' }, START + 90 * DAY);
  expect(one.of('trading.changed').at(-1)).toMatchObject({ breaker: { state: 'CLOSED' }, reason: 'looked at it' });
});

test('7.6 STOP cancels what would open and keeps what protects; FLATTEN closes everything under its activation', () => {
  const kill = (level: 'STOP' | 'FLATTEN', id: string) =>
    activate(KILL_SWITCH_OFF, { level, activationId: id, actor: 'ann', reason: 'drill', at: EVENING });
  const waiting = account({ AAA: ONE });
  waiting.ask({ kind: 'setKillSwitch', kill: kill('STOP', 'a') });
  waiting.run([flat(61, 101.6)]);
  expect(statuses(waiting).at(-1)).toBe('CANCELLED');
  expect(waiting.engine.report()).toMatchObject({ openPositions: [], account: { heatRatio: 0 } });
  const open = account({ 'AAA A': ONE, 'BBB B': ONE });
  open.run([flat(61, 101.6)]);
  open.ask({ kind: 'setKillSwitch', kill: kill('STOP', 'b') }, EVENING + DAY);
  open.run([flat(62, 101.6)]);
  expect(open.engine.openPositions).toBe(2);
  open.ask({ kind: 'setKillSwitch', kill: kill('FLATTEN', 'c') }, EVENING + 2 * DAY);
  open.run([flat(63, 101.4)]);
  expect(open.engine.openPositions).toBe(0);
  expect(open.of('position.closed').map(({ exitReason }) => exitReason)).toEqual(['FLATTEN', 'FLATTEN']);
  expect(open.of('order.changed').filter(({ leg }) => leg === 'FLATTEN.c')).not.toHaveLength(0);
  expect(
    open
      .of('trading.changed')
      .at(-1)
      ?.killSwitch.results.map(({ state }) => state),
  ).toEqual(['CLOSED', 'CLOSED']);
});

test('5.7 STALE blocks its symbol only; a reset of the drawdown is told with who and why', () => {
  const later: Said = { 62: [springTest(62)] };
  const one = account({ 'AAA A': later, 'BBB B': later });
  one.ask({ kind: 'setHalt', halt: 'STALE', symbol: 'AAA', inForce: true, reason: 'silent' });
  one.run([flat(61, 101.5), flat(62, 101.5)]);
  expect(one.rejections()).toEqual(['RK_HALTED']);
  expect(one.of('reservation.changed').map(({ symbol }) => symbol)).toEqual(['BBB']);
  one.ask({ kind: 'setHalt', halt: 'STALE', symbol: 'AAA', inForce: false, reason: 'back' }, EVENING + 2 * DAY);
  expect(one.of('halt.changed').map(({ scope, until }) => [scope, until === null])).toEqual([
    ['symbol:AAA', true],
    ['symbol:AAA', false],
  ]);
  const fallen = account({ AAA: ONE }, { halts: { dailyLossBp: null, drawdownBp: 20 } });
  fallen.run([flat(61, 101.6), bar(62, [99, 99, 98.9, 99])]);
  expect(fallen.of('halt.changed')[0]).toMatchObject({ kind: 'DRAWDOWN', until: null });
  expect(fallen.ask({ kind: 'resetDrawdown', by: 'ann', reason: 'seen' }, EVENING + 3 * DAY).done).toBe(true);
  expect(fallen.of('halt.changed').at(-1)).toMatchObject({ kind: 'DRAWDOWN', actor: 'ann', reason: 'seen' });
});

test('6.3 by hand: a stop moves towards profit only, a part or all is closed at market, and what protects is not cancelled', () => {
  const one = account({ AAA: ONE });
  one.run([flat(61, 101.6), flat(62, 105)]);
  const [{ id: positionId }] = one.engine.report().openPositions;
  const at = EVENING + 2 * DAY;
  const move = (stop: number) => one.ask({ kind: 'moveStop', positionId, by: 'ann', stop, version: null }, at);
  expect(move(90).refusal?.code).toBe('STOP_WIDENED');
  expect(move(106).refusal?.code).toBe('STOP_BEYOND_PRICE');
  expect(move(100).done).toBe(true);
  expect(one.ask({ kind: 'moveStop', positionId, by: 'ann', stop: 101, version: 1 }, at).refusal?.code).toBe('VERSION');
  const stop = one.of('order.changed').find(({ leg }) => leg === 'STOP.2');
  expect(one.ask({ kind: 'cancelOrder', orderId: stop?.id ?? '', by: 'ann' }, at).refusal?.code).toBe('PROTECTIVE');
  expect(one.ask({ kind: 'exit', positionId, by: 'ann', qtyMicros: 30_000_000, limitPrice: null }, at).done).toBe(true);
  one.run([flat(63, 105)]);
  expect(one.engine.report().openPositions[0]).toMatchObject({ openQtyMicros: 66_000_000, stop: 100 });
  one.ask({ kind: 'exit', positionId, by: 'ann', qtyMicros: null, limitPrice: null }, EVENING + 3 * DAY);
  expect(
    one.ask({ kind: 'exit', positionId, by: 'ann', qtyMicros: null, limitPrice: null }, EVENING + 3 * DAY).refusal?.code,
  ).toBe('CLOSING');
  one.run([flat(64, 104)]);
  expect(one.of('position.closed')[0].exitReason).toBe('MANUAL');
  expect(
    one
      .of('order.changed')
      .filter(({ state }) => state === 'PENDING_NEW')
      .map(({ leg }) => leg),
  ).toEqual(['ENTRY', 'STOP.1', 'T1.1', 'T2.1', 'T3.1', 'STOP.2', 'TRIM.1', 'EXIT.2']);
});

test('6.1 a campaign ended by hand closes its positions, or keeps them as MANUAL', () => {
  const one = account({ AAA: ONE });
  one.run([flat(61, 101.6)]);
  const campaignId = one.of('campaign.changed')[0].id;
  expect(
    one.ask({ kind: 'cancelCampaign', campaignId, by: 'ann', reason: 'enough', version: 999 }, EVENING + DAY).refusal?.code,
  ).toBe('VERSION');
  expect(one.ask({ kind: 'abandonCampaign', campaignId, reason: 'mine now' }, EVENING + DAY).done).toBe(true);
  one.run([flat(62, 101.6), bar(63, [101, 101, 99, 99.5]), flat(64, 99.5)]);
  // Rule 1 would have closed it.
  expect(one.engine.openPositions).toBe(1);
  const other = account({ AAA: ONE });
  other.run([flat(61, 101.6)]);
  other.ask(
    { kind: 'cancelCampaign', campaignId: other.of('campaign.changed')[0].id, by: 'ann', reason: 'enough', version: null },
    EVENING + DAY,
  );
  other.run([flat(62, 101.6)]);
  expect(other.of('position.closed')[0].exitReason).toBe('MANUAL');
  expect(other.of('campaign.changed').map(({ status }) => status)).toContain('CANCELLED');
});

test('6.1 a campaign opened on the last leg, after the break, is marked up at its first fill', () => {
  const one = account({
    AAA: {
      60: [
        lps(60, {
          confidence: 90,
          prices: { support: 90, resistance: 100, springLow: 89, sosHigh: 104, atr: 2, objectives: [118, 121, 124] },
        }),
      ],
    },
  });
  one.run([flat(61, 101), bar(62, [101, 101.5, 100.5, 101])]);
  expect(one.of('position.opened')).toHaveLength(1);
  expect(one.of('campaign.changed').at(-1)).toMatchObject({ status: 'MARKUP' });
});

test('7.5 a position found at the broker is shown, counted and kept; a correction and a rate are booked', () => {
  const one = account({ AAA: {} }, { broker: 'venue' });
  const found = { id: 'found-1', symbol: 'AAA', direction: 'LONG', qtyMicros: 50_000_000, avgEntry: 100, stop: null } as const;
  expect(one.ask({ kind: 'importPosition', position: { ...found, symbol: 'ZZZ' } }).refusal?.code).toBe('NO_SERIES');
  one.engine.next({ kind: 'command', at: EVENING, actor: 'venue', command: { kind: 'importPosition', position: found } });
  expect(one.engine.report().openPositions).toHaveLength(1);
  expect(one.of('reconcile.difference')[0].code).toBe('IMPORTED');
  const before = one.engine.report().account;
  one.engine.next({
    kind: 'command',
    at: EVENING,
    actor: 'venue',
    command: { kind: 'correction', amountMicros: -5_000_000, refId: 'r1', reason: 'fee' },
  });
  const { account: after } = one.engine.report();
  expect(after.cashMicros).toBe(before.cashMicros - 5_000_000);
  expect(after.equityMicros - after.startingMicros).toBe(after.realisedMicros + after.unrealisedMicros - after.costsMicros);
  one.engine.next({
    kind: 'command',
    at: EVENING,
    actor: 'venue',
    command: { kind: 'setHalt', halt: 'RECONCILE', symbol: 'AAA', inForce: true, reason: 'differs' },
  });
  const { id: positionId } = one.engine.report().openPositions[0];
  one.engine.next({
    kind: 'command', at: EVENING, actor: 'ann',
    command: { kind: 'acknowledgeReconcile', symbol: 'AAA', positions: [{ positionId, qtyMicros: 20_000_000, price: 101 }], reason: 'seen' },
  }); // prettier-ignore
  expect(one.engine.report().openPositions[0].openQtyMicros).toBe(20_000_000);
  expect(one.of('halt.changed').at(-1)).toMatchObject({ kind: 'RECONCILE', actor: 'ann' });
});

test('8.4 an order from outside always waits for a person, twice the same signature is one signal', () => {
  const one = account({ AAA: {} });
  const signal = {
    signature: 'abc',
    symbol: 'AAA',
    timeframe: '1d',
    direction: 'LONG',
    stop: 98,
    entry: null,
    targets: [],
    note: null,
  } as const;
  expect(one.ask({ kind: 'external', signal: { ...signal, symbol: 'ZZZ' } }).refusal?.code).toBe('NO_SERIES');
  expect(one.ask({ kind: 'external', signal }).done).toBe(true);
  expect(one.ask({ kind: 'external', signal }).refusal?.code).toBe('DUPLICATE');
  const [{ signalId }] = one.of('approval.changed');
  expect(one.ask({ kind: 'approve', signalId, by: TRADER, qtyMicros: null }).done).toBe(true);
  one.run([flat(61, 101.6)]);
  expect(one.engine.report().openPositions).toHaveLength(1);
  expect(one.of('signal.created')[0]).toMatchObject({ pattern: 'EXTERNAL', confidence: null });
});

test('4.4 each command is told before what it causes, and answered after it', () => {
  const one = account({ AAA: ONE }, { acceptance: 'queue' });
  const from = one.facts.length;
  one.ask({ kind: 'approve', signalId: one.of('approval.changed')[0].signalId, by: TRADER, qtyMicros: null });
  const kinds = one.facts.slice(from).map(({ kind }) => kind);
  expect(kinds[0]).toBe('input.command');
  expect(kinds.at(-1)).toBe('command.answered');
  expect(kinds).toContain('order.changed');
});

test('9.4 an account has 1 to 200 series, each once', () => {
  expect(() => account({})).toThrow(/1-200 series/);
  expect(() => account({ 'AAA A 1d': {}, 'AAA B 1d': {} })).toThrow(/each series once/);
  const one = account({ AAA: {} });
  expect(() => one.engine.next({ kind: 'bars', bars: [{ series: 7, bar: flat(61, 100) }] })).toThrow(/expected a series 0-0/);
});

test('2.1 an exit at a limit works on the tick, never worse than was said', () => {
  const one = account({ AAA: ONE });
  one.run([flat(61, 101.6), flat(62, 105)]);
  const [{ id: positionId }] = one.engine.report().openPositions;
  one.ask({ kind: 'exit', positionId, by: 'ann', qtyMicros: 30_000_000, limitPrice: 107.1234 }, EVENING + 2 * DAY);
  expect(one.of('order.changed').at(-1)).toMatchObject({ type: 'LIMIT', limitPrice: 107.13 });
});

test('ST-8 a campaign of another timeframe of the symbol that was invalidated counts', () => {
  const late: Said = { 65: [springTest(65)] };
  const one = account({ 'AAA X 1d': ONE, 'AAA X 4h': late });
  one.run([flat(61, 101.6), flat(62, 105), bar(63, [97, 97, 95, 96]), flat(64, 101.5), flat(65, 101.5)]);
  expect(one.of('campaign.changed').some(({ status }) => status === 'INVALIDATED')).toBe(true);
  expect(one.rejections()).toContain('ST_RECENT_FAILURE');
});

test('2.2 at a venue nothing is sold short or levered that nobody stated; on paper the class says it', () => {
  const series = {
    instrument: { symbol: 'ES', assetClass: 'FUTURE', timeZone: 'UTC', session: '24h' },
    timeframe: '1d',
  } as const;
  expect(seriesSettings(series, { broker: 'venue' }).traded).toMatchObject({ shortable: false, leverage: 1 });
  expect(seriesSettings(series, { broker: 'simulated' }).traded).toMatchObject({ shortable: true, leverage: 10 });
});
