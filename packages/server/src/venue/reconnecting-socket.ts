/** One stream to a venue that comes back for ever: one socket, one timer, one generation number (trading.md 9.3). */
import type { Release, Scope } from '@wyckoff/bounded';
import type { EpochMs } from '@wyckoff/domain';
import { WebSocket } from 'ws';
import { Backoff } from './backoff.ts';
import { mayFollow, type StreamState } from './socket-state.ts';

/** All in ms. */
export interface SocketTimes {
  /** For the connection and for the login, each; default 10 s. */
  readonly openMs: number;
  /** Nothing at all from the peer for so long, not even a pong, is a dead connection; default 30 s. */
  readonly heartbeatMs: number;
  /** No message for so long while the market is open is a degraded stream; default 120 s. */
  readonly silenceMs: number;
  /** A message older than this on arrival is a degraded stream; default 10 s. */
  readonly latencyMs: number;
  /** A connection is renewed at this age, before the venue ends it; default never. */
  readonly ageMs: number;
}

const DEFAULT_TIMES: SocketTimes = {
  openMs: 10_000,
  heartbeatMs: 30_000,
  silenceMs: 120_000,
  latencyMs: 10_000,
  ageMs: Infinity,
};
/** A peer that has gone quiet is pinged this often within its heartbeat. */
const PINGS_PER_HEARTBEAT = 2;
/** Frames above this end the connection: no venue sends a megabyte at once. */
const MAX_PAYLOAD_BYTES = 1_048_576;

/** What the words of a venue can do to the connection they came on; of an older connection they do nothing. */
export interface SocketLink {
  /** 1 for the first connection, 2 for the next. */
  readonly generation: number;
  /** False when it could not be handed to the socket. */
  send(text: string): boolean;
  /** The venue's own welcome: it has accepted us. Only this resets the back-off. */
  welcome(): void;
  /** Credentials refused: STOPPED until somebody restarts it. */
  refused(reason: string): void;
  /** Something is wrong with this connection: end it and come back. */
  fail(reason: string): void;
  /** How old a message was when it arrived, ms; by the venue's clock and ours. */
  age(ms: number): void;
}

export interface StreamChange {
  readonly state: StreamState;
  readonly from: StreamState;
  readonly since: EpochMs;
  readonly error: string | null;
}

export interface ReconnectingSocketOptions {
  readonly name: string;
  readonly scope: Scope;
  /** Asked for each connection. */
  readonly url: () => string;
  readonly headers?: () => Readonly<Record<string, string>>;
  /** The venue wants a login: AUTHENTICATING until `welcome`. Without one an open socket is CONNECTED. */
  readonly login: boolean;
  readonly onOpen?: (link: SocketLink) => void;
  readonly onMessage: (text: string, link: SocketLink) => void;
  readonly onState?: (change: StreamChange) => void;
  /** Silence counts only while this says so; default always. */
  readonly marketOpen?: (at: EpochMs) => boolean;
  readonly times?: Partial<SocketTimes>;
  /** Wall clock; default `Date.now`. */
  readonly now?: () => EpochMs;
  readonly random?: () => number;
}

/** The connection of one generation. */
interface Connection {
  readonly generation: number;
  readonly scope: Scope;
  readonly socket: WebSocket;
  readonly link: SocketLink;
  readonly beganMs: number;
}

export class ReconnectingSocket {
  readonly #options: ReconnectingSocketOptions;
  readonly #times: SocketTimes;
  readonly #backoff: Backoff;
  readonly #now: () => EpochMs;
  #state: StreamState = 'DISCONNECTED';
  #since: EpochMs;
  #generation = 0;
  #connection: Connection | undefined;
  #ending: Promise<unknown> = Promise.resolve();
  #disarm: Release | undefined;
  #heardMs = 0;
  #messageMs = 0;
  #pingedMs = 0;
  #lastDataAt: EpochMs | null = null;
  #latencyMs: number | null = null;
  #late = false;
  #paused = false;
  #reconnects = 0;
  #lastError: string | null = null;

  constructor(options: ReconnectingSocketOptions) {
    this.#options = options;
    this.#times = { ...DEFAULT_TIMES, ...options.times };
    this.#backoff = new Backoff(options.random === undefined ? {} : { random: options.random });
    this.#now = options.now ?? Date.now;
    this.#since = this.#now();
    options.scope.adopt(`stream ${options.name}`, () => this.stop());
  }

  get state(): StreamState {
    return this.#state;
  }

  get since(): EpochMs {
    return this.#since;
  }

  /** Wall time of the last message; null before the first. */
  get lastDataAt(): EpochMs | null {
    return this.#lastDataAt;
  }

  /** Age of the last message that bore a time, else the time a ping took, ms; null while unknown. */
  get latencyMs(): number | null {
    return this.#latencyMs;
  }

