import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Bar } from '../bar/bar.ts';
import { ORDER_TRANSITIONS } from '../execution/order-state.ts';
import { tightenLimits } from '../risk/limits.ts';
import { SIGNAL_TRANSITIONS } from '../setup/signal-state.ts';
import { COST_MODELS } from '../trade/costs.ts';
import type { DetectionEvent } from '../wyckoff/event.ts';
import type { DetectorPort } from './detector-port.ts';
import type { Fact } from './fact.ts';
import { DAY, START, bar, flat, lps, quiet, range, rig, springTest, utadTest } from './kit/scripted-market.ts';
import type { Rig, Script } from './kit/scripted-market.ts';
import { restoreTradingEngine } from './trading-engine.ts';
import { SnapshotError } from './snapshot-codec.ts';

const ONE: Script = { events: { 60: [springTest(60)] } };
const ZERO = { costs: COST_MODELS.zero };

/** Bars 0-60, the last with the record, then these from bar 61 on. */
function after(script: Script, bars: readonly Bar[], changes = {}): Rig {
  const one = rig(script, { ...ZERO, ...changes });
  one.run(quiet(61));
  one.run(bars);
  return one;
}

const statuses = (one: Rig): string[] =>
  one.facts.flatMap((fact) => (fact.kind === 'signal.created' || fact.kind === 'signal.changed' ? [fact.data.status] : []));
const fills = (one: Rig): string[] =>
  one.of('order.filled').map(({ data }) => `${data.order.leg} ${data.fill.price} ${data.fill.qtyMicros / 1e6}`);

test('S3-S8 a tested Spring becomes a signal, is approved with its reservation, and its order waits to be delivered', () => {
  const one = rig(ONE, ZERO);
  for (const each of quiet(61)) {
    one.engine.step(each);
    if (each.time < START + 60 * DAY) one.engine.deliver();
  }
  expect(statuses(one)).toEqual(['GENERATED', 'APPROVED']);
  expect(one.of('order.changed').map(({ data }) => data.state)).toEqual(['PENDING_NEW']);
  expect(one.engine.report().account.heatRatio).toBeGreaterThan(0.004);
  const orders = one.engine.takeOrders();
  expect(orders).toHaveLength(1);
  expect(orders[0]).toMatchObject({
    kind: 'place',
    order: { terms: { side: 'BUY', type: 'MARKET', steps: 96, protection: { stopPrice: 96.82 } } },
  });
  expect(one.engine.takeOrders()).toEqual([]);
});

test('3 facts of a step reach the sink before its orders can be taken', () => {
  const one = rig(ONE, ZERO);
  const told: string[] = [];
  for (const each of quiet(61)) {
    one.engine.step(each);
    const before = one.of('order.changed').length;
    for (const instruction of one.engine.takeOrders()) {
      if (instruction.kind !== 'place') continue;
      expect(
        one
          .of('order.changed')
          .slice(0, before)
          .map(({ data }) => data.clientId),
      ).toContain(instruction.order.terms.clientId);
      told.push(instruction.order.terms.leg);
    }
  }
  expect(told).toEqual(['ENTRY']);
});

test('7 a step before the orders of the last one were taken is refused', () => {
  const one = rig(ONE, ZERO);
  for (const each of quiet(60)) one.engine.step(each);
  one.engine.step(flat(60, 101.5));
  expect(() => one.engine.step(flat(61, 101.5))).toThrow(/deliver them first/);
  expect(() => one.engine.snapshot()).toThrow(/deliver them before a snapshot/);
});

