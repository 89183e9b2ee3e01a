/** A journal and its stream in memory, with every fault a network has: what the link must come through unchanged. */
import type { FactRow, FactTopic, PositionWire, SignalWire, SnapshotAnswer } from '@wyckoff/contracts';
import type { LinkEnvironment, LinkSocket, SnapshotTopic, SocketEvents } from '../link/environment.ts';

export interface MemoryServerOptions {
  /** Facts the replay reaches back. */
  readonly ring: number;
  /** A server that says "you have everything" without replaying: the check must notice. */
  readonly lies?: boolean;
}

type Fault = 'none' | 'lose' | 'double';

interface Peer {
  readonly events: SocketEvents;
  greeted: boolean;
  sent: number;
  alive: boolean;
}

/** Facts of two topics are enough: the replica treats all alike. */
type Known = { readonly topic: 'signals' | 'positions'; readonly row: FactRow };

export class MemoryServer {
  readonly #options: MemoryServerOptions;
  readonly #peers = new Set<Peer>();
  readonly #signals = new Map<string, SignalWire>();
  readonly #positions = new Map<string, PositionWire>();
  #log: Known[] = [];
  #seq = 0;
  #epoch = 1;
  /** Opened, dropped by the client: never more than one lives. */
  opened = 0;
  mostAlive = 0;
  snapshotsFail = 0;
  refuseWith: number | null = null;
  /** Hellos as they came. */
  hellos: { readonly epoch: string | null; readonly lastSeq: number | null; readonly topics: readonly string[] }[] = [];
  /** Ops after the hello. */
  ops: unknown[] = [];
  /** Snapshots wait here until released, when set. */
  heldSnapshots: (() => void)[] | null = null;

  constructor(options: MemoryServerOptions) {
    this.#options = options;
  }

  get seq(): number {
    return this.#seq;
  }

  get epoch(): string {
    return `epoch-${String(this.#epoch)}`;
  }

