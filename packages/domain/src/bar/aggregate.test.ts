/** Longer bars: against a plain reference that asks the zone database for every bar, and nothing before it is closed. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ZoneClock } from '../effort/zone-clock.ts';
import { BarAggregator } from './aggregate.ts';
import { TradingDays } from './aggregate-days.ts';
import { TIMEFRAME_MS, type Bar, type Instrument, type Timeframe } from './bar.ts';
import { StateReader, StateWriter } from './state-io.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const at = (iso: string): number => Date.parse(iso);

const STOCK: Instrument = {
  symbol: 'S',
  assetClass: 'STOCK',
  timeZone: 'America/New_York',
  session: { open: '09:30', close: '16:00' },
};
const COIN: Instrument = { symbol: 'C', assetClass: 'CRYPTO', timeZone: 'UTC' };
const PAIR: Instrument = { symbol: 'EURUSD', assetClass: 'FOREX', timeZone: 'UTC' };
const CONTRACT: Instrument = {
  symbol: 'ES',
  assetClass: 'FUTURE',
  timeZone: 'America/Chicago',
  session: { open: '17:00', close: '16:00' },
};

type Handed = Bar & { readonly incomplete: boolean };

function aggregator(instrument: Instrument, from: Timeframe, to: Timeframe): { unit: BarAggregator; handed: Handed[] } {
  const handed: Handed[] = [];
  const onClosed = ({ time, open, high, low, close, volume }: Bar, incomplete: boolean): void =>
    void handed.push({ time, open, high, low, close, volume, incomplete });
  return { unit: new BarAggregator({ instrument, from, to, clockOf: (zone) => new ZoneClock(zone), onClosed }), handed };
}

const formats = new Map<string, Intl.DateTimeFormat>();
/** Wall time of a zone as if it were UTC, asked anew every time. */
function wall(zone: string, time: number): number {
  let format = formats.get(zone);
  if (format === undefined) {
    const numeric = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const;
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', ...numeric });
    formats.set(zone, format);
  }
  const part: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(time)) part[type] = Number(value);
  return Date.UTC(part['year'], part['month'] - 1, part['day'], part['hour'], part['minute']);
}

/** The bucket by wall clock, in words of the specification; equal keys belong together. */
function keyOf(instrument: Instrument, to: Timeframe, time: number): string {
  const coin = instrument.assetClass === 'CRYPTO';
  const forex = instrument.assetClass === 'FOREX';
  const local = coin ? time : wall(forex ? 'America/New_York' : instrument.timeZone, time);
  // Seven hours after 17:00 it is midnight, and so with the contract that opens at 17:00.
  const shift = forex || instrument.assetClass === 'FUTURE' ? 7 * HOUR : 0;
  const date = Math.floor((local + shift) / DAY);
  if (to === '1w') return `week ${Math.floor((date + 3) / 7)}`;
  if (to === '1d') return `day ${date}`;
  const sinceOpen = local + shift - date * DAY - (instrument.assetClass === 'STOCK' ? 9.5 * HOUR : 0);
  return `day ${date} slot ${Math.floor(sinceOpen / TIMEFRAME_MS[to])}`;
}

/** All bars of a bucket together; the last bucket is not handed on unless it is closed. */
function reference(instrument: Instrument, to: Timeframe, bars: readonly Bar[]): Omit<Bar, 'time'>[] {
  const groups = new Map<string, Bar[]>();
  for (const bar of bars) {
    const key = keyOf(instrument, to, bar.time);
    groups.set(key, [...(groups.get(key) ?? []), bar]);
  }
  return [...groups.values()].map((group) => ({
    open: group[0].open,
    high: Math.max(...group.map((bar) => bar.high)),
    low: Math.min(...group.map((bar) => bar.low)),
    close: group[group.length - 1].close,
    volume: group.reduce((sum, bar) => sum + bar.volume, 0),
  }));
}

