/** The tab's stores keep their bounds (H7, H8, C7, M9, M10) and paint once per frame. */
import { Census, Scope } from '@wyckoff/bounded';
import type { BarWire, FactRow, OrderWire, PositionWire, SignalWire } from '@wyckoff/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualTimers } from '../testing/virtual-timers.ts';
import { BarStore } from './bar-store.ts';
import { BarWindow, type ChartColumns } from './bar-window.ts';
import { DeskState } from './desk-state.ts';
import { Painter } from './desk-store.ts';

const DAY = 86_400_000;

function open() {
  const timers = new VirtualTimers();
  const census = new Census();
  const scope = new Scope({ name: 'web', timers, census });
  return { timers, census, scope, state: new DeskState(scope, () => undefined) };
}

const signalFact = (seq: number, id: string): FactRow => ({
  seq,
  at: seq,
  type: 'signal.created',
  data: { id, barTime: seq, version: 1 } as SignalWire,
});

const columns = (from: number, to: number): ChartColumns => {
  const t = Array.from({ length: Math.max(0, to - from) }, (_, i) => (from + i) * DAY);
  const c = t.map((time) => time / DAY);
  return { t, o: c, h: c, l: c, c, v: c };
};
const bar = (at: number): BarWire => ({ symbol: 'S', timeframe: '1d', ts: at * DAY, o: at, h: at, l: at, c: at, v: at });

describe('H7 signals', () => {
  it('H7 5,000 events hold the 100 newest, without doubles', () => {
    const { state } = open();
    for (let i = 1; i <= 5_000; i += 1) state.fact(signalFact(i, String(i % 2_500)));
    expect(state.signals).toHaveLength(100);
    expect(new Set(state.signals.map((signal) => signal.id)).size).toBe(100);
    expect(state.signals[0].id).toBe('0');
  });

  it('H7 a day after they came, by the wall and not by the replay, all are gone, by one timer', async () => {
    const { state, timers } = open();
    for (let i = 1; i <= 50; i += 1) state.fact(signalFact(i, String(i)));
    await timers.advance(DAY - 1);
    expect(state.signals).toHaveLength(50);
    const waiting = timers.waiting;
    await timers.advance(3_600_001);
    expect(state.signals).toEqual([]);
    expect(timers.waiting).toBe(waiting);
  });
});

describe('M9 M10 positions and orders', () => {
  it('M10 finished ones keep 50, the open ones stay', () => {
    const { state } = open();
    const position = (seq: number, id: string, status: 'OPEN' | 'CLOSED'): FactRow => ({
      seq,
      at: seq,
      type: status === 'OPEN' ? 'position.opened' : 'position.closed',
      data: { id, status, openedAt: seq, version: seq } as PositionWire,
    });
    state.fact(position(1, 'kept', 'OPEN'));
    for (let i = 2; i <= 1_000; i += 1) state.fact(position(i, String(i), 'CLOSED'));
    expect(state.positions).toHaveLength(51);
    expect(state.positions[0].id).toBe('kept');
    const order = (seq: number): FactRow => ({
      seq,
      at: seq,
      type: 'order.changed',
      data: { id: String(seq), state: 'FILLED', updatedAt: seq, version: 1 } as OrderWire,
    });
    for (let i = 1; i <= 1_000; i += 1) state.fact(order(i));
    expect(state.orders).toHaveLength(50);
  });

  it('a mark never opens, closes or rolls back a position', () => {
    const { state } = open();
    const mark = (data: Partial<PositionWire>): void =>
      state.value({ op: 'event', topic: 'positions', type: 'position.marked', ts: 0, key: 'p', data });
    mark({ id: 'p', status: 'OPEN', version: 1, lastAt: 1 });
    expect(state.positions).toEqual([]);
    state.fact({
      seq: 1,
      at: 1,
      type: 'position.opened',
      data: { id: 'p', status: 'OPEN', version: 2, lastAt: 5, last: 10 } as PositionWire,
    });
    mark({ id: 'p', status: 'OPEN', version: 1, lastAt: 9, last: 1 });
    mark({ id: 'p', status: 'OPEN', version: 2, lastAt: 4, last: 2 });
    expect(state.positions[0].last).toBe(10);
    mark({ id: 'p', status: 'OPEN', version: 2, lastAt: 6, last: 11 });
    expect(state.positions[0].last).toBe(11);
  });
});

