/**
 * How fast the detector reads noise, and whether its memory stays flat: `npm run bench:detect -- --bars N --json`.
 *
 * Timed is `onBar` with the handing over of its records (nine numbers each), nothing else: bars are made and hashed outside.
 * Two other detectors read other noise first (`--warm-up N` bars together, 0 for none): the first two million bars run half compiled.
 * How fast those of the first detector were stands beside it as `coldBarsPerSecond`: what a short run from a cold start gets.
 */
import { createHash } from 'node:crypto';
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { createBarColumns, BarCursor, type BarColumns } from '../packages/domain/src/bar/columns.ts';
import { LAST_INSTANT } from '../packages/domain/src/bar/validate.ts';
import { createDetector, type Detector } from '../packages/domain/src/wyckoff/detector.ts';
import { EVENT_STATUSES, kindCode, type DetectionEvent } from '../packages/domain/src/wyckoff/event.ts';
import { NoiseSource } from '../packages/domain/src/backtest/noise.ts';

// As in a worker: without a bound the space for young objects grows by megabytes that nobody uses.
setFlagsFromString('--semi-space-growth-factor=1');
setFlagsFromString('--max-semi-space-size=2');

/** Bars hashed, and counted as one pace, at a time. */
const CHUNK = 50_000;
/** Bars made and then read at a time: as many as a reader hands over, so that they come from a near cache. */
const BLOCK = 5_000;
/** Bars after which memory must have settled. */
const SETTLED_AT = 100_000;
const WARM_UP_SEED = 1_000_003;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const COLUMNS_PER_RECORD = 9;
/** No bar of noise gives more; the next chunk would throw rather than forget. */
const RECORDS_PER_CHUNK = CHUNK;

interface Options {
  readonly bars: number;
  readonly seed: number;
  readonly warmUp: number;
  readonly pack: 'strict' | 'classic';
  readonly json: boolean;
}

function readOptions(argv: readonly string[]): Options {
  const value = (name: string, fallback: string): string => {
    const at = argv.indexOf(`--${name}`);
    return at < 0 ? fallback : (argv[at + 1] ?? fallback);
  };
  const bars = Number(value('bars', '1000000'));
  if (!Number.isInteger(bars) || bars < 1) throw new Error(`--bars: expected a whole number above 0, was ${value('bars', '')}`);
  const warmUp = Number(value('warm-up', '3000000'));
  if (!Number.isInteger(warmUp) || warmUp < 0)
    throw new Error(`--warm-up: expected a whole number from 0, was ${value('warm-up', '')}`);
  const pack = value('pack', 'classic');
  if (pack !== 'strict' && pack !== 'classic') throw new Error(`--pack: expected strict or classic, was ${pack}`);
  return { bars, warmUp, seed: Number(value('seed', '1')), pack, json: argv.includes('--json') };
}

/** A record as numbers, so that hashing it costs the timed loop nothing. */
function write(told: Float64Array, row: number, record: DetectionEvent): void {
  if (row >= RECORDS_PER_CHUNK) throw new RangeError(`bench: expected at most ${RECORDS_PER_CHUNK} records a chunk, was more`);
  const at = row * COLUMNS_PER_RECORD;
  told[at] = record.rangeId;
  told[at + 1] = kindCode(record.kind);
  told[at + 2] = EVENT_STATUSES.indexOf(record.status);
  told[at + 3] = record.hypothesis;
  told[at + 4] = record.eventBar;
  told[at + 5] = record.confirmBar;
  told[at + 6] = record.price;
  told[at + 7] = record.confidence ?? -1;
  told[at + 8] = record.tradeable ? 1 : 0;
}

interface Figures {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Nanoseconds per bar of each chunk, in order. */
  readonly pace: readonly number[];
  readonly records: number;
  readonly tradeable: number;
  readonly snapshotBytes: number;
  readonly rssGrowthMb: number;
  readonly inputHash: string;
  readonly outputHash: string;
}

const block: BarColumns = createBarColumns(BLOCK);
const cursor = new BarCursor(block);
/** The blocks of a chunk side by side, for its hash. */
const chunk: BarColumns = createBarColumns(CHUNK);
const COLUMNS = ['time', 'open', 'high', 'low', 'close', 'volume'] as const;
const told = new Float64Array(RECORDS_PER_CHUNK * COLUMNS_PER_RECORD);
/** Kept to the end: with the last object of a shape V8 throws away the code that was compiled for it. */
const detectors: Detector[] = [];

