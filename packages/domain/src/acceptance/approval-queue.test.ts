/** M8: at most so many wait, the earliest deadline leaves first, a full queue expires its oldest. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApprovalQueue, type ApprovalSnapshot } from './approval-queue.ts';

const snapshot: ApprovalSnapshot = {
  symbol: 'SPX', timeframe: '1d', pattern: 'SPRING', direction: 'LONG', entryType: 'MARKET', entryPrice: 100, stopPrice: 95, targets: [110],
  qtyMicros: 10_000_000, riskMicros: 50_000_000, rMultiple: 3, confidence: 85, version: 2,
}; // prettier-ignore
const waits = { snapshot, missed: null };

const action = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), id: fc.integer({ min: 0, max: 20 }), minutes: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ kind: fc.constant('remove' as const), id: fc.integer({ min: 0, max: 20 }) }),
  fc.record({ kind: fc.constant('time' as const), ms: fc.integer({ min: 0, max: 120_000 }) }),
);

describe('4.5 approval queue', () => {
  it('TR-7 M8 never holds more than its cap and lets everybody out in order of deadline, over 10,000 random sequences', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), fc.integer({ min: 1, max: 6 }), (actions, capacity) => {
        let queue = new ApprovalQueue({ capacity, minutes: 5 });
        const inside = new Map<string, number>();
        let now = 0;
        for (const one of actions) {
          if (one.kind === 'time') {
            now += one.ms;
            const out = queue.expire(now);
            expect(out.map((entry) => entry.expiresAt)).toEqual(out.map((entry) => entry.expiresAt).sort((a, b) => a - b));
            for (const entry of out) {
              expect(inside.get(entry.signalId)).toBe(entry.expiresAt);
              inside.delete(entry.signalId);
            }
            expect([...inside.values()].every((at) => at > now)).toBe(true);
          } else if (one.kind === 'remove') {
            expect(queue.remove(`s${one.id}`) !== null).toBe(inside.delete(`s${one.id}`));
          } else {
            const { entry, overflowed } = queue.add(`s${one.id}`, now, { ...waits, minutes: one.minutes });
            if (overflowed !== null) expect(inside.delete(overflowed.signalId)).toBe(true);
            inside.set(entry.signalId, entry.expiresAt);
          }
          expect(queue.entries.length).toBeLessThanOrEqual(capacity);
          expect(new Map(queue.entries.map((entry) => [entry.signalId, entry.expiresAt]))).toEqual(inside);
          expect(queue.nextExpiry).toBe(inside.size === 0 ? null : Math.min(...inside.values()));
          // A restart in between changes nothing.
          queue = new ApprovalQueue(
            { capacity, minutes: 5 },
            JSON.parse(JSON.stringify(queue.state())) as ReturnType<ApprovalQueue['state']>,
          );
        }
      }),
      { seed: 45, numRuns: 10_000 },
    );
  });

  it('M8 the fifty-first expires the oldest (QUEUE_OVERFLOW), whatever its deadline', () => {
    const queue = new ApprovalQueue();
    queue.add('long', 0, { ...waits, minutes: 60 });
    for (let i = 1; i < 50; i += 1) expect(queue.add(`s${i}`, i, waits).overflowed).toBeNull();
    expect(queue.add('one more', 60, waits).overflowed?.signalId).toBe('long');
    expect(queue.entries).toHaveLength(50);
  });

  it('4.5 an entry added twice stays the one it was', () => {
    const queue = new ApprovalQueue();
    const first = queue.add('a', 0, waits).entry;
    expect(queue.add('a', 1000, { snapshot: { ...snapshot, qtyMicros: 99 }, missed: null })).toEqual({
      entry: first,
      overflowed: null,
    });
  });

  it('4.5 the deadline is exclusive: at five minutes it has expired', () => {
    const queue = new ApprovalQueue();
    queue.add('a', 0, waits);
    expect(queue.expire(299_999)).toEqual([]);
    expect(queue.expire(300_000).map((entry) => entry.signalId)).toEqual(['a']);
    expect(queue.expire(300_000)).toEqual([]);
  });

  it('M8 keeps the last 200 decisions, the newest per signal', () => {
    const queue = new ApprovalQueue();
    const gate = { allowed: true, checks: [] };
    for (let i = 0; i < 1000; i += 1) queue.decided({ signalId: `s${i % 500}`, decision: 'approve', by: 'ann', at: i, gate });
    expect(queue.state().decisions).toHaveLength(200);
    expect(queue.decisionOn('s499')?.at).toBe(999);
    expect(queue.decisionOn('s0')).toBeNull();
  });

  it('M8 a capacity or a time outside its range is refused', () => {
    for (const rules of [
      { capacity: 0, minutes: 5 },
      { capacity: 201, minutes: 5 },
      { capacity: 50, minutes: 61 },
    ])
      expect(() => new ApprovalQueue(rules)).toThrow(RangeError);
  });
});
