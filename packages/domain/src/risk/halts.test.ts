import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { freshHalts, readHalts } from './halt-state.ts';
import type { HaltState } from './halt-state.ts';
import { DEFAULT_HALTS, Halts } from './halts.ts';
import type { HaltChange, HaltCommand } from './halts.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const NOON = Date.UTC(2024, 0, 10, 17);
const START = 100_000_000_000;
const STOCK = { symbol: 'S', assetClass: 'STOCK', automatic: true } as const;
const PAIR = { symbol: 'EURUSD', assetClass: 'FOREX', automatic: true } as const;

interface Bench {
  readonly of: Halts;
  readonly told: HaltChange[];
  readonly next: (at: number, equity: number) => void;
  readonly say: (at: number, command: HaltCommand) => void;
}

function halts(rules = DEFAULT_HALTS, state: HaltState = freshHalts(START), dayOf?: (at: number) => number): Bench {
  const told: HaltChange[] = [];
  const of = new Halts(rules, state, dayOf);
  const tell = (change: HaltChange): void => void told.push(change);
  return { of, told, next: (at, equity) => of.next(at, equity, tell), say: (at, command) => of.command(at, command, tell) };
}

const set = (rule: 'STALE' | 'RECONCILE' | 'EQUITY_UNKNOWN', symbol: string | null, on: boolean): HaltCommand =>
  ({ kind: 'set', rule, symbol, on, reason: 'told', actor: null }); // prettier-ignore

const rulesOf = (of: Halts): string[] => of.inForce.map((halt) => halt.rule);

describe('5.7 DAILY_LOSS', () => {
  test('5.7 DAILY_LOSS exactly the limit halts, one micro less does not, the next New York day clears it', () => {
    const { next, of, told } = halts();
    next(NOON, START - 2_999_999_999);
    expect(of.blocking(STOCK)).toEqual([]);
    next(NOON + 1, START - 3_000_000_000);
    expect(of.blocking(STOCK)).toEqual(['DAILY_LOSS']);
    expect(of.blocking(PAIR)).toEqual(['DAILY_LOSS']);
    next(NOON + 2, START - 3_000_000_000);
    next(NOON + DAY, START - 3_000_000_000);
    expect(of.blocking(STOCK)).toEqual([]);
    expect(told.map((change) => change.state)).toEqual(['WARNING', 'REACHED', 'CLEARED']);
  });

  test('5.7 DAILY_LOSS a daily bar loses against the equity the day before ended with', () => {
    const { next, of } = halts();
    next(NOON, START + 1_000_000_000);
    next(NOON + DAY, START + 1_000_000_000 - 3_030_000_000);
    expect(rulesOf(of)).toEqual(['DAILY_LOSS']);
  });

  test('5.7 DAILY_LOSS of a class halts the class alone, currencies at 2 %', () => {
    const { of } = halts();
    const tell = (): void => undefined;
    of.nextClass(NOON, { assetClass: 'FOREX', pnlMicros: -1_999_999_999 }, tell);
    expect(of.blocking(PAIR)).toEqual([]);
    of.nextClass(NOON + 1, { assetClass: 'FOREX', pnlMicros: -2_000_000_000 }, tell);
    expect(of.blocking(PAIR)).toEqual(['DAILY_LOSS']);
    expect(of.blocking(STOCK)).toEqual([]);
    of.nextClass(NOON + 2, { assetClass: 'STOCK', pnlMicros: -2_999_999_999 }, tell);
    expect(of.blocking(STOCK)).toEqual([]);
    of.nextClass(NOON + 2, { assetClass: 'STOCK', pnlMicros: -3_000_000_000 }, tell);
    expect(of.blocking(STOCK)).toEqual(['DAILY_LOSS']);
    of.turn(NOON + DAY, tell);
    expect(of.inForce).toEqual([]);
    of.nextClass(NOON + DAY, { assetClass: 'FOREX', pnlMicros: -3_900_000_000 }, tell);
    expect(of.blocking(PAIR)).toEqual([]);
  });

  test('5.7 DAILY_LOSS the trading day turns in the zone of the account', () => {
    const utcDay = (at: number): number => Math.floor(at / DAY);
    const evening = Date.UTC(2024, 0, 10, 23, 59);
    const utc = halts(DEFAULT_HALTS, freshHalts(START), utcDay);
    const newYork = halts();
    for (const { next } of [utc, newYork]) {
      next(evening, START - 3_000_000_000);
      next(evening + 2 * MINUTE, START - 3_000_000_000);
    }
    expect(rulesOf(utc.of)).toEqual([]);
    expect(rulesOf(newYork.of)).toEqual(['DAILY_LOSS']);
  });

  test('5.7 DAILY_LOSS money paid out is not lost', () => {
    const { next, say, of } = halts();
    next(NOON, START - 1);
    say(NOON + 1, { kind: 'cash-moved', micros: -50_000_000_000 });
    next(NOON + 2, START - 50_000_000_000 - 2);
    expect(of.inForce).toEqual([]);
    next(NOON + 3, START - 50_000_000_000 - 1_500_000_000);
    expect(rulesOf(of)).toEqual(['DAILY_LOSS']);
  });
});