  get alive(): number {
    return [...this.#peers].filter((peer) => peer.alive).length;
  }

  /** What every replica must equal in the end. */
  get state(): { readonly signals: readonly SignalWire[]; readonly positions: readonly PositionWire[] } {
    return { signals: [...this.#signals.values()], positions: [...this.#positions.values()] };
  }

  environment(random: () => number = () => 0.5): LinkEnvironment {
    return {
      random,
      openSocket: (events) => this.#open(events),
      snapshot: (topics, signal) => this.#snapshot(topics, signal),
      renewSession: () => Promise.resolve(true),
    };
  }

  /** Commits a fact and publishes it, with a fault on the way when asked. */
  commit(kind: 'signals' | 'positions', id: string, fault: Fault = 'none'): void {
    this.#seq += 1;
    const known = this.#make(kind, id);
    this.#log.push(known);
    this.#log = this.#log.slice(-this.#options.ring);
    for (const peer of this.#live()) {
      peer.sent += 1;
      if (fault !== 'lose') this.#sendFact(peer, known);
      if (fault === 'double') this.#sendFact(peer, known);
    }
  }

  sync(): void {
    for (const peer of this.#live()) this.#send(peer, { op: 'sync', seq: this.#seq, sent: peer.sent, serverTime: 0 });
  }

  value(topic: string, type: string, data: unknown): void {
    for (const peer of this.#live()) this.#send(peer, { op: 'event', topic, type, ts: 0, key: topic, data });
  }

  raw(text: string): void {
    for (const peer of this.#live()) peer.events.received(text);
  }

  /** Tells the topics to be taken anew, as when the rings overtook a slow replay. */
  resync(topics: readonly FactTopic[]): void {
    for (const peer of this.#live()) this.#send(peer, { op: 'resync', topics, reason: 'OVERRUN' });
  }

  /** Closes every socket; without a code the peer just falls silent. */
  cut(code?: number): void {
    for (const peer of [...this.#peers]) {
      if (!peer.alive) continue;
      peer.alive = false;
      if (code !== undefined) peer.events.closed(code);
    }
  }

  /** The store is replaced: another journal with the same state. */
  newEpoch(): void {
    this.cut(1001);
    this.#epoch += 1;
    this.#log = [];
  }

  #open(events: SocketEvents): LinkSocket {
    const peer: Peer = { events, greeted: false, sent: 0, alive: true };
    this.#peers.add(peer);
    this.opened += 1;
    this.mostAlive = Math.max(this.mostAlive, this.#peers.size);
    queueMicrotask(() => {
      if (!peer.alive) return;
      if (this.refuseWith === null) events.opened();
      else {
        peer.alive = false;
        events.closed(this.refuseWith);
      }
    });
    return {
      send: (text) => peer.alive && this.#receive(peer, text),
      drop: () => {
        peer.alive = false;
        this.#peers.delete(peer);
      },
    };
  }

  #live(): Peer[] {
    return [...this.#peers].filter((peer) => peer.alive && peer.greeted);
  }

  #receive(peer: Peer, text: string): boolean {
    const frame = JSON.parse(text) as { op?: string; epoch: string | null; lastSeq: number | null; topics: string[] };
    if (peer.greeted || frame.op !== 'hello') {
      for (const op of Array.isArray(frame) ? (frame as unknown[]) : [frame]) this.ops.push(op);
      return true;
    }
    this.hellos.push(frame);
    this.#welcome(peer, frame);
    return true;
  }

  #welcome(peer: Peer, hello: { readonly epoch: string | null; readonly lastSeq: number | null }): void {
    peer.greeted = true;
    const lastSeq = hello.lastSeq ?? 0;
    const floor = this.#seq - this.#log.length;
    const known = hello.epoch === this.epoch && lastSeq <= this.#seq;
    const resume = !known
      ? 'SNAPSHOT'
      : lastSeq === this.#seq || this.#options.lies === true
        ? 'CURRENT'
        : lastSeq >= floor
          ? 'REPLAY'
          : 'REPLAY';
    this.#send(peer, {
      op: 'welcome',
      epoch: this.epoch,
      seq: this.#seq,
      user: 'u',
      role: 'admin',
      serverTime: 0,
      contractHash: 'h',
      resume,
    });
    if (resume !== 'REPLAY') return;
    if (lastSeq < floor) {
      this.#send(peer, { op: 'resync', topics: ['signals', 'positions'], reason: 'TOO_OLD' });
      return;
    }
    const missing = this.#log.filter(({ row }) => row.seq > lastSeq);
    for (const fact of missing) {
      peer.sent += 1;
      this.#sendFact(peer, fact);
    }
    this.#send(peer, { op: 'replayed', from: lastSeq + 1, to: this.#seq, count: missing.length });
  }

  #snapshot(topics: readonly SnapshotTopic[], signal: AbortSignal): Promise<SnapshotAnswer> {
    if (this.snapshotsFail > 0) {
      this.snapshotsFail -= 1;
      return Promise.reject(new Error('503'));
    }
    const answer: SnapshotAnswer = {
      epoch: this.epoch,
      seq: this.#seq,
      ...(topics.includes('signals') ? { signals: [...this.#signals.values()] } : {}),
      ...(topics.includes('positions') ? { positions: [...this.#positions.values()] } : {}),
    };
    const { heldSnapshots } = this;
    if (heldSnapshots === null) return Promise.resolve(answer);
    return new Promise((resolve, reject) => {
      heldSnapshots.push(() => (signal.aborted ? reject(new Error('aborted')) : resolve(answer)));
    });
  }

  #sendFact(peer: Peer, { topic, row }: Known): void {
    this.#send(peer, { op: 'event', topic, type: row.type, ts: row.at, seq: row.seq, data: row.data });
  }

  #send(peer: Peer, frame: unknown): void {
    if (peer.alive) peer.events.received(JSON.stringify(frame));
  }

  #make(kind: 'signals' | 'positions', id: string): Known {
    const at = this.#seq * 1_000;
    if (kind === 'signals') {
      const data = { id, barTime: at, version: this.#seq } as SignalWire;
      this.#signals.set(id, data);
      return { topic: 'signals', row: { seq: this.#seq, at, type: 'signal.changed', data } };
    }
    const status = this.#seq % 3 === 0 ? 'CLOSED' : 'OPEN';
    const data = { id, status, openedAt: at, lastAt: at, version: this.#seq } as PositionWire;
    this.#positions.set(id, data);
    return { topic: 'positions', row: { seq: this.#seq, at, type: 'position.changed', data } };
  }
}
