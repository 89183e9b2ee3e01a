/** The bytes of a file, or of standard input, piece by piece. */
import { open } from 'node:fs/promises';
import process from 'node:process';

const CHUNK_BYTES = 1_048_576;

/** Each piece is valid until the next is asked for. */
export async function* byteChunks(path: string): AsyncGenerator<Uint8Array, void> {
  if (path === '-') {
    for await (const chunk of process.stdin) yield chunk as Uint8Array;
    return;
  }
  const file = await open(path, 'r');
  try {
    const chunk = new Uint8Array(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) return;
      yield chunk.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** What was looked at before of something that can be read only once, and then the rest of it. */
export class Reread {
  readonly #source: AsyncGenerator<Uint8Array, void>;
  readonly #seen: Uint8Array[] = []; // bounded: a piece, and what came with it

  constructor(source: AsyncGenerator<Uint8Array, void>) {
    this.#source = source;
  }

  async *ahead(): AsyncGenerator<Uint8Array, void> {
    for (let bytes = 0; bytes < CHUNK_BYTES;) {
      const { value, done } = await this.#source.next();
      if (done === true) return;
      bytes += value.length;
      this.#seen.push(value.slice());
      yield value;
    }
  }

  async *all(): AsyncGenerator<Uint8Array, void> {
    yield* this.#seen.splice(0);
    yield* this.#source;
  }
}
