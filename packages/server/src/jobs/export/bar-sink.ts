/** Bars written in columns, as they come from the store: no object and no array per bar (M5), waiting whenever the reader is behind (L1). */
import { createBarColumns, type BarColumns } from '@wyckoff/domain';
import type { Writable } from 'node:stream';
import { TableWriter, type ColumnPlan } from '../../feeds/parquet/write-table.ts';
import type { SeriesKey } from '../../feeds/contract/series-key.ts';
import { ByteOut } from './byte-out.ts';
import { csvCell } from './row-sink.ts';

export interface BarSink {
  /** Columns that stay the caller's: nothing of them is kept behind the promise. */
  write(bars: BarColumns): Promise<void>;
  /** Everything is where it belongs. */
  finish(): Promise<void>;
}

const PRICES = ['open', 'high', 'low', 'close', 'volume'] as const;
/** Rows of a row group: small enough to be decoded at once. */
const GROUP_ROWS = 32_768;

const PLAN: readonly ColumnPlan[] = [
  { name: 'symbol', type: 'text' },
  { name: 'timeframe', type: 'text' },
  { name: 'time', type: 'time' },
  ...PRICES.map((name) => ({ name, type: 'float' as const })),
];

/** Longest line of a bar: seven texts of at most 25 letters, a symbol of 20, and the names of the fields. */
const LINE_BYTES = 512;

/** RFC 4180, times as ISO text. */
export function csvBars({ symbol, timeframe }: SeriesKey, out: Writable): BarSink {
  return new TextBars(out, {
    first: `${PLAN.map(({ name }) => name).join(',')}\n`,
    before: [`${csvCell(symbol, 'text')},${timeframe},`, ',', ',', ',', ',', ','],
    behind: '\n',
    isoTimes: true,
  });
}

/** One object a line, times in epoch milliseconds. */
export function ndjsonBars({ symbol, timeframe }: SeriesKey, out: Writable): BarSink {
  return new TextBars(out, {
    first: '',
    before: [`{"symbol":${JSON.stringify(symbol)},"timeframe":"${timeframe}","time":`, ...PRICES.map((name) => `,"${name}":`)],
    behind: '}\n',
    isoTimes: false,
  });
}

interface LineForm {
  /** Of the file. */
  readonly first: string;
  /** What stands before the time and each price. */
  readonly before: readonly string[];
  readonly behind: string;
  readonly isoTimes: boolean;
}

class TextBars implements BarSink {
  readonly #out: ByteOut;
  readonly #form: LineForm;

  constructor(out: Writable, form: LineForm) {
    this.#out = new ByteOut(out);
    this.#form = form;
    this.#out.add(form.first);
  }

  async write(bars: BarColumns): Promise<void> {
    for (let row = 0; row < bars.length;) {
      row = this.#fill(bars, row);
      if (row < bars.length) await this.#out.flush();
    }
  }

  finish(): Promise<void> {
    return this.#out.flush();
  }

  /** As many lines as fit; answers the first row that did not. */
  #fill({ time, open, high, low, close, volume, length }: BarColumns, from: number): number {
    const out = this.#out;
    const { before, behind, isoTimes } = this.#form;
    let row = from;
    for (; row < length && out.fits(LINE_BYTES); row += 1) {
      out.add(before[0]);
      if (isoTimes) out.addTime(time, row);
      else out.addNumber(time, row);
      out.add(before[1]);
      out.addNumber(open, row);
      out.add(before[2]);
      out.addNumber(high, row);
      out.add(before[3]);
      out.addNumber(low, row);
      out.add(before[4]);
      out.addNumber(close, row);
      out.add(before[5]);
      out.addNumber(volume, row);
      out.add(behind);
    }
    return row;
  }
}

/** Bars gathered into row groups; the file appears under its name only when it is complete. */
export async function parquetBars(
  { symbol, timeframe }: SeriesKey,
  path: string,
  metadata: Readonly<Record<string, string>>,
): Promise<BarSink & AsyncDisposable> {
  const writer = await TableWriter.create(path, PLAN, metadata);
  const held = createBarColumns(GROUP_ROWS);
  const times = new BigInt64Array(GROUP_ROWS);
  const [symbols, timeframes] = [constant(symbol), constant(timeframe)];
  const flush = async (): Promise<void> => {
    const rows = held.length;
    epochs(held.time, times, rows);
    const texts = [symbols, timeframes].map((column) => (rows === GROUP_ROWS ? column : column.slice(0, rows)));
    await writer.write([...texts, times.subarray(0, rows), ...PRICES.map((name) => held[name].subarray(0, rows))]);
    held.length = 0;
  };
  return {
    async write(bars) {
      for (let from = 0; from < bars.length;) {
        const to = Math.min(bars.length, from + GROUP_ROWS - held.length);
        for (const name of ['time', ...PRICES] as const) held[name].set(bars[name].subarray(from, to), held.length);
        held.length += to - from;
        from = to;
        if (held.length === GROUP_ROWS) await flush();
      }
    },
    finish: async () => {
      await flush();
      await writer.finish();
    },
    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  };
}

function constant(text: string): readonly string[] {
  return new Array<string>(GROUP_ROWS).fill(text);
}

/** Whole milliseconds as the halves of 64 bits: no bigint is made for them. */
function epochs(from: Float64Array, to: BigInt64Array, rows: number): void {
  const halves = new Int32Array(to.buffer, to.byteOffset, 2 * rows);
  for (let row = 0; row < rows; row += 1) {
    const high = Math.floor(from[row] / 4_294_967_296);
    halves[2 * row] = from[row] - high * 4_294_967_296;
    halves[2 * row + 1] = high;
  }
}
