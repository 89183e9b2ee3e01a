/** The bytes of a detector and of those above it, in one framed byte string. */

const MAGIC = 0x57_59_48_31;

/** Magic, number of parts, length of each, then the parts; little-endian. */
export function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  const header = 8 + 4 * parts.length;
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, header));
  const view = new DataView(out.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, parts.length, true);
  let at = header;
  parts.forEach((part, i) => {
    view.setUint32(8 + 4 * i, part.length, true);
    out.set(part, at);
    at += part.length;
  });
  return out;
}

/** Throws a sentence when the bytes are not that many parts. */
export function splitParts(bytes: Uint8Array, count: number): Uint8Array[] {
  const header = 8 + 4 * count;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < header || view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== count)
    throw new Error(
      `snapshot: expected a detector with ${count - 1} parts above it, was something else; run the bars again from the start`,
    );
  let at = header;
  const parts = Array.from({ length: count }, (_, i) => {
    const part = bytes.slice(at, at + view.getUint32(8 + 4 * i, true));
    at += part.length;
    return part;
  });
  if (at !== bytes.length) throw new Error(`snapshot: expected ${at} bytes, was ${bytes.length}; take another`);
  return parts;
}
