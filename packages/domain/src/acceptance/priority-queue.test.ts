import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PriorityQueue } from './priority-queue.ts';

const entry = fc.record({ id: fc.integer({ min: 0, max: 40 }), score: fc.integer({ min: 0, max: 5 }) });

describe('4.4 priority', () => {
  it('M8 serves the best first, ties by creation then id, and drops the lowest when full, over 10,000 random sequences', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 30 }), fc.integer({ min: 1, max: 8 }), (entries, capacity) => {
        const queue = new PriorityQueue<number>(capacity);
        let model: { id: string; score: number; order: number; value: number }[] = [];
        for (const [order, { id, score }] of entries.entries()) {
          const one = { id: `s${id}`, score, order, value: order };
          const left = queue.add(one);
          if (!model.some((known) => known.id === one.id)) {
            model = [...model, one].sort((a, b) => b.score - a.score || a.order - b.order);
            expect(left).toEqual(model[capacity] ?? null);
            model = model.slice(0, capacity);
          } else expect(left).toBeNull();
          expect(queue.size).toBe(model.length);
        }
        const served = [];
        for (let next = queue.take(); next !== null; next = queue.take()) served.push(next);
        expect(served).toEqual(model);
        expect(queue.size).toBe(0);
      }),
      { seed: 44, numRuns: 10_000 },
    );
  });

  it('M8 holds a thousand by default; the one above expires the lowest', () => {
    const queue = new PriorityQueue<null>();
    for (let i = 0; i < 1000; i += 1) expect(queue.add({ id: `s${i}`, score: 1 + (i % 50), order: i, value: null })).toBeNull();
    expect(queue.add({ id: 'best', score: 100, order: 1000, value: null })).toMatchObject({ score: 1, order: 950 });
    expect(queue.add({ id: 'worst', score: 0, order: 1001, value: null })).toMatchObject({ id: 'worst' });
    expect(queue.size).toBe(1000);
  });
});
