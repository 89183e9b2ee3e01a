import { expect, test } from 'vitest';
import type { Bar } from '../bar/bar.ts';
import { calendarOf } from '../market/calendars.ts';
import { closesSession } from '../market/session-end.ts';
import { COST_MODELS } from '../trade/costs.ts';
import { EVENING, account } from './kit/account-rig.ts';
import type { Account } from './kit/account-rig.ts';
import { DAY, START, bar, flat, rig, springTest } from './kit/scripted-market.ts';
import type { Script } from './kit/scripted-market.ts';

const MINUTE = 60_000;
const HELD = { 'AAA A': { 60: [springTest(60)] } };

/** An exit of everything at a price far away. */
function offer(one: Account, tif?: 'DAY'): void {
  const positionId = one.of('position.opened')[0].id;
  one.ask(
    { kind: 'exit', positionId, by: 'ann', qtyMicros: null, limitPrice: 109.5, ...(tif !== undefined && { tif }) },
    EVENING + DAY,
  );
}

const exits = (one: Account): (string | null)[] =>
  one
    .of('order.changed')
    .flatMap(({ leg, state, reason }) => (leg === 'EXIT.1' && state !== 'PENDING_NEW' ? [`${state} ${reason}`] : []));

test('4.1 DAY an exit for the day expires with the last bar of its session, GTC works on, and the position keeps its stop', () => {
  const one = account(HELD);
  one.run([flat(61, 101.5)]);
  offer(one, 'DAY');
  one.run([flat(62, 101.5), flat(63, 101.5)]);
  expect(exits(one).at(-1)).toBe('EXPIRED DAY');
  expect(one.engine.openPositions).toBe(1);
  // The twin: until cancelled.
  const other = account(HELD);
  other.run([flat(61, 101.5)]);
  offer(other);
  other.run([flat(62, 101.5), flat(63, 101.5)]);
  expect(exits(other).at(-1)).toBe('ACCEPTED MANUAL');
});

test('4.1 DAY which bar ends the session: the last half hour in New York, also of a short day; none outside of it', () => {
  const ends = (at: number, timeframe: '30m' | '1h' | '4h' | '1d'): boolean => closesSession(calendarOf('XNYS'), timeframe, at);
  // Wednesday 2024-07-03 closes at 13:00, Friday 07-05 at 16:00.
  expect([ends(Date.UTC(2024, 6, 5, 19, 0), '30m'), ends(Date.UTC(2024, 6, 5, 19, 30), '30m')]).toEqual([false, true]);
  expect([ends(Date.UTC(2024, 6, 3, 16, 0), '30m'), ends(Date.UTC(2024, 6, 3, 16, 30), '30m')]).toEqual([false, true]);
  expect([ends(Date.UTC(2024, 6, 5, 17, 30), '4h'), ends(Date.UTC(2024, 6, 5, 13, 30), '4h')]).toEqual([true, false]);
  expect(ends(Date.UTC(2024, 6, 5, 21, 0), '1h')).toBe(false);
  expect(ends(Date.UTC(2024, 6, 5), '1d')).toBe(true);
});

test('4.1 DAY where hours are not known, an order for the day is refused', () => {
  const script: Script = { events: { 60: [springTest(60)] } };
  const run = (hours: 'XNYS' | null): string | null | undefined => {
    const one = rig(script, { costs: COST_MODELS.zero, hours });
    one.run(
      Array.from({ length: 61 }, (_, i): Bar => bar(i, [101.5, 103.5 - i / 61, 99.5 + i / 61, 101.5], 2_000_000 - 1_000 * i)),
    );
    one.run([flat(61, 101.5)]);
    const positionId = one.of('position.opened')[0].data.id;
    one.engine.next({
      kind: 'command',
      at: START + 62 * DAY,
      actor: 'ann',
      command: { kind: 'exit', positionId, by: 'ann', qtyMicros: null, limitPrice: 109.5, tif: 'DAY' },
    });
    one.engine.deliver();
    one.run([flat(62, 101.5)]);
    return one.of('order.changed').findLast(({ data }) => data.leg === 'EXIT.1')?.data.reason;
  };
  expect(run(null)).toBe('NO_CALENDAR');
  expect(run('XNYS')).toBe('DAY');
});

test('9.5 FX_RATE_MISSING a rate ages with the open currency market: two bars and five minutes, and a week-end is no age', () => {
  // Bar 0 was a Monday. Told during bar `told`, so many hours after it began; the record comes with the close of bar `at`.
  const codes = (told: number, hours: number, at: number): (string | null)[] => {
    const one = account({ 'AAA A': { [at]: [springTest(at)] } });
    for (let i = 61; i <= at; i += 1) {
      if (i === told) one.ask({ kind: 'fxRate', symbol: 'AAA', rate: 1.1 }, START + told * DAY + hours * 60 * MINUTE);
      one.run([flat(i, 101.5)]);
    }
    return one.rejections();
  };
  // Two days of 48 hours and five minutes: Tuesday 00:00 to Thursday 00:00.
  expect(codes(64, 0, 65)).toEqual([]);
  expect(codes(63, 23, 65)).toEqual(['FX_RATE_MISSING']);
  // Friday noon to Tuesday 00:00 are 84 hours by the clock and 37 of an open market.
  expect(codes(67, 12, 70)).toEqual([]);
});
