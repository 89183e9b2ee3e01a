/** The CSV reader: every form of the item 7 is read, every bad row is told with its line, no bytes bring it down. */
import { BarCursor } from '@wyckoff/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvParser, type CsvAnswer } from './csv-parser.ts';
import { refusedRows, type CsvProblem } from './report.ts';

const NOW = Date.UTC(2026, 0, 1);
const HEADER = 'date,open,high,low,close,volume';

interface Read {
  readonly answer: CsvAnswer;
  readonly problems: readonly CsvProblem[];
}

function read(input: string | Uint8Array, pieces = 1_000_000): Read {
  const problems: CsvProblem[] = [];
  const parser = new CsvParser({ now: NOW, onProblem: (problem) => problems.push(problem) });
  const bytes = typeof input === 'string' ? Buffer.from(input) : input;
  for (let at = 0; at < bytes.length; at += pieces) parser.write(bytes.subarray(at, at + pieces));
  return { answer: parser.end(), problems };
}

function bars({ answer }: Read): number[][] {
  if (!answer.ok) throw new Error(answer.sentence);
  const bar = new BarCursor(answer.columns);
  return Array.from({ length: answer.columns.length }, (_, row) => {
    const { time, open, high, low, close, volume } = bar.at(row);
    return [time, open, high, low, close, volume];
  });
}

const DAY1 = Date.UTC(2020, 0, 2);
const DAY2 = Date.UTC(2020, 0, 3);
const TWO_DAYS = [
  [DAY1, 10, 12, 9, 11, 1000],
  [DAY2, 11, 13, 10, 12, 2000],
];
const ROWS = '2020-01-02,10,12,9,11,1000\n2020-01-03,11,13,10,12,2000\n';

it('issue 5.6 rows of another symbol than the first are refused by line: two series in a file would overwrite each other', () => {
  const rows = ['2020-01-02,AAA,10,12,9,11,1000', '2020-01-02,ZZZ,20,22,19,21,500', '2020-01-03,AAA,11,13,10,12,2000'];
  const of = (header: string): Read => read(`${header}\n${rows.join('\n')}\n`);
  const mixed = of('date,symbol,open,high,low,close,volume');
  expect(bars(mixed)).toEqual(TWO_DAYS);
  expect(mixed.problems).toMatchObject([{ line: 3, code: 'ROW_SYMBOL' }]);
  // Twin: without the name of the column nobody can know.
  expect(of('date,note,open,high,low,close,volume').problems.map(({ code }) => code)).not.toContain('ROW_SYMBOL');
});

