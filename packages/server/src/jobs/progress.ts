/** Progress on stderr and the Ctrl-C of a verb that works for a while. */
import process from 'node:process';

/** At most four lines a second. */
const EVERY_MS = 250;

export class Progress {
  readonly #name: string;
  readonly #shown: boolean;
  readonly #live = process.stderr.isTTY;
  #last = -Infinity;
  #any = false;

  constructor(name: string, shown: boolean) {
    this.#name = name;
    this.#shown = shown;
  }

  /** On a terminal one line that changes; otherwise a line every two seconds. */
  show(done: number, total: number, what: string): void {
    if (!this.#shown) return;
    const now = performance.now();
    if (now - this.#last < (this.#live ? EVERY_MS : 8 * EVERY_MS)) return;
    this.#last = now;
    this.#any = true;
    const share = total > 0 ? ` ${Math.floor((100 * done) / total)} %` : '';
    const text = `${this.#name}: ${done}${total > 0 ? ` of ${total}` : ''} ${what}${share}`;
    process.stderr.write(this.#live ? `\r\u001b[2K${text}` : `${text}\n`);
  }

  done(): void {
    if (this.#any && this.#live) process.stderr.write('\r\u001b[2K');
  }
}

/** A signal that aborts on Ctrl-C or SIGTERM; dispose it to give the signals back. */
export function interruptible(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  // bounded: taken off again by the returned disposable, in the verb that asked for it
  process.once('SIGINT', stop);
  // bounded: as the one above
  process.once('SIGTERM', stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}
