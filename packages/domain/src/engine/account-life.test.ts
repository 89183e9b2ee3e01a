/** trading.md 8.1: a paper account is archived and another goes on with the same market; what follows is found again from the journal alone. */
import { expect, test } from 'vitest';
import { DEFAULT_QUEUE } from '../acceptance/approval-queue.ts';
import { AUTOMATION_OFF } from '../acceptance/automation.ts';
import { KILL_SWITCH_OFF, activate } from '../acceptance/kill-switch.ts';
import type { Bar } from '../bar/bar.ts';
import { accountFromFacts } from '../execution/account-from-facts.ts';
import type { COST_MODELS } from '../trade/costs.ts';
import { tradedInstrument } from '../trade/instrument.ts';
import type { Fact } from './fact.ts';
import { FactLedger } from './kit/fact-ledger.ts';
import { EVENING, account } from './kit/account-rig.ts';
import type { Account, Said } from './kit/account-rig.ts';
import { DAY, flat, springTest } from './kit/scripted-market.ts';

/** Entered with the next bar each time. */
const TESTS: Said = { 60: [springTest(60)], 66: [springTest(66)], 70: [springTest(70)] };
const CLOSE = { kind: 'closeAccount', reason: 'a new beginning' } as const;
const open = (capital: number, costs: keyof typeof COST_MODELS | null = null) =>
  ({ kind: 'openAccount', capitalMicros: capital * 1e6, costs }) as const;
const days = (from: number, to: number): Bar[] => Array.from({ length: to - from + 1 }, (_, i) => flat(from + i, 101.6));
const at = (day: number): number => EVENING + (day - 60) * DAY;

/** Trades, is closed with a position open, and begins anew with half the money and other costs. */
function twice(): Account {
  const one = account({ 'AAA A': TESTS, 'BBB B': { 60: [springTest(60)] } });
  one.run(days(61, 64));
  expect(one.engine.openPositions).toBe(2);
  expect(one.ask(CLOSE, at(64)).done).toBe(true);
  expect(one.ask(open(50_000, 'per-share'), at(64)).done).toBe(true);
  one.run(days(65, 75));
  return one;
}

test('8.1 closing gives up entries, sells at the last price with costs, ends campaigns; nothing opens in it any more', () => {
  const one = account({ 'AAA A': TESTS, 'BBB B': { 63: [springTest(63)] } }, { acceptance: 'queue' });
  const [{ signalId }] = one.of('approval.changed');
  one.ask({ kind: 'approve', signalId, by: { user: 'ann', role: 'trader' }, qtyMicros: null });
  one.run(days(61, 63));
  expect([one.engine.openPositions, one.of('approval.changed').at(-1)?.state]).toEqual([1, 'WAITING']);
  expect(one.ask(CLOSE, at(63))).toMatchObject({ done: true, refusal: null });
  const [closed] = one.of('position.closed');
  expect(closed).toMatchObject({ status: 'CLOSED', exitReason: 'MANUAL' });
  expect(closed.avgExit).toBeCloseTo(101.6, 9);
  expect(one.of('signal.changed').filter(({ status }) => status === 'CANCELLED')).toHaveLength(1);
  expect(new Set(one.of('campaign.changed').filter(({ closedAt }) => closedAt !== null).map(({ status }) => status))).toEqual(new Set(['CANCELLED'])); // prettier-ignore
  const { account: money } = one.engine.report();
  expect([one.engine.openPositions, money.cashMicros, money.heatRatio]).toEqual([0, money.equityMicros, 0]);
  expect(one.of('trading.changed').at(-1)).toMatchObject({ permitted: false, reason: 'a new beginning' });
  one.run(days(64, 67));
  expect(one.of('order.changed').filter(({ intent, createdAt }) => intent === 'OPEN' && createdAt > at(63))).toEqual([]);
  // Again: there is nothing left to do.
  expect(one.ask(CLOSE, at(67)).done).toBe(true);
});