describe('C7 H8 bars', () => {
  it('H8 50 symbols: 10 windows are held, within the stated bytes', () => {
    const { scope } = open();
    const store = new BarStore(scope);
    for (let i = 0; i < 50; i += 1) store.merge(`S${String(i)}|1d`, columns(0, 1_500));
    expect(store.size).toBe(10);
    expect(store.bytes).toBe(10 * 1_000 * 6 * 8);
    expect(store.get('S49|1d')?.length).toBe(1_000);
    expect(store.get('S0|1d')).toBeUndefined();
  });

  it('C7 whatever is paged in, streamed and missed, the window stays within its bound, and after each newest page it is one run', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.constant({ do: 'older' as const, count: 20 }) },
      { weight: 6, arbitrary: fc.constant({ do: 'bar' as const, count: 1 }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('missed' as const), count: fc.integer({ min: 1, max: 60 }) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('newest' as const), count: fc.integer({ min: 0, max: 3 }) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const window = new BarWindow(50);
        let now = 1_000;
        let whole = true;
        window.mergeNewest(columns(now - 20, now));
        for (const { do: what, count } of steps) {
          if (what === 'older') window.prepend(columns(window.t[0] / DAY - count, window.t[0] / DAY));
          if (what === 'bar') {
            window.apply(bar(now));
            now += 1;
          }
          if (what === 'missed') {
            window.suspect();
            now += count;
            whole = false;
          }
          if (what === 'newest') {
            // The page was made before the last bars of the stream came.
            const page = columns(now - 20, now);
            for (let i = 0; i < count; i += 1) window.apply(bar(now + i));
            now += window.live ? count : 0;
            window.mergeNewest(page);
            whole = true;
          }
          const times = [...window.t.subarray(0, window.length)].map((time) => time / DAY);
          expect(window.length).toBeLessThanOrEqual(50);
          expect([...window.c.subarray(0, window.length)]).toEqual(times);
          if (whole) expect(times.every((time, i) => i === 0 || time === times[i - 1] + 1)).toBe(true);
          if (whole && window.live) expect(times.at(-1)).toBe(now - 1);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('C7 bars missed while the link was down are filled in, though the stream went on before the page came', () => {
    const window = new BarWindow(50);
    window.mergeNewest(columns(980, 1_000));
    window.suspect();
    window.apply(bar(1_010));
    window.mergeNewest(columns(991, 1_011));
    expect([...window.t.subarray(0, window.length)].map((time) => time / DAY)).toEqual(
      Array.from({ length: 31 }, (_, i) => 980 + i),
    );
    // The twin: without the suspicion a hole larger than a page would be taken for one run.
    const trusting = new BarWindow(50);
    trusting.mergeNewest(columns(980, 1_000));
    trusting.apply(bar(1_100));
    trusting.mergeNewest(columns(1_081, 1_101));
    expect(trusting.length).toBe(40);
  });

  it('C7 scrolling back drops the new end in one step; the newest page brings it back', () => {
    const window = new BarWindow(50);
    window.mergeNewest(columns(950, 1_000));
    expect(window.prepend(columns(930, 950))).toEqual({ kind: 'rebuilt', shift: 20 });
    expect([window.live, window.length, window.t[0] / DAY]).toEqual([false, 50, 930]);
    expect(window.apply(bar(1_000))).toEqual({ kind: 'none', shift: 0 });
    window.mergeNewest(columns(950, 1_001));
    expect([window.live, window.length]).toEqual([true, 50]);
  });
});

describe('painting', () => {
  it('a burst of changes is one paint per frame; a hidden tab paints nothing until it is seen', async () => {
    const { scope, timers } = open();
    let visible = true;
    const paints: number[] = [];
    const painter = new Painter({ scope, isVisible: () => visible, paint: (parts) => void paints.push(parts.size) });
    for (let i = 0; i < 1_000; i += 1) painter.changed('facts');
    painter.changed('signals');
    await timers.advance(100);
    expect(paints).toEqual([2]);
    visible = false;
    painter.changed('facts');
    await timers.advance(10_000);
    expect(paints).toHaveLength(1);
    visible = true;
    painter.resume();
    await timers.advance(100);
    expect(paints).toHaveLength(2);
  });
});

describe('session end', () => {
  it('H6 disposing the scope empties every store and leaves the census', async () => {
    const { scope, census, state } = open();
    state.fact(signalFact(1, 'a'));
    await scope.dispose();
    expect(census.size).toBe(0);
    expect(state.signals).toEqual([]);
  });
});
