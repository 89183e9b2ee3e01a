/** The line to Redis: opened on first use, never waited for longer than 250 ms, and honest about being away. */
import type { Scope } from '@wyckoff/bounded';
import { RESP_TYPES, createClient } from 'redis';

/** What reads and clears the cache: replies as they come, strings as bytes. */
export type RedisClient = ReturnType<typeof openClient>;

export interface RedisLinkOptions {
  /** `redis://` or `rediss://`; credentials in it are never shown. */
  readonly url: string;
  readonly scope: Scope;
  readonly onProblem: (error: unknown) => void;
  /** Called when the line is up, again and again. */
  readonly onReady?: () => void;
}

export interface LinkStats {
  readonly state: 'CONNECTED' | 'AWAY';
  readonly requests: number;
  /** Answers that came too late, and errors. */
  readonly failures: number;
  readonly lastError: string | null;
}

const LONGEST_BACK_OFF_MS = 30_000;

const SOCKET = {
  connectTimeout: 5_000,
  keepAlive: true,
  reconnectStrategy: (retries: number): number =>
    Math.round(Math.random() * Math.min(LONGEST_BACK_OFF_MS, 250 * 2 ** Math.min(retries, 10))),
};

/** Nothing waits for a cache longer. */
const PATIENCE_MS = 250;
/** Commands that may wait in the client. */
const QUEUE = 1_000;

export class RedisLink {
  readonly #client: RedisClient;
  readonly #scope: Scope;
  #requests = 0;
  #failures = 0;
  #lastError: string | null = null;

  constructor({ url, scope, onProblem, onReady }: RedisLinkOptions) {
    this.#scope = scope;
    this.#client = openClient(url);
    scope.listen(this.#client, 'error', (error: unknown) => {
      const text = textOf(error);
      // One line per outage, not one per attempt.
      if (text !== this.#lastError) onProblem(error);
      this.#lastError = text;
    });
    scope.listen(this.#client, 'ready', () => {
      this.#lastError = null;
      onReady?.();
    });
    // Answers when connected; an outage is told by the listener above, and the client tries for ever.
    scope.task('redis connect', () => this.#client.connect().then(nothing, nothing), { kind: 'redis' });
    // Owned last, so it ends first: connecting stops, and its task with it.
    scope.own(this.#client, (client) => client.destroy(), 'redis');
  }

  get isUp(): boolean {
    return this.#client.isReady;
  }

  get stats(): LinkStats {
    const state = this.isUp ? 'CONNECTED' : 'AWAY';
    return { state, requests: this.#requests, failures: this.#failures, lastError: this.#lastError };
  }

  /** The answer, or null when Redis is away, too slow or says no: the caller does without. */
  async ask<T>(request: (client: RedisClient) => Promise<T>, patienceMs = PATIENCE_MS): Promise<T | null> {
    this.#requests += 1;
    if (!this.#client.isReady) {
      this.#failures += 1;
      return null;
    }
    let release: () => void = nothing;
    try {
      const late = new Promise<null>((resolve) => {
        release = this.#scope.timeout(patienceMs, () => resolve(null), 'redis patience');
      });
      const answer = await Promise.race([request(this.#client), late]);
      if (answer === null) this.#failures += 1;
      return answer;
    } catch (error) {
      this.#failures += 1;
      this.#lastError = textOf(error);
      return null;
    } finally {
      release();
    }
  }

  /** For work that takes its time, such as clearing. @throws when Redis is away or refuses. */
  get client(): RedisClient {
    return this.#client;
  }
}

/** `unix:///path` is a socket of this machine; everything else the client reads itself. */
export function placeOf(url: string): { readonly url?: string; readonly socket: { readonly path?: string } & typeof SOCKET } {
  return url.startsWith('unix://') ? { socket: { ...SOCKET, path: url.slice('unix://'.length) } } : { url, socket: SOCKET };
}

function openClient(url: string) {
  return createClient({
    ...placeOf(url),
    RESP: 2,
    disableOfflineQueue: true,
    commandsQueueMaxLength: QUEUE,
    disableClientInfo: true,
    maintNotifications: 'disabled',
  }).withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
}

function nothing(): void {
  // An outage is told elsewhere.
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
