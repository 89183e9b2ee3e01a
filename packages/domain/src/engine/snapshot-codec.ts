/** A snapshot: the detector's bytes and the trading state as JSON, in one framed byte string of a known version. */
import { utf8 } from '../setup/digest.ts';

const MAGIC = 0x57_58_45_31;
const HEADER = 12;

/** A snapshot this code cannot continue from. */
export class SnapshotError extends Error {
  constructor(expected: string, was: string) {
    super(`trading snapshot: expected ${expected}, was ${was}; start from the journal instead`);
    this.name = 'SnapshotError';
  }
}

/** Frames the two parts: magic, length of the detector's part, length of the JSON, little-endian. */
export function encodeSnapshot(detector: Uint8Array, state: object): Uint8Array {
  const json = utf8(JSON.stringify(state));
  const out = new Uint8Array(HEADER + detector.length + json.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, detector.length, true);
  view.setUint32(8, json.length, true);
  out.set(detector, HEADER);
  out.set(json, HEADER + detector.length);
  return out;
}

/** @throws {SnapshotError} when the bytes are not a whole snapshot of this version. */
export function decodeSnapshot(bytes: Uint8Array): { readonly detector: Uint8Array; readonly state: unknown } {
  if (bytes.length < HEADER) throw new SnapshotError(`at least ${HEADER} bytes`, String(bytes.length));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0, true);
  if (magic !== MAGIC) throw new SnapshotError(`version mark ${MAGIC.toString(16)}`, magic.toString(16));
  const detectorLength = view.getUint32(4, true);
  const jsonLength = view.getUint32(8, true);
  if (bytes.length !== HEADER + detectorLength + jsonLength)
    throw new SnapshotError(`${HEADER + detectorLength + jsonLength} bytes`, String(bytes.length));
  const detector = bytes.slice(HEADER, HEADER + detectorLength);
  return { detector, state: JSON.parse(text(bytes.subarray(HEADER + detectorLength))) };
}

/** UTF-8 back to text, in pieces that `fromCharCode` can take. */
function text(bytes: Uint8Array): string {
  let escaped = '';
  for (const byte of bytes)
    escaped += byte < 128 && byte !== 37 ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`;
  return decodeURIComponent(escaped);
}
