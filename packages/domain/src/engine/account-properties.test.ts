import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CampaignRecord } from '../campaign/campaign-record.ts';
import { DEFAULT_LIMITS } from '../risk/limits.ts';
import { mulDiv } from '../trade/money.ts';
import type { Fact, ReservationFact } from './fact.ts';
import type { EngineInput } from './input.ts';
import { LIMITS, QUIET, accountOptions, random, runs, someCommand, world } from './kit/account-world.ts';
import type { World } from './kit/account-world.ts';
import { FactError, FactLedger } from './kit/fact-ledger.ts';
import { DAY, START } from './kit/scripted-market.ts';
import { createAccountEngine, restoreAccountEngine } from './trading-engine.ts';
import type { AccountEngineOptions, TradingEngine } from './trading-engine.ts';

const LENGTH = 24;
const BUCKET_OF: Readonly<Record<string, string>> = { AAA: 'TECH', BBB: 'TECH', CCC: 'OIL' };

interface Run {
  readonly engine: TradingEngine;
  readonly facts: Fact[];
  readonly ledger: FactLedger;
}

function start(of: World, changes: Parameters<typeof accountOptions>[1] = {}, bytes: Uint8Array | null = null): Run {
  const facts: Fact[] = [];
  const ledger = new FactLedger();
  const options: AccountEngineOptions = {
    ...accountOptions(of, changes),
    sink: (fact) => {
      facts.push(fact);
      ledger.hear(fact);
    },
  };
  const engine = bytes === null ? createAccountEngine(options) : restoreAccountEngine(bytes, options);
  return { engine, facts, ledger };
}

function take(run: Run, input: EngineInput): void {
  run.engine.next(input);
  run.engine.deliver();
}

const bars = (of: World, i: number): EngineInput => ({ kind: 'bars', bars: of.instants[i] });

/** The same seed gives the same inputs: commands answer to what the facts have shown. */
function play(
  run: Run,
  of: World,
  seed: number,
  check: (input: EngineInput, before: number) => void = () => undefined,
): EngineInput[] {
  const roll = random(seed + 1);
  const inputs: EngineInput[] = [];
  const put = (input: EngineInput): void => {
    const before = run.facts.length;
    inputs.push(input);
    take(run, input);
    check(input, before);
  };
  for (let i = 0; i < of.instants.length; i += 1) {
    put(bars(of, i));
    if (i < QUIET) continue;
    const at = START + (i + 1) * DAY;
    while (roll(3) === 0) put(someCommand(run.facts, at + roll(DAY / 2), roll));
    if (roll(4) === 0) put({ kind: 'clock', at: at + DAY / 2 + roll(DAY / 3) });
  }
  return inputs;
}

const text = (facts: readonly Fact[]): string => JSON.stringify(facts);
/** Positions count inputs; clocks without effect are no inputs, so facts alone are compared. */
const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });

/** Whatever was accepted, the sums over positions and reservations are within the limits at that instant. */
function checkLimits({ engine, ledger }: Run, accepted: readonly ReservationFact[]): void {
  const { account, openPositions } = engine.report();
  const rows = [...openPositions, ...ledger.held].map(({ symbol, riskMicros }) => ({ symbol, riskMicros }));
  const sum = (isIn: (symbol: string) => boolean): number =>
    rows.reduce((total, row) => (isIn(row.symbol) ? total + row.riskMicros : total), 0);
  const limit = (bp: number): number => mulDiv(account.equityMicros, bp, 10_000, 'down');
  expect(sum(() => true)).toBeLessThanOrEqual(limit(LIMITS.assetClassBp));
  // A limit that is exceeded because equity fell closes nothing; it is asked where something new was accepted.
  for (const bucket of new Set(accepted.map(({ symbol }) => BUCKET_OF[symbol])))
    expect(sum((symbol) => BUCKET_OF[symbol] === bucket)).toBeLessThanOrEqual(limit(LIMITS.bucketBp));
  const entries = new Set([...openPositions, ...ledger.held].map(({ signalId }) => signalId));
  expect(entries.size).toBeLessThanOrEqual(LIMITS.openPositions);
  for (const { notionalMicros, riskMicros } of accepted) {
    expect(notionalMicros).toBeLessThanOrEqual(limit(LIMITS.orderValueBp));
    expect(riskMicros).toBeLessThanOrEqual(limit(LIMITS.tradeBp));
  }
}

/** Most lives are short, so that there are many; every twenty-fifth is long enough for ladders, campaigns and weekly bars. */
const lengthOf = (seed: number): number => (seed % 25 === 0 ? LENGTH : 2 + (seed % 4));