describe('issue 2.7: forms of CSV', () => {
  it.each([
    ['plain', `${HEADER}\n${ROWS}`],
    ['no final line end', `${HEADER}\n${ROWS.trimEnd()}`],
    ['byte-order mark', `\uFEFF${HEADER}\n${ROWS}`],
    ['CRLF', `${HEADER}\n${ROWS}`.replaceAll('\n', '\r\n')],
    ['CR of old Macs', `${HEADER}\n${ROWS}`.replaceAll('\n', '\r')],
    ['empty lines', `\n\n${HEADER}\n\n${ROWS}\n   \n`],
    ['names in any case', `Date,OPEN,High,lOw,Close,VOLUME\n${ROWS}`],
    ['named timestamp', `timestamp,open,high,low,close,volume\n${ROWS}`],
    ['named Time', `Time,open,high,low,close,volume\n${ROWS}`],
    [
      'any order, other columns ignored',
      'Volume,Close,Adj Close,date,Low,note,High,Open\n1000,11,5,2020-01-02,9,"a,""b""",12,10\n2000,12,6,2020-01-03,10,x,13,11\n',
    ],
    ['semicolons', `${HEADER}\n${ROWS}`.replaceAll(',', ';')],
    [
      'semicolons and decimal commas',
      'date;open;high;low;close;volume\n2020-01-02;10,0;12,00;9;11,0;1.000,0\n2020-01-03;11;13;10;12;2000\n',
    ],
    ['tabs', `${HEADER}\n${ROWS}`.replaceAll(',', '\t')],
    ['Excel separator line', `sep=,\n${HEADER}\n${ROWS}`],
    [
      'quoted fields',
      '"date","open","high","low","close","volume"\n"2020-01-02","10","12","9","11","1,000"\n"2020-01-03",11,13,10,12,2000\n',
    ],
    [
      'blanks around fields',
      'date , open, high ,low,close,volume\n 2020-01-02 , 10,12 , 9,11,1000 \n2020-01-03,11,13,10,12,2000\n',
    ],
    ['date-times with Z', `${HEADER}\n2020-01-02T00:00:00Z,10,12,9,11,1000\n2020-01-03T00:00:00.000Z,11,13,10,12,2000\n`],
    [
      'date-times with an offset',
      `${HEADER}\n2020-01-02 02:00+02:00,10,12,9,11,1000\n2020-01-02T19:00:00-0500,11,13,10,12,2000\n`,
    ],
    ['date-times without a zone', `${HEADER}\n2020-01-02 00:00,10,12,9,11,1000\n2020-01-03 00:00:00,11,13,10,12,2000\n`],
    ['compact dates', `${HEADER}\n20200102,10,12,9,11,1000\n20200103,11,13,10,12,2000\n`],
    ['slashes', `${HEADER}\n2020/01/02,10,12,9,11,1000\n2020/01/03,11,13,10,12,2000\n`],
    ['epoch seconds', `${HEADER}\n${DAY1 / 1000},10,12,9,11,1000\n${DAY2 / 1000},11,13,10,12,2000\n`],
    ['epoch seconds with a fraction', `${HEADER}\n${DAY1 / 1000}.0,10,12,9,11,1000\n${DAY2 / 1000}.0,11,13,10,12,2000\n`],
    ['epoch milliseconds', `${HEADER}\n${DAY1},10,12,9,11,1000\n${DAY2},11,13,10,12,2000\n`],
    [
      'date and time of day in two columns',
      'Date\tTime\tOpen\tHigh\tLow\tClose\tVolume\n2020-01-02\t00:00\t10\t12\t9\t11\t1000\n2020-01-03\t00:00:00\t11\t13\t10\t12\t2000\n',
    ],
    ['exponents', `${HEADER}\n2020-01-02,1e1,1.2E+1,90e-1,11,1e3\n2020-01-03,11,13,10,12,2000\n`],
    ['descending', `${HEADER}\n2020-01-03,11,13,10,12,2000\n2020-01-02,10,12,9,11,1000\n`],
  ])('CSV-1 %s', (_, text) => {
    expect(bars(read(text))).toEqual(TWO_DAYS);
    // The same bytes in pieces of one, two, seven: no line may depend on where a chunk ends.
    for (const pieces of [1, 2, 7]) expect(bars(read(text, pieces))).toEqual(TWO_DAYS);
  });

  it('CSV-2 numbers are exactly what JavaScript makes of the same text', () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: 1e-30, max: 1e30 });
    const texts = fc.oneof(finite.map(String), finite.map((x) => x.toFixed(6)), finite.map((x) => x.toExponential()), fc.nat().map((n) => `${n}.${n}`)); // prettier-ignore
    fc.assert(
      fc.property(texts, (text) => {
        if (!(Number(text) > 0)) return;
        expect(bars(read(`${HEADER}\n2020-01-02,${text},${text},${text},${text},1\n`))[0][1]).toBe(Number(text));
      }),
      { numRuns: 500 },
    );
  });

  it('CSV-3 dates are exactly what Date makes of them, and dates that do not exist are none', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('1900-01-01'), max: new Date('2025-12-31'), noInvalidDate: true }), (date) => {
        const iso = date.toISOString();
        expect(bars(read(`${HEADER}\n${iso},1,1,1,1,1\n`))[0][0]).toBe(date.getTime());
        expect(bars(read(`${HEADER}\n${iso.slice(0, 10)},1,1,1,1,1\n`))[0][0]).toBe(Date.parse(iso.slice(0, 10)));
      }),
      { numRuns: 300 },
    );
    for (const wrong of [
      '2020-02-30',
      '2021-02-29',
      '2020-13-01',
      '2020-00-10',
      '2020-01-02T25:00',
      '2020-01-02T10:61',
      '01/02/2020',
      'yesterday',
      '2020-1-2',
      '',
    ]) {
      expect(read(`${HEADER}\n${wrong},1,1,1,1,1\n`).problems.map((problem) => problem.code)).toEqual(['ROW_TIME']);
    }
  });
});