test('8.1 the next account has its own money, costs and books on the same market; ids of the first are never met again', () => {
  const one = twice();
  const { account: second } = one.engine.report();
  expect(second).toMatchObject({ id: 'paper-2', startingMicros: 50_000_000_000 });
  expect(second.costsMicros).toBeGreaterThan(0);
  const cut = one.facts.findIndex((fact) => fact.kind === 'ledger.booked' && fact.data.accountId === 'paper-2');
  const [before, after] = [one.facts.slice(0, cut), one.facts.slice(cut)];
  const opened = (facts: readonly Fact[]) => facts.flatMap((fact) => (fact.kind === 'position.opened' ? [fact.data.id] : []));
  expect([opened(before).length, opened(after).length]).toEqual([2, 2]);
  expect(opened(after).filter((id) => opened(before).includes(id))).toEqual([]);
  const books = (facts: readonly Fact[]) => new Set(facts.flatMap((fact) => (fact.kind === 'ledger.booked' ? [fact.data.accountId] : []))); // prettier-ignore
  expect([books(before), books(after)]).toEqual([new Set(['paper']), new Set(['paper-2'])]);
  // The market has not been forgotten: the second test of the range follows the first.
  expect(one.engine.bars).toBe(2 * 76);
  // And a third one.
  expect(one.ask(CLOSE, at(75)).done && one.ask(open(1_000), at(75)).done).toBe(true);
  expect(one.engine.report().account).toMatchObject({ id: 'paper-3', cashMicros: 1_000_000_000, trades: 0, costsMicros: 0 });
});

test('8.1 TR-8 each account is found again from its part of the journal, to the micro', () => {
  const one = twice();
  const traded = ['AAA A', 'BBB B'].map((name) => name.split(' ')).map(([symbol, bucket]) => tradedInstrument({ symbol, assetClass: 'STOCK', buckets: [bucket] })); // prettier-ignore
  const cut = one.facts.findIndex((fact) => fact.kind === 'ledger.booked' && fact.data.accountId === 'paper-2');
  const first = accountFromFacts({ id: 'paper', instruments: traded }, one.facts.slice(0, cut));
  expect(first).toMatchObject({ contributedMicros: 100_000_000_000, open: [] });
  expect(first.cashMicros).toBe(100_000_000_000 + first.realisedMicros - first.feesMicros);
  const second = accountFromFacts({ id: 'paper-2', instruments: traded }, one.facts.slice(cut));
  const { account: now } = one.engine.report();
  expect([second.cashMicros, second.realisedMicros, second.feesMicros]).toEqual([now.cashMicros, now.realisedMicros, now.costsMicros]); // prettier-ignore
  expect(second.open.map(({ symbol }) => symbol)).toEqual(['AAA', 'AAA']);
});

test('8.1 TR-7 TR-9 the bars and the stored inputs give the same facts again, and so does an engine restored anywhere on the way', () => {
  const life = (stops: (day: number) => boolean): Account => {
    let one = account({ 'AAA A': TESTS, 'BBB B': { 60: [springTest(60)] } });
    const facts = [...one.facts];
    const reborn = (): void => {
      facts.push(...one.facts.slice(one === first ? first.facts.length : 0));
      one = one.reborn();
    };
    const first = one;
    first.facts.length = 0;
    for (const [i, each] of days(61, 75).entries()) {
      one.run([each]);
      if (61 + i === 64) {
        one.ask(CLOSE, at(64));
        if (stops(64.3)) reborn();
        one.ask(open(50_000, 'per-share'), at(64));
      }
      if (stops(61 + i)) reborn();
    }
    return { ...one, facts: [...facts, ...one.facts] };
  };
  const whole = life(() => false);
  for (const day of [61, 64, 64.3, 67, 72]) {
    const parted = life((one) => one === day);
    expect(parted.engine.report(), String(day)).toEqual(whole.engine.report());
    expect(parted.engine.snapshot(), String(day)).toEqual(whole.engine.snapshot());
  }
  // Once more from the inputs that were told, as a resume does it.
  const again = account({ 'AAA A': TESTS, 'BBB B': { 60: [springTest(60)] } });
  again.run(days(61, 64));
  for (const fact of twice().facts)
    if (fact.kind === 'input.command') {
      again.engine.next(fact.data);
      again.engine.deliver();
    }
  again.run(days(65, 75));
  expect(again.facts).toEqual(twice().facts);
});

