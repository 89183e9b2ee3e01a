import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CsvParser } from '../../feeds/csv/csv-parser.ts';
import { refusedRows } from '../../feeds/csv/report.ts';
import { NdjsonLines } from './ndjson-lines.ts';

const NOW = Date.UTC(2030, 0, 1);
const bar = (n: number): string => JSON.stringify({ symbol: 'X', timeframe: '1m', time: n * 60_000, open: 10, high: 11, low: 9, close: 10, volume: n }); // prettier-ignore

function read(
  text: string,
  pieces: readonly number[],
): { readonly volumes: number[]; readonly rows: number; readonly refused: number } {
  const parser = new CsvParser({ now: NOW });
  const lines = new NdjsonLines(parser);
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  for (let n = 0; at < bytes.length; n += 1) {
    const size = pieces[n % pieces.length];
    lines.write(bytes.subarray(at, at + size));
    at += size;
  }
  lines.end();
  const answer = parser.end();
  const { report } = answer;
  return { volumes: answer.ok ? [...answer.columns.volume.subarray(0, answer.columns.length)] : [], rows: report.rows, refused: refusedRows(report) }; // prettier-ignore
}

it('import-10 garbage between lines, in any pieces, neither throws nor costs the bars around it, and every line is accounted for', () => {
  const garbage = fc.oneof(
    fc.string(),
    fc.json(),
    fc.constantFrom('{"time":1e400}', '{"time":{"$gt":1}}', '{"__proto__":1}', '[', 'null', '{"symbol":"Y"}', `${bar(1)}${bar(2)}`, '{"time":"2020-01-01,1,2,3,4,5\\n"}'), // prettier-ignore
  );
  fc.assert(
    fc.property(
      fc.array(garbage, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
      (between, pieces) => {
        const oneLine = between.map((text) => text.replace(/[\r\n]/g, ' '));
        const text = [bar(1), ...oneLine, bar(2), bar(3)].join('\n');
        const told = read(text, pieces);
        // A line of blanks is none.
        const lines = 3 + oneLine.filter((line) => line.trim() !== '').length;
        expect(told).toEqual({ volumes: [1, 2, 3], rows: lines, refused: lines - 3 });
      },
    ),
    { seed: 8, numRuns: 200 },
  );
});
