/** Decompression with a bound: a page says how large it will become, and no honest page of bars is larger than this. */
import { snappyUncompress, type Compressors } from 'hyparquet';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';

/** Decompressed bytes of one page. Writers aim at 1 MiB; some make a page of a whole row group. */
export const MOST_PAGE_BYTES = 64 * 1024 * 1024;

export const compressors: Compressors = {
  SNAPPY: (input, length) => {
    const output = new Uint8Array(checked(length));
    snappyUncompress(input, output);
    return output;
  },
  ZSTD: (input, length) => zstdDecompressSync(input, { maxOutputLength: checked(length) }),
  GZIP: (input, length) => gunzipSync(input, { maxOutputLength: checked(length) }),
  BROTLI: (input, length) => brotliDecompressSync(input, { maxOutputLength: checked(length) }),
};

function checked(length: number): number {
  if (!(length >= 0 && length <= MOST_PAGE_BYTES)) throw new RangeError(`expected a page of at most ${MOST_PAGE_BYTES} bytes, was ${length}`);
  return Math.max(1, length);
}
