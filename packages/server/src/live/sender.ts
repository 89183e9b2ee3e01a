/** Hands frames to one connection: straight to the socket while it is fed, else into its queue, checked before and never after (M14). */
import { CLOSE, type ServerFrame } from '@wyckoff/contracts';
import type { Connection } from './connection.ts';
import type { LiveCounts } from './counts.ts';
import { encode, type Frame } from './frame.ts';
import { OutQueue, type OutQueueLimits } from './out-queue.ts';
import { PLACE_BYTES, type QueueBooks } from './queue-books.ts';
import type { Roster } from './roster.ts';

/** The socket is fed while less than this waits in it. */
export const FEED_BELOW_BYTES = 64 * 1024;

export interface SenderOptions {
  readonly limits: OutQueueLimits;
  readonly totalBytes: number;
  readonly roster: Roster;
  readonly books: QueueBooks;
  readonly counts: LiveCounts;
  readonly nowMs: () => number;
  /** Number of the newest fact. */
  readonly head: () => number;
  readonly end: (connection: Connection, code: number, reason: string) => void;
  /** A fact is waiting: its age is to be watched. */
  readonly watch: (connection: Connection) => void;
  readonly onDelay: (delayMs: number) => void;
}

export class Sender {
  readonly #o: SenderOptions;

  constructor(options: SenderOptions) {
    this.#o = options;
  }

  deliver(connection: Connection, frame: Frame): void {
    const facts = this.#o.counts.facts;
    if (frame.key === null) facts.offered += 1;
    if (connection.queue !== null) this.feed(connection);
    if (connection.queue === null && connection.transport.bufferedBytes < FEED_BELOW_BYTES) this.send(connection, frame);
    else this.#enqueue(connection, frame);
  }

  /** Empties the queue as far as the socket takes it. */
  feed(connection: Connection): void {
    const queue = connection.queue;
    if (queue === null || connection.stage !== 'live') return;
    const nowMs = this.#o.nowMs();
    while (connection.transport.bufferedBytes < FEED_BELOW_BYTES) {
      const frame = queue.next(nowMs);
      if (frame === undefined) {
        connection.queue = null;
        connection.sentSeq = this.#o.head();
        return;
      }
      this.send(connection, frame);
    }
  }

  send(connection: Connection, frame: Frame): void {
    const { counts } = this.#o;
    if (frame.key === null) {
      connection.sentFacts += 1;
      connection.sentSeq = frame.seq;
      counts.sent.fact += 1;
      counts.facts.sent += 1;
      this.#o.onDelay(this.#o.nowMs() - frame.atMs);
    } else counts.sent.conflated += 1;
    connection.transport.write(frame.bytes);
  }

  /** Small, rare, and never behind a queue. */
  control(connection: Connection, frame: ServerFrame): void {
    if (connection.stage === 'closed') return;
    this.#o.counts.sent.control += 1;
    connection.transport.write(encode(frame));
  }

  /** The connection is gone, and what waited for it with it. */
  discard(connection: Connection): void {
    this.#o.counts.facts.lost += connection.queue?.facts ?? 0;
    connection.queue?.clear();
    connection.queue = null;
  }

  #enqueue(connection: Connection, frame: Frame): void {
    const { limits, books, totalBytes } = this.#o;
    if (books.bytes + frame.bytes.byteLength + PLACE_BYTES > totalBytes) this.#endFullest();
    if (this.#gone(connection, frame)) return;
    const queue = (connection.queue ??= new OutQueue(limits, books));
    const socketBytes = connection.transport.bufferedBytes;
    if (queue.admit({ frame, socketBytes, nowMs: this.#o.nowMs() }) === 'full') {
      this.#o.counts.facts.lost += 1;
      this.#o.end(connection, CLOSE.slowConsumer, 'facts no longer fit the queue');
      return;
    }
    if (frame.key === null) this.#o.watch(connection);
  }

  /** It was the fullest itself. */
  #gone(connection: Connection, frame: Frame): boolean {
    if (connection.stage !== 'closed') return false;
    if (frame.key === null) this.#o.counts.facts.lost += 1;
    return true;
  }

  /** Rare: only when all queues together are full. */
  #endFullest(): void {
    const fullest = this.#o.roster.all().reduce((most, one) => ((one.queue?.bytes ?? 0) > (most.queue?.bytes ?? 0) ? one : most));
    this.#o.end(fullest, CLOSE.slowConsumer, 'all queues together are full');
  }
}
