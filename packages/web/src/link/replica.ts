/**
 * The browser's copy of the journal (interface.md 3.6): facts in `seq` order, each exactly once, after a lost link by replay, after a longer
 * one by snapshot. It knows nothing of what the facts mean: the sink does.
 */
import { FACT_TOPICS, type FactRow, type FactTopic, type ServerFrame, type SnapshotAnswer } from '@wyckoff/contracts';
import { BoundedQueue, type Release, type Scope } from '@wyckoff/bounded';
import type { Welcome } from './connection.ts';
import type { LinkEnvironment, SnapshotTopic } from './environment.ts';
import { RequestFailed } from './http.ts';

export type EventFrame = Extract<ServerFrame, { op: 'event' }>;
type FactFrame = EventFrame & { readonly seq: number };

export interface ReplicaSink {
  /** The whole state of these topics, in place of what was held. */
  reset(topics: readonly SnapshotTopic[], answer: SnapshotAnswer): void;
  fact(row: FactRow, topic: FactTopic): void;
  /** The latest value of a conflated key. */
  value(frame: EventFrame): void;
}

/** How the copy stands to the journal. `behind`: the link is lost, the data stays and is marked. */
export type ReplicaState = 'empty' | 'loading' | 'current' | 'behind' | 'failed';

/** What the last reconnect brought, for a short note on the desk. */
export type ReplicaNote = { readonly kind: 'replayed'; readonly count: number } | { readonly kind: 'reloaded' } | null;

export interface ReplicaStatus {
  readonly state: ReplicaState;
  readonly seq: number;
  readonly note: ReplicaNote;
  /** Facts that came twice and were applied once. */
  readonly duplicates: number;
  /** Snapshots taken so far. */
  readonly snapshots: number;
}

export interface ReplicaOptions {
  readonly environment: Pick<LinkEnvironment, 'snapshot'>;
  readonly scope: Scope;
  readonly sink: ReplicaSink;
  changed(status: ReplicaStatus): void;
  /** The snapshot is of another journal than the welcome: connect anew. */
  reconnect(): void;
}

const SNAPSHOT_TRIES = 3;
const RETRY_MS = 1_000;
const VALUE_TOPICS = ['account', 'connections'] as const;