test('8.1 TR-7 over both lives only listed steps, and nothing lives twice', () => {
  const ledger = new FactLedger();
  for (const fact of twice().facts) ledger.hear(fact);
  expect(ledger.signals.size).toBeGreaterThan(2);
});

test('8.1 what is about the world stays: kill switch, tightened limits, a stale symbol; what is about the money or was agreed to does not', () => {
  const one = account({ 'AAA A': TESTS }, { acceptance: 'all' });
  one.run(days(61, 63));
  const settings = { ...AUTOMATION_OFF, enabled: true, version: 3 };
  one.ask({ kind: 'setAutomation', by: 'ann', settings, consent: { settingsVersion: 3, by: 'ann', at: 1, address: '::1', text: 'yes' } }, at(63)); // prettier-ignore
  one.ask({ kind: 'setAcceptance', by: 'ann', mode: 'auto', queue: DEFAULT_QUEUE }, at(63));
  one.ask({ kind: 'setLimits', by: 'ann', limits: { heatBp: 700 }, reason: 'calm' }, at(63));
  one.ask({ kind: 'setHalt', halt: 'STALE', symbol: 'AAA', inForce: true, reason: 'no fresh bar' }, at(63));
  // A fall that halts: what is left of the position is worth a fifth less of the account.
  one.run([flat(64, 2)]);
  one.ask({ kind: 'setKillSwitch', kill: activate(KILL_SWITCH_OFF, { level: 'STOP', activationId: 'k', actor: 'ann', reason: 'wild', at: at(64) }) }, at(64)); // prettier-ignore
  const halted = (): string[] => {
    const open = new Map(one.of('halt.changed').map(({ id, kind, until }) => [id, until === null ? kind : null]));
    return [...open.values()].flatMap((kind) => (kind === null ? [] : [kind]));
  };
  expect(halted()).toEqual(expect.arrayContaining(['STALE', 'DAILY_LOSS']));
  one.ask(CLOSE, at(64));
  expect(halted()).toEqual(['STALE']);
  one.ask(open(20_000), at(64));
  expect(halted()).toEqual(['STALE']);
  expect(one.of('halt.changed').at(-1)).toMatchObject({ accountId: 'paper-2', kind: 'STALE', until: null });
  expect(one.of('trading.changed').at(-1)).toMatchObject({
    accountId: 'paper-2',
    killSwitch: { level: 'STOP', activationId: 'k' },
    acceptance: 'queue',
    automation: { enabled: false, version: 5 },
    consent: null,
    breaker: { state: 'CLOSED', losses: 0 },
    permitted: true,
    limits: { heatBp: 700 },
  });
});

test('8.1 refused: an account at a venue, capital out of range, another before the first is closed', () => {
  const live = account({ 'AAA A': {} }, { broker: 'venue' });
  expect(live.ask(CLOSE).refusal?.code).toBe('LIVE_ACCOUNT');
  const one = account({ 'AAA A': TESTS });
  expect(one.ask(open(10_000)).refusal?.code).toBe('NOT_CLOSED');
  one.ask(CLOSE);
  for (const capital of [999.999_999, 100_000_000.000_001, Number.NaN, 1_000.000_000_5])
    expect(one.ask(open(capital)).refusal?.code, String(capital)).toBe('SETTING');
  expect(one.engine.report().account.id).toBe('paper');
  expect(one.ask(open(1_000)).done).toBe(true);
  expect(one.ask(open(1_000)).refusal?.code).toBe('NOT_CLOSED');
});