test('6.3 the ladder: half at T1 and break-even, three tenths at T2 and the stop to T1, the rest out there', () => {
  const one = after(ONE, [
    flat(61, 101.6),
    bar(62, [102, 110.2, 101.9, 110]),
    bar(63, [110, 119, 109, 118.5]),
    bar(64, [118, 118.2, 109, 109.5]),
  ]);
  expect(fills(one)).toEqual(['ENTRY 101.6 96', 'T1.1 110 48', 'T2.1 118 29', 'STOP.3 110 19']);
  expect(one.of('position.changed').map(({ data }) => data.stop)).toEqual([96.82, 101.6, 101.6, 110]);
  expect(statuses(one)).toEqual(['GENERATED', 'APPROVED', 'SUBMITTED', 'FILLED', 'PARTIALLY_CLOSED', 'STOPPED']);
  expect(one.trades[0]).toMatchObject({
    exitReason: 'TRAIL',
    qtyMicros: 96_000_000,
    netPnlMicros: 48 * 8_400_000 + 29 * 16_400_000 + 19 * 8_400_000,
  });
});

test('BT-9 a stop move does not act on its own bar', () => {
  const one = after(ONE, [flat(61, 101.6), bar(62, [102, 110, 98, 105]), bar(63, [105, 106, 101, 103])]);
  expect(fills(one)).toEqual(['ENTRY 101.6 96', 'T1.1 110 48', 'STOP.2 101.6 48']);
  expect(one.trades[0]?.exitReason).toBe('BREAKEVEN');
});

test('6.3 the initial stop takes everything', () => {
  const one = after(ONE, [flat(61, 101.6), bar(62, [101, 112, 96, 97])]);
  expect(fills(one)).toEqual(['ENTRY 101.6 96', 'STOP.1 96.82 96']);
  expect(one.trades[0]).toMatchObject({ exitReason: 'STOP', netR: -1 });
});

test('TR-4 a short mirrors: entry, stop, targets, profit', () => {
  const short: Script = {
    events: { 60: [utadTest(60)] },
    view: () => ({ range: range(), previous: null, regime: 'RANGING', features: null }),
  };
  const one = rig(short, ZERO);
  one.run(quiet(61, 108.5));
  one.run([flat(61, 108.4), bar(62, [108, 108.1, 99.9, 100.5]), bar(63, [100, 101, 90, 91]), bar(64, [91, 91, 87, 88])]);
  expect(fills(one)).toEqual([
    expect.stringMatching(/^ENTRY 108.4/),
    expect.stringMatching(/^T1.1 100/),
    expect.stringMatching(/^T2.1 91/),
    expect.stringMatching(/^T3.1 88/),
  ]);
  expect(one.trades[0]).toMatchObject({ direction: 'SHORT', exitReason: 'T3' });
  expect(one.trades[0]?.netPnlMicros).toBeGreaterThan(0);
  expect(statuses(one).at(-1)).toBe('TARGET_HIT');
});

test('6.3 rule 1: a close beyond the protecting edge leaves at the next open', () => {
  const one = after(ONE, [flat(61, 101.6), bar(62, [101, 101.5, 99, 99.9]), bar(63, [99.7, 100, 99.5, 99.8])]);
  expect(fills(one)).toEqual(['ENTRY 101.6 96', 'EXIT.1 99.7 96']);
  expect(one.trades[0]?.exitReason).toBe('RULE_1');
  expect(statuses(one).at(-1)).toBe('CLOSED');
});

test('6.3 rule 3: an opposite climax leaves', () => {
  const climax = springTest(62, { id: '0:D:BC:62', kind: 'BC', rangeId: 1, hypothesis: -1 });
  const one = after({ events: { ...ONE.events, 62: [climax] } }, [flat(61, 101.6), flat(62, 103), flat(63, 103)]);
  expect(one.trades[0]?.exitReason).toBe('RULE_3');
});

test('6.3 rule 5: time, where bars of a consolidation do not count', () => {
  const drift = Array.from({ length: 110 }, (_, i) => bar(61 + i, [102, 103.2, 100.8, 102]));
  const one = after(ONE, drift);
  expect(one.trades[0]).toMatchObject({ exitReason: 'RULE_5', bars: 101 });
  const resting = Array.from({ length: 110 }, (_, i) => bar(61 + i, [102, 102.4, 101.6, 102], i % 40 < 20 ? 2_000_000 : 100_000));
  expect(after(ONE, resting).trades).toHaveLength(0);
});

