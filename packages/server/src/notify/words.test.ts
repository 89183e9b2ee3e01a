/** What people read: no raw micros, no codes in capitals, units with every quantity. */
import type { FactRow } from '@wyckoff/contracts';
import { describe, expect, it } from 'vitest';
import { noticeOfFact } from './notice-of-fact.ts';
import { DEFAULT_NOTIFICATIONS } from './settings.ts';
import { moneyWords, priceWords, unitWords } from './words.ts';

const tell = (type: string, data: object): string => {
  const notice = noticeOfFact({ seq: 1, at: 1, type, data } as unknown as FactRow, { settings: DEFAULT_NOTIFICATIONS, accountKind: 'PAPER' });
  return `${notice?.title ?? ''} | ${notice?.body ?? ''}`;
}; // prettier-ignore

describe('trading 10 words', () => {
  it('trading-10 figures have units and no noise', () => {
    expect([moneyWords(1_234_567_890), moneyWords(-500_000), unitWords(17_230_000), unitWords(15_000)]).toEqual(['1,234.57', '-0.50', '17.23', '0.015']);
    expect([priceWords(1025.5600000001), priceWords(0.000_123_45), priceWords(42_000.129), priceWords(null)]).toEqual(['1,025.56', '0.00012345', '42,000.13', 'unknown']);
  }); // prettier-ignore

  it('trading-10 a signal, a fill and a closed position are told as a trader reads them', () => {
    const signal = { id: 's', symbol: 'SPX', timeframe: '1d', pattern: 'LPS', direction: 'LONG', status: 'PENDING', confidence: 87.4, entryPrice: 1025.560_000_1, stopPrice: 984.94, rMultiple: 3.777, qtyMicros: 17_230_000, riskMicros: 699_882_600 };
    expect(tell('signal.created', signal)).toBe('LPS LONG SPX 1d, confidence 87 | 17.23 units, entry 1,025.56, stop 984.94, risk 699.88, 3.78 R to the second target. PAPER account.');
    const fill = { n: 1, qtyMicros: 2_000_000, price: 1025.561_2, commissionMicros: 350_000 };
    const order = { id: 'o', symbol: 'SPX', side: 'BUY', leg: 'ENTRY', qtyMicros: 17_230_000, filledQtyMicros: 2_000_000 };
    expect(tell('order.filled', { fill, order })).toBe('Bought 2 SPX at 1,025.56 | Order ENTRY (2 of 17.23), commission 0.35. PAPER account.');
    const position = { id: 'p', symbol: 'SPX', direction: 'LONG', exitReason: 'TRAILED_STOP', r: -1.004, avgExit: 984.94, realisedMicros: -699_882_600, costsMicros: 1_000_000 };
    expect(tell('position.closed', position)).toBe('SPX LONG closed at -1.00 R | Net -700.88, average exit 984.94, reason: trailed stop. PAPER account.');
    for (const text of [tell('signal.created', signal), tell('order.filled', { fill, order }), tell('position.closed', position)]) expect(text).not.toMatch(/\d{7,}/);
  }); // prettier-ignore
});
