/** What waits for one slow connection: facts in order, values by key, bounded in bytes, frames and age (M14, interface.md 3.3). */
import type { DropReason } from '@wyckoff/bounded';
import { type BarPlace, type Frame, gapFrame } from './frame.ts';
import type { QueueBooks } from './queue-books.ts';

export interface OutQueueLimits {
  readonly maxBytes: number;
  readonly maxFrames: number;
  readonly maxAgeMs: number;
}

/** What became of a frame: `full` means that a fact did not fit, and the connection has to go. */
export type Admission = 'queued' | 'replaced' | 'dropped' | 'full';

export interface Admitting {
  readonly frame: Frame;
  /** Bytes already in the socket: they count against the bound. */
  readonly socketBytes: number;
  readonly nowMs: number;
}

interface Waiting {
  readonly frame: Frame;
  readonly order: number;
}

/**
 * Made when a connection becomes slow and let go when it has caught up. Not a `BoundedQueue`: values and facts share the bounds but
 * leave by different rules, and the census counts all of them as one line (`server.ws.queues`).
 */
export class OutQueue {
  readonly #limits: OutQueueLimits;
  readonly #books: QueueBooks;
  // bounded: both together hold at most `maxFrames` frames and `maxBytes` bytes, checked before a frame is taken in.
  readonly #facts: Waiting[] = [];
  readonly #values = new Map<string, Waiting>();
  // bounded: one per series the connection is subscribed to, at most 10.
  readonly #gaps = new Map<string, BarPlace>();
  /** Facts at the front of the list that have left already. */
  #left = 0;
  #bytes = 0;
  #order = 0;

  constructor(limits: OutQueueLimits, books: QueueBooks) {
    this.#limits = limits;
    this.#books = books;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Frames waiting, notes about left-out bars apart. */
  get size(): number {
    return this.facts + this.#values.size;
  }

  /** Facts waiting. */
  get facts(): number {
    return this.#facts.length - this.#left;
  }

  /** When the oldest waiting fact was published; null without one. */
  get oldestFactMs(): number | null {
    return this.#facts[this.#left]?.frame.atMs ?? null;
  }

  /** Checked before the frame is taken in: values make room, oldest first; a fact that does not fit even then is `full`. */
  admit({ frame, socketBytes, nowMs }: Admitting): Admission {
    const oldestMs = this.oldestFactMs;
    if (oldestMs !== null && nowMs - oldestMs >= this.#limits.maxAgeMs) return this.#refuse(frame);
    const replaced = frame.key !== null && this.#values.has(frame.key);
    if (replaced) this.#dropValue(frame.key ?? '', 'replaced');
    this.#dropOldValues(nowMs);
    if (!this.#makeRoom(frame, socketBytes)) return this.#refuse(frame);
    this.#order += 1;
    this.#bytes += frame.bytes.byteLength;
    this.#books.accept(frame);
    if (frame.key === null)
      this.#facts.push({ frame, order: this.#order }); // bounded: see the field
    else this.#values.set(frame.key, { frame, order: this.#order }); // bounded: see the field
    return replaced ? 'replaced' : 'queued';
  }

  /** The next frame in order of arrival; notes about left-out bars go first. */
  next(nowMs: number): Frame | undefined {
    for (const [topic, place] of this.#gaps) {
      this.#gaps.delete(topic);
      return gapFrame(place, nowMs);
    }
    const fact = this.#facts[this.#left];
    const value = first(this.#values);
    if (value !== undefined && (fact === undefined || value.order < fact.order)) {
      this.#takeValue(value.frame.key ?? '');
      this.#books.deliver(value.frame);
      return value.frame;
    }
    if (fact === undefined) return undefined;
    this.#bytes -= fact.frame.bytes.byteLength;
    this.#books.deliver(fact.frame);
    this.#left += 1;
    this.#compact();
    return fact.frame;
  }

  /** Values of a topic the connection no longer wants. */
  forget(topic: string): void {
    this.#gaps.delete(topic);
    for (const [key, { frame }] of this.#values) if (frame.topic === topic) this.#dropValue(key, 'removed');
  }

  /** The connection is gone. */
  clear(): void {
    for (const key of this.#values.keys()) this.#dropValue(key, 'disposed');
    for (const { frame } of this.#facts.splice(this.#left)) this.#books.drop(frame, 'disposed');
    this.#facts.length = this.#left = this.#bytes = 0;
    this.#gaps.clear();
  }

  /** Lets sent facts go without moving the rest each time: at most half of the places are empty ones. */
  #compact(): void {
    if (this.#left * 2 < this.#facts.length) return;
    this.#facts.splice(0, this.#left);
    this.#left = 0;
  }

  #refuse(frame: Frame): Admission {
    this.#books.refuse(frame);
    if (frame.key === null) return 'full';
    this.#noteGap(frame);
    return 'dropped';
  }

  #makeRoom(frame: Frame, socketBytes: number): boolean {
    const { maxBytes, maxFrames } = this.#limits;
    const fits = (): boolean => this.#bytes + socketBytes + frame.bytes.byteLength <= maxBytes && this.size < maxFrames;
    while (!fits()) {
      const oldest = first(this.#values);
      if (oldest === undefined) return false;
      this.#dropValue(oldest.frame.key ?? '', 'oldest');
      this.#noteGap(oldest.frame);
    }
    return true;
  }

  #dropOldValues(nowMs: number): void {
    for (;;) {
      const oldest = first(this.#values);
      if (oldest === undefined || nowMs - oldest.frame.atMs < this.#limits.maxAgeMs) return;
      this.#dropValue(oldest.frame.key ?? '', 'expired');
      this.#noteGap(oldest.frame);
    }
  }

  #dropValue(key: string, reason: DropReason): void {
    const waiting = this.#takeValue(key);
    if (waiting !== undefined) this.#books.drop(waiting.frame, reason);
  }

  #takeValue(key: string): Waiting | undefined {
    const waiting = this.#values.get(key);
    if (waiting === undefined) return undefined;
    this.#values.delete(key);
    this.#bytes -= waiting.frame.bytes.byteLength;
    return waiting;
  }

  #noteGap({ bar }: Frame): void {
    if (bar === null) return;
    const known = this.#gaps.get(bar.topic);
    if (known === undefined || known.openTs > bar.openTs) this.#gaps.set(bar.topic, bar);
  }
}

/** The entry that was put in first: a Map walks in that order, and a replaced value goes to the end. */
function first<T>(map: ReadonlyMap<string, T>): T | undefined {
  for (const entry of map.values()) return entry;
  return undefined;
}
