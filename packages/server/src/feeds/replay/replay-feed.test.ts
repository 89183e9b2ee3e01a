/** The replay on a virtual clock: pace, pause, step, full speed, end. */

import { Scope } from '@wyckoff/bounded';
import { settle, VirtualClock } from '@wyckoff/bounded/leak-kit';
import type { ConnectionWire } from '@wyckoff/contracts';
import { createBarColumns, type BarColumns } from '@wyckoff/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Series } from '../../store/store.ts';
import { ReplayFeed, type BarSource } from './replay-feed.ts';

const SERIES: Series = { symbolId: 1, symbol: 'SPX', timeframe: '1d' };

/** Bars at 1, 2, 3, ... */
function source(bars: number): BarSource & { bars: number } {
  const self = {
    bars,
    async barsAfter(
      _: Series,
      { after = 0, limit }: { readonly after?: number | undefined; readonly limit: number },
    ): Promise<BarColumns> {
      const columns = createBarColumns(Math.max(0, Math.min(limit, self.bars - after)));
      for (let i = 0; i < columns.time.length; i += 1) columns.time[i] = after + i + 1;
      columns.length = columns.time.length;
      return columns;
    },
    countBars: async () => self.bars,
  };
  return self;
}

let clock: VirtualClock;
let scope: Scope;
let taken: number[];
let states: ConnectionWire[];
beforeEach(() => {
  clock = new VirtualClock();
  scope = new Scope({ name: 'test', timers: clock });
  taken = [];
  states = [];
});
afterEach(() => scope.dispose());

async function open(options: {
  bars: number;
  speed: number | null;
  play?: boolean;
  position?: number;
  takes?: number;
  from?: BarSource;
}): Promise<ReplayFeed> {
  const position = options.position ?? 0;
  const feed = await ReplayFeed.open({
    scope,
    source: options.from ?? source(options.bars),
    series: SERIES,
    position,
    time: position === 0 ? null : position,
    speed: options.speed,
    play: options.play ?? true,
    take: async (columns, from, limit) => {
      const count = Math.min(limit, options.takes ?? limit);
      taken.push(...columns.time.subarray(from, from + count));
      return count;
    },
    onChange: (state) => states.push(state),
    now: () => 0,
  });
  await settle();
  return feed;
}

