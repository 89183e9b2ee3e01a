/** One Parquet file opened for reading by columns and row ranges: never as row objects, never as a whole. */
import { open, type FileHandle } from 'node:fs/promises';
import type { AsyncBuffer, FileMetaData, ParquetScan, SchemaElement } from 'hyparquet';
import { asRefused, ParquetRefused } from './parquet-refused.ts';

/** Bounds of what is opened at all: beyond them a file is refused before anything is decoded. */
const MOST_METADATA_BYTES = 64 * 1024 * 1024;
const MOST_CHUNK_BYTES = 256 * 1024 * 1024;
const MOST_GROUP_ROWS = 16_777_216;
const MOST_GROUPS = 100_000;

export interface RowGroup {
  /** First row in the file. */
  readonly from: number;
  /** Behind the last row. */
  readonly to: number;
  /** Smallest and largest value of a column where the file states them. */
  statistics(column: string): { readonly min: unknown; readonly max: unknown } | null;
}

export class ParquetTable implements AsyncDisposable {
  readonly path: string;
  readonly columns: readonly string[];
  readonly rows: number;
  readonly groups: readonly RowGroup[];
  /** Key-value metadata of the file. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly #handle: FileHandle;
  readonly #schema: ReadonlyMap<string, SchemaElement>;
  readonly #scan: ParquetScan;
  readonly #count: { readonly bytes: number };

  private constructor(parts: { path: string; handle: FileHandle; scan: ParquetScan; count: { bytes: number } }) {
    const { metadata } = parts.scan;
    this.path = parts.path;
    this.#handle = parts.handle;
    this.#scan = parts.scan;
    this.#schema = new Map(metadata.schema.slice(1).map((element) => [element.name, element]));
    this.columns = metadata.schema
      .slice(1)
      .filter((element) => element.type !== undefined)
      .map((element) => element.name);
    this.groups = groupsOf(metadata);
    this.rows = this.groups.at(-1)?.to ?? 0;
    this.metadata = new Map((metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? '']));
    this.#count = parts.count;
  }

  /** @throws ParquetRefused when it is no Parquet file, cut off, or out of bounds. */
  static async open(path: string): Promise<ParquetTable> {
    const { parquetMetadataAsync, parquetScan } = await import('hyparquet');
    const { compressors } = await import('./compressors.ts');
    const { timeParsers } = await import('./time-values.ts');
    const handle = await opened(path);
    try {
      const { size } = await handle.stat();
      const count = { bytes: 0 };
      const file = bufferOf(handle, size, count);
      await checkFooter(path, file);
      const metadata = await parquetMetadataAsync(file, { parsers: timeParsers });
      checkBounds(path, metadata, size);
      const scan = await parquetScan({ file, metadata, compressors, parsers: timeParsers });
      return new ParquetTable({ path, handle, scan, count });
    } catch (error) {
      await handle.close();
      throw asRefused(error, path, 'The footer');
    }
  }

  /** Bytes read from the file so far. */
  get bytesRead(): number {
    return this.#count.bytes;
  }

  /** Whether a column holds times by its logical type. */
  isTime(column: string): boolean {
    const element = this.#schema.get(column);
    const converted = element?.converted_type;
    return (
      element?.type === 'INT96' ||
      element?.logical_type?.type === 'TIMESTAMP' ||
      converted === 'DATE' ||
      converted?.startsWith('TIMESTAMP') === true
    );
  }

  /**
   * Values of one column for rows `from` to `to` (exclusive) inside one row group.
   * @throws ParquetRefused when the bytes cannot be decoded or are too few.
   */
  async read(column: string, from: number, to: number): Promise<ArrayLike<unknown>> {
    if (from === to) return [];
    try {
      const values = await this.#scan.readColumn({ column, rowStart: from, rowEnd: to });
      if (values.length !== to - from) throw new RangeError(`expected ${to - from} values, was ${values.length}`);
      return values;
    } catch (error) {
      throw asRefused(error, this.path, `Column ${column}, rows ${from} to ${to - 1},`);
    }
  }

