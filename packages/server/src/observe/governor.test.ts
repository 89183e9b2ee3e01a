/** The governor's ladder and the proof at start-up (memory.md 1). */
import { Census, Ring, Scope } from '@wyckoff/bounded';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BudgetExceeded, budgetTable, proveBudget } from './budget.ts';
import { Governor, type Level, nextLevel } from './governor.ts';

describe('governor', () => {
  it.each<[Level, number, Level]>([
    [0, 0.69, 0],
    [0, 0.7, 1],
    [0, 0.85, 2],
    [0, 0.95, 3],
    [2, 0.7, 2],
    [3, 0.61, 3],
    [3, 0.59, 0],
    [1, 0.9, 2],
  ])('memory.md 1: level %i at %f of the budget becomes %i', (level, ratio, next) => {
    expect(nextLevel(level, ratio)).toBe(next);
  });

  it('memory.md 1: shedding begins once at 85 %, ends once below 60 %, the last resort comes once per crossing', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.3, max: 1.1, noNaN: true }), { maxLength: 60 }), (ratios) => {
        let ratio = 0;
        let shedding = false;
        let resorts = 0;
        const governor = new Governor({
          budgetBytes: 100,
          rssBytes: () => ratio * 100,
          onChange: ({ from, to }) => expect(from).not.toBe(to),
          shed: (on) => {
            expect(on).toBe(!shedding);
            shedding = on;
          },
          lastResort: () => (resorts += 1),
        });
        let expected = 0;
        for (ratio of ratios) {
          const before = governor.level;
          governor.check();
          expect(shedding).toBe(governor.level >= 2);
          if (before < 3 && governor.level === 3) expected += 1;
        }
        expect(resorts).toBe(expected);
      }),
    );
  });
});

describe('budget', () => {
  it('memory.md 1: the sum of all bounds must fit; the table names each and is sorted', async () => {
    const census = new Census();
    const scope = new Scope({ name: 'test', census });
    new Ring<number>({ name: 'test.small', capacity: 10, itemBytes: 8, scope });
    const release = census.reserve({ name: 'test.large', kind: 'cache', instances: 10, bytesEach: 1024 * 1024 });
    expect(proveBudget(census, 192).fits).toBe(true);
    const tight = proveBudget(census, 80);
    expect(tight.fits).toBe(false);
    expect(tight.rows.slice(0, 2).map(({ name }) => name)).toEqual(['the bare process', 'test.large']);
    expect(budgetTable(tight)).toContain('test.large');
    expect(new BudgetExceeded(tight).message).toMatch(/memory\.budgetMb {2}expected at least \d+, was 80/);
    release();
    await scope.dispose();
  });
});
