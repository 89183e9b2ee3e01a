/** A CSV file as a store of one series: new bars are appended to a part beside it, which becomes the file when all is there. */
import { createBarColumns, appendBar, BarCursor, type BarColumns } from '@wyckoff/domain';
import { open, readFile, rename, rm, stat, truncate } from 'node:fs/promises';
import type { ImportCounts, Series } from '../../store/store.ts';
import { readCsv } from '../csv/read-csv.ts';
import type { DownloadMark, Marks } from './download-series.ts';
import type { IngestStore } from './ingest.ts';

const HEADER = 'time,open,high,low,close,volume\n';
const DAY_MS = 86_400_000;

export class FileBars implements IngestStore {
  readonly #path: string;
  #bars: BarColumns;

  private constructor(path: string, bars: BarColumns) {
    this.#path = path;
    this.#bars = bars;
  }

  /** Reads what is there; with `resume` also what a former run that did not end had written. @throws Error when the file is no CSV of bars. */
  static async open(path: string, { resume, now }: { readonly resume: boolean; readonly now: number }): Promise<FileBars> {
    const file = new FileBars(path, createBarColumns(0));
    if (await exists(path)) file.#bars = await columnsOf(path, now);
    if (!resume) await rm(file.#part, { force: true });
    else if (await exists(file.#part)) {
      await dropCutLine(file.#part);
      file.#bars = merged(file.#bars, await columnsOf(file.#part, now)).columns;
    }
    return file;
  }

  get length(): number {
    return this.#bars.length;
  }

  get marks(): Marks {
    const path = `${this.#path}.resume.json`;
    return {
      load: async () => JSON.parse(await readFile(path, 'utf8').catch(() => 'null')) as DownloadMark | null,
      save: async (mark) => {
        await writeWhole(path, JSON.stringify(mark));
      },
      clear: async () => {
        await rm(path, { force: true });
      },
    };
  }

  async barsBefore(
    _: Series,
    { before = Infinity, limit }: { readonly before?: number; readonly limit: number },
  ): Promise<BarColumns> {
    const end = firstRow(this.#bars, before);
    return Promise.resolve(slice(this.#bars, Math.max(0, end - limit), end));
  }

  async barsAfter(
    _: Series,
    { after = -Infinity, limit }: { readonly after?: number | undefined; readonly limit: number },
  ): Promise<BarColumns> {
    const begin = firstRow(this.#bars, after, 'after');
    return Promise.resolve(slice(this.#bars, begin, Math.min(this.#bars.length, begin + limit)));
  }

  async importBars(_: Series, columns: BarColumns): Promise<ImportCounts> {
    const { columns: bars, counts, changed } = merged(this.#bars, columns);
    if (changed.length > 0) {
      const part = await open(this.#part, 'a');
      try {
        if ((await part.stat()).size === 0) await part.write(HEADER);
        await part.write(linesOf(changed));
        await part.datasync();
      } finally {
        await part.close();
      }
    }
    this.#bars = bars;
    return counts;
  }

  /** Everything in order into the file itself, in one step. */
  async finish(): Promise<void> {
    await writeWhole(this.#path, HEADER + linesOf(this.#bars));
    await rm(this.#part, { force: true });
  }

  get #part(): string {
    return `${this.#path}.part`;
  }
}

/** Two ascending runs; of two bars of one time the new one holds. */
function merged(
  old: BarColumns,
  fresh: BarColumns,
): { readonly columns: BarColumns; readonly counts: ImportCounts; readonly changed: BarColumns } {
  const columns = createBarColumns(old.length + fresh.length);
  const changed = createBarColumns(fresh.length);
  const [a, b] = [new BarCursor(old), new BarCursor(fresh)];
  const counts = { inserted: 0, duplicate: 0, corrected: 0 };
  for (let i = 0, k = 0; i < old.length || k < fresh.length;) {
    const order = k >= fresh.length ? -1 : i >= old.length ? 1 : old.time[i] - fresh.time[k];
    if (order < 0) {
      appendBar(columns, a.at(i));
      i += 1;
      continue;
    }
    b.at(k);
    if (order > 0) counts.inserted += 1;
    else if (sameRow(a.at(i), b)) counts.duplicate += 1;
    else counts.corrected += 1;
    if (order > 0 || !sameRow(a, b)) appendBar(changed, b);
    appendBar(columns, b);
    k += 1;
    if (order === 0) i += 1;
  }
  return { columns, counts, changed };
}

function sameRow(a: BarCursor, b: BarCursor): boolean {
  return a.open === b.open && a.high === b.high && a.low === b.low && a.close === b.close && a.volume === b.volume;
}

/** First row at or after a time, or only after it. */
function firstRow({ time, length }: BarColumns, at: number, mode: 'at' | 'after' = 'at'): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (time[middle] < at || (mode === 'after' && time[middle] === at)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function slice(columns: BarColumns, from: number, to: number): BarColumns {
  const { time, open: opens, high, low, close, volume } = columns;
  const part = (column: Float64Array): Float64Array => column.slice(from, to);
  return { time: part(time), open: part(opens), high: part(high), low: part(low), close: part(close), volume: part(volume), length: to - from }; // prettier-ignore
}

function linesOf(columns: BarColumns): string {
  const bar = new BarCursor(columns);
  const lines: string[] = []; // bounded: the bars of one write
  for (let row = 0; row < columns.length; row += 1) {
    const { time, open: opens, high, low, close, volume } = bar.at(row);
    const iso = new Date(time).toISOString();
    lines.push(`${time % DAY_MS === 0 ? iso.slice(0, 10) : iso},${opens},${high},${low},${close},${volume}\n`);
  }
  return lines.join('');
}

async function columnsOf(path: string, now: number): Promise<BarColumns> {
  const answer = await readCsv(path, { now });
  if (answer.ok) return answer.columns;
  if (answer.code === 'CSV_NO_BARS' || answer.code === 'CSV_EMPTY') return createBarColumns(0);
  throw new Error(`${path}: ${answer.sentence} ${answer.remedy}`);
}

/** A line that a kill cut in two may read as another number: without its end it does not count. */
async function dropCutLine(path: string): Promise<void> {
  const bytes = await readFile(path);
  if (bytes.length > 0 && bytes[bytes.length - 1] !== 10) await truncate(path, bytes.lastIndexOf(10) + 1);
}

/** The old content or the new one, never a part of either. */
async function writeWhole(path: string, text: string): Promise<void> {
  const beside = `${path}.new`;
  const file = await open(beside, 'w');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
