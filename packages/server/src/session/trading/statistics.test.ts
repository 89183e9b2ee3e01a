/** Statistics: intervals by their formula, the beginnings of day, week and month, answers kept for five minutes. */
import { Scope } from '@wyckoff/bounded';
import { VirtualClock } from '@wyckoff/bounded/leak-kit';
import { describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import { DEMO_SYMBOL } from '../demo-series.ts';
import { ACCOUNT, commitOf, DAY_MS, judgedSignals, refOf } from '../../store/testing/samples.ts';
import { startsOf, Statistics, wilson } from './statistics.ts';

describe('4.7 statistics', () => {
  it('4.7 the share of winners has a Wilson interval: of 0, of all and of half', () => {
    expect(wilson(0, 0)).toBeNull();
    // By the formula, worked by hand: n 10, p 0.5, z 1.96.
    expect(wilson(5, 10)).toEqual({ from: expect.closeTo(0.2366, 4) as number, to: expect.closeTo(0.7634, 4) as number });
    expect(wilson(0, 20)).toEqual({ from: 0, to: expect.closeTo(0.1611, 4) as number });
    expect(wilson(20, 20)).toEqual({ from: expect.closeTo(0.8389, 4) as number, to: expect.closeTo(1, 9) as number });
  });

  it('4.7 the day begins at midnight in New York, the week on Monday, the month on its first', () => {
    const iso = (now: string) => startsOf(Date.parse(now)).map((at) => new Date(at).toISOString());
    // A Sunday evening in New York, already Monday in UTC.
    expect(iso('2026-11-23T03:00:00Z')).toEqual(['2026-11-22T05:00:00.000Z', '2026-11-16T05:00:00.000Z', '2026-11-01T04:00:00.000Z']);
    expect(iso('2026-11-23T15:00:00Z')).toEqual(['2026-11-23T05:00:00.000Z', '2026-11-23T05:00:00.000Z', '2026-11-01T04:00:00.000Z']);
  }); // prettier-ignore

  it('4.7 computed once in five minutes; profit factor null without losses; too little says so', async () => {
    const clock = new VirtualClock();
    await using scope = new Scope({ name: 'test', timers: clock });
    const store = scope.own(openSqliteStore({ path: ':memory:' }), (one) => one.close());
    const engine = refOf(await store.saveSymbol(DEMO_SYMBOL, '1d'));
    await store.openEngine(engine, ACCOUNT);
    const commit = async (from: number, at: number) => {
      const one = judgedSignals(8).slice(7)[0];
      const facts = one.facts.map((fact) => ({ ...fact, at, data: { ...fact.data, id: `${(fact.data as { id: string }).id}-${from}`, ...('signalId' in fact.data && { signalId: `judged-007-${from}` }) } })); // prettier-ignore
      await store.commit({ ...commitOf(engine, from, from + 1), facts: facts.map((fact) => ({ bar: from + 1, fact })) as never });
    };
    await commit(0, 40 * DAY_MS);
    let wall = 1;
    const statistics = new Statistics({ scope, store, wallClock: () => wall });
    const ask = () => statistics.of({ accountId: ACCOUNT.id, now: 41 * DAY_MS, groupBy: 'pattern' });
    const first = await ask();
    expect(first).toMatchObject({
      from: 11 * DAY_MS + 1,
      to: 41 * DAY_MS + 1,
      computedAt: 1,
      overall: { candidates: 1, executed: 1, closed: 1, profitable: 1, winRatio: 1, profitFactor: null, enough: false },
      groups: [{ name: 'LPS' }],
      counts: { total: 1, today: 0 },
    });
    await commit(1, 40 * DAY_MS);
    wall = 2;
    clock.advance(299_000);
    expect(await ask()).toBe(first);
    clock.advance(2_000);
    expect(await ask()).toMatchObject({ computedAt: 2, overall: { candidates: 2, closed: 2 } });
    // Another question is another answer.
    expect(await statistics.of({ accountId: ACCOUNT.id, now: 41 * DAY_MS, groupBy: 'symbol', from: 0, to: DAY_MS })).toMatchObject({ overall: { candidates: 0, winRatio: null, winInterval: null }, groups: [] }); // prettier-ignore
  });
});