test('6.4 a close beyond the extreme of the first leg closes the whole campaign and shuts it', () => {
  const again = springTest(70, { confidence: 95 });
  const one = after({ events: { ...ONE.events, 70: [again] } }, [
    flat(61, 101.6),
    bar(62, [101, 101.5, 98, 98.7]),
    ...[63, 64, 65, 66, 67, 68, 69, 70, 71].map((i) => flat(i, 101.5)),
  ]);
  expect(one.trades[0]?.exitReason).toBe('INVALIDATED');
  expect(one.of('signal.created').at(-1)?.data).toMatchObject({ status: 'REJECTED', rejectCode: 'RK_CAMPAIGN_CLOSED' });
});

test('6.4 the failure of the Spring that was entered closes the campaign', () => {
  const failed = springTest(62, { id: '1:A:SPRING:55', kind: 'SPRING', status: 'failed' });
  const one = after({ events: { ...ONE.events, 62: [failed] } }, [flat(61, 101.6), flat(62, 101), flat(63, 101)]);
  expect(one.trades[0]?.exitReason).toBe('INVALIDATED');
});

test('4.3 a waiting entry is void when its target trades, its source fails or its range ends', () => {
  const waiting = springTest(60);
  const below = quiet(61, 100.2);
  const run = (script: Script, bars: readonly Bar[]): string | null => {
    const one = rig(script, ZERO);
    one.run(below);
    one.run(bars);
    expect(one.of('order.filled')).toHaveLength(0);
    expect(one.engine.report().account.heatRatio).toBe(0);
    const last = one.of('signal.changed').at(-1)?.data;
    return last?.status === 'EXPIRED' ? last.rejectCode : `${last?.status}`;
  };
  const still = (i: number): Bar => bar(i, [100.1, 100.4, 99.8, 100.1]);
  expect(run({ events: { 60: [waiting] } }, [61, 62, 63, 64, 65, 66].map(still))).toBe('VALIDITY');
  expect(run({ events: { 60: [waiting] } }, [still(61), bar(62, [99, 99.2, 96, 96.5]), still(63)])).toBe('CANCELLED');
  const failed = springTest(61, { id: '1:A:SPRING:55', kind: 'SPRING', status: 'failed' });
  expect(run({ events: { 60: [waiting], 61: [failed] } }, [still(61), still(62)])).toBe('CANCELLED');
  const gone: Script = {
    events: { 60: [waiting] },
    transitions: [{ seq: 1, hypothesis: 1, rangeId: 1, bar: 61, time: 0, from: 'C', to: null, cause: 'aged' }],
    view: (i) => ({ range: i >= 61 ? null : range(), previous: null, regime: 'RANGING', features: null }),
  };
  expect(run(gone, [still(61), still(62)])).toBe('RANGE_ENDED');
});

test('5.6 a reservation ends with its order: nothing stays reserved without one', () => {
  const one = rig(ONE, ZERO);
  one.run(quiet(61));
  expect(one.engine.report().account.heatRatio).toBeGreaterThan(0);
  one.run([bar(61, [96, 97, 95, 96])]);
  expect(one.of('order.changed').at(-1)?.data).toMatchObject({ state: 'CANCELLED', reason: 'GAP_BEYOND_STOP' });
  expect(one.engine.report().account.heatRatio).toBe(0);
  expect(statuses(one).at(-1)).toBe('CANCELLED');
});