/** The same inputs told twice, with late ones between them, the series asked for in another order and the bars of an instant reversed. */
function playAgain(
  of: World,
  inputs: readonly EngineInput[],
  with_: { readonly seed: number; readonly cap: number | null },
): Run {
  const { seed, cap } = with_;
  const order = [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]][seed % 4]; // prettier-ignore
  const again = start(of, { order, cap });
  const roll = random(seed + 7);
  const placed = (input: EngineInput): EngineInput =>
    input.kind === 'bars'
      ? { kind: 'bars', bars: input.bars.map(({ series, bar }) => ({ series: order.indexOf(series), bar })).reverse() }
      : input;
  for (const [i, input] of inputs.entries()) {
    take(again, placed(input));
    if (input.kind !== 'bars' || i < QUIET) continue;
    take(again, placed(input));
    const late = inputs[roll(i + 1)];
    if (late.kind === 'bars') take(again, placed(late));
  }
  return again;
}

test('TR-2 TR-7 TR-8 TR-9 BT-8 TR-11 TR-13 over 10,000 random lives of an account: limits hold at each acceptance, only listed steps happen, the facts give the state, the kill switch keeps entries back, and the same told twice, late or in another order changes nothing', () => {
  let accepted = 0;
  let refusedForRoom = 0;
  let closed = 0;
  let parts = 0;
  let halted = 0;
  fc.assert(
    fc.property(seeds, (seed) => {
      // Every third market is so thin that fills come in parts.
      const isThin = seed % 3 === 0;
      const cap = isThin ? 0.01 : null;
      const of = world(seed, lengthOf(seed), isThin);
      const run = start(of, { cap });
      let level = 'OFF';
      const inputs = play(run, of, seed, (_input, before) => {
        const reserved: ReservationFact[] = [];
        for (const fact of run.facts.slice(before)) {
          if (fact.kind === 'order.filled' && fact.data.order.state === 'PARTIALLY_FILLED') parts += 1;
          else if (fact.kind === 'reservation.changed' && fact.data.version === 1) reserved.push(fact.data);
          else if (fact.kind === 'trading.changed') level = fact.data.killSwitch.level;
          else if (fact.kind === 'order.changed' && fact.data.state === 'PENDING_NEW' && level !== 'OFF') {
            halted += 1;
            if (fact.data.intent === 'OPEN') throw new Error(`TR-11: ${fact.data.leg} was ordered under ${level}`);
          }
        }
        accepted += reserved.length;
        if (reserved.length > 0) checkLimits(run, reserved);
      });
      const again = playAgain(of, inputs, { seed, cap });
      if (text(again.facts) !== text(run.facts)) throw new Error('TR-9 TR-13: told in another way, the facts differ');
      checkState(run);
      const room = ['RK_BUCKET', 'RK_HEAT', 'RK_ASSET_CLASS', 'RK_MAX_POSITIONS', 'RK_OPPOSITE_OPEN'];
      for (const fact of run.facts)
        if ((fact.kind === 'signal.created' || fact.kind === 'signal.changed') && room.includes(fact.data.rejectCode ?? ''))
          refusedForRoom += 1;
      run.engine.finish('END_OF_DATA');
      expect(run.engine.openPositions).toBe(0);
      if (run.ledger.held.length + run.ledger.working.length > 0) throw new Error('TR-12: something is left after the end');
      closed += run.ledger.positions.size;
    }),
    { seed: 41, numRuns: runs(10_000), examples: [[912233902]] },
  );
  // What it takes to be a proof; per life, so that it holds for any number of them.
  const of = (share: number): number => share * runs(10_000);
  expect(accepted).toBeGreaterThan(of(2));
  expect(refusedForRoom).toBeGreaterThan(of(0.1));
  expect(closed).toBeGreaterThan(of(0.8));
  expect(parts).toBeGreaterThan(of(0.1));
  expect(halted).toBeGreaterThan(of(0.01));
}, 480_000);

/** TR-8: the ledger's sum is the cash, equity is explained to the micro; TR-7: the facts alone give the open positions. */
function checkState({ engine, ledger }: Run): void {
  const { account, openPositions } = engine.report();
  expect(ledger.cash).toBe(account.cashMicros);
  expect(account.equityMicros - account.startingMicros).toBe(
    account.realisedMicros + account.unrealisedMicros - account.costsMicros,
  );
  const told = [...ledger.positions.values()]
    .filter(({ status }) => status === 'OPEN')
    .map(({ id, openQtyMicros, stop }) => ({ id, openQtyMicros, stop }));
  expect(openPositions.map(({ id, openQtyMicros, stop }) => ({ id, openQtyMicros, stop }))).toEqual(told);
}