export class Replica {
  readonly incoming: BoundedQueue<FactFrame>;
  readonly #options: ReplicaOptions;
  /** Per fact topic, the newest `seq` that is in the copy. */
  readonly #applied = Object.fromEntries(FACT_TOPICS.map((topic) => [topic, 0])) as Record<FactTopic, number>;
  /** Topics whose state must come from a snapshot before facts may be applied to it. */
  #pending: readonly FactTopic[] = [];
  #state: ReplicaState = 'empty';
  #epoch: string | null = null;
  /** Epoch of the present connection. */
  #offered: string | null = null;
  /** Everything up to here has been received in order. */
  #head = 0;
  /** Different facts that came on this connection, and the newest of them: one that comes twice counts once. */
  #factsOnConnection = 0;
  #newestOnConnection = 0;
  #note: ReplicaNote = null;
  #duplicates = 0;
  #snapshots = 0;
  #loading: AbortController | undefined;
  #retry: Release | undefined;
  #tries = 0;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.incoming = new BoundedQueue<FactFrame>({
      name: 'web.link.incoming',
      capacity: 1_000,
      maxBytes: 2 * 1024 * 1024,
      policy: 'discard',
      sizeOf: (frame) => JSON.stringify(frame.data).length + 100,
      scope: options.scope,
    });
    options.scope.adopt('replica', () => this.lost());
  }

  get status(): ReplicaStatus {
    return { state: this.#state, seq: this.#head, note: this.#note, duplicates: this.#duplicates, snapshots: this.#snapshots };
  }

  /** Where the copy stands, for the `hello`. */
  position(): { readonly epoch: string | null; readonly lastSeq: number | null } {
    return { epoch: this.#epoch, lastSeq: this.#epoch === null ? null : this.#head };
  }

  welcome(frame: Welcome): void {
    this.#offered = frame.epoch;
    this.#factsOnConnection = 0;
    this.#newestOnConnection = 0;
    this.#note = null;
    this.#tries = 0;
    const fresh = this.#epoch === null || this.#epoch !== frame.epoch || frame.resume === 'SNAPSHOT';
    if (fresh) this.#pending = FACT_TOPICS;
    if (this.#pending.length > 0) this.#load();
    else this.#enter('current');
  }

  receive(frame: ServerFrame): void {
    switch (frame.op) {
      case 'event':
        if (frame.seq === undefined) this.#options.sink.value(frame);
        else this.#receiveFact(frame as FactFrame);
        return;
      case 'replayed':
        this.#note = frame.count > 0 ? { kind: 'replayed', count: frame.count } : null;
        this.#tell();
        return;
      case 'resync':
        this.#pending = FACT_TOPICS.filter((topic) => this.#pending.includes(topic) || withPartner(frame.topics).includes(topic));
        this.#load();
        return;
      case 'sync':
        this.#synchronise(frame);
        return;
      default:
        return;
    }
  }

  /** The link is gone: the data stays; a snapshot under way ends. */
  lost(): void {
    this.#cancelLoad();
    this.incoming.clear();
    if (this.#state !== 'empty') this.#enter('behind');
  }

  /** After the snapshot failed for good: the user asks for another try. */
  retry(): void {
    if (this.#state !== 'failed') return;
    this.#tries = 0;
    this.#load();
  }

  #receiveFact(frame: FactFrame): void {
    if (frame.seq > this.#newestOnConnection) {
      this.#newestOnConnection = frame.seq;
      this.#factsOnConnection += 1;
    }
    const topic = FACT_TOPICS.find((known) => known === frame.topic);
    if (topic === undefined) return;
    if (!this.#pending.includes(topic)) {
      this.#apply(frame, topic);
      return;
    }
    if (this.incoming.push(frame) !== 'full') return;
    // More happened than fits while the snapshot was on its way: that snapshot is too old, a newer one has it all.
    this.incoming.clear();
    this.#tryAgain();
  }

  #apply(frame: FactFrame, topic: FactTopic): void {
    if (frame.seq <= this.#applied[topic]) {
      this.#duplicates += 1;
      return;
    }
    // bounded: one number per fact topic.
    this.#applied[topic] = frame.seq;
    this.#head = Math.max(this.#head, frame.seq);
    this.#options.sink.fact({ seq: frame.seq, at: frame.ts, type: frame.type, data: frame.data } as FactRow, topic);
    this.#tell();
  }

  /** "You have all that concerns you up to seq; `sent` facts went out": who counted otherwise has a hole and takes a snapshot. */
  #synchronise(frame: Extract<ServerFrame, { op: 'sync' }>): void {
    if (frame.sent !== this.#factsOnConnection) {
      this.#factsOnConnection = frame.sent;
      this.#pending = FACT_TOPICS;
      this.#load();
      return;
    }
    if (this.#pending.length > 0) return;
    this.#head = Math.max(this.#head, frame.seq);
    // bounded: one number per fact topic.
    for (const topic of FACT_TOPICS) this.#applied[topic] = Math.max(this.#applied[topic], frame.seq);
    this.#tell();
  }

  #load(): void {
    this.#cancelLoad();
    this.#enter('loading');
    const loading = new AbortController();
    this.#loading = loading;
    const topics = this.#wanted();
    void this.#options.environment.snapshot(topics, loading.signal).then(
      (answer) => {
        if (!loading.signal.aborted) this.#take(topics, answer);
      },
      (error: unknown) => {
        if (!loading.signal.aborted) this.#tryAgain(error instanceof RequestFailed ? error.view.retryAfterMs : undefined);
      },
    );
  }

  /** What a snapshot can hold of the pending topics; a full one brings the values too. */
  #wanted(): readonly SnapshotTopic[] {
    const facts = this.#pending.flatMap((topic) => (topic === 'risk' || topic === 'settings' ? [] : [topic]));
    return this.#pending.length === FACT_TOPICS.length ? [...facts, ...VALUE_TOPICS] : facts;
  }

  #take(topics: readonly SnapshotTopic[], answer: SnapshotAnswer): void {
    this.#loading = undefined;
    if (answer.epoch !== this.#offered) {
      this.#options.reconnect();
      return;
    }
    this.#snapshots += 1;
    this.#tries = 0;
    const taken = this.#pending;
    this.#pending = [];
    if (this.#epoch !== answer.epoch) {
      this.#epoch = answer.epoch;
      this.#head = 0;
    }
    // bounded: one number per fact topic.
    for (const topic of taken) this.#applied[topic] = answer.seq;
    if (taken.length === FACT_TOPICS.length) this.#head = answer.seq;
    this.#note = this.#snapshots > 1 ? { kind: 'reloaded' } : null;
    this.#options.sink.reset(topics, answer);
    for (let frame = this.incoming.shift(); frame !== undefined; frame = this.incoming.shift()) {
      const topic = FACT_TOPICS.find((known) => known === frame.topic);
      if (topic !== undefined && frame.seq > this.#applied[topic]) this.#apply(frame, topic);
    }
    this.#enter('current');
  }

  #tryAgain(askedMs = 0): void {
    this.#cancelLoad();
    this.#tries += 1;
    if (this.#tries >= SNAPSHOT_TRIES) {
      this.incoming.clear();
      this.#enter('failed');
      return;
    }
    this.#retry = this.#options.scope.timeout(Math.max(RETRY_MS * this.#tries, askedMs), () => this.#load(), 'snapshot-retry');
  }

  #cancelLoad(): void {
    this.#loading?.abort();
    this.#loading = undefined;
    this.#retry?.();
    this.#retry = undefined;
  }

  #enter(state: ReplicaState): void {
    this.#state = state;
    this.#tell();
  }

  #tell(): void {
    this.#options.changed(this.status);
  }
}

/** Approvals are facts of `signals` and stand in the snapshot of `trading`: one is taken anew with the other. */
function withPartner(topics: readonly string[]): readonly string[] {
  return topics.includes('signals') || topics.includes('trading') ? [...topics, 'signals', 'trading'] : topics;
}