  /** @throws ParquetRefused naming the first column that is missing. */
  require(columns: readonly string[]): void {
    const missing = columns.filter((column) => !this.columns.includes(column));
    if (missing.length === 0) return;
    throw new ParquetRefused('PARQUET_COLUMNS', this.path, {
      sentence: `Expected the columns ${columns.join(', ')}; missing: ${missing.join(', ')}.`,
      remedy: `The file has ${this.columns.slice(0, 20).join(', ')}.`,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    throw new ParquetRefused('PARQUET_UNREADABLE', path, {
      sentence: `The file cannot be opened: ${(error as Error).message}.`,
      remedy: 'Check the path and the permissions.',
    });
  }
}

function bufferOf(handle: FileHandle, size: number, count: { bytes: number }): AsyncBuffer {
  return {
    byteLength: size,
    slice: async (start, end = size) => {
      const length = end - start;
      if (!(start >= 0 && length >= 0 && end <= size))
        throw new RangeError(`bytes ${start} to ${end} lie outside the file of ${size}`);
      if (length > MOST_CHUNK_BYTES) throw new RangeError(`expected a part of at most ${MOST_CHUNK_BYTES} bytes, was ${length}`);
      const buffer = new ArrayBuffer(length);
      const { bytesRead } = await handle.read(new Uint8Array(buffer), 0, length, start);
      if (bytesRead !== length) throw new RangeError(`expected ${length} bytes, was ${bytesRead}`);
      count.bytes += length;
      return buffer;
    },
  };
}

async function checkFooter(path: string, file: AsyncBuffer): Promise<void> {
  const refuse = (sentence: string): never => {
    throw new ParquetRefused('PARQUET_MALFORMED', path, {
      sentence,
      remedy: 'The file is no Parquet file, or cut off: write or download it again.',
    });
  };
  if (file.byteLength < 12) refuse(`Expected at least 12 bytes, was ${file.byteLength}.`);
  const end = new DataView(await file.slice(file.byteLength - 8, file.byteLength));
  if (end.getUint32(4, true) !== 0x31524150) refuse('Expected the letters PAR1 at the end.');
  const length = end.getUint32(0, true);
  if (length > file.byteLength - 12) refuse(`The footer claims ${length} bytes in a file of ${file.byteLength}.`);
  if (length > MOST_METADATA_BYTES) {
    throw new ParquetRefused('PARQUET_BOUNDS', path, {
      sentence: `Expected metadata of at most ${MOST_METADATA_BYTES} bytes, was ${length}.`,
      remedy: 'Write it with fewer or larger row groups.',
    });
  }
}

function checkBounds(path: string, metadata: FileMetaData, size: number): void {
  const refuse = (sentence: string): never => {
    throw new ParquetRefused('PARQUET_BOUNDS', path, {
      sentence,
      remedy: 'No honest file of bars looks like this: write it again.',
    });
  };
  if (metadata.row_groups.length > MOST_GROUPS)
    refuse(`Expected at most ${MOST_GROUPS} row groups, was ${metadata.row_groups.length}.`);
  let rows = 0n;
  for (const [i, group] of metadata.row_groups.entries()) {
    if (group.num_rows < 0n || group.num_rows > BigInt(MOST_GROUP_ROWS)) refuse(`Row group ${i} claims ${group.num_rows} rows.`);
    rows += group.num_rows;
    for (const chunk of group.columns) {
      const meta = chunk.meta_data;
      if (meta === undefined) continue;
      const start = meta.dictionary_page_offset ?? meta.data_page_offset;
      const bytes = meta.total_compressed_size;
      if (bytes < 0n || start < 0n || start + bytes > BigInt(size))
        refuse(`Row group ${i}, column ${meta.path_in_schema.join('.')} lies outside the file.`);
      if (bytes > BigInt(MOST_CHUNK_BYTES)) refuse(`Row group ${i}, column ${meta.path_in_schema.join('.')} has ${bytes} bytes.`);
    }
  }
  if (rows !== metadata.num_rows) refuse(`The row groups hold ${rows} rows, the footer claims ${metadata.num_rows}.`);
}

function groupsOf(metadata: FileMetaData): RowGroup[] {
  let row = 0;
  return metadata.row_groups.map((group) => {
    const from = row;
    row += Number(group.num_rows);
    const to = row;
    return {
      from,
      to,
      statistics: (column) => {
        const statistics = group.columns.find((chunk) => chunk.meta_data?.path_in_schema[0] === column)?.meta_data?.statistics;
        const min = statistics?.min_value ?? statistics?.min;
        const max = statistics?.max_value ?? statistics?.max;
        return min === undefined || max === undefined ? null : { min, max };
      },
    };
  });
}