/** A day; less where so many days from 1970 on would pass the last instant a bar may have. */
function spacing(bars: number): number {
  return Math.min(DAY_MS, Math.floor(LAST_INSTANT / bars / MINUTE_MS) * MINUTE_MS);
}

function read(pack: Options['pack'], seed: number, bars: number): Figures {
  const noise = new NoiseSource({ seed, barMs: spacing(bars) });
  const detector = createDetector({ symbol: 'NOISE', assetClass: 'STOCK', timeZone: 'UTC' }, '1d', { pack });
  detectors.push(detector);
  const input = createHash('sha256');
  const output = createHash('sha256');
  const pace: number[] = [];
  let records = 0;
  let tradeable = 0;
  let seconds = 0;
  let cpuMicroseconds = 0;
  let settledRss = 0;
  for (let done = 0; done < bars;) {
    const rows = Math.min(CHUNK, bars - done);
    let heard = 0;
    let nanoseconds = 0;
    for (let from = 0; from < rows; from += BLOCK) {
      const size = Math.min(BLOCK, rows - from);
      noise.fill(block, size);
      for (const name of COLUMNS) chunk[name].set(block[name].subarray(0, size), from);
      const cpu = process.cpuUsage();
      const start = process.hrtime.bigint();
      for (let row = 0; row < size; row++) {
        cursor.row = row;
        const found = detector.onBar(cursor);
        for (let i = 0; i < found.length; i++) {
          write(told, heard++, found[i]);
          if (found[i].tradeable) tradeable++;
        }
      }
      nanoseconds += Number(process.hrtime.bigint() - start);
      const used = process.cpuUsage(cpu);
      cpuMicroseconds += used.user + used.system;
    }
    for (const name of COLUMNS) input.update(new Uint8Array(chunk[name].buffer, 0, rows * 8));
    seconds += nanoseconds / 1e9;
    pace.push(nanoseconds / rows);
    records += heard;
    output.update(new Uint8Array(told.buffer, 0, heard * COLUMNS_PER_RECORD * 8));
    done += rows;
    // No collection here: a full one throws away shapes no record bears just then, and the code compiled for them.
    if (done >= SETTLED_AT && settledRss === 0) settledRss = process.memoryUsage.rss();
  }
  if (detector.bars !== bars)
    throw new Error(`bench: expected all ${bars} bars to be read, was ${detector.bars}; the rest was refused`);
  return {
    seconds,
    cpuSeconds: cpuMicroseconds / 1e6,
    pace,
    records,
    tradeable,
    snapshotBytes: detector.snapshot().length,
    rssGrowthMb: settledRss === 0 ? 0 : (process.memoryUsage.rss() - settledRss) / 2 ** 20,
    inputHash: input.digest('hex'),
    outputHash: output.digest('hex'),
  };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** P3: the last two chunks against the first two. */
function lastToFirst(pace: readonly number[]): number | null {
  if (pace.length < 4) return null;
  return rounded((pace[pace.length - 1] + pace[pace.length - 2]) / (pace[0] + pace[1]), 2);
}

function run(options: Options) {
  // Twice, because a second detector is young again: what the first was in before anything was compiled.
  const half = Math.ceil(options.warmUp / 2);
  const cold = half > 0 ? read(options.pack, WARM_UP_SEED, half) : null;
  if (half > 0) read(options.pack, WARM_UP_SEED + 1, half);
  const figures = read(options.pack, options.seed, options.bars);
  return {
    timed: 'onBar and the copying of nine numbers per record; not making or hashing bars; semi-space bounded to 2 MB',
    bars: options.bars,
    pack: options.pack,
    seconds: rounded(figures.seconds, 4),
    cpuSeconds: rounded(figures.cpuSeconds, 4),
    barsPerSecond: Math.round(options.bars / figures.seconds),
    barsPerCpuSecond: Math.round(options.bars / figures.cpuSeconds),
    fastestNsPerBar: Math.round(Math.min(...figures.pace)),
    lastToFirst: lastToFirst(figures.pace),
    warmUpBars: options.warmUp,
    coldBarsPerSecond: cold === null ? null : Math.round(half / cold.seconds),
    records: figures.records,
    tradeable: figures.tradeable,
    tradeablePerThousandBars: rounded((1e3 * figures.tradeable) / options.bars, 3),
    snapshotBytes: figures.snapshotBytes,
    rssGrowthMb: rounded(figures.rssGrowthMb, 2),
    inputHash: figures.inputHash,
    outputHash: figures.outputHash,
  };
}

const options = readOptions(process.argv.slice(2));
const result = run(options);
if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
else for (const [name, value] of Object.entries(result)) process.stdout.write(`${name.padEnd(26)}${value}\n`);
