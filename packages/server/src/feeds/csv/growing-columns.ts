/** Bar columns that grow with the file, and the line each row came from; trimmed and ordered when the file ends. */
import type { BarColumns } from '@wyckoff/domain';

const COLUMN_NAMES = ['time', 'open', 'high', 'low', 'close', 'volume'] as const;
const FIRST_CAPACITY = 4096;
/** Rows above which a file is refused: 2^27 bars are 6.5 GB of columns. */
export const MAX_ROWS = 134_217_728;

export class GrowingColumns {
  time = new Float64Array(FIRST_CAPACITY);
  open = new Float64Array(FIRST_CAPACITY);
  high = new Float64Array(FIRST_CAPACITY);
  low = new Float64Array(FIRST_CAPACITY);
  close = new Float64Array(FIRST_CAPACITY);
  volume = new Float64Array(FIRST_CAPACITY);
  line = new Uint32Array(FIRST_CAPACITY);
  length = 0;

  /** Makes room for one more row; column by column, each old one given back at once and not when a collection comes to it. */
  reserve(): void {
    if (this.length < this.time.length) return;
    const capacity = Math.ceil(this.time.length * (this.time.length < 1e6 ? 2 : 1.5));
    for (const name of COLUMN_NAMES) {
      this[name] = new Float64Array(this[name].buffer.transfer(capacity * Float64Array.BYTES_PER_ELEMENT));
    }
    this.line = new Uint32Array(this.line.buffer.transfer(capacity * Uint32Array.BYTES_PER_ELEMENT));
  }

  /** Do the two rows say the same? */
  equalRows(a: number, b: number): boolean {
    return COLUMN_NAMES.every((name) => this[name][a] === this[name][b]);
  }

  copyRow(from: number, to: number): void {
    for (const name of COLUMN_NAMES) this[name][to] = this[name][from];
    this.line[to] = this.line[from];
  }

  reverse(): void {
    for (const name of COLUMN_NAMES) this[name].subarray(0, this.length).reverse();
    this.line.subarray(0, this.length).reverse();
  }

  /** Row i becomes what row `order[i]` was; one spare column at a time. */
  permute(order: Uint32Array): void {
    for (const name of COLUMN_NAMES) {
      const old = this[name];
      const next = new Float64Array(this.length);
      for (let i = 0; i < this.length; i += 1) next[i] = old[order[i]];
      this[name] = next;
    }
    const lines = new Uint32Array(this.length);
    for (let i = 0; i < this.length; i += 1) lines[i] = this.line[order[i]];
    this.line = lines;
  }

  /** The rows as plain columns; views, nothing is copied. */
  columns(): BarColumns {
    const view = (column: Float64Array): Float64Array => column.subarray(0, this.length);
    return {
      time: view(this.time),
      open: view(this.open),
      high: view(this.high),
      low: view(this.low),
      close: view(this.close),
      volume: view(this.volume),
      length: this.length,
    };
  }
}
