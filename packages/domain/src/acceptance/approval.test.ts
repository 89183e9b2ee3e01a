/** Nine checks in order; each failure has its code and its effect. */
import { describe, expect, it } from 'vitest';
import { refusal } from '../setup/refusal.ts';
import type { QueueEntry } from './approval-queue.ts';
import { ceilingOf, judgeApproval, type ApprovalContext, type ApprovalRequest } from './approval.ts';

const entry: QueueEntry = {
  signalId: 's', queuedAt: 0, expiresAt: 300_000, missed: null,
  snapshot: {
    symbol: 'SPX', timeframe: '1d', pattern: 'SPRING', direction: 'LONG', entryType: 'MARKET', entryPrice: 100, stopPrice: 95, targets: [110],
    qtyMicros: 10_000_000, riskMicros: 50_000_000, rMultiple: 3, confidence: 85, version: 2,
  },
}; // prettier-ignore
const request: ApprovalRequest = { signalId: 's', by: { user: 'ann', role: 'trader' }, at: 1000, qtyMicros: null };

function world(change: Partial<ApprovalContext> = {}): ApprovalContext & { readonly reserved: number[] } {
  const reserved: number[] = [];
  return {
    signal: { owner: 'ann', status: 'PENDING', barsLeft: 1 },
    entry,
    decision: null,
    killLevel: 'OFF',
    halts: [],
    dataFresh: true,
    brokerConnected: true,
    accountPermitted: true,
    lastPrice: 100,
    refuseReward: () => null,
    reserve: (ceiling) => {
      reserved.push(ceiling);
      return null;
    },
    reserved,
    ...change,
  };
}

const MISSES = [
  ['NOT_FOUND', { signal: null }, 'UNCHANGED'],
  ['NOT_FOUND', { signal: { owner: 'bob', status: 'PENDING', barsLeft: 1 } }, 'UNCHANGED'],
  ['NOT_PENDING', { signal: { owner: 'ann', status: 'REJECTED', barsLeft: 1 } }, 'UNCHANGED'],
  ['NOT_PENDING', { entry: null }, 'UNCHANGED'],
  ['EXPIRED', { entry: { ...entry, expiresAt: 1000 } }, 'EXPIRED'],
  ['EXPIRED', { signal: { owner: 'ann', status: 'PENDING', barsLeft: 0 } }, 'EXPIRED'],
  ['KILL_SWITCH', { killLevel: 'STOP' }, 'UNCHANGED'],
  ['KILL_SWITCH', { killLevel: 'FLATTEN' }, 'UNCHANGED'],
  ['HALTED', { halts: ['DAILY_LOSS'] }, 'UNCHANGED'],
  ['STALE_DATA', { dataFresh: false }, 'UNCHANGED'],
  ['STALE_DATA', { lastPrice: null }, 'UNCHANGED'],
  ['BROKER_DOWN', { brokerConnected: false }, 'UNCHANGED'],
  ['LIVE_NOT_ALLOWED', { accountPermitted: false }, 'UNCHANGED'],
  ['INVALIDATED', { lastPrice: 94.99 }, 'EXPIRED'],
  ['RK_R_TOO_LOW', { refuseReward: () => refusal('RK_R_TOO_LOW', '') }, 'REJECTED'],
  ['RK_HEAT', { reserve: () => refusal('RK_HEAT', '') }, 'REJECTED'],
] as const satisfies readonly (readonly [string, Partial<ApprovalContext>, string])[];

describe('4.5 approve', () => {
  it('4.5 passes when everything does, and reserves once, what was shown', () => {
    const now = world();
    expect(judgeApproval(request, now)).toMatchObject({ effect: 'APPROVED', gate: { allowed: true } });
    expect(now.reserved).toEqual([10_000_000]);
  });

  it.each(MISSES)('4.5 %s: its code, its effect, nothing reserved', (code, change, effect) => {
    const now = world(change);
    const verdict = judgeApproval(request, now);
    expect(verdict).toMatchObject({ effect, refusal: { code }, gate: { allowed: false } });
    expect(verdict.gate.checks.at(-1)).toMatchObject({ code, passed: false });
    expect(verdict.gate.checks.slice(0, -1).every((check) => check.passed)).toBe(true);
    expect(now.reserved).toEqual([]);
  });

  it('4.5 the order is that of the table: of two misses the earlier is named', () => {
    for (let i = 0; i < MISSES.length; i += 1)
      for (let j = i + 1; j < MISSES.length; j += 1) {
        // Two rows about the same thing cannot both be made to fail.
        const both = { ...MISSES[j][1], ...MISSES[i][1] };
        expect(judgeApproval(request, world(both)).refusal?.code).toBe(MISSES[i][0]);
      }
  });

  it('4.5 FORBIDDEN for a viewer', () => {
    const verdict = judgeApproval({ ...request, by: { user: 'ann', role: 'viewer' } }, world());
    expect(verdict).toMatchObject({ effect: 'UNCHANGED', refusal: { code: 'FORBIDDEN' } });
  });

  it('4.5 a repeated own approval gets the first answer, another person does not', () => {
    const gate = { allowed: true, checks: [{ code: 'RISK', passed: true, value: null, limit: null, sentence: '' }] };
    const decision = { signalId: 's', decision: 'approve', by: 'ann', at: 5, gate } as const;
    const decided = world({ decision, entry: null, signal: { owner: 'ann', status: 'FILLED', barsLeft: 0 } });
    expect(judgeApproval(request, decided)).toEqual({ gate, effect: 'APPROVED', refusal: null, repeated: true });
    expect(decided.reserved).toEqual([]);
    const other = judgeApproval({ ...request, by: { user: 'admin', role: 'admin' } }, decided);
    expect(other).toMatchObject({ effect: 'UNCHANGED', repeated: false });
  });

  it('4.5 the size is never above what was shown or what the user lowered it to', () => {
    expect(ceilingOf(entry, 4_000_000)).toBe(4_000_000);
    expect(ceilingOf(entry, 40_000_000)).toBe(10_000_000);
  });

  it('4.5 a check that throws fails closed', () => {
    const verdict = judgeApproval(request, world({ reserve: () => { throw new Error('no ledger'); } })); // prettier-ignore
    expect(verdict).toMatchObject({ effect: 'UNCHANGED', refusal: { code: 'CHECK_ERROR' } });
  });

  it('4.5 INVALIDATED is mirrored for shorts', () => {
    const short: QueueEntry = { ...entry, snapshot: { ...entry.snapshot, direction: 'SHORT', stopPrice: 105 } };
    expect(judgeApproval(request, world({ entry: short, lastPrice: 105.01 })).refusal?.code).toBe('INVALIDATED');
    expect(judgeApproval(request, world({ entry: short, lastPrice: 105 })).effect).toBe('APPROVED');
  });
});
