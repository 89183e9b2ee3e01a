/** The quarantine file: every refused row with its file, line, reason and text, so that nothing refused is lost. */
import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { CsvProblem } from '../../feeds/csv/report.ts';

export class Quarantine implements AsyncDisposable {
  readonly #stream: WriteStream;
  rows = 0;

  private constructor(stream: WriteStream) {
    this.#stream = stream;
  }

  /** Creates or replaces the file; a resumed import goes on with it. @throws when it cannot be written. */
  static async open(path: string, append: boolean): Promise<Quarantine> {
    const stream = createWriteStream(path, { flags: append ? 'a' : 'w' });
    await once(stream, 'open');
    return new Quarantine(stream);
  }

  add(file: string, { line, code, detail, text }: CsvProblem): void {
    this.rows += 1;
    this.#stream.write(`${JSON.stringify({ file, line, code, detail, ...(text !== undefined && { text }) })}\n`);
  }

  /** Waits while the disk is behind. */
  async settled(): Promise<void> {
    if (this.#stream.writableNeedDrain) await once(this.#stream, 'drain');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stream.end();
    await finished(this.#stream);
  }
}
