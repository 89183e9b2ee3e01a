import { expect, it } from 'vitest';
import { closedWords } from './market.ts';

const at = (text: string): number => Date.parse(text);
const market = { opensAt: at('2026-11-25T14:30Z'), closesAt: at('2026-11-25T21:00Z') };

it('web 6 market closed: it says when it opens, in the zone of the exchange, with the day when it is another one', () => {
  const words = (now: string): string | null => closedWords(market, at(now), 'America/New_York');
  expect(words('2026-11-25T12:00Z')).toBe('closed, opens 09:30 EST');
  expect(words('2026-11-24T22:00Z')).toBe('closed, opens Wed 09:30 EST');
  expect([words('2026-11-25T14:30Z'), words('2026-11-25T20:59Z'), words('2026-11-25T21:00Z')]).toEqual([null, null, 'closed']);
});
