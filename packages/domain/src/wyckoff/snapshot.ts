/** A detector's state as bytes: a header that names version and rules, then every component in a fixed order (9.3). */
import { StateReader, StateWriter } from '../bar/state-io.ts';
import type { Study } from './study.ts';

/** Raised whenever the layout of the state or the meaning of a field changes. */
export const SNAPSHOT_VERSION = 3;
/** A detector's state never needs more, whatever it has seen. */
export const SNAPSHOT_LIMIT_BYTES = 32_768;
const MAGIC = 0x57594b46;
const HEADER_NUMBERS = 4;

/** Two 32-bit FNV-1a hashes of everything that decides what the detector says. */
export function rulesHash(study: Study): readonly [number, number] {
  const text = JSON.stringify([study.pack, study.instrument, study.timeframe]);
  return [fnv1a(text, 0x811c9dc5), fnv1a(text, 0x9dc5811c)];
}

function fnv1a(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}

export function takeSnapshot(study: Study): Uint8Array {
  const writer = new StateWriter(SNAPSHOT_LIMIT_BYTES);
  const [first, second] = rulesHash(study);
  for (const value of [MAGIC, SNAPSHOT_VERSION, first, second]) writer.number(value);
  study.persist(writer);
  return writer.finish();
}

/** Throws a sentence when the bytes are not a snapshot of this version under these rules. */
export function loadSnapshot(study: Study, bytes: Uint8Array): void {
  if (bytes.length < HEADER_NUMBERS * 8)
    throw new Error(`snapshot: expected at least ${HEADER_NUMBERS * 8} bytes, was ${bytes.length}`);
  const reader = new StateReader(bytes);
  const [magic, version, first, second] = Array.from({ length: HEADER_NUMBERS }, () => reader.number());
  if (magic !== MAGIC) throw new Error('snapshot: expected the bytes of a detector, was something else');
  if (version !== SNAPSHOT_VERSION) {
    throw new Error(`snapshot: expected version ${SNAPSHOT_VERSION}, was ${version}; run the bars again from the start`);
  }
  const [ownFirst, ownSecond] = rulesHash(study);
  if (first !== ownFirst || second !== ownSecond) {
    throw new Error(
      'snapshot: expected the same instrument, timeframe and rules, was another; restore with those it was taken with',
    );
  }
  study.persist(reader);
  if (!reader.finished) throw new Error('snapshot: expected no more bytes, was longer; it belongs to another build');
}