  /** Connections lost since the beginning. */
  get reconnects(): number {
    return this.#reconnects;
  }

  get lastError(): string | null {
    return this.#lastError;
  }

  /** Connects, and again after a STOPPED. Does nothing while it runs. */
  start(): void {
    if (this.#state === 'STOPPED') this.#enter('DISCONNECTED', null);
    if (this.#state === 'DISCONNECTED') this.#connect();
  }

  /** Ends the connection for good; resolves when the socket is closed. */
  async stop(reason: string | null = null): Promise<void> {
    if (this.#state !== 'STOPPED') this.#enter('STOPPED', reason);
    this.#drop();
    await this.#ending;
  }

  /** Ends the present connection and opens the next one. */
  renew(reason: string): void {
    if (this.#connection !== undefined) this.#lost(reason);
  }

  /** Hands a text to the socket; false while it is not open. */
  send(text: string): boolean {
    return this.#connection?.link.send(text) ?? false;
  }

  /** Back-pressure: nothing more is read until `resume`, and the silence that follows is nobody's fault. */
  pause(): void {
    this.#paused = true;
    this.#connection?.socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#heardMs = this.#messageMs = this.#clock();
    this.#connection?.socket.resume();
    this.#arm();
  }

  #connect(): void {
    const { scope: owner, headers, name } = this.#options;
    if (owner.state !== 'open') return;
    this.#enter('CONNECTING', this.#lastError);
    const generation = (this.#generation += 1);
    const scope = owner.child('socket', { label: `${name} ${generation}`, capacity: 16 });
    const socket = new WebSocket(this.#options.url(), {
      perMessageDeflate: false,
      maxPayload: MAX_PAYLOAD_BYTES,
      headers: headers?.() ?? {},
      followRedirects: false,
    });
    const link = this.#linkOf(generation);
    this.#connection = { generation, scope, socket, link, beganMs: this.#clock() };
    this.#heardMs = this.#messageMs = this.#pingedMs = this.#clock();
    this.#late = false;
    this.#listen(this.#connection);
    if (this.#paused) socket.pause();
    this.#arm();
  }

  #listen({ scope, socket, link, generation }: Connection): void {
    const current = (run: () => void): void => {
      if (this.#connection?.generation === generation) run();
    };
    // bounded: one, for the life of the socket: an error after the listeners are gone must not end the process.
    socket.on('error', () => undefined);
    scope.listen(socket, 'open', () => current(() => this.#opened(link)));
    scope.listen(socket, 'message', (data: Buffer) => current(() => this.#message(data, link)));
    scope.listen(socket, 'ping', () => current(() => this.#heard()));
    scope.listen(socket, 'pong', () => current(() => this.#ponged()));
    scope.listen(socket, 'error', (error: Error) => current(() => this.#lost(error.message)));
    scope.listen(socket, 'close', (code: number) => current(() => this.#lost(`closed by the venue with ${code}`)));
    scope.own(socket, ended, 'socket');
  }

  #opened(link: SocketLink): void {
    this.#heard();
    this.#messageMs = this.#clock();
    this.#enter(this.#options.login ? 'AUTHENTICATING' : 'CONNECTED', this.#options.login ? this.#lastError : null);
    this.#options.onOpen?.(link);
    this.#arm();
  }

  #message(data: Buffer, link: SocketLink): void {
    this.#heard();
    this.#messageMs = this.#clock();
    this.#lastDataAt = this.#now();
    this.#late = false;
    try {
      this.#options.onMessage(data.toString('utf8'), link);
    } catch (error) {
      link.fail(`a message could not be read: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    this.#judge();
  }

  #heard(): void {
    this.#heardMs = this.#clock();
  }

  #ponged(): void {
    this.#heard();
    this.#latencyMs ??= this.#clock() - this.#pingedMs;
  }

  #linkOf(generation: number): SocketLink {
    const current = (run: () => void): void => {
      if (this.#connection?.generation === generation) run();
    };
    return {
      generation,
      send: (text) => {
        const socket = this.#connection?.generation === generation ? this.#connection.socket : undefined;
        if (socket?.readyState !== WebSocket.OPEN) return false;
        socket.send(text);
        return true;
      },
      welcome: () => current(() => this.#welcomed()),
      refused: (reason) =>
        current(() => {
          this.#lastError = reason;
          this.#enter('STOPPED', reason);
          this.#drop();
        }),
      fail: (reason) => current(() => this.#lost(reason)),
      age: (ms) =>
        current(() => {
          this.#latencyMs = Math.max(0, ms);
          this.#late = ms > this.#times.latencyMs;
        }),
    };
  }

  #welcomed(): void {
    this.#backoff.reset();
    this.#lastError = null;
    if (this.#state === 'AUTHENTICATING') this.#enter('CONNECTED', null);
    this.#arm();
  }

  /** The connection is gone or worth nothing: wait, and come back. */
  #lost(reason: string): void {
    this.#lastError = reason;
    this.#reconnects += 1;
    this.#drop();
    if (this.#options.scope.state !== 'open') return;
    this.#enter('RECONNECTING', reason);
    this.#disarm = this.#options.scope.timeout(this.#backoff.nextMs(), () => this.#connect(), 'reconnect');
  }

  #drop(): void {
    this.#disarm?.();
    this.#disarm = undefined;
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection === undefined) return;
    const closing = connection.scope.dispose();
    // A link per connection and nothing of the one before: the chain must not grow with the years.
    this.#ending = this.#ending.then(() => closing).then(() => undefined);
  }

  /** Sets the one timer for whatever is due next. */
  #arm(): void {
    if (this.#connection === undefined) return;
    this.#disarm?.();
    const wait = Math.max(0, this.#dueMs(this.#connection) - this.#clock());
    this.#disarm = this.#options.scope.timeout(wait, () => this.#tick(), 'stream');
  }

  /** When to look again. Whether its time has come is asked with the same sums: a difference may fall short of them by the last digit, for ever. */
  #dueMs({ beganMs }: Connection): number {
    const { openMs, heartbeatMs, silenceMs, ageMs } = this.#times;
    if (this.#state === 'CONNECTING') return beganMs + openMs;
    if (this.#state === 'AUTHENTICATING') return beganMs + 2 * openMs;
    const ping = Math.max(this.#heardMs, this.#pingedMs) + heartbeatMs / PINGS_PER_HEARTBEAT;
    const death = this.#paused ? Infinity : this.#heardMs + heartbeatMs;
    const silence = this.#messageMs + silenceMs;
    return Math.min(ping, death, silence > this.#clock() ? silence : Infinity, beganMs + ageMs);
  }

  #tick(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    const reason = this.#deathOf(connection);
    if (reason !== null) {
      this.#lost(reason);
      return;
    }
    if (this.#clock() >= Math.max(this.#heardMs, this.#pingedMs) + this.#times.heartbeatMs / PINGS_PER_HEARTBEAT) {
      // Also where nothing can be sent any more, because the peer is closing: the next look is half a heartbeat away, not at once.
      this.#pingedMs = this.#clock();
      if (connection.socket.readyState === WebSocket.OPEN) connection.socket.ping();
    }
    this.#judge();
    this.#arm();
  }

  /** STR-2. Only what came from the peer keeps a connection alive; what we sent proves nothing. */
  #deathOf({ beganMs }: Connection): string | null {
    const { openMs, heartbeatMs, ageMs } = this.#times;
    const now = this.#clock();
    if (this.#state === 'CONNECTING') return now >= beganMs + openMs ? `no connection within ${openMs} ms` : null;
    if (this.#state === 'AUTHENTICATING')
      return now >= beganMs + 2 * openMs ? `no answer to the login within ${openMs} ms` : null;
    if (now >= beganMs + ageMs) return 'planned renewal';
    if (!this.#paused && now >= this.#heardMs + heartbeatMs) return `nothing heard for ${heartbeatMs} ms`;
    return null;
  }

  /** STR-4. Silent in market hours, or far behind: degraded until a fresh message comes. */
  #judge(): void {
    if (this.#state !== 'CONNECTED' && this.#state !== 'DEGRADED') return;
    const silentMs = this.#paused ? 0 : this.#clock() - this.#messageMs;
    const isSilent = !this.#paused && this.#clock() >= this.#messageMs + this.#times.silenceMs;
    const silent = isSilent && (this.#options.marketOpen?.(this.#now()) ?? true);
    if (this.#late) this.#enter('DEGRADED', `messages arrive ${Math.round((this.#latencyMs ?? 0) / 1000)} s late`);
    else if (silent) this.#enter('DEGRADED', `no message for ${Math.round(silentMs / 1000)} s while the market is open`);
    else if (this.#state === 'DEGRADED' && !isSilent) this.#enter('CONNECTED', null);
  }

  #enter(state: StreamState, error: string | null): void {
    const from = this.#state;
    if (from === state) return;
    if (!mayFollow(from, state)) throw new Error(`stream ${this.#options.name}: expected no way from ${from} to ${state}`);
    this.#state = state;
    this.#since = this.#now();
    this.#options.onState?.({ state, from, since: this.#since, error });
  }

  #clock(): number {
    return this.#options.scope.timers.now();
  }
}

/** Ends a socket now and says when it is closed. */
function ended(socket: WebSocket): Promise<void> | undefined {
  if (socket.readyState === WebSocket.CLOSED) return undefined;
  return new Promise((resolve) => {
    // bounded: one, the socket is ending.
    socket.once('close', () => resolve());
    // Paused, a socket never reads its own end.
    socket.resume();
    socket.terminate();
  });
}
