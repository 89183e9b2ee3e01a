/**
 * One connection that mends itself (M1): idle, connecting, open, waiting, stopped. At most one socket and one timer live; each try has
 * a generation, and what a former one still says is ignored.
 */
import { serverFrame, type ClientOp, type ServerFrame } from '@wyckoff/contracts';
import { type Release, RollingCounter, type Scope } from '@wyckoff/bounded';
import { delayMs, verdictOf } from './backoff.ts';
import type { LinkEnvironment, LinkSocket } from './environment.ts';

export type ConnectionState = 'idle' | 'connecting' | 'open' | 'waiting' | 'stopped';

export interface ConnectionStatus {
  readonly state: ConnectionState;
  readonly generation: number;
  /** Monotonic time of the next try; null when no timer waits. */
  readonly retryAt: number | null;
  /** Why nothing is tried: another tab took over, the user is forbidden or signed out. */
  readonly reason: 'replaced' | 'forbidden' | 'signed-out' | null;
  /** Code of the last close; null before any. */
  readonly closeCode: number | null;
  /** Closed as a slow consumer three times in 5 min. */
  readonly slow: boolean;
}

export type Welcome = Extract<ServerFrame, { op: 'welcome' }>;

export interface ConnectionOptions {
  readonly environment: LinkEnvironment;
  readonly scope: Scope;
  hello(): ClientOp;
  welcomed(frame: Welcome): void;
  /** Every other frame, in order. */
  received(frame: ServerFrame): void;
  /** The link is lost; called once per loss of an opened or opening socket. */
  lost(): void;
  changed(status: ConnectionStatus): void;
}