test('4.1 the next test of the same Spring is a TEST; a refused record becomes a REJECTED signal with its reason', () => {
  const events = {
    60: [springTest(60)],
    64: [springTest(64, { refId: '1:A:SPRING:55', tradeable: false, reasons: ['CONFIDENCE'] })],
  };
  const one = after({ events }, [flat(61, 101.6), flat(62, 101.6), flat(63, 101.6), flat(64, 101.6)]);
  expect(one.of('signal.created').map(({ data }) => [data.pattern, data.status])).toEqual([
    ['SPRING', 'GENERATED'],
    ['TEST', 'REJECTED'],
  ]);
  expect(one.of('signal.created')[1].data).toMatchObject({ rejectCode: 'ST_CONFIDENCE', qtyMicros: 0 });
});

test('3 warm-up only teaches: no signal is made', () => {
  const one = rig(ONE, { ...ZERO, warmupBars: 61 });
  one.run(quiet(61));
  expect(one.of('signal.created')).toEqual([]);
  expect(one.of('event.changed')).toHaveLength(1);
});

test('TR-13 a bar that was here already, or comes late, changes nothing', () => {
  const twice = rig(ONE, ZERO);
  for (const each of quiet(61)) twice.run([each, each, flat(0, 50)]);
  const once = rig(ONE, ZERO);
  once.run(quiet(61));
  expect(twice.facts).toEqual(once.facts);
});

test('3 what is open when the data end is closed at the last close', () => {
  const one = after(ONE, [flat(61, 101.6), bar(62, [102, 103, 101, 102.5])]);
  one.engine.finish('END_OF_DATA');
  expect(fills(one).at(-1)).toBe('EXIT.1 102.5 96');
  expect(one.trades[0]?.exitReason).toBe('END_OF_DATA');
  expect(one.engine.report()).toMatchObject({ openPositions: [], account: { heatRatio: 0 } });
});

test('5.7 a drawdown halts entries, tells it, and lets exits pass', () => {
  const crash = [flat(61, 101.6), bar(62, [70, 71, 69, 70])];
  const one = after({ events: { ...ONE.events, 66: [springTest(66)] } }, crash, {
    halts: { dailyLossBp: null, drawdownBp: 100 },
  });
  expect(one.of('risk.limit').map(({ data }) => [data.rule, data.state])).toEqual([['DRAWDOWN', 'REACHED']]);
  expect(one.trades).toHaveLength(1);
  one.run([63, 64, 65, 66].map((i) => flat(i, 101.5)));
  expect(one.of('signal.created').at(-1)?.data.status).toBe('REJECTED');
});

test('1.4 range, phase and record facts follow the detector', () => {
  const steps = [1, 2].map((seq) => ({ seq, hypothesis: 1, rangeId: 1, bar: seq * 10, time: START + seq * 10 * DAY, from: seq === 1 ? null : 'B', to: seq === 1 ? 'B' : 'C', cause: 'ST' }) as const); // prettier-ignore
  const hypothesis = { hypothesis: 1, phase: 'C', subPhase: null, startBar: 0, startTime: START, bStart: 10, implied: false, suspended: false, ended: false, phaseConfidence: 90, leading: true } as const; // prettier-ignore
  const one = rig({
    events: {},
    transitions: steps,
    view: () => ({ range: range({ hypotheses: [hypothesis] }), previous: null, regime: null, features: null }),
  });
  one.run(quiet(30));
  expect(one.of('phase.changed').map(({ data }) => [data.from, data.to, data.confidence])).toEqual([
    [null, 'B', 90],
    ['B', 'C', 90],
  ]);
  expect(one.of('range.changed').at(-1)?.data).toMatchObject({
    id: `TEST:1d:${START}`,
    hypotheses: [
      {
        phases: [
          { phase: 'B', from: START + 10 * DAY, to: START + 20 * DAY },
          { phase: 'C', from: START + 20 * DAY, to: null },
        ],
      },
    ],
  });
  const blind = rig({ events: {}, transitions: steps }, { analysis: 'records' });
  blind.run(quiet(30));
  expect(blind.facts.map(({ kind }) => kind)).toEqual(['ledger.booked']);
});

