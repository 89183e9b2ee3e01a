/** The settings of a server: defaults, ranges and the environment, validated together before anything is opened (interface.md 9). */
import { join, resolve } from 'node:path';
import { SECRET_CHARS } from './webhook/signature.ts';
import { folderOf, readMarket, type MarketChoice, type MarketInput } from './market-choice.ts';
import { readReplay, type ReplayChoice, type ReplayInput } from './replay-choice.ts';

/** Numbers that can be set, with default and range; `WYCKOFF_` + the key in capitals, dots as underscores, overrides one. */
const NUMBERS = {
  'server.port': [4780, 0, 65_535],
  'memory.budgetMb': [256, 192, 16_384],
  'ws.pingMs': [15_000, 5_000, 60_000],
  'ws.pongMs': [10_000, 1_000, 60_000],
  'ws.maxConnections': [1_000, 1, 20_000],
  'ws.maxPerUser': [5, 1, 20_000],
  'ws.openingsPerMinute': [30, 1, 1_000_000],
  'ws.greetingMax': [100, 1, 20_000],
  'ws.queueBytes': [256 * 1024, 26_214, 4_194_304],
  'ws.queueFrames': [1_024, 102, 16_384],
  'ws.queueAgeMs': [5_000, 500, 80_000],
  'ws.queueTotalBytes': [16 * 1024 * 1024, 1_677_721, 268_435_456],
  'ws.replayEvents': [1_000, 100, 16_000],
  'ws.replayBytes': [1024 * 1024, 104_857, 16_777_216],
  'ws.replayMinutes': [15, 1.5, 240],
  'feed.historyBars': [2_000, 1, 100_000],
  'http.inFlight': [200, 10, 2_000],
  'http.perMinuteUser': [300, 60, 1_000_000],
  'http.perMinuteAddress': [600, 60, 1_000_000],
} as const satisfies Record<string, readonly [value: number, min: number, max: number]>;

export type NumberKey = keyof typeof NUMBERS;
export type Numbers = Readonly<Record<NumberKey, number>>;

