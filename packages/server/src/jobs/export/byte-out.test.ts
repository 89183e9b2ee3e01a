import fc from 'fast-check';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { ByteOut } from './byte-out.ts';

async function written(write: (out: ByteOut) => void): Promise<string> {
  const stream = new PassThrough();
  const out = new ByteOut(stream);
  write(out);
  await out.flush();
  return String(stream.read() ?? '');
}

const prices = [0, 1, 9, 10, 0.1, 1.005, 367.345, 100.1, 0.000001, 0.0000015, 1e-7, 4261.48, 123456789.12345678, 1e15, 1e21, 2 ** 53, 0.1 + 0.2, -2.5, -0, 5e-324, 1.7976931348623157e308, 999999.9999995]; // prettier-ignore

it.each(prices)('M5 the digits of %d are those the language writes', async (price) => {
  expect(await written((out) => out.addNumber(Float64Array.of(price), 0))).toBe(String(price));
});

it('M5 any number of any size and any decimals is written as the language writes it', async () => {
  const decimal = fc.tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: 0, max: 9 })).map(([whole, places]) => whole / 10 ** places); // prettier-ignore
  const number = fc.oneof(decimal, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.float({ noNaN: true, noDefaultInfinity: true })); // prettier-ignore
  await fc.assert(
    fc.asyncProperty(fc.array(number, { minLength: 1, maxLength: 50 }), async (values) => {
      const column = Float64Array.from(values);
      const text = await written((out) => {
        for (let row = 0; row < column.length; row += 1) {
          out.addNumber(column, row);
          out.add(' ');
        }
      });
      expect(text.trim().split(' ')).toEqual(values.map((value) => String(value)));
    }),
    { seed: 5, numRuns: 400 },
  );
});

it('M5 any instant is written as a date writes it', async () => {
  const time = fc.integer({ min: -8.64e15, max: 8.64e15 });
  const near = fc.integer({ min: -1e11, max: 4e12 });
  await fc.assert(
    fc.asyncProperty(fc.oneof(time, near), async (ms) => {
      expect(await written((out) => out.addTime(Float64Array.of(ms), 0))).toBe(new Date(ms).toISOString());
    }),
    { seed: 6, numRuns: 400 },
  );
});