const PAYING = { support: 100, resistance: 110, springLow: 98.8, atr: 2, objectives: [122, 125, 130] };

/** A market that wanders between 97 and 125, with records now and then. */
const wander = fc.record({
  moves: fc.array(
    fc.tuple(fc.integer({ min: -300, max: 320 }), fc.integer({ min: 10, max: 250 }), fc.integer({ min: 10, max: 250 })),
    { minLength: 60, maxLength: 160 },
  ),
  records: fc.array(
    fc.tuple(fc.integer({ min: 61, max: 200 }), fc.constantFrom('entry', 'entry', 'entry', 'entry', 'failed', 'climax')),
    { minLength: 10, maxLength: 40 },
  ),
});

function story(of: { moves: [number, number, number][]; records: [number, string][] }): { script: Script; bars: Bar[] } {
  let price = 10_150;
  const bars = of.moves.map(([move, up, down], i) => {
    const open = price;
    price = Math.max(9_000, Math.min(13_000, price + move));
    const high = Math.max(open, price) + up;
    const low = Math.min(open, price) - down;
    return bar(61 + i, [open / 100, high / 100, low / 100, price / 100], 1_000_000 + (i % 7) * 100_000);
  });
  const events: Record<number, DetectionEvent[]> = {};
  const unique = new Map(of.records.map(([at, kind]) => [`${at} ${kind}`, [at, kind] as const]));
  for (const [at, kind] of unique.values()) {
    const close = bars[at - 61]?.close ?? 100;
    const entry = close < 104 ? springTest(at, { prices: PAYING }) : close < 109 ? utadTest(at) : lps(at, { prices: PAYING });
    const said: Record<string, DetectionEvent> = {
      entry,
      failed: springTest(at, { id: '1:A:SPRING:70', kind: 'SPRING', status: 'failed' }),
      climax: springTest(at, { kind: 'BC', id: `1:D:BC:${at}` }),
    };
    events[at] = [...(events[at] ?? []), said[kind]];
  }
  return { script: { events }, bars: [...quiet(61), ...bars] };
}

test('BT-3 TR-7 BT-10 through any story: the account is exact, only listed transitions happen, limits hold, all that opened closes', () => {
  let traded = 0;
  fc.assert(
    fc.property(wander, (of) => {
      const { script, bars } = story(of);
      const one = rig(script);
      for (const each of bars) {
        one.run([each]);
        const { account, openPositions } = one.engine.report();
        expect(account.equityMicros - account.startingMicros).toBe(
          account.realisedMicros + account.unrealisedMicros - account.costsMicros,
        );
        expect(one.rows.reduce((sum, row) => sum + row.amountMicros, 0)).toBe(account.cashMicros);
        expect(openPositions.length).toBeLessThanOrEqual(5);
        expect(account.heatRatio).toBeLessThan(0.11);
      }
      one.engine.finish('END_OF_DATA');
      expect(one.engine.report().openPositions).toEqual([]);
      const net = one.trades.reduce((sum, trade) => sum + trade.netPnlMicros, 0);
      expect(net).toBe(one.engine.equityMicros - 100_000_000_000);
      for (const trade of one.trades) expect(trade.grossPnlMicros).toBeGreaterThan(trade.netPnlMicros);
      checkLog(one);
      traded += one.trades.length;
    }),
    { seed: 17, numRuns: 60 },
  );
  expect(traded).toBeGreaterThan(30);
});

