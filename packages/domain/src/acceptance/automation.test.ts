/** Thirteen checks in order; the first miss is the code with which the signal goes to the queue. */
import { describe, expect, it } from 'vitest';
import { newYorkInstant } from '../market/new-york.ts';
import { refusal } from '../setup/refusal.ts';
import { AUTOMATION_OFF, judgeAutomation, refuseAutomation, type AutomationContext, type AutomaticSignal } from './automation.ts';
import { NO_TRADES, countEntry, countersAt } from './day-counters.ts';
import { BREAKER_CLOSED } from './loss-breaker.ts';

const settings = { ...AUTOMATION_OFF, version: 3, enabled: true, maxRiskBp: 200 };
const signal: AutomaticSignal = {
  symbol: 'SPX',
  pattern: 'SPRING',
  confidence: 85,
  needsReview: false,
  riskMicros: 1_000_000_000,
};
const consent = { settingsVersion: 3, by: 'ann', at: 1, address: '127.0.0.1', text: 'I agree' };

function world(change: Partial<AutomationContext> = {}): AutomationContext {
  return {
    settings,
    consent,
    killLevel: 'OFF',
    breaker: BREAKER_CLOSED,
    halts: [],
    counters: NO_TRADES,
    equityMicros: 100_000_000_000,
    dataFresh: true,
    brokerConnected: true,
    reserve: () => null,
    ...change,
  };
}

const MISSES = [
  ['AUTO_OFF', {}, { settings: { ...settings, enabled: false } }],
  ['KILL_SWITCH', {}, { killLevel: 'STOP' }],
  ['AUTO_CONSENT', {}, { consent: null }],
  ['AUTO_BREAKER', {}, { breaker: { state: 'OPEN', losses: 3, openedDay: 1 } }],
  ['HALTED', {}, { halts: ['RECONCILE'] }],
  ['AUTO_CONFIDENCE', { confidence: 84 }, {}],
  ['AUTO_PATTERN', { pattern: 'TEST' }, {}],
  ['AUTO_SYMBOL', { symbol: 'QQQ' }, {}],
  ['ST_REVIEW', { needsReview: true }, {}],
  ['AUTO_TRADES', {}, { counters: { day: 1, trades: 10, riskMicros: 0 } }],
  ['AUTO_RISK', {}, { counters: { day: 1, trades: 9, riskMicros: 1_000_000_001 } }],
  ['STALE_DATA', {}, { dataFresh: false }],
  ['BROKER_DOWN', {}, { brokerConnected: false }],
  ['RK_HEAT', {}, { reserve: () => refusal('RK_HEAT', '') }],
] as const satisfies readonly (readonly [string, Partial<AutomaticSignal>, Partial<AutomationContext>])[];

const listed = { ...settings, blacklist: ['QQQ'] };

describe('4.6 automatic execution', () => {
  it('4.6 everything in order is executed; exactly the limit of the day passes', () => {
    const counters = { day: 1, trades: 9, riskMicros: 1_000_000_000 };
    expect(judgeAutomation(signal, world({ settings: listed, counters })).allowed).toBe(true);
  });

  it.each(MISSES)('4.6 %s is missed alone and named', (code, ofSignal, ofWorld) => {
    const verdict = judgeAutomation({ ...signal, ...ofSignal }, world({ settings: listed, ...ofWorld }));
    expect(verdict).toMatchObject({ allowed: false, refusal: { code } });
  });

  it('4.6 of two misses the earlier in the table is named', () => {
    for (let i = 0; i < MISSES.length; i += 1)
      for (let j = i + 1; j < MISSES.length; j += 1) {
        const both = world({ settings: listed, ...MISSES[j][2], ...MISSES[i][2] });
        expect(judgeAutomation({ ...signal, ...MISSES[j][1], ...MISSES[i][1] }, both).refusal?.code).toBe(MISSES[i][0]);
      }
  });

  it('4.6 consent is bound to the version of the settings', () => {
    expect(judgeAutomation(signal, world({ settings: { ...settings, version: 4 } })).refusal?.code).toBe('AUTO_CONSENT');
  });

  it('4.6 an empty whitelist means all, another only its own; the blacklist wins', () => {
    const code = (lists: Partial<typeof listed>): string | undefined =>
      judgeAutomation(signal, world({ settings: { ...settings, ...lists } })).refusal?.code;
    expect(code({ whitelist: ['SPX'] })).toBeUndefined();
    expect(code({ whitelist: ['QQQ'] })).toBe('AUTO_SYMBOL');
    expect(code({ whitelist: ['SPX'], blacklist: ['SPX'] })).toBe('AUTO_SYMBOL');
  });

  it('4.6 the counters of a day turn at midnight in New York', () => {
    const evening = newYorkInstant(19_000, 23 * 60);
    const counters = countEntry(countEntry(NO_TRADES, evening, 5), evening, 7);
    expect(counters).toEqual({ day: 19_000, trades: 2, riskMicros: 12 });
    expect(countersAt(counters, newYorkInstant(19_001, 0) - 1)).toBe(counters);
    expect(countersAt(counters, newYorkInstant(19_001, 0))).toEqual({ day: 19_001, trades: 0, riskMicros: 0 });
  });

  it('4.6 settings outside their ranges are refused by name', () => {
    expect(refuseAutomation(settings)).toBeNull();
    const cases = [
      ['minConfidence', { minConfidence: 59 }], ['maxTrades', { maxTrades: 51 }], ['maxRiskBp', { maxRiskBp: 1001 }],
      ['breakerLosses', { breakerLosses: 0 }], ['patterns', { patterns: ['EXTERNAL'] as const }],
    ] as const; // prettier-ignore
    for (const [field, change] of cases) expect(refuseAutomation({ ...settings, ...change })?.sentence).toContain(field);
  });
});