const trades: Readonly<Record<string, (time: number) => boolean>> = {
  C: () => true,
  S: (time) => {
    const local = wall('America/New_York', time);
    const day = (Math.floor(local / DAY) + 4) % 7;
    return day > 0 && day < 6 && local % DAY >= 9.5 * HOUR && local % DAY < 16 * HOUR;
  },
  EURUSD: (time) => {
    const shifted = wall('America/New_York', time) + 7 * HOUR;
    const day = (Math.floor(shifted / DAY) + 4) % 7;
    return day > 0 && day < 6;
  },
  ES: (time) => {
    const local = wall('America/Chicago', time);
    const day = (Math.floor((local + 7 * HOUR) / DAY) + 4) % 7;
    return day > 0 && day < 6 && Math.floor((local % DAY) / HOUR) !== 16;
  },
};

/** Bars of a market over some days, some of them missing. */
function market(
  instrument: Instrument,
  from: Timeframe,
  of: { start: number; days: number; random: () => number; missing: number },
): Bar[] {
  const bars: Bar[] = [];
  for (let time = of.start; time < of.start + of.days * DAY; time += TIMEFRAME_MS[from]) {
    if (!trades[instrument.symbol](time) || of.random() < of.missing) continue;
    const open = 50 + 100 * of.random();
    const close = 50 + 100 * of.random();
    bars.push({ time, open, close, high: Math.max(open, close) + of.random(), low: Math.min(open, close) - of.random(), volume: Math.floor(1000 * of.random()) }); // prettier-ignore
  }
  return bars;
}

function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const CASES: readonly [Instrument, Timeframe, Timeframe][] = [
  [COIN, '15m', '1h'], [COIN, '1h', '4h'], [COIN, '4h', '1w'], [COIN, '1h', '1d'],
  [STOCK, '15m', '1h'], [STOCK, '30m', '4h'], [STOCK, '30m', '1d'], [STOCK, '30m', '1w'],
  [PAIR, '1h', '4h'], [PAIR, '1h', '1d'], [PAIR, '4h', '1w'], [CONTRACT, '1h', '4h'], [CONTRACT, '1h', '1w'],
]; // prettier-ignore

/** Around both clock changes of New York and Chicago in 2024, the new year, and some plain week. */
const STARTS = ['2024-03-06T00:00Z', '2024-10-30T00:00Z', '2023-12-28T00:00Z', '2024-06-12T00:00Z'].map(at);

