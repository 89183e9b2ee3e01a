/** Bytes cut into rows: a row larger than a piece would be read as a whole for nothing. */
import type { Insert } from './work.ts';

const PIECE_BYTES = 256 * 1024;

export const BLOB: Omit<Insert, 'rows'> = {
  table: 'blobs',
  columns: ['owner_kind', 'owner_id', 'part', 'n', 'bytes', 'created_at'],
  conflict: '',
};

/** Rows of `BLOB`; at least one, also of nothing. */
export function blobPieces(
  key: readonly [kind: 'JOB' | 'ENGINE', id: string, part: string],
  bytes: Uint8Array,
  now: number,
): unknown[][] {
  const count = Math.max(1, Math.ceil(bytes.length / PIECE_BYTES));
  return Array.from({ length: count }, (_, n) => {
    const piece = bytes.subarray(n * PIECE_BYTES, (n + 1) * PIECE_BYTES);
    return [...key, n, Buffer.from(piece.buffer, piece.byteOffset, piece.length), now];
  });
}
