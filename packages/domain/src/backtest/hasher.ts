/** Hashes of a run: what went in and what came out, by a hash function from outside (the domain has no fast one). */
import type { BarColumns } from '../bar/columns.ts';
import type { Fact } from '../engine/fact.ts';
import type { Signal } from '../setup/signal.ts';
import type { Trade } from '../trade/trade.ts';
import { EVENT_KINDS, EVENT_STATUSES, PHASES } from '../wyckoff/event.ts';
import type { DetectionEvent } from '../wyckoff/event.ts';

/** Such as SHA-256 of the platform. */
export interface Hasher {
  update(data: string | Uint8Array): void;
  /** Hexadecimal; called once. */
  digest(): string;
}

/** Six doubles. */
const ROW_BYTES = 48;
const BLOCK_ROWS = 1_024;

/** Feeds bars as little-endian doubles, row by row: time, open, high, low, close, volume. Chunking changes nothing. */
export class BarHash {
  readonly #hasher: Hasher;
  readonly #block = new DataView(new ArrayBuffer(BLOCK_ROWS * ROW_BYTES));

  constructor(hasher: Hasher) {
    this.#hasher = hasher;
  }

  next(columns: BarColumns): void {
    for (let from = 0; from < columns.length; from += BLOCK_ROWS)
      this.#rows(columns, from, Math.min(columns.length, from + BLOCK_ROWS));
  }

  digest(): string {
    return this.#hasher.digest();
  }

  #rows(columns: BarColumns, from: number, to: number): void {
    const { time, open, high, low, close, volume } = columns;
    this.#field(time, from, { to, at: 0 });
    this.#field(open, from, { to, at: 8 });
    this.#field(high, from, { to, at: 16 });
    this.#field(low, from, { to, at: 24 });
    this.#field(close, from, { to, at: 32 });
    this.#field(volume, from, { to, at: 40 });
    this.#hasher.update(new Uint8Array(this.#block.buffer, 0, (to - from) * ROW_BYTES));
  }

  /** One column into its place of every row. */
  #field(values: Float64Array, from: number, of: { readonly to: number; readonly at: number }): void {
    const block = this.#block;
    let offset = of.at;
    for (let row = from; row < of.to; row += 1) {
      block.setFloat64(offset, values[row], true);
      offset += ROW_BYTES;
    }
  }
}

const LOG_BYTES = 65_536;
const NEWLINE = 10;
const WIDE = 255;
const RECORD_BYTES = 16 * 8;

/** Feeds what a run said, fact by fact and trade by trade, through one buffer: gathered strings would live long enough to grow the heap. */
export class FactLog {
  readonly #hasher: Hasher;
  readonly #bytes = new Uint8Array(LOG_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  #size = 0;

  constructor(hasher: Hasher) {
    this.#hasher = hasher;
  }

  fact(fact: Fact): void {
    if (fact.kind === 'event.changed') this.#record(fact.data.event);
    else if (fact.kind === 'signal.created' && fact.data.status === 'REJECTED') this.#add(refusedLine(fact.data));
    else this.#add(JSON.stringify(fact));
  }

  trade(trade: Trade): void {
    this.#add(JSON.stringify(trade));
  }

  digest(): string {
    this.#flush();
    return this.#hasher.digest();
  }

  /** What decides about a record, as doubles: as text, its numbers would cost more to write than the record to find. */
  #record(e: DetectionEvent): void {
    if (this.#size > LOG_BYTES - RECORD_BYTES) this.#flush();
    const phase = e.phase === null ? -1 : PHASES.indexOf(e.phase);
    this.#numbers(e.rangeId, EVENT_KINDS.indexOf(e.kind), EVENT_STATUSES.indexOf(e.status), e.hypothesis);
    this.#numbers(e.eventBar, e.confirmBar, e.price, e.volRatio ?? -1);
    this.#numbers(e.score ?? -1, e.confidence ?? -1, phase, e.phaseConfidence);
    this.#numbers(e.rangeQuality, e.levelStrength, e.tradeable ? 1 : 0, e.reasons.length);
  }

  #numbers(a: number, b: number, c: number, d: number): void {
    this.#view.setFloat64(this.#size, a, true);
    this.#view.setFloat64(this.#size + 8, b, true);
    this.#view.setFloat64(this.#size + 16, c, true);
    this.#view.setFloat64(this.#size + 24, d, true);
    this.#size += 32;
  }

  /** One byte per ASCII character, three for any other. */
  #add(line: string): void {
    for (let i = 0; i < line.length; i += 1) {
      if (this.#size > LOG_BYTES - 4) this.#flush();
      const code = line.charCodeAt(i);
      if (code < 128) this.#bytes[this.#size++] = code;
      else {
        this.#bytes[this.#size++] = WIDE;
        this.#bytes[this.#size++] = code >> 8;
        this.#bytes[this.#size++] = code & 255;
      }
    }
    this.#bytes[this.#size++] = NEWLINE;
  }

  #flush(): void {
    this.#hasher.update(this.#bytes.subarray(0, this.#size));
    this.#size = 0;
  }
}

/** Most signals are refused: what they were, what they planned, and the rule that ended them. */
function refusedLine(signal: Signal): string {
  const { id, eventId, pattern, rejectCode, entryPrice, stopPrice, rMultiple, chain } = signal;
  return `${id} ${eventId} ${pattern} ${rejectCode ?? ''} ${entryPrice} ${stopPrice} ${rMultiple ?? ''} ${chain.length}`;
}

/** A 32-bit running hash (FNV-1a) of facts and equity, cheap enough for every bar of a look-ahead check. */
export class FactHash {
  value = 0x811c9dc5 | 0;

  text(data: string): void {
    let h = this.value;
    for (let i = 0; i < data.length; i += 1) h = Math.imul(h ^ data.charCodeAt(i), 0x01000193);
    this.value = h;
  }

  /** An integer up to 2^53. */
  integer(n: number): void {
    this.value = Math.imul(this.value ^ (n | 0), 0x01000193);
    this.value = Math.imul(this.value ^ Math.floor(n / 2 ** 32), 0x01000193);
  }
}