test('TR-2 the twin: an account without these limits breaks them', () => {
  const breaks = (seed: number): boolean => {
    const of = world(seed, LENGTH);
    const run = start(of, { limits: DEFAULT_LIMITS });
    try {
      play(run, of, seed, (_input, before) => {
        const isNew = (fact: Fact): boolean => fact.kind === 'reservation.changed' && fact.data.version === 1;
        const reserved = run.facts
          .slice(before)
          .flatMap((fact) => (fact.kind === 'reservation.changed' && isNew(fact) ? [fact.data] : []));
        if (reserved.length > 0) checkLimits(run, reserved);
      });
    } catch {
      return true;
    }
    return false;
  };
  expect(Array.from({ length: 60 }, (_, seed) => breaks(seed)).filter(Boolean).length).toBeGreaterThan(5);
});

test('TR-7 the twin: a ledger that hears a step nobody listed says so', () => {
  const of = world(5, LENGTH);
  const run = start(of);
  play(run, of, 5);
  const signal = run.facts.find((fact) => fact.kind === 'signal.created' && fact.data.status === 'GENERATED');
  if (signal?.kind !== 'signal.created') throw new Error('expected a signal');
  const ledger = new FactLedger();
  ledger.hear(signal);
  expect(() => ledger.hear({ ...signal, kind: 'signal.changed', data: { ...signal.data, status: 'STOPPED' } })).toThrow(
    FactError,
  );
});

test('TR-9 over 150: restored after any input, and stepped again from the stored inputs, the account goes on bit by bit', () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 0, max: 200 }), (seed, cut) => {
      const of = world(seed, LENGTH);
      const whole = start(of);
      const inputs = play(whole, of, seed);
      const at = QUIET + (cut % Math.max(1, inputs.length - QUIET));
      const first = start(of);
      for (const input of inputs.slice(0, at)) take(first, input);
      const second = start(of, {}, first.engine.snapshot());
      second.ledger.hear = () => undefined;
      // What is stored: the told inputs of the facts, and the bars by themselves.
      for (const input of inputs.slice(at)) take(second, input);
      expect(text([...first.facts, ...second.facts])).toBe(text(whole.facts));
      expect(second.engine.position).toBe(whole.engine.position);
      expect(Buffer.from(second.engine.snapshot()).equals(whole.engine.snapshot())).toBe(true);
      const told = whole.facts.flatMap((fact) =>
        fact.kind === 'input.command' || fact.kind === 'input.clock' ? [fact.data] : [],
      );
      const isTold = (input: EngineInput): boolean => told.some((one) => JSON.stringify(one) === JSON.stringify(input));
      expect(inputs.filter((input) => input.kind === 'command').every(isTold)).toBe(true);
    }),
    { seed: 43, numRuns: runs(150) },
  );
}, 240_000);

test('TR-9 the twin: a continuation that lost its reservations differs', () => {
  let differs = 0;
  for (let seed = 1; seed < 40; seed += 1) {
    const of = world(seed, LENGTH);
    const one = start(of);
    const inputs = play(one, of, seed);
    const other = start(of);
    inputs.forEach((input, i) => {
      // An input that never arrived.
      if (i !== QUIET + 3) take(other, input);
    });
    if (text(other.facts) !== text(one.facts)) differs += 1;
  }
  expect(differs).toBeGreaterThan(10);
});

test('3 over 60: where nobody looks on a campaign is told once per input, every step of its states at once, and nothing else differs', () => {
  let fewer = 0;
  for (let seed = 0; seed < 60; seed += 1) {
    const of = world(seed, LENGTH);
    const quiet = start(of);
    const inputs = play(quiet, of, seed);
    const loud = start(of, { analysis: 'full' });
    for (const input of inputs) take(loud, input);
    const others = ({ facts }: Run): string =>
      text(facts.filter(({ kind }) => !['campaign.changed', 'range.changed', 'phase.changed'].includes(kind)));
    expect(others(quiet)).toBe(others(loud));
    const records = ({ facts }: Run): CampaignRecord[] =>
      facts.flatMap((fact) => (fact.kind === 'campaign.changed' ? [fact.data] : []));
    const told = [records(quiet), records(loud)];
    const [steps, allSteps] = told.map((list) => {
      const last = new Map<string, string>();
      return list
        .filter(({ id, status }) => last.get(id) !== status && last.set(id, status))
        .map(({ id, status }) => id + status);
    });
    expect(steps).toEqual(allSteps);
    const [ends, allEnds] = told.map((list) => Object.fromEntries(list.map((record) => [record.id, record.version])));
    expect(ends).toEqual(allEnds);
    fewer += told[1].length - told[0].length;
  }
  // The twin: were nothing gathered, none would be fewer.
  expect(fewer).toBeGreaterThan(60);
});