describe('aggregation', () => {
  test('AGG-1 buckets equal a plain reference by wall clock: sessions, weeks, clock changes, gaps', () => {
    const cases = fc.record({
      which: fc.nat(CASES.length - 1),
      start: fc.constantFrom(...STARTS),
      seed: fc.nat(),
      missing: fc.constantFrom(0, 0.1, 0.6),
    });
    fc.assert(
      fc.property(cases, ({ which, start, seed, missing }) => {
        const [instrument, from, to] = CASES[which];
        const bars = market(instrument, from, { start, days: 12, random: randomOf(seed), missing });
        const { unit, handed } = aggregator(instrument, from, to);
        for (const bar of bars) unit.push(bar);
        const expected = reference(instrument, to, bars);
        const shapes = handed.map(({ open, high, low, close, volume }) => ({ open, high, low, close, volume }));
        expect([expected.length, expected.length - 1]).toContain(shapes.length);
        expect(shapes).toEqual(expected.slice(0, shapes.length));
        expect(unit.complete + unit.incomplete).toBe(handed.length);
        const times = handed.map((bar) => bar.time);
        expect([...new Set(times)].sort((a, b) => a - b)).toEqual(times);
      }),
      { numRuns: 60 },
    );
  });

  test('AGG-1 a bucket bears its nominal opening time', () => {
    const hours = aggregator(STOCK, '15m', '1h');
    for (const time of ['13:30', '13:45', '14:00', '14:15', '14:30']) hours.unit.push(flat(at(`2024-07-10T${time}Z`)));
    expect(hours.handed.map((bar) => new Date(bar.time).toISOString())).toEqual(['2024-07-10T13:30:00.000Z']);
    const days = aggregator(PAIR, '1h', '1d');
    for (let hour = 0; hour < 30; hour++) days.unit.push(flat(at('2024-03-10T21:00Z') + hour * HOUR));
    // Summer time began that morning: 17:00 in New York is 21:00 UTC.
    expect(days.handed.map((bar) => new Date(bar.time).toISOString())).toEqual(['2024-03-10T21:00:00.000Z']);
    const weeks = aggregator(STOCK, '1d', '1w');
    for (const day of [1, 2, 3, 4, 5, 8]) weeks.unit.push(flat(Date.UTC(2024, 0, day)));
    // Dates stamped at UTC midnight are dates, though it was still Sunday in New York.
    expect(weeks.handed.map((bar) => [new Date(bar.time).toISOString(), bar.volume])).toEqual([['2024-01-01T00:00:00.000Z', 50]]);
    const pair = aggregator(PAIR, '1d', '1w');
    for (const day of [7, 8, 9, 10, 11, 12, 14]) pair.unit.push(flat(Date.UTC(2024, 0, day)));
    // Sunday the 7th is the first evening of the week of the 8th.
    expect(pair.handed.map((bar) => bar.volume)).toEqual([60]);
  });

  test('AGG-1 days follow each other without hole or overlap, also where clocks change at midnight', () => {
    for (const zone of ['America/Sao_Paulo', 'Asia/Tehran', 'Australia/Lord_Howe', 'Europe/London']) {
      const days = new TradingDays({ ...STOCK, timeZone: zone }, (name) => new ZoneClock(name));
      let until = NaN;
      for (let time = at('2017-01-01T00:00Z'); time < at('2019-03-01T00:00Z'); time += 37 * MINUTE) {
        if (time < until) continue;
        days.find(time, false);
        expect(days.from).toBeLessThanOrEqual(time);
        expect(days.until).toBeGreaterThan(time);
        if (until === until) expect(days.from).toBe(until);
        ({ until } = days);
      }
    }
  });

  test('AGG-2 nothing is handed on before the next bucket begins or the bucket`s own end is reached', () => {
    const { unit, handed } = aggregator(COIN, '15m', '1h');
    const counts = Array.from({ length: 9 }, (_, i) => {
      unit.push(flat(i * 15 * MINUTE));
      return handed.length;
    });
    expect(counts).toEqual([0, 0, 0, 1, 1, 1, 1, 2, 2]);
    const stock = aggregator(STOCK, '30m', '1d');
    const session = market(STOCK, '30m', { start: at('2024-06-12T00:00Z'), days: 2, random: randomOf(1), missing: 0 });
    // The session's last bar ends no day: trading after hours could follow. The next morning does.
    expect(session.map((bar) => (stock.unit.push(bar), stock.handed.length))).toEqual([
      ...Array<number>(13).fill(0),
      ...Array<number>(13).fill(1),
    ]);
  });

  test('AGG-2 what is handed on never changes by what follows: every prefix says the same', () => {
    const bars = market(STOCK, '15m', { start: STARTS[0], days: 9, random: randomOf(4), missing: 0.05 });
    const all = aggregator(STOCK, '15m', '4h');
    const counts = bars.map((bar) => (all.unit.push(bar), all.handed.length));
    for (let cut = 1; cut < bars.length; cut += 7) {
      const part = aggregator(STOCK, '15m', '4h');
      for (const bar of bars.slice(0, cut)) part.unit.push(bar);
      expect(part.handed).toEqual(all.handed.slice(0, counts[cut - 1]));
    }
  });

  test('AGG-3 a part missing is told: around the clock always, elsewhere inside a day and at a known opening', () => {
    const flags = (instrument: Instrument, from: Timeframe, to: Timeframe, times: readonly number[]): boolean[] => {
      const { unit, handed } = aggregator(instrument, from, to);
      for (const time of times) unit.push(flat(time));
      return handed.map((bar) => bar.incomplete);
    };
    const hours = (...list: number[]): number[] => list.map((hour) => hour * HOUR);
    expect(flags(COIN, '1h', '4h', hours(0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11))).toEqual([false, true, false]);
    // The gap ends one bucket and begins another; the first bucket of a stream lacks what came before it.
    expect(flags(COIN, '1h', '4h', hours(1, 2, 3, 4, 5, 6, 9, 10, 11, 12))).toEqual([true, true, true]);
    expect(
      flags(
        COIN,
        '1d',
        '1w',
        [4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17].map((day) => day * DAY),
      ),
    ).toEqual([false, true]);
    const day = at('2024-06-12T13:30Z');
    const slots = (...list: number[]): number[] => list.map((slot) => day + slot * 30 * MINUTE);
    expect(flags(STOCK, '30m', '1h', slots(0, 1, 2, 4, 5))).toEqual([false, true, false]);
    // An early close cannot be told from a gap; a late opening can.
    expect(flags(STOCK, '30m', '1d', slots(0, 1, 2, 3, 49, 50, 96))).toEqual([false, true]);
    // A week without its Friday: a holiday for all we know.
    expect(
      flags(
        STOCK,
        '1d',
        '1w',
        [4, 5, 6, 7, 11].map((one) => one * DAY),
      ),
    ).toEqual([false]);
  });

  test('AGG-3 what a detector refuses is refused here: unfit, again, late', () => {
    const { unit, handed } = aggregator(COIN, '1h', '4h');
    unit.push(flat(0));
    unit.push(flat(0));
    unit.push({ ...flat(HOUR), high: NaN });
    for (const hour of [1, 2, 1, 3]) unit.push(flat(hour * HOUR));
    expect(handed.map((bar) => [bar.volume, bar.incomplete])).toEqual([[40, false]]);
  });

  test('AGG-2 its state survives being written down, and follows a split', () => {
    const bars = market(PAIR, '1h', { start: STARTS[1], days: 10, random: randomOf(9), missing: 0.1 });
    const whole = aggregator(PAIR, '1h', '1d');
    for (const bar of bars) whole.unit.push(bar);
    let part = aggregator(PAIR, '1h', '1d');
    const handed: Handed[] = [];
    bars.forEach((bar, i) => {
      part.unit.push(bar);
      if (i % 5 !== 0) return;
      const writer = new StateWriter(256);
      part.unit.persist(writer);
      handed.push(...part.handed);
      part = aggregator(PAIR, '1h', '1d');
      part.unit.persist(new StateReader(writer.finish()));
    });
    expect([...handed, ...part.handed]).toEqual(whole.handed);
    const split = aggregator(COIN, '1h', '4h');
    split.unit.push(flat(0));
    split.unit.adjust(0.25);
    for (const hour of [1, 2, 3]) split.unit.push({ ...flat(hour * HOUR), open: 25, high: 25, low: 25, close: 25, volume: 40 });
    expect(split.handed[0]).toMatchObject({ open: 25, high: 25, low: 25, close: 25, volume: 160 });
  });

  test('AGG-2 the twin: a bucket handed on with every part is not what a closed bar is', () => {
    const bars = market(COIN, '1h', { start: STARTS[0], days: 2, random: randomOf(2), missing: 0 });
    const unfinished = bars.map((_, i) => reference(COIN, '4h', bars.slice(0, i + 1)).at(-1));
    const { unit, handed } = aggregator(COIN, '1h', '4h');
    for (const bar of bars) unit.push(bar);
    expect(unfinished.length).toBeGreaterThan(handed.length);
    expect(unfinished[0]).not.toEqual(reference(COIN, '4h', bars)[0]);
  });

  test('AGG-1 a timeframe that is not longer is refused', () => {
    expect(() => aggregator(COIN, '1h', '1h')).toThrow(/expected a timeframe above 1h, was 1h/);
  });
});

function flat(time: number): Bar {
  return { time, open: 100, high: 100, low: 100, close: 100, volume: 10 };
}
