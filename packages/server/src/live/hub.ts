/** The stream's protocol over any transport: who comes in, what each one wants, what each one gets, and when it has to go. */
import { CLOSE, type ClientOp, type FactRow } from '@wyckoff/contracts';
import type { Scope, Timers } from '@wyckoff/bounded';
import type { ConflatedValue, Desk } from '../session/desk.ts';
import { Connection } from './connection.ts';
import { count, type LiveCounts, newCounts } from './counts.ts';
import { type Frame, factFrame, valueFrame } from './frame.ts';
import { FRAMES_BURST, FRAMES_PER_SECOND, MAX_INCOMING_BYTES, readIncoming } from './incoming.ts';
import type { OutQueueLimits } from './out-queue.ts';
import { Pulse } from './pulse.ts';
import { QueueBooks } from './queue-books.ts';
import { ReplayRings, type ReplayLimits } from './replay-rings.ts';
import { Replayer } from './replayer.ts';
import { planResume } from './resume.ts';
import { Roster } from './roster.ts';
import { Sender } from './sender.ts';
import { type RefusedTopic, Subscriptions } from './subscriptions.ts';
import { factTopics, isConflated, topicBit } from './topic.ts';
import type { Transport } from './transport.ts';

/** What the hub needs of a desk. */
export type Journal = Pick<Desk, 'epoch' | 'seq' | 'factsAfter' | 'latestValues'>;

export interface HubLimits {
  readonly pingMs: number;
  readonly pongMs: number;
  readonly maxConnections: number;
  readonly maxPerUser: number;
  /** Connections that may wait for their hello at one time. */
  readonly maxGreeting: number;
  readonly queue: OutQueueLimits;
  readonly queueTotalBytes: number;
  readonly replay: ReplayLimits;
}

/** Who stands behind a `hello`; null: nobody we know. */
export type Authenticate = (said: { readonly token: string | undefined; readonly fromPage: boolean }) => {
  readonly user: string;
  readonly role: 'viewer' | 'trader' | 'admin';
} | null;

export interface HubOptions {
  readonly journal: Journal;
  readonly scope: Scope;
  readonly timers: Timers;
  readonly limits: HubLimits;
  readonly authenticate: Authenticate;
  readonly contractHash: string;
  /** 0..1, spreads the first pings. */
  readonly random: () => number;
  /** Wall clock, epoch ms. */
  readonly wallMs: () => number;
  /** Runs a replay's next slice after other work had its turn. */
  readonly defer: (run: () => void) => void;
  /** From publication to the transport, per fact, in ms. */
  readonly onDelay?: ((delayMs: number) => void) | undefined;
  readonly onClosed?: ((code: number, reason: string) => void) | undefined;
}

/** The newest facts read back from the journal at start: five rings full. */
const REFILL = 5_000;
const REFILL_PAGE = 2_000;

export class Hub {
  readonly counts: LiveCounts = newCounts();
  readonly #o: HubOptions;
  readonly #roster: Roster;
  readonly #subscriptions = new Subscriptions();
  readonly #books: QueueBooks;
  readonly #rings: ReplayRings;
  readonly #sender: Sender;
  readonly #replayer: Replayer;
  readonly #pulse: Pulse;
  #head: number;
  #nextId = 1;
  #stopping = false;
  #shedding = false;