/** Replaying the facts gives the states, along listed transitions only; every opened quantity is closed. */
function checkLog(one: Rig): void {
  const orders = new Map<string, string>();
  const signals = new Map<string, string>();
  const open = new Map<string, number>();
  for (const fact of one.facts) {
    if (fact.kind === 'order.changed' || fact.kind === 'order.filled') {
      const order = fact.kind === 'order.filled' ? fact.data.order : fact.data;
      const former = orders.get(order.id);
      if (former === undefined) expect(order.state).toBe('PENDING_NEW');
      // Another quantity or price is no transition.
      else if (fact.kind === 'order.filled' || former !== order.state)
        expect(ORDER_TRANSITIONS[former as 'ACCEPTED']).toContain(order.state);
      orders.set(order.id, order.state);
      if (fact.kind === 'order.filled')
        open.set(
          order.signalId ?? '',
          (open.get(order.signalId ?? '') ?? 0) + (order.intent === 'OPEN' ? 1 : -1) * fact.data.fill.qtyMicros,
        );
    } else if (fact.kind === 'signal.created' || fact.kind === 'signal.changed') {
      const former = signals.get(fact.data.id);
      if (former !== undefined) expect(SIGNAL_TRANSITIONS[former as 'GENERATED']).toContain(fact.data.status);
      signals.set(fact.data.id, fact.data.status);
    }
  }
  for (const left of open.values()) expect(left).toBe(0);
  for (const state of orders.values()) expect(ORDER_TRANSITIONS[state as 'FILLED']).toEqual([]);
  for (const state of signals.values()) expect(SIGNAL_TRANSITIONS[state as 'CLOSED']).toEqual([]);
}

test('9.3 restored at any bar, the engine goes on with the same facts, bit by bit', () => {
  fc.assert(
    fc.property(wander, fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 4 }), (of, cuts) => {
      const { script, bars } = story(of);
      const whole = rig(script);
      whole.run(bars);
      whole.engine.finish('END_OF_DATA');
      let part = rig(script);
      const facts: Fact[] = [];
      bars.forEach((each, i) => {
        if (cuts.includes(i)) {
          facts.push(...part.facts);
          part = part.reborn();
        }
        part.run([each]);
      });
      part.engine.finish('END_OF_DATA');
      facts.push(...part.facts);
      expect(JSON.stringify(facts)).toBe(JSON.stringify(whole.facts));
      expect(part.engine.report()).toEqual(whole.engine.report());
      expect([...part.engine.snapshot()]).toEqual([...whole.engine.snapshot()]);
    }),
    { seed: 18, numRuns: 40 },
  );
});

test('9.3 the twin: a continuation that lost its working orders differs', () => {
  const one = after(ONE, [flat(61, 101.6)]);
  const fresh = rig(ONE, ZERO);
  for (const other of [one.reborn(), fresh]) other.run([bar(62, [102, 112, 101, 110])]);
  expect(fresh.trades).toHaveLength(0);
  expect(fresh.of('order.filled')).toHaveLength(0);
});

test('9.3 a snapshot of something else is refused', () => {
  const one = after(ONE, [flat(61, 101.6)]);
  const bytes = one.engine.snapshot();
  const options = { instrument: { symbol: 'OTHER', assetClass: 'STOCK', timeZone: 'UTC' }, timeframe: '1d', account: { id: 'paper', kind: 'PAPER', currency: 'USD', startingMicros: 1 }, sink: () => undefined } as const; // prettier-ignore
  expect(() => restoreTradingEngine(bytes, options)).toThrow(SnapshotError);
  expect(() => restoreTradingEngine(bytes.slice(0, -1), options)).toThrow(/bytes/);
  expect(() => restoreTradingEngine(new Uint8Array(20), options)).toThrow(/version mark/);
});

test('9.3 a snapshot of other settings or of other code is refused; with those it was taken with it goes on', () => {
  const bytes = rig(ONE, { ...ZERO, codeVersion: 'a' }).engine.snapshot();
  const restore = (changes: Parameters<typeof rig>[1]): unknown => rig(ONE, { ...ZERO, codeVersion: 'a', ...changes }, bytes);
  expect(() => restore({})).not.toThrow();
  expect(() => restore({ codeVersion: 'b' })).toThrow(/code b, was .*code a; start from the journal instead/);
  expect(() => restore({ costs: COST_MODELS['per-share'] })).toThrow(SnapshotError);
  expect(() => restore({ limits: tightenLimits({ heatBp: 600 }) })).toThrow(SnapshotError);
  expect(() => restore({ warmupBars: 5 })).toThrow(SnapshotError);
  expect(() => restore({ limitFill: 'through' })).toThrow(SnapshotError);
});

