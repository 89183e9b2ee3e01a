/** Replays what a client missed: a cursor over the rings, 64 frames at a time while the socket takes them, then live (interface.md 3.3). */
import { FACT_TOPICS, type FactTopic, type ServerFrame } from '@wyckoff/contracts';
import type { Connection, Cursor } from './connection.ts';
import { count, type LiveCounts } from './counts.ts';
import type { ReplayRings } from './replay-rings.ts';
import { FEED_BELOW_BYTES, type Sender } from './sender.ts';

const SLICE = 64;

export interface ReplayerOptions {
  readonly rings: ReplayRings;
  readonly sender: Sender;
  readonly counts: LiveCounts;
  readonly head: () => number;
  /** Runs the next slice after other work had its turn. */
  readonly defer: (run: () => void) => void;
  /** It has caught up: the latest values go out. */
  readonly onLive: (connection: Connection) => void;
}

export class Replayer {
  readonly #o: ReplayerOptions;

  constructor(options: ReplayerOptions) {
    this.#o = options;
  }

  begin(connection: Connection, from: { readonly lastSeq: number; readonly positions: readonly number[] }): void {
    connection.stage = 'replaying';
    connection.cursor = { positions: [...from.positions], from: from.lastSeq + 1, count: 0 };
    connection.sentSeq = from.lastSeq;
    this.slice(connection);
  }

  /** Fact topics that were added meanwhile go on from here; their past is in the snapshot. */
  join(connection: Connection): void {
    const cursor = connection.cursor;
    cursor?.positions.forEach((position, place) => {
      if (position < 0 && (connection.topics & (1 << place)) !== 0) cursor.positions[place] = this.#o.head();
    });
  }

  /** A replaying connection holds no queue, so being slow costs nothing but its turn. */
  slice(connection: Connection): void {
    const cursor = connection.cursor;
    if (connection.stage !== 'replaying' || cursor === null) return;
    this.#giveUpOverrun(connection, cursor);
    for (let sent = 0; sent < SLICE; sent += 1) {
      if (connection.transport.bufferedBytes >= FEED_BELOW_BYTES) return;
      const frame = this.#o.rings.next(cursor.positions);
      if (frame === undefined) {
        this.#turnLive(connection, cursor);
        return;
      }
      cursor.positions[FACT_TOPICS.indexOf(frame.topic)] = frame.seq;
      cursor.count += 1;
      this.#o.counts.replayed += 1;
      this.#o.counts.facts.offered += 1;
      this.#o.sender.send(connection, frame);
    }
    this.#o.defer(() => this.slice(connection));
  }

  resync(connection: Connection, resync: Omit<Extract<ServerFrame, { op: 'resync' }>, 'op'>): void {
    count(this.#o.counts.resyncs, resync.reason);
    this.#o.sender.control(connection, { op: 'resync', ...resync });
  }

  /** Topics whose ring has let go of what this client has not read yet: from here on, after a snapshot. */
  #giveUpOverrun(connection: Connection, cursor: Cursor): void {
    const overrun = FACT_TOPICS.filter((topic, place) =>
      this.#isOverrun(topic, { position: cursor.positions[place] ?? -1, connection }),
    );
    if (overrun.length === 0) return;
    for (const topic of overrun) cursor.positions[FACT_TOPICS.indexOf(topic)] = this.#o.head();
    this.resync(connection, { topics: overrun, reason: 'OVERRUN' });
  }

  /** All topics are merged by number, so what was sent of one says that nothing of another is missing below it. */
  #isOverrun(
    topic: FactTopic,
    { position, connection }: { readonly position: number; readonly connection: Connection },
  ): boolean {
    return position >= 0 && this.#o.rings.floor(topic) > Math.max(position, connection.sentSeq);
  }

  #turnLive(connection: Connection, cursor: Cursor): void {
    const head = this.#o.head();
    connection.cursor = null;
    connection.stage = 'live';
    connection.sentSeq = head;
    this.#o.sender.control(connection, { op: 'replayed', from: cursor.from, to: head, count: cursor.count });
    this.#o.onLive(connection);
  }
}
