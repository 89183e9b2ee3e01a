/** Figures read the same everywhere: true minus, thousands, "–" for nothing. */
import { describe, expect, it } from 'vitest';
import { ageText, figureText, plain, tickDecimals } from './figure.ts';

describe('web 2.2 figures', () => {
  it.each([
    [1234567.891, { kind: 'price', decimals: 2 }, '1,234,567.89'],
    [-0.004, { kind: 'price', decimals: 2 }, '0.00'],
    [-1.5, { kind: 'price', decimals: 2 }, '\u22121.50'],
    [104_218_550_000, { kind: 'money' }, '104,218.55'],
    [0.0618, { kind: 'percent' }, '6.18\u00a0%'],
    [410_000_000, { kind: 'quantity' }, '410'],
    [500_000, { kind: 'quantity' }, '0.5'],
    [8_680_000, { kind: 'quantity' }, '8.68'],
    [1, { kind: 'quantity' }, '0.000001'],
    [1_940_000, { kind: 'volume' }, '1.94\u00a0M'],
    [2_450_000_000, { kind: 'volume' }, '2.45\u00a0B'],
    [3.69, { kind: 'r' }, '3.69\u00a0R'],
    [10_276_045, { kind: 'bytes' }, '9.8\u00a0MB'],
    [18_204, { kind: 'count' }, '18,204'],
    [null, { kind: 'price' }, '–'],
    [Number.NaN, { kind: 'price' }, '–'],
  ] as const)('%s as %o reads %s', (value, options, text) => {
    expect(figureText(value, options).text).toBe(text);
  });

  it('a change carries sign and direction, a rounded zero neither', () => {
    expect(figureText(1.28, { kind: 'price', change: true })).toMatchObject({ text: '+1.28', direction: 'up' });
    expect(figureText(-1.28, { kind: 'price', change: true })).toMatchObject({ text: '\u22121.28', direction: 'down' });
    expect(figureText(0.001, { kind: 'price', change: true })).toMatchObject({ text: '0.00', direction: 'flat' });
  });

  it('decimals follow the tick size', () => {
    expect([0.01, 0.25, 1, 0.0001, 5].map(tickDecimals)).toEqual([2, 2, 0, 4, 0]);
    expect(plain(1469.25, tickDecimals(0.01))).toBe('1,469.25');
  });

  it('ages grow from tenths to days and never run backwards', () => {
    expect([400, 12_000, 180_000, 7_300_000, 400_000_000, -5].map(ageText)).toEqual([
      '0.4\u00a0s', '12\u00a0s', '3\u00a0min', '2\u00a0h', '4\u00a0d', '0.0\u00a0s',
    ]); // prettier-ignore
    expect(ageText(null)).toBe('–');
  });
});
