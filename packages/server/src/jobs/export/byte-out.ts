/** Text gathered as bytes into pieces of one size: numbers go digit by digit, no string is made of them (M5). What went wrong with the stream is thrown at the next piece. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';

const PIECE_BYTES = 65_536;
const [ZERO, POINT, MINUS] = [48, 46, 45];
/** Decimals that are written digit by digit; a number with more is written as the language does. */
const POWERS = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8] as const;
/** Below it the shortest decimal of so many places is the only one. */
const MOST_EXACT = 1e15;
const DAY_MS = 86_400_000;

export class ByteOut {
  readonly #out: Writable;
  #bytes = Buffer.allocUnsafe(PIECE_BYTES);
  #length = 0;
  #failure: Error | null = null;
  #day = NaN;
  #dayText = '';

  constructor(out: Writable) {
    this.#out = out;
    // bounded: one listener of a stream that ends with the verb.
    out.on('error', (error: Error) => {
      this.#failure = error;
    });
  }

  /** Whether so many bytes still fit into the piece: flush first where they do not. */
  fits(bytes: number): boolean {
    return this.#length + bytes <= PIECE_BYTES;
  }

  /** Letters of ASCII only. */
  add(text: string): void {
    this.#length += this.#bytes.write(text, this.#length, 'latin1');
  }

  /**
   * A number of a column, as `String` writes it: with the fewest decimals that read back as the same number. It comes with its column
   * because a number that crosses a call may be put into an object.
   */
  addNumber(column: Float64Array, row: number): void {
    const value = column[row];
    const size = Math.abs(value);
    for (let decimals = 0; decimals < POWERS.length; decimals += 1) {
      const whole = Math.round(size * POWERS[decimals]);
      if (!(whole < MOST_EXACT)) break;
      if (whole / POWERS[decimals] !== size) continue;
      // Smaller ones are written with an exponent.
      if (whole !== 0 && size < 1e-6) break;
      if (value < 0) this.#bytes[this.#length++] = MINUS;
      this.#digits(whole, decimals);
      return;
    }
    this.add(String(value));
  }

  /** An instant of a column as ISO text with milliseconds. */
  addTime(column: Float64Array, row: number): void {
    const time = column[row];
    const day = Math.floor(time / DAY_MS);
    if (day !== this.#day) {
      this.#day = day;
      this.#dayText = new Date(day * DAY_MS).toISOString().slice(0, -13);
    }
    this.add(this.#dayText);
    const ms = time - day * DAY_MS;
    this.#two(Math.floor(ms / 3_600_000), 58);
    this.#two(Math.floor(ms / 60_000) % 60, 58);
    this.#two(Math.floor(ms / 1000) % 60, POINT);
    const rest = ms % 1000;
    this.#bytes[this.#length++] = ZERO + Math.floor(rest / 100);
    this.#two(rest % 100, 90);
  }

  #two(value: number, then: number): void {
    this.#bytes[this.#length++] = ZERO + Math.floor(value / 10);
    this.#bytes[this.#length++] = ZERO + (value % 10);
    this.#bytes[this.#length++] = then;
  }

  /** From the last digit to the first, behind the place they take. */
  #digits(whole: number, decimals: number): void {
    let places = 1;
    for (let rest = whole; rest >= 10; rest = Math.floor(rest / 10)) places += 1;
    if (places <= decimals) places = decimals + 1;
    let at = this.#length + places + (decimals > 0 ? 1 : 0);
    this.#length = at;
    let rest = whole;
    for (let place = 0; place < places; place += 1) {
      if (place === decimals && decimals > 0) this.#bytes[--at] = POINT;
      const tens = Math.floor(rest / 10);
      this.#bytes[--at] = ZERO + (rest - tens * 10);
      rest = tens;
    }
  }

  /** Waits while the reader is behind. */
  async flush(): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    if (this.#length === 0) return;
    const piece = this.#bytes.subarray(0, this.#length);
    // The stream keeps it until it is written.
    this.#bytes = Buffer.allocUnsafe(PIECE_BYTES);
    this.#length = 0;
    if (!this.#out.write(piece)) await once(this.#out, 'drain');
  }
}
