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
    for (let from = 0; from < columns.length; from += BLOCK_ROWS) this.#rows(columns, from, Math.min(columns.length, from + BLOCK_ROWS));
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

/** Characters gathered before the hash function is called: the call costs more than the text. */
const BATCH_CHARS = 32_768;

/** Feeds what a run said, fact by fact and trade by trade. */
export class FactLog {
  readonly #hasher: Hasher;
  #waiting = '';

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
    this.#hasher.update(this.#waiting);
    this.#waiting = '';
    return this.#hasher.digest();
  }

  #add(line: string): void {
    this.#waiting += line;
    this.#waiting += '\n';
    if (this.#waiting.length < BATCH_CHARS) return;
    this.#hasher.update(this.#waiting);
    this.#waiting = '';
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
