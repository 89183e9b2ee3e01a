import { expect, test } from 'vitest';
import { ExitTracker } from '../campaign/exit-tracker.ts';
import { exitRules } from '../campaign/exit-rules.ts';
import { COST_MODELS } from '../trade/costs.ts';
import { account } from './kit/account-rig.ts';
import type { Account, Said } from './kit/account-rig.ts';
import { DAY, START, bar, flat, quiet, rig, springTest } from './kit/scripted-market.ts';
import type { Script } from './kit/scripted-market.ts';

const ONE: Said = { 60: [springTest(60)] };
const step = (seq: number, at: number, to: 'C' | 'D' | 'E') =>
  ({ seq, hypothesis: 1, rangeId: 1, bar: at, time: START + at * DAY, from: null, to, cause: 'test' }) as const;

test('6.3 rule 10 leaves when E has lasted more than two and a half times as long as C, and not a bar before', () => {
  const script: Script = { events: ONE, transitions: [step(1, 58, 'C'), step(2, 62, 'D'), step(3, 63, 'E')] };
  const leftAt = (on: readonly (1 | 10)[]): number | null => {
    const one = rig(script, { costs: COST_MODELS.zero, exitRules: exitRules({ on }) });
    one.run(quiet(61));
    for (let i = 61; i < 90; i += 1) {
      one.run([flat(i, 101.5)]);
      if (one.of('order.changed').some(({ data }) => data.reason === 'RULE_10')) return i;
    }
    return null;
  };
  // C lasted 4 bars: more than 10 of E are over with bar 74.
  expect(leftAt([10])).toBe(74);
  // The twin: the rule is off.
  expect(leftAt([1])).toBeNull();
});

/** Three symbols, bought together; `same`: they go up and down together, else each in its own way. */
function three(same: boolean, on: readonly (1 | 11)[]): Account {
  const one = account({ 'AAA A': ONE, 'BBB B': ONE, 'CCC C': ONE }, { exitRules: exitRules({ on }) });
  for (let i = 61; i < 95; i += 1) {
    const bars = [0, 1, 2].map((series) => {
      const wave = 0.3 * Math.sin(same ? i : i * (series + 1) * 1.7 + series);
      const price = Math.round((101.5 + wave - (i > 92 ? 1.6 : 0)) * 100) / 100;
      return { series, bar: bar(i, [price, price + 0.2, price - 0.2, price]) };
    });
    one.engine.next({ kind: 'bars', bars });
    one.engine.deliver();
  }
  return one;
}
const left = (one: Account): number =>
  one.of('order.changed').filter(({ reason, state }) => reason === 'RULE_11' && state === 'PENDING_NEW').length;

test('6.3 rule 11 leaves when three positions that go together are more than 1 % below entry', () => {
  expect(left(three(true, [11]))).toBe(3);
  // The twin: the rule is off.
  expect(left(three(true, [1]))).toBe(0);
});

test('6.3 rule 11 correlation: 1 for the same, -1 for the opposite, null below 20 common returns or where one stands still', () => {
  const tracked = (price: (i: number) => number, count = 40, from = 0): ExitTracker => {
    const tracker = new ExitTracker();
    for (let i = from; i < from + count; i += 1) tracker.next(bar(i, [price(i), price(i), price(i), price(i)]));
    return tracker;
  };
  const up = tracked((i) => 100 * 1.01 ** Math.sin(i));
  expect(up.correlationWith(tracked((i) => 50 * 1.01 ** Math.sin(i)))).toBeCloseTo(1, 9);
  expect(up.correlationWith(tracked((i) => 50 * 1.01 ** -Math.sin(i)))).toBeLessThan(-0.99);
  expect(Math.abs(up.correlationWith(tracked((i) => 50 + (i % 3))) ?? 1)).toBeLessThan(0.7);
  expect(up.correlationWith(tracked(() => 50))).toBeNull();
  expect(up.correlationWith(tracked((i) => 50 + (i % 3), 20))).toBeNull();
  expect(new ExitTracker(up.state()).correlationWith(up)).toBeCloseTo(1, 9);
});
