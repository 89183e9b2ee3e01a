/** For tests: lines in memory with slow, stuck and vanishing readers, a journal of facts, and clients that check what they are told. */
import { Census, Scope } from '@wyckoff/bounded';
import { VirtualClock } from '@wyckoff/bounded/leak-kit';
import { FACT_TOPIC, FACT_TOPICS, type FactRow, type FactTopic, type ServerFrame } from '@wyckoff/contracts';
import type { ConflatedValue } from '../session/desk.ts';
import type { Connection } from './connection.ts';
import { Hub, type HubLimits, type Journal } from './hub.ts';
import type { Transport } from './transport.ts';

export const LIMITS: HubLimits = {
  pingMs: 15_000,
  pongMs: 10_000,
  maxConnections: 1_000,
  maxPerUser: 5,
  maxGreeting: 100,
  queue: { maxBytes: 256 * 1024, maxFrames: 1_024, maxAgeMs: 5_000 },
  queueTotalBytes: 16 * 1024 * 1024,
  replay: { maxEvents: 1_000, maxBytes: 1024 * 1024, maxAgeMs: 15 * 60_000 },
};

const TYPES: Readonly<Record<FactTopic, FactRow['type']>> = {
  analysis: 'event.changed',
  signals: 'signal.changed',
  orders: 'order.changed',
  positions: 'position.changed',
  risk: 'risk.limit',
  campaigns: 'campaign.changed',
  trading: 'trading.changed',
  notifications: 'notification.created',
  settings: 'settings.changed',
};

/** A journal in memory; `epoch` may be replaced, as a restored store would. */
export class TestJournal implements Journal {
  epoch = 'epoch-1';
  facts: FactRow[] = [];
  values: ConflatedValue[] = [];

  seq(): number {
    return this.facts.length;
  }

  commit(topic: FactTopic, pad = 0): FactRow {
    const seq = this.facts.length + 1;
    const fact = {
      seq,
      at: seq,
      type: TYPES[topic],
      data: { id: `entity-${seq % 7}`, version: seq, pad: 'x'.repeat(pad) },
    } as unknown as FactRow;
    this.facts.push(fact);
    return fact;
  }

  factsAfter(seq: number, limit: number): Promise<readonly FactRow[]> {
    return Promise.resolve(this.facts.slice(seq, seq + limit));
  }

  latestValues(topics: readonly string[]): readonly ConflatedValue[] {
    return this.values.filter((value) => topics.includes(value.topic));
  }

  /** Numbers of the facts of a topic. */
  numbers(topic: FactTopic): number[] {
    return this.facts.filter((fact) => FACT_TOPIC[fact.type] === topic).map((fact) => fact.seq);
  }
}

export interface BenchOptions {
  readonly limits?: Partial<HubLimits>;
  readonly journal?: TestJournal;
  readonly hub?: typeof Hub;
}

/** A hub on a virtual clock. */
export class Bench {
  readonly clock = new VirtualClock();
  readonly census = new Census();
  readonly scope = new Scope({ name: 'server', census: this.census, timers: this.clock });
  readonly journal: TestJournal;
  readonly closes: [code: number, reason: string][] = [];
  readonly hub: Hub;

  constructor(options: BenchOptions = {}) {
    this.journal = options.journal ?? new TestJournal();
    const HubClass = options.hub ?? Hub;
    this.hub = new HubClass({
      journal: this.journal,
      scope: this.scope,
      timers: this.clock,
      limits: { ...LIMITS, ...options.limits },
      authenticate: ({ token }) => (token === 'bad' ? null : { user: token ?? 'local', role: 'admin' }),
      contractHash: 'test',
      random: () => 0.5,
      wallMs: () => this.clock.now(),
      defer: (run) => void this.clock.after(0, run),
      onClosed: (code, reason) => this.closes.push([code, reason]),
    });
  }

  publish(topic: FactTopic, pad = 0): void {
    this.hub.publishFacts([this.journal.commit(topic, pad)]);
  }

  bar(ts: number, close = 1): void {
    this.hub.publishValues([barValue(ts, close)]);
  }

  async end(): Promise<void> {
    // Slices of replays that are still to come find nothing to do.
    this.clock.advance(0);
    await this.scope.dispose();
  }
}

export const BARS = 'bars:SPX:1d';

export function barValue(ts: number, close: number): ConflatedValue {
  const data = { symbol: 'SPX', timeframe: '1d', ts, o: 1, h: 2, l: 1, c: close, v: 1 } as const;
  return { topic: BARS, key: `SPX|1d|${ts}`, ts, type: 'bar.closed', data };
}

