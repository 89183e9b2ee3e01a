/** Decompression with a bound: a page says how large it will become, and no honest page of bars is larger than this. */
import { snappyUncompress, type Compressors } from 'hyparquet';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';

/** Decompressed bytes of one page. Writers aim at 1 MiB; some make a page of a whole row group. */
export const MOST_PAGE_BYTES = 64 * 1024 * 1024;

const bounded =
  (decompress: (input: Uint8Array, length: number) => Uint8Array) =>
  (input: Uint8Array, length: number): Uint8Array => {
    if (!(length >= 0 && length <= MOST_PAGE_BYTES))
      throw new RangeError(`expected a page of at most ${MOST_PAGE_BYTES} bytes, was ${length}`);
    // A page of nulls is empty.
    return length === 0 ? new Uint8Array(0) : decompress(input, length);
  };

export const compressors: Compressors = {
  SNAPPY: bounded((input, length) => {
    const output = new Uint8Array(length);
    snappyUncompress(input, output);
    return output;
  }),
  ZSTD: bounded((input, length) => zstdDecompressSync(input, { maxOutputLength: length })),
  GZIP: bounded((input, length) => gunzipSync(input, { maxOutputLength: length })),
  BROTLI: bounded((input, length) => brotliDecompressSync(input, { maxOutputLength: length })),
};
