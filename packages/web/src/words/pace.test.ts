import { expect, it } from 'vitest';
import { paceWords } from './pace.ts';

it('web 4 a pace is said in bars per second, and one bar is one bar', () => {
  expect([paceWords(1), paceWords(4), paceWords(null)]).toEqual(['1 bar/s', '4 bars/s', 'max speed']);
});
