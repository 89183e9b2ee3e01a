import { expect, test } from 'vitest';
import { NO_HEAT, nextHeat } from './heat-alert.ts';
import type { HeatAlertState } from './heat-alert.ts';

/** What is told of a series of heats, each [seconds, percent of the limit]. */
function told(heats: readonly (readonly [number, number])[]): (string | null)[] {
  let state: HeatAlertState = NO_HEAT;
  return heats.map(([seconds, percent]) => {
    const found = nextHeat(state, { at: seconds * 1_000, riskMicros: percent * 1_000_000, limitMicros: 100_000_000 });
    state = found.state;
    return found.alert?.level ?? null;
  });
}

test('5.1 heat warns from 80 %, is critical from 95 %, and is normal again below 75 %', () => {
  expect(told([[0, 79.999], [1, 80], [2, 94.999], [3, 95], [4, 100]])).toEqual([null, 'WARNING', null, 'CRITICAL', null]); // prettier-ignore
  expect(told([[0, 80], [1, 79], [2, 75], [3, 74.999], [4, 79.999]])).toEqual(['WARNING', null, null, 'NORMAL', null]); // prettier-ignore
});

test('5.1 equal alerts are 300 s apart: one that came too soon is told when its time has come', () => {
  expect(told([[0, 80], [100, 70], [200, 80], [299, 80], [300, 80], [301, 80]])).toEqual(['WARNING', 'NORMAL', null, null, 'WARNING', null]); // prettier-ignore
  expect(told([[0, 95], [10, 85], [20, 95], [300, 95]])).toEqual(['CRITICAL', 'WARNING', null, 'CRITICAL']); // prettier-ignore
});

test('5.1 a limit that is gone is critical', () => {
  expect(nextHeat(NO_HEAT, { at: 0, riskMicros: 0, limitMicros: 0 }).alert?.level).toBe('CRITICAL');
  expect(nextHeat(NO_HEAT, { at: 0, riskMicros: NaN, limitMicros: 1 }).alert?.level).toBe('CRITICAL');
});
