/** The user's file of earnings and news: read at the start and whenever it changes, told to the account as an input (trading.md ST-5 to ST-7). */
import { readFile, stat } from 'node:fs/promises';
import type { Scope } from '@wyckoff/bounded';
import { parseCalendar, type ScheduledEvent, type TradingCommand } from '@wyckoff/domain';

/** How often the file is looked at. */
const LOOK_MS = 5_000;
/** A larger file is refused: 100,000 lines fit. */
const MAX_BYTES = 16 * 1024 * 1024;

type KnownEvents = NonNullable<Extract<TradingCommand, { kind: 'setCalendar' }>['calendar']>;

export interface CalendarFileOptions {
  readonly scope: Scope;
  readonly path: string;
  /** Symbol and currencies of the account: nothing else is kept. */
  readonly subjects: readonly string[];
  readonly tell: (calendar: KnownEvents | null) => Promise<unknown>;
  /** Lines left out, a file that cannot be read. */
  readonly onNotice: (sentence: string) => void;
}

export class CalendarFile {
  readonly #options: CalendarFileOptions;
  /** What was told last; undefined: nothing yet. */
  #told: string | undefined;
  #seen = '';
  #looking: Promise<void> | null = null;

  constructor(options: CalendarFileOptions) {
    this.#options = options;
  }

  /** Read before the first bar, then looked at again and again. */
  async start(): Promise<void> {
    await this.look();
    this.#options.scope.interval(LOOK_MS, () => this.look(), 'calendar file');
  }

  /** Once at a time; a look while one is on its way is that one. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = null));
    return this.#looking;
  }

  async #look(): Promise<void> {
    const { path, tell } = this.#options;
    const { mtimeMs, size, ino } = await stat(path).catch(() => ({ mtimeMs: -1, size: -1, ino: -1 }));
    const seen = `${mtimeMs} ${size} ${ino}`;
    if (seen === this.#seen) return;
    const calendar = mtimeMs < 0 ? null : await this.#read(Math.floor(mtimeMs), size);
    if (calendar === null)
      this.#options.onNotice(`calendar ${path}: it cannot be read; entries go on without it, with ST_CALENDAR_UNKNOWN`);
    const told = JSON.stringify(calendar);
    if (told !== this.#told) await tell(calendar);
    this.#told = told;
    this.#seen = seen;
  }

  async #read(loadedAt: number, size: number): Promise<KnownEvents | null> {
    const { path, subjects, onNotice } = this.#options;
    if (size > MAX_BYTES) return null;
    const text = await readFile(path, 'utf8').catch(() => null);
    if (text === null) return null;
    const { events, problems } = parseCalendar(text);
    for (const problem of problems.slice(0, 20)) onNotice(`calendar ${path}: ${problem}`);
    if (problems.length > 20) onNotice(`calendar ${path}: ${problems.length - 20} more lines were left out`);
    return { loadedAt, events: events.filter(({ subject }: ScheduledEvent) => subjects.includes(subject)) };
  }
}
