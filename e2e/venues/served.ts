/** `wyckoff serve` as a process that a test starts, asks and ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { TIMEFRAME_MS } from '@wyckoff/domain';
import { SERVER_FLAGS } from '../../tools/server-flags.mjs';
import type { BinanceDataServer } from '../feeds/binance-data-server.ts';
import type { TapeBar } from '../feeds/tape.ts';

const main = join(import.meta.dirname, '..', '..', 'packages', 'server', 'src', 'cli', 'main.ts');
const HOUR = TIMEFRAME_MS['1h'];

export interface Serving {
  /** Where its data lies. */
  readonly data: string;
  /** After `serve --port 0 --data <data>`. */
  readonly words: readonly string[];
  readonly feed: BinanceDataServer;
  readonly env: Readonly<Record<string, string>>;
  /** Where it is started; default: where the test is. */
  readonly cwd?: string;
}

export class Served {
  readonly child: ChildProcess;
  readonly data: string;
  /** Resolves when the process has ended and its pipes are closed, whenever it is asked. */
  readonly closed: Promise<number | null>;
  said = '';
  url = '';

  constructor({ data, words, feed, env: own, cwd }: Serving) {
    this.data = data;
    const env = {
      ...process.env, WYCKOFF_LOG_LEVEL: 'info', WYCKOFF_BINANCE_DATA_URL: feed.url, WYCKOFF_BINANCE_STREAM_URL: feed.streamUrl, WYCKOFF_FEED_HISTORYBARS: '2500',
      // The test asks more often than people do.
      WYCKOFF_HTTP_PERMINUTEUSER: '1000000', WYCKOFF_HTTP_PERMINUTEADDRESS: '1000000', ...own,
    }; // prettier-ignore
    this.child = spawn(process.execPath, [...SERVER_FLAGS, main, 'serve', '--port', '0', '--data', data, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'], ...(cwd !== undefined && { cwd }) }); // prettier-ignore
    this.closed = new Promise((resolve) => this.child.once('close', resolve));
    const hear = (chunk: Buffer): void => {
      this.said += chunk.toString();
      this.url = /"url":"(http:[^"]+)"/.exec(this.said)?.[1] ?? this.url;
    };
    this.child.stdout?.on('data', hear);
    this.child.stderr?.on('data', hear);
  }

  /** The exit code; null: by a signal. */
  async kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    return this.closed;
  }

  async ask<T>(path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    const token = readFileSync(join(this.data, 'local-token'), 'utf8');
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const response = await fetch(`${this.url}/api/v1${path}`, { ...init, headers: { authorization: `Bearer ${token}`, 'x-wyckoff-token': token, 'content-type': 'application/json', ...headers } }); // prettier-ignore
    return (await response.json()) as T;
  }

  async items(path: string): Promise<readonly Item[]> {
    const answer = await this.ask<{ items?: Item[] }>(path);
    if (answer.items === undefined) throw new Error(`${path}: expected a list, was ${JSON.stringify(answer)}`);
    return answer.items;
  }

  async health(): Promise<Health> {
    return (await (await fetch(`${this.url}/health`)).json()) as Health;
  }

  /** Throws with what the server said last, at once when it has ended. */
  async until<T>(
    what: string,
    look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
    ms = 60_000,
  ): Promise<T> {
    const late = Date.now() + ms;
    for (;;) {
      const found = await look();
      if (found !== null && found !== undefined && found !== false) return found;
      const { exitCode } = this.child;
      if (exitCode !== null || Date.now() > late)
        throw new Error(`expected ${what}${exitCode === null ? ` within ${ms} ms` : `, it ended with ${exitCode}`}; the server said ${this.said.slice(-3_000)}`); // prettier-ignore
      await pause(40);
    }
  }
}

export interface Health {
  readonly feeds: readonly {
    readonly name: string;
    readonly kind: string;
    readonly state: string;
    readonly lastDataAt: number | null;
  }[];
}

export interface Item {
  readonly id: string;
  readonly status: string;
  readonly state: string;
  readonly openQtyMicros: number;
  readonly intent: string;
  readonly clientId: string;
}

/** The drawn bars up to row `last`, hourly, so that the last one closes when the hour at `end` begins. */
export function hourlyTape(columns: BarsLike, last: number, end: number): readonly TapeBar[] {
  const first = end - (last + 1) * HOUR;
  return Array.from({ length: last + 1 }, (_, row) => ({
    time: first + row * HOUR, open: columns.open[row], high: columns.high[row], low: columns.low[row], close: columns.close[row], volume: columns.volume[row],
  })); // prettier-ignore
}

type BarsLike = Readonly<Record<'open' | 'high' | 'low' | 'close' | 'volume', ArrayLike<number>>>;
