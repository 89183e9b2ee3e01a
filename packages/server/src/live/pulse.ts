/** Time for all connections on one wheel: hello, ping and pong, the age of waiting facts, the end of a line that does not close (C1). */
import { CLOSE } from '@wyckoff/contracts';
import { type Scope, type Timers, TimerWheel } from '@wyckoff/bounded';
import type { Connection } from './connection.ts';
import type { Sender } from './sender.ts';

const HELLO_WITHIN_MS = 5_000;
const TERMINATE_AFTER_MS = 1_000;
const TICK_MS = 100;

export interface PulseOptions {
  readonly scope: Scope;
  readonly timers: Timers;
  /** Lines open at one time, those that are closing too. */
  readonly capacity: number;
  readonly pingMs: number;
  readonly pongMs: number;
  readonly maxAgeMs: number;
  readonly sender: Sender;
  readonly random: () => number;
  readonly wallMs: () => number;
  readonly head: () => number;
  readonly end: (connection: Connection, code: number, reason: string) => void;
}

export class Pulse {
  readonly #o: PulseOptions;
  readonly #wheel: TimerWheel;

  constructor(options: PulseOptions) {
    this.#o = options;
    const { scope, timers, capacity } = options;
    this.#wheel = new TimerWheel({ name: 'server.ws.timers', capacity, tickMs: TICK_MS, scope, timers });
  }

  /** The first ping comes at a random time in the second half of the interval, so that they spread. */
  begin(connection: Connection): void {
    connection.nextPingMs = this.#o.timers.now() + this.#o.pingMs * (0.5 + this.#o.random() / 2);
    this.arm(connection);
  }

  /** One entry per connection, for whatever is due first. */
  arm(connection: Connection): void {
    const dueMs = this.#dueMs(connection);
    if (connection.timer?.pending === true && connection.timerMs <= dueMs) return;
    this.#set(connection, dueMs);
  }

  /** The line is ended within a second even when the peer does not answer; `ws` by itself would wait for 30. */
  terminateSoon(connection: Connection): void {
    this.#set(connection, this.#o.timers.now() + TERMINATE_AFTER_MS);
  }

  rest(connection: Connection): void {
    connection.timer?.cancel();
    connection.timer = null;
  }

  #set(connection: Connection, dueMs: number): void {
    connection.timerMs = dueMs;
    const delayMs = Math.max(0, dueMs - this.#o.timers.now());
    if (connection.timer === null) connection.timer = this.#wheel.after(delayMs, () => this.#due(connection));
    else connection.timer.restart(delayMs);
  }

  #dueMs(connection: Connection): number {
    if (connection.stage === 'greeting') return connection.openedMs + HELLO_WITHIN_MS;
    const oldestFactMs = connection.queue?.oldestFactMs ?? null;
    const fullMs = oldestFactMs === null ? Infinity : oldestFactMs + this.#o.maxAgeMs;
    const lifeMs = connection.pingedMs === null ? connection.nextPingMs : connection.pingedMs + this.#o.pongMs;
    return Math.min(fullMs, lifeMs);
  }

  #due(connection: Connection): void {
    if (connection.stage === 'closed') {
      connection.transport.terminate();
      return;
    }
    const nowMs = this.#o.timers.now();
    const verdict = this.#verdict(connection, nowMs);
    if (verdict !== null) {
      this.#o.end(connection, verdict.code, verdict.reason);
      return;
    }
    this.#beat(connection, nowMs);
    this.#set(connection, this.#dueMs(connection));
  }

  /** Whether it has to go, and why. */
  #verdict(connection: Connection, nowMs: number): { readonly code: number; readonly reason: string } | null {
    const { maxAgeMs, pongMs } = this.#o;
    if (connection.stage === 'greeting') {
      return nowMs >= connection.openedMs + HELLO_WITHIN_MS ? { code: CLOSE.tokenExpired, reason: 'no hello within 5 s' } : null;
    }
    this.#o.sender.feed(connection);
    const oldestFactMs = connection.queue?.oldestFactMs ?? null;
    if (oldestFactMs !== null && nowMs - oldestFactMs >= maxAgeMs)
      return { code: CLOSE.slowConsumer, reason: `a fact waited ${maxAgeMs} ms` };
    const { pingedMs, lastSeenMs } = connection;
    const isLate = pingedMs !== null && nowMs >= pingedMs + pongMs && lastSeenMs < pingedMs;
    return isLate ? { code: CLOSE.idle, reason: `no pong within ${pongMs} ms` } : null;
  }

  /** One ping is outstanding at most, and its deadline counts from its own sending. */
  #beat(connection: Connection, nowMs: number): void {
    const { pingMs, pongMs } = this.#o;
    if (connection.pingedMs !== null && nowMs >= connection.pingedMs + pongMs) {
      connection.nextPingMs = connection.pingedMs + pingMs;
      connection.pingedMs = null;
    }
    if (connection.pingedMs !== null || nowMs < connection.nextPingMs) return;
    connection.pingedMs = nowMs;
    connection.transport.ping();
    const isCurrent = connection.stage === 'live' && connection.queue === null;
    const seq = isCurrent ? this.#o.head() : connection.sentSeq;
    this.#o.sender.control(connection, { op: 'sync', seq, sent: connection.sentFacts, serverTime: this.#o.wallMs() });
  }
}