describe('5.7 DRAWDOWN', () => {
  test('5.7 DRAWDOWN of 15 % halts until an audited reset, which begins the peak anew', () => {
    const { next, say, of, told } = halts({ dailyLossBp: null, drawdownBp: 1_500 });
    next(NOON, START * 0.85 + 1);
    expect(of.inForce).toEqual([]);
    next(NOON, START * 0.85);
    for (let i = 1; i < 100; i += 1) next(NOON + i * DAY, START * 0.99);
    expect(rulesOf(of)).toEqual(['DRAWDOWN']);
    say(NOON + 101 * DAY, { kind: 'reset-drawdown', actor: 'anna', reason: 'the cause is found' });
    expect(of.inForce).toEqual([]);
    expect(told.at(-1)).toMatchObject({ rule: 'DRAWDOWN', state: 'CLEARED', actor: 'anna', reason: 'the cause is found' });
    next(NOON + 102 * DAY, START * 0.99 * 0.8501);
    expect(of.inForce).toEqual([]);
    next(NOON + 103 * DAY, START * 0.99 * 0.85);
    expect(rulesOf(of)).toEqual(['DRAWDOWN']);
  });
});

describe('5.7 the halts of symbols, brokers and memory', () => {
  test('5.7 STALE blocks its symbol until a fresh bar', () => {
    const { say, of } = halts();
    say(NOON, set('STALE', 'S', true));
    say(NOON, set('STALE', 'S', true));
    expect(of.blocking(STOCK)).toEqual(['STALE']);
    expect(of.blocking({ ...STOCK, symbol: 'T' })).toEqual([]);
    say(NOON + 1, set('STALE', 'S', false));
    expect(of.blocking(STOCK)).toEqual([]);
  });

  test('5.7 RECONCILE blocks what is automatic, not what a person asks for', () => {
    const { say, of } = halts();
    say(NOON, set('RECONCILE', 'S', true));
    expect(of.blocking(STOCK)).toEqual(['RECONCILE']);
    expect(of.blocking({ ...STOCK, automatic: false })).toEqual([]);
    say(NOON + 1, set('RECONCILE', 'S', false));
    expect(of.inForce).toEqual([]);
  });

  test('5.7 EQUITY_UNKNOWN blocks everything until it can be read', () => {
    const { say, of } = halts();
    say(NOON, set('EQUITY_UNKNOWN', null, true));
    expect([of.blocking(STOCK), of.blocking(PAIR)]).toEqual([['EQUITY_UNKNOWN'], ['EQUITY_UNKNOWN']]);
    say(NOON + 1, set('EQUITY_UNKNOWN', null, false));
    expect(of.inForce).toEqual([]);
  });

  test('5.7 REJECTS five refusals within ten minutes halt for thirty', () => {
    const { say, next, of } = halts();
    for (let i = 0; i < 4; i += 1) say(NOON + i * MINUTE, { kind: 'refused' });
    say(NOON + 10 * MINUTE + 1, { kind: 'refused' });
    expect(of.inForce).toEqual([]);
    say(NOON + 11 * MINUTE, { kind: 'refused' });
    expect(rulesOf(of)).toEqual(['REJECTS']);
    next(NOON + 41 * MINUTE - 1, START);
    expect(rulesOf(of)).toEqual(['REJECTS']);
    next(NOON + 41 * MINUTE, START);
    expect(of.inForce).toEqual([]);
  });

  test('5.7 MEMORY halts at 95 % and lets go below 60 %; a share that is no number counts as full', () => {
    const { say, of } = halts();
    const at = (usedRatio: number): string[] => (say(NOON, { kind: 'memory', usedRatio }), rulesOf(of));
    expect([0.949, 0.95, 0.6, 0.599].map(at)).toEqual([[], ['MEMORY'], ['MEMORY'], []]);
    expect(at(NaN)).toEqual(['MEMORY']);
  });
});

describe('5.7 what is stored', () => {
  test('5.7 unreadable is halted, whatever the form of the damage', () => {
    const whole = halts().of.state();
    const damaged: unknown[] = [
      null,
      undefined,
      'x',
      {},
      { ...whole, day: 'today' },
      { ...whole, inForce: [{}] },
      { ...whole, peakMicros: NaN },
    ];
    for (const stored of damaged)
      expect(new Halts(DEFAULT_HALTS, readHalts(stored, NOON)).blocking(STOCK)).toEqual(['EQUITY_UNKNOWN']);
    expect(readHalts(whole, NOON)).toBe(whole);
  });

  test('5.7 a state taken anywhere and read again goes on identically, over random sequences', () => {
    const command = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), rule: fc.constantFrom('STALE', 'RECONCILE', 'EQUITY_UNKNOWN'), symbol: fc.constantFrom('S', 'T', null), on: fc.boolean(), reason: fc.constant('r'), actor: fc.constantFrom('a', null) }), // prettier-ignore
      fc.record({ kind: fc.constant('refused' as const) }),
      fc.record({ kind: fc.constant('memory' as const), usedRatio: fc.double({ min: 0, max: 1, noNaN: true }) }),
      fc.record({ kind: fc.constant('reset-drawdown' as const), actor: fc.constant('a'), reason: fc.constant('because') }),
    );
    const step = fc.oneof(command, fc.integer({ min: 80_000_000_000, max: 120_000_000_000 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: DAY }), step), { maxLength: 40 }), (steps) => {
        const whole = halts();
        let parts = halts();
        let at = NOON;
        for (const [wait, what] of steps) {
          at += wait;
          for (const { next, say } of [whole, parts]) {
            if (typeof what === 'number') next(at, what);
            else say(at, what);
          }
          expect(parts.of.state()).toEqual(whole.of.state());
          parts = halts(DEFAULT_HALTS, readHalts(JSON.parse(JSON.stringify(parts.of.state())), at));
        }
        for (const change of whole.told) expect(Number.isFinite(change.value)).toBe(true);
      }),
      { seed: 57, numRuns: 1_000 },
    );
  });
});
