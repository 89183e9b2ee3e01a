/** Long reads beside the event loop (interface.md 4.1): a thread that is started when one comes and ends when none has come for a while. */
import type { Scope } from '@wyckoff/bounded';
import { createBarColumns, type BarColumns } from '@wyckoff/domain';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { StoreFailure } from '../refused.ts';
import type { BulkBars } from '../sql/bars.ts';
import type { Work } from '../sql/work.ts';
import { minutesOf } from '../sql/bar-keys.ts';
import type { LookRequest, ReaderAnswer, ReaderRequest, ReaderStart } from './reader-messages.ts';

/** Requests under way at one time; one more is refused. */
const SLOTS = 64;
const IDLE_MS = 30_000;
const HEAP_MB = 48;

interface Waiting {
  readonly resolve: (answer: ReaderAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** Started, with the way to end it. */
interface Thread {
  readonly worker: Worker;
  readonly end: () => Promise<void>;
}

/** The thread's file: beside this one in the sources, beside the bundle's entry in production. */
function threadFile(): URL {
  if (import.meta.url.endsWith('.ts')) return new URL('./reader-thread.ts', import.meta.url);
  const inChunks = /\/chunks\/[^/]+$/.test(fileURLToPath(import.meta.url));
  return new URL(inChunks ? '../store-reader.mjs' : './store-reader.mjs', import.meta.url);
}

export class Reader {
  readonly #path: string;
  readonly #scope: Scope;
  readonly #flags = new SharedArrayBuffer(SLOTS * Int32Array.BYTES_PER_ELEMENT);
  // bounded: one entry per slot, of which there are 64.
  readonly #waiting = new Map<number, Waiting>();
  #thread: Thread | null = null;
  #disarm: () => void = () => undefined;

  constructor(path: string, scope: Scope) {
    this.#path = path;
    this.#scope = scope;
    scope.adopt('reader thread', () => this.close());
  }

  readonly page: NonNullable<BulkBars['page']> = async (series, { after, until, limit }): Promise<BarColumns> => {
    const key = [series.symbolId, minutesOf(series.timeframe), after] as const;
    const { columns = [] } = await this.#ask({ kind: 'bars', key, until, limit });
    const [time, open, high, low, close, volume] = columns;
    return { ...createBarColumns(0), time, open, high, low, close, volume, length: time.length };
  };

  readonly count: NonNullable<BulkBars['count']> = async (series, { after, until }): Promise<number> => {
    const key = [series.symbolId, minutesOf(series.timeframe), after] as const;
    return (await this.#ask({ kind: 'count', key, until, limit: 0 })).count ?? 0;
  };

  /** Work that only reads, statement by statement: other work comes between them. Its rows are arrays. */
  async look<T>(work: () => Work<T>): Promise<T> {
    const running = work();
    let step = running.next({ rows: [], changes: 0 });
    while (step.done !== true) {
      const { sql, parameters } = step.value;
      const { rows = [] } = await this.#ask({ kind: 'look', sql, parameters });
      step = running.next({ rows, changes: rows.length });
    }
    return step.value;
  }

  /** Requests under way. */
  get busy(): number {
    return this.#waiting.size;
  }

  /** True while the thread lives. */
  get isRunning(): boolean {
    return this.#thread !== null;
  }

  /** Tells everything under way to stop at its next check. */
  cancel(): void {
    const flags = new Int32Array(this.#flags);
    for (const slot of this.#waiting.keys()) Atomics.store(flags, slot, 1);
  }

  async close(): Promise<void> {
    this.#disarm();
    this.cancel();
    await this.#thread?.end();
  }

  async #ask(request: Omit<ReaderRequest, 'id' | 'slot'> | Omit<LookRequest, 'id' | 'slot'>): Promise<ReaderAnswer> {
    const slot = this.#freeSlot();
    if (slot === null) throw new StoreFailure('store.busy', `${SLOTS} long reads are under way already.`);
    Atomics.store(new Int32Array(this.#flags), slot, 0);
    this.#disarm();
    const thread = (this.#thread ??= this.#start());
    try {
      const answer = await new Promise<ReaderAnswer>((resolve, reject) => {
        this.#waiting.set(slot, { resolve, reject });
        thread.worker.postMessage({ ...request, slot, id: slot } satisfies ReaderRequest | LookRequest);
      });
      if (answer.error !== undefined) throw new StoreFailure('store.timeout', `A long read ended early: ${answer.error}.`);
      return answer;
    } finally {
      this.#waiting.delete(slot);
      if (this.#waiting.size === 0 && this.#scope.state === 'open')
        this.#disarm = this.#scope.timeout(IDLE_MS, () => this.#thread?.end(), 'idle reader');
    }
  }

  #freeSlot(): number | null {
    for (let slot = 0; slot < SLOTS; slot += 1) if (!this.#waiting.has(slot)) return slot;
    return null;
  }

  #start(): Thread {
    const worker = new Worker(threadFile(), {
      workerData: { path: this.#path, flags: this.#flags } satisfies ReaderStart,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
      name: 'store-reader',
    });
    const ended = new Promise<void>((resolve) => {
      // bounded: one each, end with the thread
      worker.once('exit', () => {
        this.#thread = null;
        this.#fail(new StoreFailure('store.unavailable', 'The thread for long reads ended.'));
        resolve();
      });
      worker.once('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error)))); // bounded: as above
      worker.on('message', (answer: ReaderAnswer) => this.#waiting.get(answer.id)?.resolve(answer)); // bounded: as above
    });
    const end = async (): Promise<void> => {
      worker.postMessage('close');
      await ended;
    };
    return { worker, end };
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
  }
}