type Told =
  | { readonly kind: 'frame'; readonly bytes: Uint8Array }
  | { readonly kind: 'ping' }
  | { readonly kind: 'close'; readonly code: number };

/** Server to client in memory. What the client has not taken counts as buffered, as in a socket whose kernel buffers are full. */
export class Line implements Transport {
  readonly #hub: Hub;
  readonly inbox: Told[] = [];
  connection: Connection | null = null;
  bufferedBytes = 0;
  /** A reader that takes nothing; the line stays open. */
  paused = false;
  /** Accepts every write at once and never answers: a half-open peer behind large kernel buffers. */
  blackHole = false;
  terminated = false;
  closeCode: number | null = null;
  #full = false;

  constructor(hub: Hub) {
    this.#hub = hub;
    this.connection = hub.open(this, { fromPage: true });
  }

  write(bytes: Uint8Array): void {
    if (this.terminated || this.blackHole) return;
    this.inbox.push({ kind: 'frame', bytes });
    this.bufferedBytes += bytes.byteLength;
    if (this.bufferedBytes > 16 * 1024) this.#full = true;
  }

  ping(): void {
    if (!this.blackHole) this.inbox.push({ kind: 'ping' });
  }

  close(code: number): void {
    this.closeCode ??= code;
    if (!this.blackHole) this.inbox.push({ kind: 'close', code });
  }

  terminate(): void {
    if (this.terminated) return;
    this.terminated = true;
    if (this.connection !== null) this.#hub.closed(this.connection);
  }

  say(op: unknown): void {
    if (this.connection !== null) this.#hub.receive(this.connection, typeof op === 'string' ? op : JSON.stringify(op));
  }

  /** Takes up to so many messages; answers pings; hands frames over. */
  read(most: number, onFrame: (frame: ServerFrame) => void): number | null {
    for (let taken = 0; taken < most && !this.paused; taken += 1) {
      const told = this.inbox.shift();
      if (told === undefined) break;
      if (told.kind === 'close') {
        this.terminate();
        return told.code;
      }
      if (told.kind === 'ping') {
        if (this.connection !== null) this.#hub.seen(this.connection);
        continue;
      }
      this.bufferedBytes -= told.bytes.byteLength;
      onFrame(JSON.parse(Buffer.from(told.bytes).toString()) as ServerFrame);
      if (this.bufferedBytes === 0 && this.#full) {
        this.#full = false;
        if (this.connection !== null) this.#hub.drained(this.connection);
      }
    }
    return null;
  }
}

/** Says hello, reads everything at once, keeps the frames. */
export class Listener {
  readonly line: Line;
  readonly frames: ServerFrame[] = [];

  constructor(bench: Bench, hello: Readonly<Record<string, unknown>> = {}) {
    this.line = new Line(bench.hub);
    this.line.say({
      op: 'hello',
      v: 1,
      epoch: null,
      lastSeq: null,
      topics: ['signals'],
      tab: `tab-${Math.random().toString(36).slice(2)}0000`,
      ...hello,
    });
  }

  /** Everything that waits. */
  read(): this {
    this.line.read(Infinity, (frame) => this.frames.push(frame));
    return this;
  }

  get ops(): string[] {
    return this.frames.map((frame) => frame.op);
  }

  /** Numbers of the facts received. */
  get seqs(): number[] {
    return this.frames.flatMap((frame) => (frame.op === 'event' && frame.seq !== undefined ? [frame.seq] : []));
  }

  of<O extends ServerFrame['op']>(op: O): Extract<ServerFrame, { op: O }>[] {
    return this.frames.filter((frame): frame is Extract<ServerFrame, { op: O }> => frame.op === op);
  }
}

/** A replica that believes nothing: every fact must be the very next one of its topic. */
export class Replica {
  readonly violations: string[] = [];
  readonly topics: readonly FactTopic[];
  line: Line | null = null;
  epoch: string | null = null;
  /** Number of the last fact applied, or that of the snapshot; what `hello` says. */
  lastSeq = 0;
  /** Per topic the number up to which the replica holds everything. */
  readonly upTo = new Map<FactTopic, number>();
  #journal: () => TestJournal;
  #tab: string;
  #welcomed = false;
  #resumed = false;
  #received = 0;
  /** Topics whose snapshot is on its way, and the facts kept meanwhile. */
  readonly #awaited = new Set<FactTopic>();
  #kept: { topic: FactTopic; seq: number }[] = [];
  /** Facts up to here were in a snapshot taken on this connection and may still be on the wire. */
  readonly #covered = new Map<FactTopic, number>();

