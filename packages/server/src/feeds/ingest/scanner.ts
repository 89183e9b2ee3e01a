/** Asks again and again for what no stream brings: series without one, and series with a hole (trading.md 9.1). */
import type { Scope, StopSignal } from '@wyckoff/bounded';
import type { EpochMs } from '@wyckoff/domain';
import { seriesName, type SeriesKey } from '../contract/series-key.ts';

export type ScannerState = 'STOPPED' | 'STARTING' | 'WAITING' | 'SCANNING' | 'STOPPING';
export type CycleStatus = 'COMPLETED' | 'PARTIAL' | 'FAILED' | 'SKIPPED';

/** One fact per cycle. */
export interface ScanCycle {
  readonly status: CycleStatus;
  readonly at: EpochMs;
  readonly scanned: number;
  readonly failed: readonly { readonly series: string; readonly reason: string }[];
  readonly tookMs: number;
}

export interface ScannerOptions {
  readonly scope: Scope;
  /** What wants scanning now; asked at the beginning of each cycle. */
  readonly due: () => readonly SeriesKey[];
  /** Fetches one series into the store. */
  readonly scan: (series: SeriesKey, signal: StopSignal) => Promise<void>;
  readonly onCycle: (cycle: ScanCycle) => void;
  readonly onState?: ((state: ScannerState) => void) | undefined;
  /** Default 300,000; 60,000 to 3,600,000. */
  readonly everyMs?: number | undefined;
  /** Series at a time; default 10, 1 to 50. */
  readonly batch?: number | undefined;
  /** Between two batches; default 100. */
  readonly pauseMs?: number | undefined;
  readonly now?: (() => EpochMs) | undefined;
}

const WAYS: Readonly<Record<ScannerState, readonly ScannerState[]>> = {
  STOPPED: ['STARTING'],
  STARTING: ['WAITING', 'STOPPING'],
  WAITING: ['SCANNING', 'STOPPING'],
  SCANNING: ['WAITING', 'STOPPING'],
  STOPPING: ['STOPPED'],
};
/** Failures of one cycle that are named; all of them are counted by the cycle's status. */
const NAMED = 20;

export class Scanner {
  readonly #options: ScannerOptions;
  readonly #everyMs: number;
  readonly #batch: number;
  #state: ScannerState = 'STOPPED';
  #run: Scope | null = null;

  /** @throws {RangeError} for a pace outside its range. */
  constructor(options: ScannerOptions) {
    this.#options = options;
    this.#everyMs = within('everyMs', options.everyMs ?? 300_000, [60_000, 3_600_000]);
    this.#batch = within('batch', options.batch ?? 10, [1, 50]);
  }

  get state(): ScannerState {
    return this.#state;
  }

  /** Scans at once, then at its pace; a cycle that takes longer is not overlapped. */
  start(): void {
    if (this.#state !== 'STOPPED') return;
    this.#enter('STARTING');
    const run = this.#options.scope.child('scanner', { capacity: 32 });
    this.#run = run;
    run.adopt('state', () => this.#ended());
    this.#enter('WAITING');
    run.interval(this.#everyMs, () => this.#cycle(run), 'scan');
    run.timeout(0, () => this.#cycle(run), 'first scan');
  }

  /** Resolves when the cycle at hand has ended. */
  async stop(): Promise<void> {
    if (this.#state === 'STOPPED' || this.#run === null) return;
    if (this.#state !== 'STOPPING') this.#enter('STOPPING');
    await this.#run.dispose();
  }

  #ended(): void {
    if (this.#state !== 'STOPPING') this.#enter('STOPPING');
    this.#run = null;
    this.#enter('STOPPED');
  }

  async #cycle(run: Scope): Promise<void> {
    if (this.#state !== 'WAITING') return;
    const { due, onCycle } = this.#options;
    const at = (this.#options.now ?? Date.now)();
    const beganMs = run.timers.now();
    this.#enter('SCANNING');
    const series = due();
    const failed: { series: string; reason: string }[] = []; // bounded: the series of one cycle
    let scanned = 0;
    for (let from = 0; from < series.length && run.state === 'open'; from += this.#batch) {
      if (from > 0) await run.delay(this.#options.pauseMs ?? 100, 'between batches').catch(() => undefined);
      if (run.state !== 'open') break;
      const part = series.slice(from, from + this.#batch);
      const outcomes = await Promise.all(part.map((one) => this.#one(run, one)));
      outcomes.forEach((reason, i) => {
        scanned += 1;
        if (reason !== null) failed.push({ series: seriesName(part[i]), reason });
      });
    }
    const status = statusOf({ wanted: series.length, scanned, failed: failed.length });
    onCycle({ status, at, scanned, failed: failed.slice(0, NAMED), tookMs: run.timers.now() - beganMs });
    // It may have been stopped meanwhile.
    if (run.state === 'open') this.#enter('WAITING');
  }

  async #one(run: Scope, series: SeriesKey): Promise<string | null> {
    const task = run.task('scan', (signal) => this.#attempt(series, signal), { kind: 'feed.scan' });
    const outcome = await task.finished;
    return outcome.kind === 'done' ? outcome.value : outcome.kind === 'cancelled' ? 'stopped' : String(outcome.error);
  }

  async #attempt(series: SeriesKey, signal: StopSignal): Promise<string | null> {
    try {
      await this.#options.scan(series, signal);
      return null;
    } catch (error) {
      signal.throwIfAborted();
      return error instanceof Error ? error.message : String(error);
    }
  }

  #enter(state: ScannerState): void {
    if (!WAYS[this.#state].includes(state)) throw new Error(`scanner: expected no way from ${this.#state} to ${state}`);
    this.#state = state;
    this.#options.onState?.(state);
  }
}

function statusOf({
  wanted,
  scanned,
  failed,
}: {
  readonly wanted: number;
  readonly scanned: number;
  readonly failed: number;
}): CycleStatus {
  if (wanted === 0) return 'SKIPPED';
  if (failed === 0 && scanned === wanted) return 'COMPLETED';
  return failed >= scanned ? 'FAILED' : 'PARTIAL';
}

function within(name: string, value: number, [low, high]: readonly [low: number, high: number]): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new RangeError(`scanner: expected ${name} from ${low} to ${high}, was ${value}`);
}
