/** The fingerprint of bars, whatever the pages they come in: SHA-256 over the SHA-256 of each column (little-endian doubles). */
import type { BarColumns } from '@wyckoff/domain';
import { createHash, type Hash } from 'node:crypto';

const COLUMNS = ['time', 'open', 'high', 'low', 'close', 'volume'] as const;

export class Fingerprint {
  readonly #hashes: readonly Hash[] = COLUMNS.map(() => createHash('sha256'));

  add(columns: BarColumns): this {
    for (const [i, name] of COLUMNS.entries()) {
      const column = columns[name];
      this.#hashes[i].update(new Uint8Array(column.buffer, column.byteOffset, columns.length * 8));
    }
    return this;
  }

  /** Ends it. */
  digest(): Buffer {
    const whole = createHash('sha256');
    for (const hash of this.#hashes) whole.update(hash.digest());
    return whole.digest();
  }
}