test('M10 nothing grows: after two thousand trades a snapshot is as long as after twenty', () => {
  const every = 20;
  const size = (trades: number): number => {
    const events: Record<number, DetectionEvent[]> = {};
    const bars: Bar[] = [...quiet(61)];
    for (let i = 0; i < trades; i += 1) {
      const at = 60 + i * every;
      events[at] = [springTest(at, { rangeId: i + 1, refId: `${i + 1}:A:SPRING:${at - 5}`, id: `${i + 1}:A:TEST:${at}` })];
      for (let k = 1; k <= every; k += 1)
        bars.push(
          k === 3
            ? bar(at + k, i % 2 === 0 ? [102, 122, 101.5, 120] : [101, 102, 96, 101.5])
            : bar(at + k, [101.5, 102.5 + (k % 5) / 5, 100.5, 101.5], 1_500_000 - 10_000 * k),
        );
    }
    const view = (i: number) => {
      const current = range({ rangeId: Math.floor((i - 60) / every) + 1, startTime: START + i });
      return { range: current, previous: null, regime: 'RANGING', features: null } as const;
    };
    const transitions = [] as const;
    const one = rig({ events, view, transitions }, { ...ZERO, analysis: 'records' });
    one.run(bars);
    expect(one.trades.length).toBeGreaterThan(trades * 0.9);
    return one.engine.snapshot().length;
  };
  const few = size(20);
  expect(size(2_000)).toBeLessThan(few * 1.1);
});

test('P4 nothing is allocated on quiet bars; the twin, a detector that allocates, is seen', () => {
  const NONE: readonly never[] = [];
  const still: DetectorPort = {
    onBar: () => NONE,
    revision: 0,
    glance: () => ({ range: null, previous: null, regime: null, features: null }),
    transitions: () => NONE,
    snapshot: () => new Uint8Array(0),
  };
  const kept: { list: readonly never[] } = { list: NONE };
  const wasteful: DetectorPort = { ...still, onBar: () => (kept.list = [...NONE]) };
  // The smallest object, a boxed number, is 16 bytes; reading the heap costs less than 1 a bar.
  const NOTHING = 4;
  const perBar = (detector: DetectorPort): number => {
    const { gc } = globalThis;
    if (gc === undefined) throw new Error('P4: expected --expose-gc, was absent');
    const { engine } = rig({ events: {} }, { detector: () => detector, sink: () => undefined });
    const reused = { time: 0, open: 102, high: 102.4, low: 101.6, close: 102, volume: 1_000_000 };
    const clock = new Float64Array([START]);
    const run = (bars: number): void => {
      for (let i = 0; i < bars; i += 1) {
        clock[0] += DAY;
        reused.time = clock[0];
        engine.step(reused);
        engine.deliver();
      }
    };
    // Short turns, so that no collection of young objects hides what was allocated.
    const turn = (): number => {
      gc();
      const before = process.memoryUsage().heapUsed;
      run(5_000);
      return (process.memoryUsage().heapUsed - before) / 5_000;
    };
    // The compiler works beside us, late when the machine is busy, and allocates too: go on until three turns in a row are
    // clean, or the best three of many were not. What the engine itself allocates, it allocates in every turn.
    run(400_000);
    let best = Infinity;
    let [a, b] = [Infinity, Infinity];
    for (let i = 0; i < 120 && best >= NOTHING; i += 1) {
      const c = turn();
      best = Math.min(best, Math.max(a, b, c));
      [a, b] = [b, c];
    }
    return best;
  };
  expect(perBar(still)).toBeLessThan(NOTHING);
  expect(perBar(wasteful)).toBeGreaterThanOrEqual(16);
});
