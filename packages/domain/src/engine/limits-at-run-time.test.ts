import { expect, test } from 'vitest';
import { AUTOMATION_OFF } from '../acceptance/automation.ts';
import { DEFAULT_LIMITS, LIMIT_FIELDS } from '../risk/limits.ts';
import { account } from './kit/account-rig.ts';
import type { Account, Said } from './kit/account-rig.ts';
import { START, DAY, flat, springTest } from './kit/scripted-market.ts';

const LATER: Said = { 62: [springTest(62, { confidence: 95 })] };
const QUIET: Said = {};
const rejected = (one: Account): (string | null)[] => one.rejections();
const limit = (one: Account, code: string): number | undefined =>
  one
    .of('signal.created')
    .at(-1)
    ?.figures?.measures.find((row) => row.code === code)?.limitMicros;

test('5.1 limits change at run time: the next entry is sized by them, campaign and heat included, and the fact says who and why', () => {
  const one = account({ 'AAA A': LATER });
  const answer = one.ask({
    kind: 'setLimits',
    by: 'ann',
    limits: { campaignBp: 300, heatBp: 500, tradeBp: 20 },
    reason: 'calmer',
  });
  expect(answer).toMatchObject({ done: true, repeated: false });
  expect(one.of('trading.changed').at(-1)).toMatchObject({
    limits: { ...DEFAULT_LIMITS, campaignBp: 300, heatBp: 500, tradeBp: 20 },
    by: 'ann',
    reason: 'calmer',
  });
  one.run([flat(61, 101.5), flat(62, 101.5)]);
  expect([limit(one, 'RK_HEAT'), limit(one, 'RK_CAMPAIGN'), limit(one, 'RK_TRADE')]).toEqual([5e9, 3e9, 2e8]);
  expect(one.of('reservation.changed')[0].riskMicros).toBeLessThanOrEqual(200_000_000);
  // The twin: nobody asked.
  const other = account({ 'AAA A': LATER });
  other.run([flat(61, 101.5), flat(62, 101.5)]);
  expect([limit(other, 'RK_HEAT'), limit(other, 'RK_CAMPAIGN'), limit(other, 'RK_TRADE')]).toEqual([10e9, 5e9, 2e9]);
  expect(other.of('reservation.changed')[0].riskMicros).toBeGreaterThan(200_000_000);
});

test('5.1 never above the hard limit, never below the tightest, trade < campaign < heat: refused whole, nothing told', () => {
  const one = account({ 'AAA A': QUIET });
  const told = one.of('trading.changed').length;
  const ask = (limits: object): boolean => one.ask({ kind: 'setLimits', by: 'ann', limits, reason: 'more' }).done;
  for (const field of LIMIT_FIELDS) {
    expect(ask({ [field]: (field === 'openPositions' ? 50 : DEFAULT_LIMITS[field]) + 1 })).toBe(false);
    expect(ask({ [field]: 0 })).toBe(false);
    expect(ask({ [field]: NaN })).toBe(false);
  }
  expect(ask({ heatBp: 500 })).toBe(false);
  expect(ask({ sweetSpot: 5 })).toBe(false);
  expect(one.of('trading.changed')).toHaveLength(told);
  // The twin: what holds in that order is taken.
  expect(ask({ heatBp: 500, campaignBp: 400 })).toBe(true);
  // Back up to the hard limit, one step too far, the same again.
  expect(ask({ heatBp: 1_000 })).toBe(true);
  expect(one.ask({ kind: 'setLimits', by: 'ann', limits: { heatBp: 1_000 }, reason: 'same' }).repeated).toBe(true);
});

test('4.6 AUTO_CONSENT other limits are another version of the settings: nobody agreed to it, the signal waits for a person', () => {
  const settings = { ...AUTOMATION_OFF, version: 2, enabled: true };
  const consent = { settingsVersion: 2, by: 'ann', at: START, address: '::1', text: 'I agree.' };
  const automatic = (limits: object | null): (string | null)[] => {
    const one = account({ 'AAA A': LATER });
    one.ask({ kind: 'setAcceptance', by: 'ann', mode: 'auto', queue: { capacity: 5, minutes: 5 } });
    one.ask({ kind: 'setAutomation', by: 'ann', settings, consent });
    if (limits !== null) one.ask({ kind: 'setLimits', by: 'ann', limits, reason: 'calmer' });
    one.run([flat(61, 101.5), flat(62, 101.5)]);
    expect(rejected(one)).toEqual([]);
    return one.of('approval.changed').map(({ entry }) => entry.missed);
  };
  expect(automatic({ heatBp: 900 })).toEqual(['AUTO_CONSENT']);
  // The twins: nothing was changed, so the consent counts, and a later check keeps it for a person.
  expect(automatic(null)).toEqual(['ST_REVIEW']);
  expect(automatic({ heatBp: 1_000 })).toEqual(['ST_REVIEW']);
});

test('5.1 TR-9 changed limits survive a snapshot, and what is open stays open under tighter ones', () => {
  const one = account({ 'AAA A': { 60: [springTest(60)] } });
  one.run([flat(61, 101.5)]);
  one.ask({ kind: 'setLimits', by: 'ann', limits: { openPositions: 1, tradeBp: 10 }, reason: 'calmer' }, START + 62 * DAY);
  one.run([flat(62, 101.5)]);
  expect(one.engine.openPositions).toBe(1);
  expect(
    one.reborn().ask({ kind: 'setLimits', by: 'ann', limits: { tradeBp: 10 }, reason: 'x' }, START + 64 * DAY).repeated,
  ).toBe(true);
});
