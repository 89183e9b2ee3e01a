/** Plays the stored bars of one series at a given pace: play, pause, step, speed. */
import { yieldTurn, type Release, type Scope } from '@wyckoff/bounded';
import type { ConnectionWire } from '@wyckoff/contracts';
import type { BarColumns, EpochMs } from '@wyckoff/domain';
import type { Series } from '../../store/store.ts';

/** Bars read from the store at a time. */
const CHUNK = 1000;
/** Bars handed over at a time at full speed. */
const BATCH = 64;
/** The shortest pause between two hand-overs below full speed; a faster pace hands over several bars at once. */
const SHORTEST_PAUSE_MS = 10;

/** What the feed needs to know of the bars; the store has it. */
export interface BarSource {
  barsAfter(series: Series, query: { readonly after?: EpochMs | undefined; readonly limit: number }): Promise<BarColumns>;
  countBars(series: Series): Promise<number>;
}

export interface ReplayOptions {
  readonly scope: Scope;
  readonly source: BarSource;
  readonly series: Series;
  /** Where it continues: bars already replayed and the opening time of the last of them. */
  readonly position: number;
  readonly time: EpochMs | null;
  /** Bars per second; null = as fast as possible. */
  readonly speed: number | null;
  readonly play: boolean;
  /** Takes bars from row `from`, at most `limit`; answers how many it took, at least one. */
  readonly take: (columns: BarColumns, from: number, limit: number) => Promise<number>;
  /** Ids of what waits for a person: with a new one the replay pauses, or the next bar would take the decision. Default: nothing. */
  readonly waiting?: () => readonly string[];
  /** Called after every change of state and every hand-over. */
  readonly onChange: (state: ConnectionWire) => void;
  /** Wall clock for `since`; default `Date.now`. */
  readonly now?: () => EpochMs;
}

export class ReplayFeed {
  readonly #options: ReplayOptions;
  readonly #now: () => EpochMs;
  #columns: BarColumns | null = null;
  #row = 0;
  #position: number;
  #total: number;
  #time: EpochMs | null;
  #speed: number | null;
  #playing: boolean;
  #finished = false;
  #error: string | null = null;
  #since: EpochMs;
  #lastDataAt: EpochMs | null = null;
  #steps = 0;
  /** Pauses when somebody is asked. */
  #holds = true;
  /** Paused by itself. */
  #held = false;
  #asked: readonly string[];
  #pumping = false;
  #paceFrom = 0;
  #paced = 0;
  #disarm: Release | undefined;

