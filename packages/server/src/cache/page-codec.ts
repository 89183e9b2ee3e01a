/** A page of bars as bytes: six columns of doubles, deflated; whatever is not exactly that is no page. */
import { createBarColumns, type BarColumns } from '@wyckoff/domain';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { BARS_PER_PAGE } from './bar-page.ts';

/** Of the form; another one is read as no page. */
const VERSION = 1;
const HEADER_BYTES = 8;
const COLUMNS = ['time', 'open', 'high', 'low', 'close', 'volume'] as const;

export function encodePage(bars: BarColumns): Buffer {
  const doubles = new Float64Array(COLUMNS.length * bars.length);
  COLUMNS.forEach((name, n) => doubles.set(bars[name].subarray(0, bars.length), n * bars.length));
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(VERSION, 0);
  header.writeUInt32LE(bars.length, 4);
  const packed = deflateRawSync(Buffer.from(doubles.buffer), { level: 1 });
  return Buffer.concat([header, packed]);
}

/** Null when the bytes are not a page of this version: they count as a miss. */
export function decodePage(bytes: Buffer): BarColumns | null {
  if (bytes.length < HEADER_BYTES || bytes.readUInt32LE(0) !== VERSION) return null;
  const length = bytes.readUInt32LE(4);
  if (length > BARS_PER_PAGE + 1) return null;
  const expected = COLUMNS.length * length * Float64Array.BYTES_PER_ELEMENT;
  try {
    const plain = inflateRawSync(bytes.subarray(HEADER_BYTES), { maxOutputLength: Math.max(1, expected) });
    return plain.length === expected ? columnsOf(plain, length) : null;
  } catch {
    return null;
  }
}

function columnsOf(plain: Buffer, length: number): BarColumns {
  const bars = createBarColumns(length);
  const doubles = new Float64Array(plain.buffer.slice(plain.byteOffset, plain.byteOffset + plain.length));
  COLUMNS.forEach((name, n) => bars[name].set(doubles.subarray(n * length, (n + 1) * length)));
  bars.length = length;
  return bars;
}
