/** Halts in words: what each stops, how it ends, and the remedy where a person has one (trading.md 5.7, 7.6). */
import type { HaltAnswer } from '@wyckoff/contracts';
import { describe, expect, it } from 'vitest';
import type { HaltFact } from '../stores/trading-book.ts';
import { haltEnds, haltSummary, remedyOf, scopeWords } from './halts.ts';

const halt = (kind: HaltFact['kind'], scope: string): HaltFact => ({ kind, scope, accountId: 'a' }) as HaltFact;

describe('5.7 halts', () => {
  it('5.7 drawdown and a difference with the broker have a remedy, the others end by themselves', () => {
    expect(remedyOf(halt('DRAWDOWN', 'account:a'))?.action).toMatchObject({ action: 'resetDrawdown', account: 'a' });
    expect(remedyOf(halt('RECONCILE', 'symbol:BRK.B'))?.action).toMatchObject({
      action: 'acknowledgeReconcile',
      symbol: 'BRK.B',
    });
    for (const kind of ['DAILY_LOSS', 'STALE', 'EQUITY_UNKNOWN', 'REJECTS', 'MEMORY'] as const) {
      expect(remedyOf(halt(kind, 'all'))).toBeNull();
      expect(haltEnds(halt(kind, 'all'))).toMatch(/^It ends/);
    }
  });

  it('5.7 the scope is said in words', () => {
    expect(['all', 'symbol:EUR/USD', 'class:CRYPTO', 'account:paper'].map(scopeWords)).toEqual([
      'all entries',
      'entries in EUR/USD',
      'entries of crypto',
      'entries of account paper',
    ]);
  });

  it('7.6 a drill says what would happen, the real thing what happened, and who did not answer', () => {
    const answer = { cancels: [{}], closes: [{}, {}], adapters: [{ name: 'alpaca', ok: false }], tookMs: 4.4 } as unknown as HaltAnswer; // prettier-ignore
    expect(haltSummary({ ...answer, dryRun: true }, 'FLATTEN')).toBe(
      'Drill: would cancel 1 working entry and close 2 positions. Nothing was changed. 4 ms. No answer from alpaca.',
    );
    expect(haltSummary({ ...answer, dryRun: false, adapters: [] }, 'STOP')).toBe('In force: cancelled 1 working entry. 4 ms.');
  });
});