export interface Settings {
  readonly numbers: Numbers;
  /** Loopback only: other addresses need users mode. */
  readonly host: '127.0.0.1' | '::1';
  /** Folder of the store, the local token and heap snapshots; absolute. */
  readonly dataDir: string;
  /** PostgreSQL in place of the embedded store; null = embedded. Never logged: it may hold a password. */
  readonly databaseUrl: string | null;
  /** Redis for the shared cache of bars; null = none. Never logged: it may hold a password. */
  readonly redisUrl: string | null;
  /** What alerts are signed with; null: nobody can sign. */
  readonly webhookSecret: string | null;
  /** Bring the schema up to date at start; null = as the store does by itself. */
  readonly migrateOnStart: boolean | null;
  /** The live market that is watched; null: the demo is replayed. */
  readonly market: MarketChoice | null;
  /** Files that are replayed in place of the demo; null: the demo, or a market. */
  readonly replay: ReplayChoice | null;
  /** File of earnings and news; absolute. Null: none. */
  readonly calendarFile: string | null;
  /** File of what is known of instruments; absolute. Null: none. */
  readonly instrumentsFile: string | null;
  /** Bars per second of the replay at start; null = as fast as possible. */
  readonly speed: number | null;
  /** False: the replay is opened paused. */
  readonly play: boolean;
  /** A supervisor restarts the process when it exits with 75. */
  readonly supervised: boolean;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

/** One fault, as one line: code, key, source, found, expected. */
export interface Fault {
  readonly code: 'config.invalid' | 'config.bind_needs_users';
  readonly key: string;
  readonly source: string;
  readonly found: string;
  readonly expected: string;
}

/** Raised with every fault at once; the process exits with 3. */
export class ConfigError extends Error {
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super(faults.map((f) => `${f.code}  ${f.key}  ${f.source}  found "${f.found}"  expected ${f.expected}`).join('\n'));
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

/** What the command line or a test says; everything else comes from the environment, then from the defaults. */
export interface SettingsInput extends MarketInput, ReplayInput {
  readonly port?: number | string | undefined;
  readonly host?: string | undefined;
  readonly data?: string | undefined;
  /** Bars per second, or `max`. */
  readonly speed?: number | string | null | undefined;
  readonly play?: boolean | undefined;
  /** File of earnings and news: `time,kind,subject`, a line per event. */
  readonly calendar?: string | undefined;
  /** File of instruments: `symbol,buckets,benchmark,shortable,leverage`, a line each. */
  readonly instruments?: string | undefined;
  readonly logLevel?: string | undefined;
  readonly numbers?: Partial<Record<NumberKey, number>> | undefined;
}

export const DEFAULT_BARS_PER_SECOND = 4;
const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/**
 * Reads the settings.
 * @throws ConfigError naming every fault.
 */
export function readSettings(
  input: SettingsInput = {},
  env: Readonly<Record<string, string | undefined>> = process.env,
): Settings {
  const faults: Fault[] = [];
  const numbers = readNumbers(input, env, faults);
  const replay = readReplay(input, faults);
  const market = replay === null ? readMarket(input, { env, faults, historyBars: numbers['feed.historyBars'] }) : null;
  const calendar = input.calendar ?? env['WYCKOFF_CALENDAR'] ?? '';
  const instruments = input.instruments ?? env['WYCKOFF_INSTRUMENTS'] ?? '';
  const settings: Settings = {
    numbers,
    host: readHost(input.host ?? env['WYCKOFF_SERVER_HOST'], faults),
    dataDir: resolve(input.data ?? env['WYCKOFF_DATA'] ?? defaultFolder(market, replay)),
    databaseUrl: readDatabaseUrl(env, faults),
    redisUrl: readRedisUrl(env, faults),
    webhookSecret: readWebhookSecret(env['WYCKOFF_WEBHOOK_SECRET'], faults),
    migrateOnStart: readMigrate(env['WYCKOFF_STORE_MIGRATE_ON_START'], faults),
    market,
    replay,
    calendarFile: calendar === '' ? null : resolve(calendar),
    instrumentsFile: instruments === '' ? null : resolve(instruments),
    speed: readSpeed(input.speed === undefined ? env['WYCKOFF_SPEED'] : input.speed, faults),
    play: input.play ?? env['WYCKOFF_PLAY'] !== 'false',
    supervised: env['WYCKOFF_MEMORY_SUPERVISED'] === 'true',
    logLevel: readLogLevel(input.logLevel ?? env['WYCKOFF_LOG_LEVEL'], faults),
  };
  if (numbers['ws.pongMs'] >= numbers['ws.pingMs']) {
    const found = String(numbers['ws.pongMs']);
    faults.push({ code: 'config.invalid', key: 'ws.pongMs', source: 'settings', found, expected: 'less than ws.pingMs' });
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return settings;
}

/** The demo has the folder itself; everything else one of its own in it. */
function defaultFolder(market: MarketChoice | null, replay: ReplayChoice | null): string {
  if (replay !== null) return join('data', folderOf({ feed: 'replay', broker: 'paper', ...replay }));
  return market === null ? 'data' : join('data', folderOf(market));
}

/** The file of the store in a data folder. */
export function storePathIn(dataDir: string): string {
  return join(dataDir, 'wyckoff.db');
}

function readNumbers(input: SettingsInput, env: Readonly<Record<string, string | undefined>>, faults: Fault[]): Numbers {
  const keys = Object.keys(NUMBERS) as NumberKey[];
  const entries = keys.map((key): [NumberKey, number] => {
    const [standard, min, max] = NUMBERS[key];
    const name = `WYCKOFF_${key.toUpperCase().replaceAll('.', '_')}`;
    const sources: readonly (readonly [string, number | string | undefined])[] =
      key === 'server.port'
        ? [
            ['--port', input.port],
            ['options', input.numbers?.[key]],
            ['PORT', env['PORT']],
            [name, env[name]],
          ]
        : [
            ['options', input.numbers?.[key]],
            [name, env[name]],
          ];
    const given = sources.find(([, value]) => value !== undefined && value !== '');
    if (given === undefined) return [key, standard];
    const [source, raw] = given;
    const value = Number(raw);
    if (Number.isFinite(value) && value >= min && value <= max && (Number.isInteger(value) || key === 'ws.replayMinutes'))
      return [key, value];
    faults.push({ code: 'config.invalid', key, source, found: String(raw), expected: `a whole number from ${min} to ${max}` });
    return [key, standard];
  });
  return Object.fromEntries(entries) as Record<NumberKey, number>;
}

function readHost(found: string | undefined, faults: Fault[]): Settings['host'] {
  if (found === undefined || found === '127.0.0.1' || found === 'localhost') return '127.0.0.1';
  if (found === '::1' || found === '[::1]') return '::1';
  const expected = '127.0.0.1 or ::1: without users whoever reaches the port trades on the account';
  faults.push({ code: 'config.bind_needs_users', key: 'server.host', source: '--host', found, expected });
  return '127.0.0.1';
}

function readSpeed(found: number | string | null | undefined, faults: Fault[]): number | null {
  if (found === undefined || found === '') return DEFAULT_BARS_PER_SECOND;
  if (found === null || found === 'max') return null;
  const speed = Number(found);
  if (speed > 0 && speed <= 1e6) return speed;
  faults.push({
    code: 'config.invalid',
    key: 'speed',
    source: '--speed',
    found: String(found),
    expected: 'bars per second above 0 and up to 1,000,000, or max',
  });
  return DEFAULT_BARS_PER_SECOND;
}

/** `REDIS_CACHE_URL` may name a Redis of its own for the cache. */
function readRedisUrl(env: Readonly<Record<string, string | undefined>>, faults: Fault[]): string | null {
  const source = (env['REDIS_CACHE_URL'] ?? '') === '' ? 'REDIS_URL' : 'REDIS_CACHE_URL';
  const found = env[source];
  if (found === undefined || found === '') return null;
  if (/^(rediss?|unix):\/\//.test(found)) return found;
  const expected = 'redis://user:password@host:port, or unix:///path/of/a/socket';
  faults.push({ code: 'config.invalid', key: 'redis.url', source, found: 'another form (not shown)', expected });
  return null;
}

function readDatabaseUrl(env: Readonly<Record<string, string | undefined>>, faults: Fault[]): string | null {
  const found = env['DATABASE_URL'];
  if (found === undefined || found === '') return null;
  if (/^postgres(ql)?:\/\//.test(found)) return found;
  const expected = 'postgres://user:password@host:port/database';
  faults.push({
    code: 'config.invalid',
    key: 'store.databaseUrl',
    source: 'DATABASE_URL',
    found: 'another form (not shown)',
    expected,
  });
  return null;
}

/** The secret alerts are signed with; by variable only, and never shown. */
function readWebhookSecret(found: string | undefined, faults: Fault[]): string | null {
  if (found === undefined || found === '') return null;
  if (found.length >= SECRET_CHARS) return found;
  const source = 'WYCKOFF_WEBHOOK_SECRET';
  const expected = `at least ${SECRET_CHARS} characters, such as "openssl rand -hex 32" makes`;
  faults.push({ code: 'config.invalid', key: 'webhook.secret', source, found: `${found.length} characters`, expected });
  return null;
}

function readMigrate(found: string | undefined, faults: Fault[]): boolean | null {
  if (found === undefined || found === '') return null;
  if (found === 'true' || found === 'false') return found === 'true';
  faults.push({
    code: 'config.invalid',
    key: 'store.migrateOnStart',
    source: 'WYCKOFF_STORE_MIGRATE_ON_START',
    found,
    expected: 'true or false',
  });
  return null;
}

function readLogLevel(found: string | undefined, faults: Fault[]): Settings['logLevel'] {
  if (found === undefined || found === '') return 'info';
  const level = LOG_LEVELS.find((known) => known === found);
  if (level !== undefined) return level;
  faults.push({ code: 'config.invalid', key: 'log.level', source: 'WYCKOFF_LOG_LEVEL', found, expected: LOG_LEVELS.join(', ') });
  return 'info';
}