const counted = (to: number, from = 1): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('the replay feed', () => {
  it.each([1, 4, 20, 100, 1000])('at %i bars a second so many come in a second', async (speed) => {
    await open({ bars: 100_000, speed });
    await clock.run(3000);
    expect(Math.abs(taken.length - 3 * speed)).toBeLessThanOrEqual(Math.max(1, speed * 0.02));
    expect(taken).toEqual(counted(taken.length));
  });

  it('at full speed every bar comes, in order, once, also when fewer are taken than offered', async () => {
    const feed = await open({ bars: 2500, speed: null, takes: 7 });
    await clock.run(1000);
    expect(taken).toEqual(counted(2500));
    expect(feed.state().replay).toMatchObject({ finished: true, playing: false, position: 2500, total: 2500, time: 2500 });
    expect(clock.pending).toBe(0);
  });

  it('continues behind the bar it is told, and is finished when there is none', async () => {
    await open({ bars: 30, speed: null, position: 10 });
    await clock.run(100);
    expect(taken).toEqual(counted(30, 11));
    taken = [];
    const done = await open({ bars: 30, speed: null, position: 30 });
    await clock.run(100);
    expect(taken).toEqual([]);
    expect(done.state().replay?.finished).toBe(true);
  });

  it('pause stops it at once, play goes on without a burst', async () => {
    const feed = await open({ bars: 1000, speed: 10 });
    await clock.run(1000);
    feed.pause();
    const at = taken.length;
    await clock.run(60_000);
    expect(taken).toHaveLength(at);
    feed.play();
    await clock.run(1000);
    expect(taken.length - at).toBeGreaterThanOrEqual(9);
    expect(taken.length - at).toBeLessThanOrEqual(11);
    expect(taken).toEqual(counted(taken.length));
  });

  it('step hands over one bar and pauses, also when asked several times', async () => {
    const feed = await open({ bars: 1000, speed: null, play: false });
    await clock.run(100);
    expect(taken).toEqual([]);
    feed.step();
    await clock.run(100);
    expect(taken).toEqual([1]);
    feed.step();
    feed.step();
    await clock.run(100);
    expect(taken).toEqual([1, 2, 3]);
    expect(feed.state().replay?.playing).toBe(false);
  });

  it('speed changes while it runs; a speed out of range is refused', async () => {
    const feed = await open({ bars: 100_000, speed: 1 });
    await clock.run(2000);
    expect(taken.length).toBeLessThanOrEqual(2);
    feed.setSpeed(100);
    await clock.run(1000);
    expect(taken.length).toBeGreaterThanOrEqual(98);
    feed.setSpeed(null);
    await clock.run(100);
    expect(taken.length).toBeGreaterThan(1000);
    for (const speed of [0, -1, NaN, 2e6]) expect(() => feed.setSpeed(speed)).toThrow(/bars\/s/);
  });

  it('after a standstill of a minute it catches up one second, not sixty', async () => {
    const at: number[] = [];
    await ReplayFeed.open({
      scope, source: source(100_000), series: SERIES, position: 0, time: null, speed: 10, play: true, now: () => 0, onChange: () => undefined,
      take: async (_columns, _from, limit) => {
        if (at.length === 0) await scope.delay(60_000);
        for (let i = 0; i < limit; i += 1) at.push(clock.now());
        return limit;
      },
    }); // prettier-ignore
    await clock.run(61_100);
    const burst = at.filter((ms) => ms < 60_200).length;
    expect(burst).toBeGreaterThanOrEqual(9);
    expect(burst).toBeLessThanOrEqual(13);
    expect(at.length).toBeLessThanOrEqual(23);
  });

  it('a failing engine ends it with its reason, and no timer stays', async () => {
    const problems: unknown[] = [];
    scope = new Scope({ name: 'test', timers: clock, onProblem: (problem) => problems.push(problem) });
    const feed = await ReplayFeed.open({
      scope, source: source(10), series: SERIES, position: 0, time: null, speed: null, play: true, now: () => 0,
      take: () => Promise.reject(new Error('disk full')), onChange: (state) => states.push(state),
    }); // prettier-ignore
    await clock.run(1000);
    expect(feed.state()).toMatchObject({ state: 'STOPPED', error: 'disk full', replay: { playing: false } });
    expect(states.at(-1)?.state).toBe('STOPPED');
    expect(problems).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it('L7 a disposed scope stops it for good', async () => {
    await open({ bars: 100_000, speed: 100 });
    await clock.run(500);
    const at = taken.length;
    await scope.dispose();
    await clock.run(5000);
    expect(taken).toHaveLength(at);
    expect(clock.pending).toBe(0);
  });

  it('bars that arrive while it plays are played too', async () => {
    const growing = source(20);
    const feed = await open({ bars: 20, speed: 10, from: growing });
    await clock.run(1000);
    growing.bars = 40;
    await clock.run(5000);
    expect(taken).toEqual(counted(40));
    expect(feed.state().replay).toMatchObject({ finished: true, total: 40 });
  });

  it('4.5 it pauses itself when somebody is asked anew, goes on when told to, and does not when that is switched off', async () => {
    let asked: string[] = [];
    const feed = await ReplayFeed.open({
      scope, source: source(100), series: SERIES, position: 0, time: null, speed: 10, play: true, onChange: () => undefined, waiting: () => asked,
      take: async (columns, from) => {
        taken.push(columns.time[from]);
        if (columns.time[from] === 3) asked = ['a'];
        if (columns.time[from] === 6) asked = ['a', 'b'];
        return 1;
      },
    }); // prettier-ignore
    const run = async (ms: number) => {
      clock.advance(ms);
      await settle();
    };
    for (let i = 0; i < 10; i += 1) await run(100);
    expect(taken).toEqual([1, 2, 3]);
    expect(feed.state().replay).toMatchObject({ playing: false, holds: true, held: true });
    asked = [];
    expect(feed.state().replay).toMatchObject({ held: false });
    asked = ['a'];
    feed.play();
    feed.hold(false);
    for (let i = 0; i < 10; i += 1) await run(100);
    expect(taken.length).toBeGreaterThan(6);
    expect(feed.state().replay).toMatchObject({ playing: true, holds: false, held: false });
  });
});
