/** Hashes of a run: what went in and what came out, by a hash function from outside (the domain has no fast one). */
import type { BarColumns } from '../bar/columns.ts';
import type { Fact } from '../engine/fact.ts';
import type { Trade } from '../trade/trade.ts';
import type { DetectionEvent } from '../wyckoff/event.ts';

/** Such as SHA-256 of the platform. */
export interface Hasher {
  update(data: string | Uint8Array): void;
  /** Hexadecimal; called once. */
  digest(): string;
}

const FIELDS = 6;
const BLOCK_ROWS = 1_024;

/** Feeds bars as little-endian doubles, row by row: time, open, high, low, close, volume. Chunking changes nothing. */
export class BarHash {
  readonly #hasher: Hasher;
  readonly #block = new DataView(new ArrayBuffer(BLOCK_ROWS * FIELDS * 8));

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
    const fields = [columns.time, columns.open, columns.high, columns.low, columns.close, columns.volume];
    let offset = 0;
    for (let row = from; row < to; row += 1) {
      for (const field of fields) {
        this.#block.setFloat64(offset, field[row], true);
        offset += 8;
      }
    }
    this.#hasher.update(new Uint8Array(this.#block.buffer, 0, offset));
  }
}

const LOG_BYTES = 65_536;
const NEWLINE = 10;
const WIDE = 255;

/** Feeds what a run said, fact by fact and trade by trade, through one buffer: gathered strings would live long enough to grow the heap. */
export class FactLog {
  readonly #hasher: Hasher;
  readonly #bytes = new Uint8Array(LOG_BYTES);
  #size = 0;

  constructor(hasher: Hasher) {
    this.#hasher = hasher;
  }

  fact(fact: Fact): void {
    this.#add(fact.kind === 'event.changed' ? recordLine(fact.data.event) : JSON.stringify(fact));
  }

  trade(trade: Trade): void {
    this.#add(JSON.stringify(trade));
  }

  digest(): string {
    this.#flush();
    return this.#hasher.digest();
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

/** What decides about a record: formatting all of its numbers would cost more than finding it. */
function recordLine(e: DetectionEvent): string {
  return `${e.id} ${e.status} ${e.confirmBar} ${e.price} ${e.volRatio} ${e.score} ${e.confidence} ${e.phase} ${e.phaseConfidence} ${e.rangeQuality} ${e.levelStrength} ${e.tradeable}`;
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
