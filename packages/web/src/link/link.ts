/** The link of a tab: one connection, one replica, what waits to be sent, and who listens to what (C2, C3, M1). */
import { FACT_TOPICS, type ClientOp } from '@wyckoff/contracts';
import { type Owner, type Scope, type Subscription, TopicHub } from '@wyckoff/bounded';
import { Connection, type ConnectionStatus } from './connection.ts';
import type { LinkEnvironment } from './environment.ts';
import { Outgoing } from './outgoing.ts';
import { type EventFrame, Replica, type ReplicaSink, type ReplicaStatus } from './replica.ts';

/** Topics every desk has, whoever listens. */
const BASE_TOPICS: readonly string[] = [...FACT_TOPICS, 'account', 'connections'];
/** Topics of one connection (interface.md 3.1). */
const MAX_TOPICS = 64;
const HANDLERS_PER_TOPIC = 50;
const WARN_AT = 40;

export interface LinkOptions {
  readonly environment: LinkEnvironment;
  readonly scope: Scope;
  readonly sink: ReplicaSink;
  /** Random id of this tab. */
  readonly tab: string;
  readonly contractHash: string;
  changed(status: LinkStatus): void;
  /** The server speaks another contract than the page was made for. */
  outdated(): void;
  /** A topic has 40 handlers: somebody forgets to leave. */
  crowded?(topic: string, handlers: number): void;
}

export interface LinkStatus {
  readonly connection: ConnectionStatus;
  readonly replica: ReplicaStatus;
  /** Messages lost on this side: outgoing that did not fit, frames that were unreadable. */
  readonly dropped: number;
}

export class Link {
  readonly connection: Connection;
  readonly replica: Replica;
  readonly outgoing: Outgoing;
  readonly #hub: TopicHub<Record<string, EventFrame>>;
  readonly #options: LinkOptions;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { environment, scope } = options;
    this.#hub = new TopicHub({
      name: 'web.link.topics',
      capacity: MAX_TOPICS,
      itemBytes: 4_096,
      handlersPerTopic: HANDLERS_PER_TOPIC,
      warnAt: WARN_AT,
      scope,
      onCrowded: (topic, handlers) => options.crowded?.(topic, handlers),
    });
    this.outgoing = new Outgoing({ scope, send: (ops) => this.connection.send(ops) });
    this.replica = new Replica({
      environment,
      scope,
      sink: {
        reset: (topics, answer) => options.sink.reset(topics, answer),
        fact: (row, topic) => {
          options.sink.fact(row, topic);
          this.#publish(topic, row.type, row);
        },
        value: (frame) => {
          options.sink.value(frame);
          this.#hub.publish(frame.topic, frame);
        },
      },
      changed: () => this.#tell(),
      reconnect: () => this.connection.restart(),
    });
    this.connection = new Connection({
      environment,
      scope,
      hello: () => this.#hello(),
      welcomed: (frame) => {
        if (frame.contractHash !== options.contractHash) options.outdated();
        this.replica.welcome(frame);
        this.outgoing.flush();
      },
      received: (frame) => this.replica.receive(frame),
      lost: () => {
        this.outgoing.halt();
        this.replica.lost();
      },
      changed: () => this.#tell(),
    });
  }

  get status(): LinkStatus {
    return {
      connection: this.connection.status,
      replica: this.replica.status,
      dropped: this.outgoing.queue.dropped + this.connection.unreadable,
    };
  }

  /**
   * Listens to a topic until the subscription or `owner` ends. The server hears of the first listener and of the last one's leaving.
   * @throws TopicFullError for the 51st listener of a topic.
   */
  subscribe(topic: string, handler: (frame: EventFrame) => void, owner?: Owner): Subscription {
    const first = this.#hub.count(topic) === 0;
    const inner = this.#hub.on(topic, handler, this.#options.scope);
    if (first && !BASE_TOPICS.includes(topic)) this.#send({ op: 'subscribe', topics: [topic] });
    const leave = (): void => {
      if (!inner.active) return;
      disown?.();
      inner.dispose();
      if (this.#hub.count(topic) === 0 && !BASE_TOPICS.includes(topic)) this.#send({ op: 'unsubscribe', topics: [topic] });
    };
    const disown = owner?.adopt(topic, leave);
    return {
      topic,
      get active() {
        return inner.active;
      },
      dispose: leave,
      [Symbol.dispose]: leave,
    };
  }

  /** Listeners by topic. */
  listeners(): readonly { readonly topic: string; readonly handlers: number }[] {
    return this.#hub.counts();
  }

  /** While no socket is up nothing needs to wait: the next `hello` names every topic that has a listener then. */
  #send(op: ClientOp): void {
    const { state } = this.connection;
    if (state === 'open' || state === 'connecting') this.outgoing.push(op);
  }

  #hello(): ClientOp {
    const watched = this.#hub.counts().map(({ topic }) => topic);
    return {
      op: 'hello',
      v: 1,
      ...this.replica.position(),
      topics: [...new Set([...BASE_TOPICS, ...watched])].slice(0, MAX_TOPICS),
      tab: this.#options.tab,
      contractHash: this.#options.contractHash,
    };
  }

  #publish(topic: string, type: string, row: { readonly seq: number; readonly at: number; readonly data: unknown }): void {
    this.#hub.publish(topic, { op: 'event', topic, type, ts: row.at, seq: row.seq, data: row.data });
  }

  #tell(): void {
    this.#options.changed(this.status);
  }
}
