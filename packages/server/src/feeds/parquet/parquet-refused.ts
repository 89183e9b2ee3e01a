/** Why a Parquet file cannot be read: a named reason with its place, never a crash in the middle of the decoder. */

export type ParquetCode =
  /** Missing, no permission, a folder. */
  | 'PARQUET_UNREADABLE'
  /** No Parquet file, or cut off. */
  | 'PARQUET_MALFORMED'
  /** Readable, but with figures that no honest file has (bounds of this reader). */
  | 'PARQUET_BOUNDS'
  | 'PARQUET_COLUMNS'
  | 'PARQUET_TYPE'
  | 'PARQUET_CODEC'
  /** Bars of a series that go back in time. */
  | 'PARQUET_ORDER';

export class ParquetRefused extends Error {
  readonly code: ParquetCode;
  readonly path: string;
  readonly remedy: string;

  constructor(code: ParquetCode, path: string, told: { readonly sentence: string; readonly remedy: string }) {
    super(`${path}: ${told.sentence} ${told.remedy}`);
    this.name = 'ParquetRefused';
    this.code = code;
    this.path = path;
    this.remedy = told.remedy;
  }
}

/** Whatever the decoder threw, as a refusal. */
export function asRefused(error: unknown, path: string, where: string): ParquetRefused {
  if (error instanceof ParquetRefused) return error;
  const message = error instanceof Error ? error.message : String(error);
  const codec = /codec|compress/i.test(message);
  return new ParquetRefused(codec ? 'PARQUET_CODEC' : 'PARQUET_MALFORMED', path, {
    sentence: `${where} cannot be decoded: ${message}.`,
    remedy: codec
      ? 'Write the file with Snappy, Zstandard, gzip or without compression.'
      : 'The file is cut off or damaged: write or download it again.',
  });
}
