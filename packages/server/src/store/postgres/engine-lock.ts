/**
 * One engine per database: a lock of the session of a connection of its own. The server drops it with that connection, so a killed process leaves
 * none behind; a process that lost its connection takes the lock again before another does, or is told that it may not go on.
 */
import type { Scope } from '@wyckoff/bounded';
import { hostname } from 'node:os';
import process from 'node:process';
import type { Client } from 'pg';
import { StoreRefused } from '../refused.ts';

/** "WYKF", and which of our locks it is. */
const ENGINE_LOCK = [1465469766, 3] as const;
/** The server may not have noticed yet that the last holder is dead. */
const PATIENCE_MS = 3_000;
const PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;

export interface EngineLockOptions {
  readonly url: string;
  readonly scope: Scope;
  /** Another process has the lock now: this one must not step its engine any more. Told once. */
  readonly onLost: (sentence: string) => void;
}

export class EngineLock {
  readonly #options: EngineLockOptions;
  #client: Client | null = null;

  private constructor(options: EngineLockOptions) {
    this.#options = options;
  }

  /**
   * Held until the scope ends.
   * @throws StoreRefused `store.locked` with who has it, `store.unavailable`.
   */
  static async take(options: EngineLockOptions): Promise<EngineLock> {
    const lock = new EngineLock(options);
    const { scope } = options;
    scope.adopt('engine lock', () => lock.#end());
    const holder = await lock.#acquire(PATIENCE_MS);
    if (holder !== null) throw new StoreRefused('store.locked', inUse(holder));
    return lock;
  }

  /** Null when it is ours, else who has it. @throws StoreRefused when the server cannot be reached. */
  async #acquire(patienceMs: number): Promise<string | null> {
    const { scope } = this.#options;
    const client = await this.#connect();
    const untilMs = scope.timers.now() + patienceMs;
    for (;;) {
      const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1, $2) as taken', [...ENGINE_LOCK]);
      if (rows[0].taken) return null;
      if (scope.timers.now() >= untilMs) break;
      await scope.delay(PAUSE_MS, 'engine lock');
    }
    const holder = await holderOf(client);
    await this.#end();
    return holder;
  }

  async #connect(): Promise<Client> {
    const { default: pg } = await import('pg');
    const client = new pg.Client({
      connectionString: this.#options.url,
      application_name: `wyckoff of ${hostname()}, process ${process.pid}`.slice(0, 63),
      connectionTimeoutMillis: 30_000,
      keepAlive: true,
    });
    // bounded: two, end with the connection
    client.on('error', () => undefined);
    client.on('end', () => this.#ended(client)); // bounded: one, ends with the connection
    try {
      await client.connect();
    } catch (error) {
      throw new StoreRefused('store.unavailable', `The database cannot be reached: ${(error as Error).message}.`, error);
    }
    this.#client = client;
    return client;
  }

  #ended(client: Client): void {
    const { scope } = this.#options;
    if (this.#client !== client) return;
    this.#client = null;
    if (scope.state === 'open') scope.task('engine lock', () => this.#again(), { kind: 'engine-lock' });
  }

  /** The connection broke: the lock is free, and ours again if we are the first. */
  async #again(): Promise<void> {
    const { scope, onLost } = this.#options;
    for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
      try {
        const holder = await this.#acquire(0);
        if (holder !== null) onLost(inUse(holder));
        return;
      } catch {
        // Still away: commits fail meanwhile, so nobody works on what is not ours.
        await scope.delay(pauseMs, 'engine lock');
      }
    }
  }

  async #end(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => undefined);
  }
}

async function holderOf(client: Client): Promise<string> {
  const { rows } = await client.query<{ name: string; since: Date }>(
    `select a.application_name as name, a.backend_start as since from pg_locks l join pg_stat_activity a on a.pid = l.pid
      where l.locktype = 'advisory' and l.classid = $1 and l.objid = $2 and l.granted and l.database = (select oid from pg_database where datname = current_database())`,
    [...ENGINE_LOCK],
  );
  const holder = rows.at(0);
  return holder === undefined ? 'another wyckoff' : `${holder.name}, since ${new Date(holder.since).toISOString()}`;
}

function inUse(holder: string): string {
  return `The engine of this database runs in another wyckoff (${holder}); there may be one.`;
}
