import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MoneyRangeError, add, mulDiv, neg, sub, toMicros } from './money.ts';
import type { Rounding } from './money.ts';

const MODES: readonly Rounding[] = ['up', 'down', 'nearest'];
const safe = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });

/** A double as an exact fraction `numerator / 2^shift`. */
function exact(x: number): { numerator: bigint; denominator: bigint } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const mantissa = (bits & 0xfffffffffffffn) | (exponent === 0 ? 0n : 1n << 52n);
  const power = (exponent === 0 ? 1 : exponent) - 1075;
  const signed = bits >> 63n === 1n ? -mantissa : mantissa;
  return power >= 0
    ? { numerator: signed << BigInt(power), denominator: 1n }
    : { numerator: signed, denominator: 1n << BigInt(-power) };
}

/** Distance of `n` from `x * 1e6`, as a double; exact before the last step. */
function distance(n: number, x: number): number {
  const { numerator, denominator } = exact(x);
  return Number(((BigInt(n) * denominator - numerator * 1_000_000n) * 1_000_000_000n) / denominator) / 1e9;
}

test('TR-15 toMicros agrees with a rational oracle within the stated rounding, 10^6 random amounts', () => {
  let state = 42;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 1_000_000; i += 1) {
    const x = (next() - 0.5) * 10 ** Math.floor(next() * 10);
    const mode = MODES[i % 3];
    const off = distance(toMicros(x, mode), x);
    const dust = Math.max(1e-3, Math.abs(x * 1e6) * 2 ** -50) + 1e-8 + Math.abs(x * 1e6) * 2 ** -52;
    const ok =
      mode === 'up'
        ? off >= -dust && off < 1 + dust
        : mode === 'down'
          ? off > -1 - dust && off <= dust
          : Math.abs(off) <= 0.5 + dust;
    if (!ok) expect.fail(`toMicros(${x}, ${mode}) is off by ${off}`);
  }
});

test('TR-15 mulDiv agrees with a rational oracle, exactly', () => {
  fc.assert(
    fc.property(
      safe,
      safe,
      safe.filter((c) => c !== 0),
      fc.constantFrom(...MODES),
      (a, b, c, mode) => {
        const numerator = BigInt(a) * BigInt(b) * (c < 0 ? -1n : 1n);
        const denominator = BigInt(Math.abs(c));
        const truncated = numerator / denominator;
        const floor = numerator < 0n && numerator % denominator !== 0n ? truncated - 1n : truncated;
        const rest = numerator - floor * denominator;
        const up = rest > 0n && (mode === 'up' || (mode === 'nearest' && 2n * rest >= denominator));
        const expected = up ? floor + 1n : floor;
        const isSafe = expected <= BigInt(Number.MAX_SAFE_INTEGER) && expected >= BigInt(Number.MIN_SAFE_INTEGER);
        if (isSafe) expect(mulDiv(a, b, c, mode)).toBe(Number(expected));
        else expect(() => mulDiv(a, b, c, mode)).toThrow(MoneyRangeError);
      },
    ),
    { seed: 1, numRuns: 5_000 },
  );
});

test('TR-15 mulDiv is the one rounding of the exact quotient, 10^6 random amounts', () => {
  let state = 43;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
  const amount = (): number => Math.trunc((next() - 0.5) * 10 ** (1 + Math.floor(next() * 15)));
  let compared = 0;
  for (let i = 0; compared < 1_000_000; i += 1) {
    const [a, b, c] = [amount(), amount(), amount() || 1];
    const mode = MODES[i % 3];
    // What is left of the product after q times the divisor: nothing above for `up`, nothing below for `down`, half at most for `nearest`.
    const product = BigInt(a) * BigInt(b) * (c < 0 ? -1n : 1n);
    const size = BigInt(Math.abs(c));
    const most = BigInt(Number.MAX_SAFE_INTEGER) * size;
    if (product > most - size || product < size - most) continue;
    compared += 1;
    const rest = product - BigInt(mulDiv(a, b, c, mode)) * size;
    const ok =
      mode === 'up'
        ? rest <= 0n && rest > -size
        : mode === 'down'
          ? rest >= 0n && rest < size
          : 2n * rest < size && 2n * rest >= -size;
    if (!ok) expect.fail(`mulDiv(${a}, ${b}, ${c}, ${mode}) leaves ${rest} of ${size}`);
  }
});

test('TR-15 sums are exact or refused, never rounded', () => {
  fc.assert(
    fc.property(safe, safe, (a, b) => {
      const sum = BigInt(a) + BigInt(b);
      const isSafe = sum <= BigInt(Number.MAX_SAFE_INTEGER) && sum >= BigInt(Number.MIN_SAFE_INTEGER);
      if (!isSafe) {
        expect(() => add(a, b)).toThrow(MoneyRangeError);
        return;
      }
      expect(BigInt(add(a, b))).toBe(sum);
      expect(add(a, b)).toBe(sub(a, neg(b)));
    }),
    { seed: 2, numRuns: 2_000 },
  );
});

test('2.1 what is a whole amount stays it: 2,000.00 is exactly 2,000,000,000', () => {
  expect(toMicros(2000, 'up')).toBe(2_000_000_000);
  expect(toMicros(0.1 + 0.2, 'up')).toBe(300_000);
  expect(toMicros(1.1 * 3, 'down')).toBe(3_300_000);
  expect(Object.is(toMicros(-0, 'up'), 0)).toBe(true);
});

test('2.1 nothing that loses precision is computed', () => {
  for (const bad of [NaN, Infinity, 1e10, -1e10]) expect(() => toMicros(bad, 'nearest')).toThrow(MoneyRangeError);
  expect(() => add(0.5, 1)).toThrow(MoneyRangeError);
  expect(() => mulDiv(1, 1, 0, 'down')).toThrow(MoneyRangeError);
  expect(() => add(Number.MAX_SAFE_INTEGER, 1)).toThrow(MoneyRangeError);
});
