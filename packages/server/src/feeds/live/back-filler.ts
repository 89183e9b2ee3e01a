/** Fetches what a lane has missed and hands it over before anything later: at the start, after a cut, at a hole, and at each close of a polled series. */
import { BoundedQueue, DeadlineHeap, type Scope, type StopSignal } from '@wyckoff/bounded';
import { nextCloseAfter, TIMEFRAME_MS, type BarCode, type BarColumns, type EpochMs } from '@wyckoff/domain';
import type { BarBatch } from '../contract/feed.ts';
import type { HistoryProvider } from '../contract/history.ts';
import { lastClosedBefore, oneRow, rowsFrom, type Lane } from './lane.ts';
import { wantedRows } from './wanted-rows.ts';

const FILLS_AT_ONCE = 4;
/** A polled bar is asked for so long after its close; a provider's history may be so much slower than its stream. */
const SETTLE_MS = 2000;
/** What is looked back for the bar that closed last, besides three bars: longer than a weekend with its holiday. */
const LOOK_BACK_MS = 4 * 86_400_000;

export interface BackFillerOptions {
  readonly scope: Scope;
  readonly history: HistoryProvider;
  readonly capacity: number;
  readonly now: () => EpochMs;
  readonly handOver: (lane: Lane, columns: BarColumns, of: { readonly origin: BarBatch['origin']; readonly signal: StopSignal; readonly provider: string }) => Promise<void>; // prettier-ignore
  readonly onRefused: (lane: Lane, code: BarCode, detail: string) => void;
  /** The provider has answered. */
  readonly onAnswered: () => void;
  readonly onFault: (lane: Lane, error: Error) => void;
}

export class BackFiller {
  readonly #options: BackFillerOptions;
  readonly #queue: BoundedQueue<Lane>;
  readonly #dues: DeadlineHeap<Lane>;
  #running = 0;

  constructor(options: BackFillerOptions) {
    const { scope, capacity } = options;
    this.#options = options;
    const bound = { itemBytes: 64, scope };
    this.#queue = new BoundedQueue({
      ...bound,
      name: 'server.feeds.fills',
      capacity,
      policy: 'discard',
      keyOf: (lane) => lane.name,
    });
    this.#dues = new DeadlineHeap({ ...bound, name: 'server.feeds.polls', capacity: 2 * capacity, policy: 'refuse', timers: scope.timers, onExpire: (lane) => this.want(lane) }); // prettier-ignore
  }

  /** As soon as there is a turn; once more afterwards when one is on its way. */
  want(lane: Lane): void {
    if (lane.ended || this.#options.scope.state !== 'open') return;
    lane.due?.cancel();
    lane.due = null;
    if (lane.fill !== null) lane.again = true;
    else this.#queue.push(lane);
    this.#more();
  }

  wantLater(lane: Lane, delayMs: number): void {
    if (lane.ended || this.#options.scope.state !== 'open') return;
    lane.due?.cancel();
    lane.due = this.#dues.after(delayMs, lane);
  }

  forget(lane: Lane): void {
    this.#queue.removeWhere((waiting) => waiting === lane);
  }

  #more(): void {
    while (this.#running < FILLS_AT_ONCE && this.#queue.size > 0) {
      const lane = this.#queue.shift();
      if (lane === undefined || lane.ended || lane.fill !== null) continue;
      this.#running += 1;
      lane.again = false;
      lane.fill = this.#options.scope.task('back-fill', (signal) => this.#fill(lane, signal), { kind: 'feed.fill' });
      void lane.fill.finished.then(() => this.#filled(lane));
    }
  }

  #filled(lane: Lane): void {
    this.#running -= 1;
    lane.fill = null;
    if (lane.again) this.want(lane);
    if (this.#options.scope.state === 'open') this.#more();
  }

  async #fill(lane: Lane, signal: StopSignal): Promise<void> {
    try {
      const before = lane.last;
      await this.#fetch(lane, signal);
      if (await this.#drainWaiting(lane, { orGap: true, signal })) {
        // Once more, then the gap is real.
        await pause(this.#options.scope, SETTLE_MS, signal);
        await this.#fetch(lane, signal);
        await this.#drainWaiting(lane, { orGap: false, signal });
      }
      this.#options.onAnswered();
      this.#planNext(lane, before !== lane.last);
    } catch (error) {
      if (signal.aborted) return;
      this.#options.onFault(lane, error instanceof Error ? error : new Error(String(error)));
      this.wantLater(lane, lane.backoff.nextMs());
    }
  }

  async #fetch(lane: Lane, signal: StopSignal): Promise<void> {
    const { history, now, onRefused, handOver } = this.#options;
    const { series, calendar, stream } = lane;
    const at = now();
    // Nothing is wanted of the time before it was watched, but a polled series must find the bar that closed last.
    const fresh = lane.last === null;
    const from = lane.last === null ? lane.since - 3 * TIMEFRAME_MS[series.timeframe] - LOOK_BACK_MS : lane.last + 1;
    for await (const page of history.pages({ ...series, from, to: at + 1 }, signal)) {
      const columns = wantedRows(page.columns, {
        timeframe: series.timeframe,
        calendar,
        now: at,
        after: lane.last ?? -Infinity,
        onRefused: (code, detail) => onRefused(lane, code, detail),
      });
      if (columns.length === 0) continue;
      const known = fresh ? lastClosedBefore(columns, lane) : -1;
      if (known >= 0) lane.last = columns.time[known];
      const rest = known < 0 ? columns : rowsFrom(columns, known + 1);
      const of = { origin: stream === null ? 'poll' : 'backfill', signal, provider: page.provider ?? history.name } as const;
      if (rest.length > 0) await handOver(lane, rest, of);
    }
  }

  /** Hands over what came by stream meanwhile. True: a bar is missing before the next one, and it still waits. */
  async #drainWaiting(lane: Lane, { orGap, signal }: { readonly orGap: boolean; readonly signal: StopSignal }): Promise<boolean> {
    for (;;) {
      const bar = lane.nextWaiting();
      if (bar === null) {
        lane.filling = false;
        return false;
      }
      if (orGap && lane.missingBefore(bar.time) > 0) return true;
      lane.waiting.removeWhere((waiting) => waiting === bar);
      const of = { origin: 'stream', signal, provider: this.#options.history.name } as const;
      if (lane.last === null || bar.time > lane.last) await this.#options.handOver(lane, oneRow(bar), of);
    }
  }

  /** When a polled series is asked for next. */
  #planNext(lane: Lane, progress: boolean): void {
    if (progress) lane.backoff.reset();
    if (lane.stream !== null) return;
    const dueMs =
      lane.last === null ? 0 : nextCloseAfter(lane.last, lane.series.timeframe, lane.calendar) + SETTLE_MS - this.#options.now();
    // Late or thin: asked again soon, then less often.
    this.wantLater(lane, dueMs > 0 ? dueMs : Math.max(1000, lane.backoff.nextMs()));
  }
}

/** A pause that ends with the task, too. */
function pause(scope: Scope, ms: number, signal: StopSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = scope.timeout(
      ms,
      () => {
        off();
        resolve();
      },
      'provider pause',
    );
    const off = scope.listen(signal, 'abort', () => {
      done();
      off();
      reject(signal.reason as Error);
    });
  });
}