  constructor(name: string, topics: readonly FactTopic[], journal: () => TestJournal) {
    this.topics = topics;
    this.#journal = journal;
    this.#tab = `replica-${name}`;
  }

  /** `leaving` false: the old line is left as it is, as by a tab that reloads. */
  connect(hub: Hub, { leaving }: { readonly leaving: boolean } = { leaving: true }): void {
    if (leaving) this.line?.terminate();
    this.#welcomed = this.#resumed = false;
    this.#received = 0;
    this.#kept = [];
    this.#covered.clear();
    this.line = new Line(hub);
    const known = this.epoch !== null && this.#awaited.size === 0;
    const topics = [...this.topics];
    this.line.say({
      op: 'hello',
      v: 1,
      epoch: known ? this.epoch : null,
      lastSeq: known ? this.lastSeq : null,
      topics,
      tab: this.#tab,
      token: this.#tab,
    });
  }

  disconnect(): void {
    this.line?.terminate();
    this.line = null;
  }

  read(most: number): void {
    const code = this.line?.read(most, (frame) => this.#frame(frame)) ?? null;
    if (code !== null) this.line = null;
    if (this.line?.terminated === true) this.line = null;
  }

  /** The answer of `GET /snapshot`, whenever it comes. */
  takeSnapshot(): void {
    if (this.line === null || this.#awaited.size === 0) return;
    const seq = this.#journal().seq();
    for (const topic of this.#awaited) {
      this.upTo.set(topic, seq);
      this.#covered.set(topic, seq);
    }
    this.epoch = this.#journal().epoch;
    if (this.#awaited.size === this.topics.length) this.lastSeq = seq;
    this.#awaited.clear();
    const kept = this.#kept;
    this.#kept = [];
    for (const fact of kept) this.#apply(fact.topic, fact.seq);
  }

  /** Whether the replica holds all its topics up to the journal's head. */
  isComplete(): boolean {
    const journal = this.#journal();
    return (
      this.#awaited.size === 0 &&
      this.topics.every((topic) => (journal.numbers(topic).at(-1) ?? 0) <= (this.upTo.get(topic) ?? 0))
    );
  }

  #frame(frame: ServerFrame): void {
    if (frame.op === 'welcome') {
      this.#welcomed = true;
      this.#resumed = frame.resume !== 'REPLAY';
      if (frame.resume === 'SNAPSHOT') this.#await(this.topics);
      this.epoch = frame.epoch;
    } else if (!this.#welcomed) this.violations.push(`${frame.op} before welcome`);
    else if (frame.op === 'resync') this.#await(frame.topics);
    else if (frame.op === 'replayed') this.#resumed = true;
    else if (frame.op === 'sync') this.#checkSync(frame);
    else if (frame.op === 'event' && frame.seq !== undefined) this.#fact(frame.topic as FactTopic, frame.seq);
  }

  #await(topics: readonly FactTopic[]): void {
    for (const topic of topics) this.#awaited.add(topic);
  }

  #fact(topic: FactTopic, seq: number): void {
    this.#received += 1;
    if (this.#awaited.has(topic)) this.#kept.push({ topic, seq });
    else this.#apply(topic, seq);
  }

  #apply(topic: FactTopic, seq: number): void {
    if (seq <= (this.#covered.get(topic) ?? 0)) return;
    const before = this.upTo.get(topic) ?? 0;
    const expected = this.#journal()
      .numbers(topic)
      .find((number) => number > before);
    if (seq !== expected) this.violations.push(`${topic}: expected ${String(expected)} after ${before}, was ${seq}`);
    this.upTo.set(topic, seq);
    if (this.#awaited.size === 0) this.lastSeq = Math.max(this.lastSeq, seq);
  }

  /** "You have all that concerns you up to seq; so many facts went out": both must be true. */
  #checkSync(sync: Extract<ServerFrame, { op: 'sync' }>): void {
    if (sync.sent !== this.#received) this.violations.push(`sync: ${sync.sent} facts sent, ${this.#received} received`);
    if (!this.#resumed || this.#awaited.size > 0) return;
    for (const topic of this.topics) {
      const missing = this.#journal()
        .numbers(topic)
        .find((number) => number > (this.upTo.get(topic) ?? 0) && number <= sync.seq);
      if (missing !== undefined) this.violations.push(`sync ${sync.seq}: ${topic} ${missing} is missing`);
    }
    this.lastSeq = Math.max(this.lastSeq, sync.seq);
  }
}

export { FACT_TOPICS };
