/** Standard output that survives its reader: `wyckoff detect ... | head` ends quietly when head has seen enough. */
import process from 'node:process';
import { EXIT } from './exit-codes.ts';

/** Bytes gathered before they are written. */
const FLUSH_AT = 65_536;

export class Output {
  #text = '';
  #closed = false;

  constructor() {
    // bounded: one listener per process, for as long as its stream lives.
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      this.#closed = true;
      if (error.code === 'EPIPE') return;
      // What is missing cannot be told on stdout, and a result cut short must not look complete.
      tell(`wyckoff: The output cannot be written: ${error.message}. Free space, or write it elsewhere.`);
      process.exit(EXIT.failed);
    });
  }

  /** True once nobody reads any more: what is still to come may be left undone. */
  get closed(): boolean {
    return this.#closed;
  }

  line(text: string): void {
    if (this.#closed) return;
    this.#text += `${text}\n`;
    if (this.#text.length >= FLUSH_AT) this.flush();
  }

  json(value: unknown): void {
    this.line(JSON.stringify(value));
  }

  flush(): void {
    if (this.#text === '' || this.#closed) return;
    process.stdout.write(this.#text);
    this.#text = '';
  }
}

/** One line on stderr. */
export function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}