  constructor(options: HubOptions) {
    const { scope, timers, limits, random, wallMs, defer } = options;
    const { counts } = this;
    const head = (): number => this.#head;
    const end = (connection: Connection, code: number, reason: string): void => this.#end(connection, code, reason);
    this.#o = options;
    // The rings begin with the newest facts of the journal: see `refill`.
    this.#head = Math.max(0, options.journal.seq() - REFILL);
    this.#rings = new ReplayRings({ scope, limits: limits.replay, floor: this.#head });
    this.#roster = new Roster(limits.maxConnections);
    const maxFrames = limits.maxConnections * limits.queue.maxFrames;
    this.#books = new QueueBooks({ maxFrames, maxBytes: limits.queueTotalBytes, droppedByTopic: counts.dropped });
    this.#sender = new Sender({
      limits: limits.queue,
      totalBytes: limits.queueTotalBytes,
      roster: this.#roster,
      books: this.#books,
      counts,
      nowMs: () => timers.now(),
      head,
      end,
      watch: (connection) => this.#pulse.arm(connection),
      onDelay: options.onDelay ?? ((): void => undefined),
    });
    const onLive = (connection: Connection): void => this.#sendLatest(connection, this.#subscriptions.of(connection));
    this.#replayer = new Replayer({ rings: this.#rings, sender: this.#sender, counts, head, defer, onLive });
    const { pingMs, pongMs, queue } = limits;
    // Lines that are closing keep their entry until they have ended.
    const capacity = limits.maxConnections * 2 + limits.maxGreeting;
    this.#pulse = new Pulse({
      scope,
      timers,
      capacity,
      pingMs,
      pongMs,
      maxAgeMs: queue.maxAgeMs,
      sender: this.#sender,
      random,
      wallMs,
      head,
      end,
    });
    for (const member of [this.#roster, this.#books]) scope.adopt(member.name, scope.census.enrol(member));
  }

  /** Connections that are not gone. */
  get size(): number {
    return this.#roster.size;
  }

  get users(): number {
    return this.#roster.users;
  }

  /** Bytes waiting in all queues. */
  get queueBytes(): number {
    return this.#books.bytes;
  }

  get subscriptions(): number {
    return this.#roster.all().reduce((sum, connection) => sum + this.#subscriptions.of(connection).length, 0);
  }

  /** Facts waiting in queues: offered = sent + lost + waiting, at any moment. */
  get waitingFacts(): number {
    return this.#roster.all().reduce((sum, { queue }) => sum + (queue?.facts ?? 0), 0);
  }

  get shedding(): boolean {
    return this.#shedding;
  }

  /** A line is open. The connection may be closed again already when this returns (1013). */
  open(transport: Transport, peer: { readonly fromPage: boolean }): Connection {
    const nowMs = this.#o.timers.now();
    const connection = new Connection(this.#nextId++, transport, { nowMs, burst: FRAMES_BURST, fromPage: peer.fromPage });
    const refusal = this.#refusal();
    this.#roster.add(connection);
    if (refusal === null) this.#pulse.arm(connection);
    else this.#end(connection, refusal.code, refusal.reason);
    return connection;
  }

  /** One frame came in. */
  receive(connection: Connection, data: Buffer | string, isBinary = false): void {
    if (connection.stage === 'closed') return;
    this.seen(connection);
    if (isBinary || data.length > MAX_INCOMING_BYTES || !this.#allowed(connection)) {
      this.#end(connection, CLOSE.protocolAbuse, isBinary ? 'frames are text' : 'frames are too large or too many');
      return;
    }
    const ops = readIncoming(String(data));
    if (ops === null) {
      this.#end(connection, CLOSE.protocolAbuse, 'unreadable frame or unknown op');
      return;
    }
    for (const incoming of ops) {
      if (incoming.kind === 'op') this.#obey(connection, incoming.op);
      else this.#refuse(connection, incoming.op, incoming.sentence);
    }
  }

  /** Anything came from the peer, a pong above all. Sending never counts. */
  seen(connection: Connection): void {
    connection.lastSeenMs = this.#o.timers.now();
  }

  /** The socket's buffer has run low. */
  drained(connection: Connection): void {
    if (connection.stage === 'replaying') this.#replayer.slice(connection);
    else this.#sender.feed(connection);
  }

  /** The line has ended. */
  closed(connection: Connection): void {
    if (connection.stage !== 'closed') this.#leave(connection, 1006, 'the peer left');
    this.#pulse.rest(connection);
  }

  /** Facts were committed: into the rings, then to whom they concern. */
  publishFacts(facts: readonly FactRow[]): void {
    const nowMs = this.#o.timers.now();
    for (const fact of facts) {
      const frame = factFrame(fact, nowMs);
      this.#rings.push(frame);
      this.#head = fact.seq;
      for (const connection of this.#roster.all()) {
        if (connection.stage === 'live' && (connection.topics & frame.bit) !== 0) this.#sender.deliver(connection, frame);
      }
    }
  }

  /** Values changed; those nobody listens to are not even serialised. */
  publishValues(values: readonly ConflatedValue[]): void {
    const nowMs = this.#o.timers.now();
    for (const value of values) {
      const bit = topicBit(value.topic);
      const listeners = bit === 0 ? this.#subscriptions.listeners(value.topic) : this.#roster.all();
      let frame: Frame | null = null;
      for (const connection of listeners) {
        if (connection.stage !== 'live' || (bit !== 0 && (connection.topics & bit) === 0)) continue;
        frame ??= valueFrame(value, nowMs);
        this.#sender.deliver(connection, frame);
      }
    }
  }

  /** Fills the rings from the journal; afterwards `head` is the journal's, with no turn in between to miss a fact in. */
  async refill(): Promise<void> {
    const { journal, timers } = this.#o;
    while (this.#head < journal.seq()) {
      const facts = await journal.factsAfter(this.#head, REFILL_PAGE);
      if (facts.length === 0) return;
      for (const fact of facts) this.#rings.push(factFrame(fact, timers.now()));
      this.#head = facts.at(-1)?.seq ?? this.#head;
    }
  }

  /** Old facts leave the rings. */
  sweep(): void {
    this.#rings.expire(this.#o.timers.now());
  }

  /** While memory is being saved the rings are halved and nobody new is taken in. */
  shed(shedding: boolean): void {
    this.#shedding = shedding;
    this.#rings.shed(shedding);
  }

  /** Everybody is told (1001); lines that do not answer are ended within a second. */
  stop(): void {
    this.#stopping = true;
    for (const connection of this.#roster.all()) this.#end(connection, CLOSE.shutdown, 'the server stops');
  }

  #refusal(): { readonly code: number; readonly reason: string } | null {
    const { maxConnections, maxGreeting } = this.#o.limits;
    if (this.#stopping) return { code: CLOSE.shutdown, reason: 'the server stops' };
    if (this.#shedding) return { code: CLOSE.busy, reason: 'the server is saving memory' };
    if (this.#roster.size >= maxConnections) return { code: CLOSE.busy, reason: `more than ${maxConnections} connections` };
    if (this.#roster.greeting >= maxGreeting)
      return { code: CLOSE.busy, reason: `more than ${maxGreeting} wait for their hello` };
    return null;
  }

  #obey(connection: Connection, op: ClientOp): void {
    // An op before may have ended it.
    if (connection.stage === 'closed') return;
    if ((op.op === 'hello') !== (connection.stage === 'greeting')) {
      this.#end(connection, CLOSE.protocolAbuse, 'hello comes first, and once');
      return;
    }
    if (op.op === 'hello') this.#hello(connection, op);
    else if (op.op === 'subscribe') this.#subscribe(connection, op.topics);
    else {
      for (const topic of op.topics) this.#subscriptions.remove(connection, topic);
      this.#tellTopics(connection, []);
    }
  }

  #hello(connection: Connection, said: Extract<ClientOp, { op: 'hello' }>): void {
    const who = this.#o.authenticate({ token: said.token, fromPage: connection.fromPage });
    if (who === null) {
      this.#end(connection, CLOSE.tokenExpired, 'no valid token');
      return;
    }
    this.#seat(connection, { user: who.user, tab: said.tab });
    const refused = this.#subscriptions.add(connection, said.topics);
    const { epoch } = this.#o.journal;
    const plan = planResume(
      { epoch: said.epoch, lastSeq: said.lastSeq, topics: factTopics(connection.topics) },
      {
        epoch,
        head: this.#head,
        floor: (topic) => this.#rings.floor(topic),
        countAfter: (seq, topics) => this.#rings.countAfter(seq, topics),
      },
    );
    const { user, role } = who;
    const { contractHash, wallMs } = this.#o;
    this.#sender.control(connection, {
      op: 'welcome',
      epoch,
      seq: this.#head,
      user,
      role,
      serverTime: wallMs(),
      contractHash,
      resume: plan.resume,
    });
    if (refused.length > 0) this.#tellTopics(connection, refused);
    if (plan.resync !== null) this.#replayer.resync(connection, plan.resync);
    if (plan.resume === 'REPLAY') this.#replayer.begin(connection, { lastSeq: said.lastSeq ?? 0, positions: plan.positions });
    else this.#sendLatest(connection, this.#subscriptions.of(connection));
  }

  /** The same tab again: the older one goes. Too many of one user: the oldest goes. */
  #seat(connection: Connection, who: { readonly user: string; readonly tab: string }): void {
    for (const other of this.#roster.of(who.user))
      if (other.tab === who.tab) this.#end(other, CLOSE.replaced, 'the same tab connected again');
    const { maxPerUser } = this.#o.limits;
    const others = this.#roster.of(who.user);
    if (others.length >= maxPerUser)
      this.#end(others[0] ?? connection, CLOSE.replaced, `more than ${maxPerUser} connections of one user`);
    connection.user = who.user;
    connection.tab = who.tab;
    connection.stage = 'live';
    connection.sentSeq = this.#head;
    this.#roster.seat(connection);
    this.#pulse.begin(connection);
  }

  #subscribe(connection: Connection, topics: readonly string[]): void {
    const before = this.#subscriptions.of(connection);
    const refused = this.#subscriptions.add(connection, topics);
    this.#replayer.join(connection);
    this.#tellTopics(connection, refused);
    if (connection.stage === 'live') {
      this.#sendLatest(
        connection,
        topics.filter((topic) => !before.includes(topic)),
      );
    }
  }

  #tellTopics(connection: Connection, refused: RefusedTopic[]): void {
    this.#sender.control(connection, { op: 'subscribed', topics: this.#subscriptions.of(connection), refused });
  }

  #refuse(connection: Connection, op: string, sentence: string): void {
    if (connection.stage === 'greeting') this.#end(connection, CLOSE.protocolAbuse, `hello is not valid: ${sentence}`);
    else this.#sender.control(connection, { op: 'problem', code: 'request.invalid', sentence: `${op}: ${sentence}` });
  }

  #sendLatest(connection: Connection, topics: readonly string[]): void {
    const conflated = topics.filter(isConflated);
    if (conflated.length === 0) return;
    const nowMs = this.#o.timers.now();
    for (const value of this.#o.journal.latestValues(conflated)) {
      if (connection.stage === 'live') this.#sender.deliver(connection, valueFrame(value, nowMs));
    }
  }

  #allowed(connection: Connection): boolean {
    const nowMs = this.#o.timers.now();
    const refilled = connection.tokens + ((nowMs - connection.tokensAtMs) / 1000) * FRAMES_PER_SECOND;
    connection.tokens = Math.min(FRAMES_BURST, refilled) - 1;
    connection.tokensAtMs = nowMs;
    return connection.tokens >= 0;
  }

  /** Entry and queue go at once, whatever the transport does; the line itself within a second. */
  #end(connection: Connection, code: number, reason: string): void {
    if (connection.stage === 'closed') return;
    this.#leave(connection, code, reason);
    this.#pulse.terminateSoon(connection);
    try {
      connection.transport.close(code, reason);
    } catch {
      // A line that cannot even be closed is ended at once; its entry is gone already.
      connection.transport.terminate();
    }
  }

  #leave(connection: Connection, code: number, reason: string): void {
    count(this.counts.closed, code);
    this.#roster.remove(connection);
    this.#subscriptions.removeAll(connection);
    this.#sender.discard(connection);
    connection.stage = 'closed';
    connection.cursor = null;
    this.#o.onClosed?.(code, reason);
  }
}