describe('trading 9.2: bad rows cost only themselves', () => {
  it.each([
    ['NaN', '2020-01-04,NaN,1,1,1,1', 'BAR_VALUE'],
    ['empty price', '2020-01-04,,1,1,1,1', 'BAR_VALUE'],
    ['infinite', '2020-01-04,1,Infinity,1,1,1', 'BAR_VALUE'],
    ['overflow', '2020-01-04,1,1e999,1,1,1', 'BAR_VALUE'],
    ['negative price', '2020-01-04,-1,1,-1,1,1', 'BAR_VALUE'],
    ['zero price', '2020-01-04,0,1,0,1,1', 'BAR_VALUE'],
    ['negative volume', '2020-01-04,1,1,1,1,-5', 'BAR_VALUE'],
    ['words', '2020-01-04,1,1,1,1,many', 'BAR_VALUE'],
    ['hexadecimal', '2020-01-04,0x10,0x10,0x10,0x10,1', 'BAR_VALUE'],
    ['high below low', '2020-01-04,2,1,3,2,1', 'BAR_SHAPE'],
    ['open above high', '2020-01-04,5,4,3,3.5,1', 'BAR_SHAPE'],
    ['close below low', '2020-01-04,3.5,4,3,2,1', 'BAR_SHAPE'],
    ['future', '2026-01-02,1,1,1,1,1', 'BAR_FUTURE'],
    ['too few fields', '2020-01-04,1,1', 'ROW_FIELDS'],
    ['wrong separator', '2020-01-04;1;1;1;1;1', 'ROW_FIELDS'],
    ['no date', 'total,1,1,1,1,1', 'ROW_TIME'],
    ['too long', `2020-01-04,${'1'.repeat(70_000)},1,1,1,1`, 'ROW_LENGTH'],
    ['unclosed quote', '"2020-01-04,1,1,1,1,1', 'ROW_FIELDS'],
  ])('%s is refused with its line, the rows around it stay', (_, row, code) => {
    for (const pieces of [1_000_000, 1000]) {
      const result = read(`${HEADER}\n2020-01-02,10,12,9,11,1000\n${row}\n2020-01-03,11,13,10,12,2000\n`, pieces);
      expect(result.problems.map((problem) => [problem.line, problem.code])).toEqual([[3, code]]);
      expect(bars(result)).toEqual(TWO_DAYS);
      expect(refusedRows(result.answer.report)).toBe(1);
    }
  });

  it('rule 4: an equal bar is ignored, a different one corrects, also far apart', () => {
    const rows = [
      '2020-01-02,10,12,9,11,1000',
      '2020-01-03,11,13,10,12,1',
      '2020-01-02,10,12,9,11,1000',
      '2020-01-03,11,13,10,12,2000',
    ];
    const result = read([HEADER, ...rows].join('\n'));
    expect(bars(result)).toEqual(TWO_DAYS);
    expect(result.answer.report).toMatchObject({ rows: 4, accepted: 2, duplicates: 1, corrected: 1, order: 'unsorted' });
    expect(result.problems.map((problem) => [problem.line, problem.code])).toEqual([
      [4, 'BAR_DUPLICATE'],
      [5, 'BAR_CORRECTED'],
    ]);
  });

  it('rule 6 and 8: an outlier and a silent bar are accepted and said', () => {
    const result = read(`${HEADER}\n2020-01-02,10,12,9,10,0\n2020-01-03,16,16,16,16,1\n`);
    expect(result.answer.report).toMatchObject({ accepted: 2, outliers: 1, zeroVolume: 1 });
    expect(result.problems).toMatchObject([{ line: 3, code: 'BAR_OUTLIER' }]);
  });

  it('any order of rows gives the same bars, and every row is accounted for', () => {
    const dayRow = (n: number): string => `${new Date(DAY1 + n * 86_400_000).toISOString().slice(0, 10)},10,12,9,11,${n}`;
    const expected = bars(read([HEADER, ...Array.from({ length: 60 }, (_, n) => dayRow(n))].join('\n')));
    fc.assert(
      fc.property(
        fc.shuffledSubarray(
          Array.from({ length: 60 }, (_, n) => n),
          { minLength: 60 },
        ),
        fc.nat({ max: 59 }),
        (order, again) => {
          const result = read([HEADER, ...order.map(dayRow), dayRow(again)].join('\n'));
          expect(bars(result)).toEqual(expected);
          const { rows, accepted, duplicates, corrected } = result.answer.report;
          expect(accepted + duplicates + corrected + refusedRows(result.answer.report)).toBe(rows);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('issue 2 bad input: files without bars', () => {
  it.each([
    ['empty', '', 'CSV_EMPTY'],
    ['only blank lines', '\n \n\r\n', 'CSV_EMPTY'],
    ['only a header', `${HEADER}\n`, 'CSV_NO_BARS'],
    ['no valid row', `${HEADER}\nx,y\n2020-01-02,-1,1,1,1,1\n`, 'CSV_NO_BARS'],
    ['zero bytes', new Uint8Array(5000), 'CSV_BINARY'],
    ['gzip', Uint8Array.of(0x1f, 0x8b, 8, 0, 10, 13, 10), 'CSV_BINARY'],
    ['UTF-16', Buffer.from(`\uFEFF${HEADER}\n`, 'utf16le'), 'CSV_BINARY'],
    ['one endless line', 'x'.repeat(200_000), 'CSV_BINARY'],
  ])('%s is refused with a reason', (_, input, code) => {
    for (const pieces of [1_000_000, 100]) {
      const { answer } = read(input, pieces);
      expect(answer).toMatchObject({ ok: false, code });
      if (!answer.ok) expect(`${answer.sentence}${answer.remedy}`.length).toBeGreaterThan(20);
    }
  });

  it('a missing column is named', () => {
    const { answer } = read('date,open,high,low\n2020-01-02,1,1,1\n');
    expect(answer).toMatchObject({ ok: false, code: 'CSV_COLUMNS', missing: ['close', 'volume'] });
    if (!answer.ok) expect(answer.sentence).toContain('close, volume');
  });

  it('a file cut off anywhere gives the bars above the cut; of the line that was cut at most a whole bar, never a part of a number', () => {
    const whole =
      'date,open,high,low,close,volume,adj close\n2020-01-02,10,11,9,10.5,123456,5.25\n2020-01-03,11,12,10,11.5,234567,5.75\n';
    for (let length = whole.indexOf('\n') + 1; length <= whole.length; length += 1) {
      const parser = new CsvParser({ now: NOW });
      parser.write(Buffer.from(whole.slice(0, length)));
      const answer = parser.end();
      const volumes = answer.ok ? [...answer.columns.volume.subarray(0, answer.columns.length)] : [];
      expect([123456, 234567].slice(0, volumes.length)).toEqual(volumes);
    }
  });

  it('fuzz: garbage in any pieces neither throws nor loses the rows around it', () => {
    const garbage = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: 'binary', maxLength: 200 }).map((text) => Buffer.from(text)), fc.stringMatching(/^[-0-9.,;"\t eE+:TZ/]{0,80}$/).map((text) => Buffer.from(text))); // prettier-ignore
    fc.assert(
      fc.property(fc.array(garbage, { maxLength: 5 }), fc.integer({ min: 1, max: 400 }), (junk, pieces) => {
        read(Buffer.concat(junk), pieces);
        const text = Buffer.concat([Buffer.from(`${HEADER}\n${ROWS}`), ...junk.flatMap((part) => [Buffer.from(part), Buffer.from('\n')]), Buffer.from('2020-01-06,7,7,7,7,7\n')]); // prettier-ignore
        const found = bars(read(text, pieces));
        const times = found.map((bar) => bar[0]);
        expect([...times].sort((a, b) => a - b)).toEqual(times);
        expect(times).toEqual(expect.arrayContaining([DAY1, DAY2, Date.UTC(2020, 0, 6)]));
      }),
      { numRuns: 1500 },
    );
  });
});