/** No frame for this long counts as lost: `sync` comes every 15 s. */
export const SILENCE_MS = 25_000;
const SLOW_WINDOW_MS = 300_000;

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #slowCloses: RollingCounter;
  #state: ConnectionState = 'idle';
  #reason: ConnectionStatus['reason'] = null;
  #generation = 0;
  #attempt = 0;
  #socket: LinkSocket | undefined;
  #timer: Release | undefined;
  #retryAt: number | null = null;
  #closeCode: number | null = null;
  #heardAt = 0;
  #renewed = false;
  #renewal: AbortController | undefined;
  #unreadable = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#slowCloses = new RollingCounter({
      name: 'web.link.slow',
      capacity: 10,
      bucketMs: SLOW_WINDOW_MS / 10,
      clock: options.scope.timers,
      scope: options.scope,
    });
    options.scope.adopt('connection', () => this.stop());
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Frames that were no frames of the contract. */
  get unreadable(): number {
    return this.#unreadable;
  }

  get status(): ConnectionStatus {
    return {
      state: this.#state,
      generation: this.#generation,
      retryAt: this.#retryAt,
      reason: this.#reason,
      closeCode: this.#closeCode,
      slow: this.#slowCloses.total() >= 3,
    };
  }

  /** Connects now, whatever was waited for: at the start, on `online`, when the tab becomes visible, on "Try now" and "Continue here". */
  wake(): void {
    if (this.#state === 'connecting' || this.#state === 'open') return;
    if (this.#reason === 'forbidden' || this.#options.scope.state !== 'open') return;
    this.#connect();
  }

  /** Ends for good: no socket, no timer. `wake` starts anew unless the user is forbidden. */
  stop(): void {
    this.#leave();
    this.#enter('stopped');
  }

  /** Gives the present socket up and tries again at once: the replica asks for it when the journal is another one. */
  restart(): void {
    this.#leave();
    this.#connect();
  }

  /** Sends one op or up to 50 as one frame; false when it did not leave. */
  send(ops: readonly ClientOp[]): boolean {
    if (this.#state !== 'open' || this.#socket === undefined) return false;
    return this.#socket.send(JSON.stringify(ops.length === 1 ? ops[0] : ops));
  }

  #connect(): void {
    this.#clearTimer();
    this.#generation += 1;
    const generation = this.#generation;
    const current = (): boolean => generation === this.#generation;
    this.#reason = null;
    this.#heardAt = this.#now();
    this.#enter('connecting');
    this.#socket = this.#options.environment.openSocket({
      opened: () => {
        if (current()) this.#socket?.send(JSON.stringify(this.#options.hello()));
      },
      received: (text) => {
        if (current()) this.#receive(text);
      },
      closed: (code) => {
        if (current()) this.#closed(code);
      },
    });
    this.#watch(SILENCE_MS);
  }

  #receive(text: string): void {
    this.#heardAt = this.#now();
    const frame = readFrame(text);
    if (frame === null) {
      this.#unreadable += 1;
      return;
    }
    if (frame.op !== 'welcome') {
      this.#options.received(frame);
      return;
    }
    // Only a welcome proves that the server takes us: opening alone resets nothing (a busy one accepts and closes).
    this.#attempt = 0;
    this.#renewed = false;
    this.#enter('open');
    this.#options.welcomed(frame);
  }

  /** One timer watches the whole life of a socket; it is moved on, not set anew with each frame. */
  #watch(afterMs: number): void {
    this.#timer = this.#options.scope.timeout(
      afterMs,
      () => {
        const silentMs = this.#now() - this.#heardAt;
        if (silentMs < SILENCE_MS) this.#watch(SILENCE_MS - silentMs);
        else this.#closed(LOST);
      },
      'link-silence',
    );
  }

  #closed(code: number): void {
    const opened = this.#leave();
    this.#closeCode = code === LOST ? null : code;
    if (code === SLOW) this.#slowCloses.add(1);
    const verdict = verdictOf(code, this.#slowCloses.total());
    if (opened) this.#options.lost();
    switch (verdict.kind) {
      case 'retry':
        this.#waitFor(delayMs(verdict, { attempt: this.#attempt, random: this.#options.environment.random() }));
        this.#attempt += 1;
        return;
      case 'renew':
        void this.#renew();
        return;
      case 'forbidden':
        this.#reason = 'forbidden';
        this.#enter('stopped');
        return;
      case 'replaced':
        // Without a timer: otherwise six tabs of one user would chase each other.
        this.#reason = 'replaced';
        this.#enter('waiting');
        return;
    }
  }

  /** 4401: one look at the session, then either a fresh start or the end. */
  async #renew(): Promise<void> {
    this.#enter('waiting');
    const generation = this.#generation;
    const renewal = new AbortController();
    this.#renewal = renewal;
    const may = !this.#renewed && (await this.#options.environment.renewSession(renewal.signal).catch(() => false));
    if (generation !== this.#generation || renewal.signal.aborted) return;
    this.#renewed = true;
    if (may) {
      this.#connect();
      return;
    }
    this.#reason = 'signed-out';
    this.#enter('stopped');
  }

  #waitFor(ms: number): void {
    this.#retryAt = this.#now() + ms;
    this.#timer = this.#options.scope.timeout(ms, () => this.#connect(), 'link-retry');
    this.#enter('waiting');
  }

  /** Lets socket and timer go; true when there was a socket. */
  #leave(): boolean {
    this.#generation += 1;
    this.#clearTimer();
    this.#renewal?.abort();
    this.#renewal = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.drop();
    return socket !== undefined;
  }

  #clearTimer(): void {
    this.#timer?.();
    this.#timer = undefined;
    this.#retryAt = null;
  }

  #enter(state: ConnectionState): void {
    this.#state = state;
    this.#options.changed(this.status);
  }

  #now(): number {
    return this.#options.scope.timers.now();
  }
}

/** Not a code of the wire: silence. */
const LOST = 0;
const SLOW = 4429;

/** A frame of the contract, or null: nothing else gets past this line. */
export function readFrame(text: string): ServerFrame | null {
  try {
    const found = serverFrame.safeParse(JSON.parse(text));
    return found.success ? found.data : null;
  } catch {
    return null;
  }
}