  private constructor(options: ReplayOptions, total: number) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#position = options.position;
    this.#total = total;
    this.#time = options.time;
    this.#speed = options.speed;
    this.#playing = options.play;
    this.#finished = options.position >= total;
    this.#asked = options.waiting?.() ?? [];
    this.#since = this.#now();
  }

  static async open(options: ReplayOptions): Promise<ReplayFeed> {
    const feed = new ReplayFeed(options, await options.source.countBars(options.series));
    feed.#restartPace();
    feed.#arm();
    return feed;
  }

  state(): ConnectionWire {
    const { symbol, timeframe } = this.#options.series;
    return {
      name: 'replay',
      kind: 'FEED',
      state: this.#error === null ? 'CONNECTED' : 'STOPPED',
      since: this.#since,
      lastDataAt: this.#lastDataAt,
      error: this.#error,
      replay: {
        symbol,
        timeframe,
        playing: this.#playing && !this.#finished && this.#error === null,
        finished: this.#finished,
        speed: this.#speed,
        position: this.#position,
        total: this.#total,
        time: this.#time,
        holds: this.#holds,
        held: this.#held && !this.#playing && (this.#options.waiting?.().length ?? 0) > 0,
      },
    };
  }

  play(): ConnectionWire {
    if (this.#playing) return this.state();
    this.#playing = true;
    this.#held = false;
    return this.#changed();
  }

  pause(): ConnectionWire {
    if (!this.#playing) return this.state();
    this.#playing = false;
    return this.#changed();
  }

  /** One bar, whether playing or not; afterwards it is paused. */
  step(): ConnectionWire {
    this.#playing = false;
    this.#steps = Math.min(this.#steps + 1, BATCH);
    return this.#changed();
  }

  /** Whether it pauses when a signal begins to wait for a person. */
  hold(on: boolean): ConnectionWire {
    this.#holds = on;
    return this.#changed();
  }

  setSpeed(barsPerSecond: number | null): ConnectionWire {
    if (barsPerSecond !== null && !(barsPerSecond > 0 && barsPerSecond <= 1e6)) {
      throw new RangeError(`replay: expected a speed above 0 and up to 1,000,000 bars/s or null, was ${barsPerSecond}`);
    }
    this.#speed = barsPerSecond;
    return this.#changed();
  }

  /** Ends the feed with a reason for people: the engine behind it cannot go on. */
  fail(reason: string): void {
    this.#error = reason;
    this.#since = this.#now();
    this.#disarm?.();
    this.#options.onChange(this.state());
  }

  #changed(): ConnectionWire {
    this.#restartPace();
    this.#arm();
    const state = this.state();
    this.#options.onChange(state);
    return state;
  }

  #restartPace(): void {
    this.#paceFrom = this.#options.scope.timers.now();
    this.#paced = 0;
  }

  /** How many bars may go out now: those asked for singly, else what the pace has made due. */
  #due(): number {
    if (this.#finished || this.#error !== null) return 0;
    if (this.#steps > 0) return 1;
    if (!this.#playing) return 0;
    if (this.#speed === null) return BATCH;
    // After a sleep of the machine, or behind an engine that is slower than the pace, at most one second is caught up.
    this.#paceFrom += Math.max(0, this.#behindMs(this.#speed) - 1000);
    const elapsedMs = this.#options.scope.timers.now() - this.#paceFrom;
    return Math.min(BATCH, Math.floor((elapsedMs * this.#speed) / 1000 + 1e-9) - this.#paced);
  }

  #arm(): void {
    this.#disarm?.();
    this.#disarm = undefined;
    if (this.#pumping || this.#options.scope.state !== 'open') return;
    const waitMs = this.#waitMs();
    if (waitMs !== null) this.#disarm = this.#options.scope.timeout(waitMs, () => this.#pump(), 'replay');
  }

  /** Until the next bar is due; null when nothing is. */
  #waitMs(): number | null {
    if (this.#finished || this.#error !== null) return null;
    if (this.#steps > 0) return 0;
    if (!this.#playing) return null;
    if (this.#speed === null) return 0;
    const dueAt = this.#paceFrom + ((this.#paced + 1) * 1000) / this.#speed;
    return Math.max(SHORTEST_PAUSE_MS, Math.ceil(dueAt - this.#options.scope.timers.now()));
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    this.#disarm = undefined;
    try {
      for (let due = this.#due(); due > 0 && this.#options.scope.state === 'open'; due = this.#due()) {
        await this.#handOver(due);
        await yieldTurn(this.#options.scope.timers);
      }
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error));
      throw error;
    } finally {
      this.#pumping = false;
      this.#arm();
    }
  }

  #behindMs(speed: number): number {
    return this.#options.scope.timers.now() - this.#paceFrom - (this.#paced * 1000) / speed;
  }

  async #handOver(due: number): Promise<void> {
    const columns = await this.#loaded();
    if (columns === null) {
      this.#finished = true;
      this.#steps = 0;
      this.#options.onChange(this.state());
      return;
    }
    const stepping = this.#steps > 0;
    const taken = await this.#options.take(columns, this.#row, Math.min(due, columns.length - this.#row));
    this.#row += taken;
    this.#position += taken;
    this.#paced += taken;
    if (stepping) this.#steps -= 1;
    this.#ask();
    this.#time = columns.time[this.#row - 1];
    this.#lastDataAt = this.#now();
    this.#finished = this.#position >= this.#total && (await this.#loaded()) === null;
    this.#options.onChange(this.state());
  }

  /** Pauses where somebody is asked anew. */
  #ask(): void {
    const asked = this.#options.waiting?.() ?? [];
    const isNew = asked.some((id) => !this.#asked.includes(id));
    this.#asked = asked;
    if (!isNew || !this.#holds || !this.#playing) return;
    this.#playing = false;
    this.#held = true;
  }

  /** The chunk that holds the next bar; null when the store has no further one. */
  async #loaded(): Promise<BarColumns | null> {
    if (this.#columns !== null && this.#row < this.#columns.length) return this.#columns;
    const { source, series } = this.#options;
    const columns = await source.barsAfter(series, { after: this.#time ?? undefined, limit: CHUNK });
    this.#row = 0;
    this.#columns = columns.length === 0 ? null : columns;
    if (columns.length > 0 && this.#position + columns.length > this.#total) this.#total = await source.countBars(series);
    return this.#columns;
  }
}
