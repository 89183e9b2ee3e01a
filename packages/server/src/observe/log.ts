/** The log: one JSON object per line on stdout, nothing retained, secrets redacted (L4). */
import { type Clock, LruTtlCache, type Scope } from '@wyckoff/bounded';
import { pino } from 'pino';

export interface Log {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

const SECRETS = [
  'authorization',
  'cookie',
  'token',
  'password',
  'secret',
  'key',
  'localToken',
  'csrfToken',
  '["x-wyckoff-token"]',
];

export function openLog(level: 'debug' | 'info' | 'warn' | 'error' | 'silent'): Log {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: SECRETS.flatMap((name) => (name.startsWith('[') ? [name, `*${name}`] : [name, `*.${name}`])),
      censor: '[redacted]',
    },
  });
}

const REPEAT_MS = 10_000;

/** One line per repeated error per 10 s, with a count of those left out. */
export class RepeatedErrors {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #seen: LruTtlCache<string, { sinceMs: number; leftOut: number }>;

  constructor(log: Log, options: { readonly scope: Scope; readonly clock: Clock }) {
    this.#log = log;
    this.#clock = options.clock;
    this.#seen = new LruTtlCache({
      name: 'server.log.repeated',
      capacity: 200,
      itemBytes: 400,
      ttlMs: 600_000,
      maxFlights: 1,
      clock: options.clock,
      scope: options.scope,
    });
  }

  error(fields: { readonly err: unknown }, text: string): void {
    const key = `${text}|${fields.err instanceof Error ? fields.err.message : String(fields.err)}`.slice(0, 200);
    const nowMs = this.#clock.now();
    const seen = this.#seen.get(key);
    if (seen !== undefined && nowMs - seen.sinceMs < REPEAT_MS) {
      seen.leftOut += 1;
      return;
    }
    this.#log.error({ ...fields, ...(seen === undefined || seen.leftOut === 0 ? {} : { repeated: seen.leftOut }) }, text);
    this.#seen.set(key, { sinceMs: nowMs, leftOut: 0 });
  }
}
