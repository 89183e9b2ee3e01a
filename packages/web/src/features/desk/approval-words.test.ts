/** Words of what waits: time left, why it was not automatic, and a consent that names every limit. */
import { type ApprovalWire, automationConsent } from '@wyckoff/contracts';
import { describe, expect, it } from 'vitest';
import { countdownNews, leftWords, missedWords } from './approval-words.ts';

describe('4.5 the time left', () => {
  it('4.5 is read to the second and ends in a word', () => {
    expect([300_000, 192_000, 59_001, 1, 0, -5].map(leftWords)).toEqual(['5:00', '3:12', '1:00', '0:01', 'ended', 'ended']);
    expect(leftWords(3_840_000)).toBe('1:04:00');
  });

  it('web 10 is announced at 60 and at 10 seconds, once each', () => {
    const waits = { entry: { expiresAt: 100_000, snapshot: { symbol: 'SPY', pattern: 'LPS' } } } as ApprovalWire;
    const said: (string | null)[] = [];
    for (let now = 30_000; now < 100_000; now += 1_000) said.push(countdownNews(waits, now - 1_000, now));
    expect(said.filter((text) => text !== null)).toEqual([
      'SPY LPS: 60 seconds left to decide.',
      'SPY LPS: 10 seconds left to decide.',
    ]);
  });
});

describe('4.6 automation', () => {
  it('4.6 says why a signal was passed on, also for a rule without a word of its own', () => {
    expect(missedWords(null)).toBeNull();
    expect(missedWords('AUTO_CONFIDENCE')).toBe('below the confidence for automation');
    expect(missedWords('RK_HEAT')).toBe('automation was refused by rule RK_HEAT');
  });

  it('4.6 the consent names the account and every limit, and changes with each of them', () => {
    const limits = { minConfidence: 85, patterns: ['SPRING', 'LPS'] as const, whitelist: ['SPY'], blacklist: ['TLT'], maxTrades: 7, maxRiskBp: 150, breakerLosses: 3 }; // prettier-ignore
    const text = automationConsent({ ...limits, patterns: [...limits.patterns] }, { id: 'paper', mode: 'PAPER' });
    for (const part of ['PAPER', 'paper', '85', 'SPRING, LPS', 'SPY', 'TLT', '7 ', '1.50', '3 losing'])
      expect(text).toContain(part);
    expect(text.length).toBeGreaterThan(20);
    expect(text.length).toBeLessThan(4_000);
  });
});
