/** Where exported rows go: text or Parquet, one row at a time, waiting whenever the reader is behind (L1). */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { TableWriter, type ColumnType } from '../../feeds/parquet/write-table.ts';

export interface ExportColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly optional?: boolean;
}

/** Null: no value. Times are epoch milliseconds. */
export type Cell = string | number | null;

export interface RowSink {
  write(row: readonly Cell[]): Promise<void> | undefined;
  /** Everything is where it belongs. */
  finish(): Promise<void>;
}

const FLUSH_CHARS = 65_536;
/** Rows of a row group. */
const GROUP_ROWS = 32_768;

/** RFC 4180; times as ISO text. Cells a spreadsheet would run as a formula are made text (interface.md 2.1). */
export function csvSink(columns: readonly ExportColumn[], out: Writable): RowSink {
  const text = new TextOut(out, `${columns.map(({ name }) => name).join(',')}\n`);
  return {
    write: (row) => text.add(`${row.map((cell, n) => csvCell(cell, columns[n]?.type)).join(',')}\n`),
    finish: () => text.flush(),
  };
}

export function ndjsonSink(columns: readonly ExportColumn[], out: Writable): RowSink {
  const text = new TextOut(out, '');
  return {
    write: (row) => text.add(`${JSON.stringify(Object.fromEntries(columns.map(({ name }, n) => [name, row[n] ?? null])))}\n`),
    finish: () => text.flush(),
  };
}

/** Rows gathered into row groups; the file appears under its name only when it is complete. */
export async function parquetSink(
  columns: readonly ExportColumn[],
  path: string,
  metadata: Readonly<Record<string, string>>,
): Promise<RowSink & AsyncDisposable> {
  const writer = await TableWriter.create(path, columns, metadata);
  // bounded: the rows of one group, emptied when it is written.
  let held: Cell[][] = columns.map(() => []);
  const flush = async (): Promise<void> => {
    const full = held;
    held = columns.map(() => []);
    await writer.write(full);
  };
  return {
    write: (row) => {
      row.forEach((cell, n) => held[n]?.push(cell));
      return (held[0]?.length ?? 0) >= GROUP_ROWS ? flush() : undefined;
    },
    finish: async () => {
      await flush();
      await writer.finish();
    },
    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  };
}

/** Text gathered into larger pieces. What went wrong with the stream is thrown at the next piece. */
class TextOut {
  readonly #out: Writable;
  #text: string;
  #failure: Error | null = null;

  constructor(out: Writable, head: string) {
    this.#out = out;
    this.#text = head;
    // bounded: one listener of a stream that ends with the verb.
    out.on('error', (error: Error) => {
      this.#failure = error;
    });
  }

  add(line: string): Promise<void> | undefined {
    this.#text += line;
    return this.#text.length >= FLUSH_CHARS ? this.flush() : undefined;
  }

  async flush(): Promise<void> {
    const text = this.#text;
    this.#text = '';
    if (this.#failure !== null) throw this.#failure;
    if (text !== '' && !this.#out.write(text)) await once(this.#out, 'drain');
  }
}

export function csvCell(cell: Cell, type: ColumnType | undefined): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return type === 'time' ? new Date(cell).toISOString() : String(cell);
  const safe = /^[=+\-@\t]/.test(cell) && !Number.isFinite(Number(cell)) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
