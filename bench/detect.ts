/** How fast the detector reads noise, and whether its memory stays flat: `npm run bench:detect -- --bars N --json`. */
import { createHash } from 'node:crypto';
import process from 'node:process';
import { createBarColumns, BarCursor, type BarColumns } from '../packages/domain/src/bar/columns.ts';
import { createDetector } from '../packages/domain/src/wyckoff/detector.ts';
import { EVENT_KINDS, EVENT_STATUSES, type DetectionEvent } from '../packages/domain/src/wyckoff/event.ts';
import { Noise } from '../packages/domain/src/wyckoff/noise.ts';

const CHUNK = 50_000;
const WARM_UP = 100_000;
const COLUMNS_PER_RECORD = 9;
/** No bar of noise gives more; the next chunk would throw rather than forget. */
const RECORDS_PER_CHUNK = CHUNK;

interface Options {
  readonly bars: number;
  readonly seed: number;
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
  const pack = value('pack', 'classic');
  if (pack !== 'strict' && pack !== 'classic') throw new Error(`--pack: expected strict or classic, was ${pack}`);
  return { bars, seed: Number(value('seed', '1')), pack, json: argv.includes('--json') };
}

function collect(): void {
  (globalThis as { gc?: () => void }).gc?.();
}

/** A record as numbers, so that hashing it costs the timed loop nothing. */
function write(told: Float64Array, row: number, record: DetectionEvent): void {
  if (row >= RECORDS_PER_CHUNK) throw new RangeError(`bench: expected at most ${RECORDS_PER_CHUNK} records a chunk, was more`);
  const at = row * COLUMNS_PER_RECORD;
  told[at] = record.rangeId;
  told[at + 1] = EVENT_KINDS.indexOf(record.kind);
  told[at + 2] = EVENT_STATUSES.indexOf(record.status);
  told[at + 3] = record.hypothesis;
  told[at + 4] = record.eventBar;
  told[at + 5] = record.confirmBar;
  told[at + 6] = record.price;
  told[at + 7] = record.confidence ?? -1;
  told[at + 8] = record.tradeable ? 1 : 0;
}

function run(options: Options) {
  const columns: BarColumns = createBarColumns(CHUNK);
  const cursor = new BarCursor(columns);
  const noise = new Noise({ seed: options.seed });
  const detector = createDetector({ symbol: 'NOISE', assetClass: 'STOCK', timeZone: 'UTC' }, '1d', { pack: options.pack });
  const input = createHash('sha256');
  const output = createHash('sha256');
  const told = new Float64Array(RECORDS_PER_CHUNK * COLUMNS_PER_RECORD);
  let records = 0;
  let tradeable = 0;
  let seconds = 0;
  let rssAtWarmUp = 0;
  for (let done = 0; done < options.bars;) {
    const rows = Math.min(CHUNK, options.bars - done);
    noise.fill(columns, rows);
    for (const column of [columns.time, columns.open, columns.high, columns.low, columns.close, columns.volume]) {
      input.update(new Uint8Array(column.buffer, 0, rows * 8));
    }
    let heard = 0;
    const from = process.hrtime.bigint();
    for (let row = 0; row < rows; row++) {
      cursor.row = row;
      const found = detector.onBar(cursor);
      if (found.length === 0) continue;
      for (const record of found) {
        write(told, heard++, record);
        if (record.tradeable) tradeable++;
      }
    }
    seconds += Number(process.hrtime.bigint() - from) / 1e9;
    records += heard;
    output.update(new Uint8Array(told.buffer, 0, heard * COLUMNS_PER_RECORD * 8));
    done += rows;
    if (done >= WARM_UP && rssAtWarmUp === 0) {
      collect();
      rssAtWarmUp = process.memoryUsage.rss();
    }
  }
  collect();
  const rssGrowthMb = rssAtWarmUp === 0 ? 0 : (process.memoryUsage.rss() - rssAtWarmUp) / 2 ** 20;
  return {
    bars: options.bars,
    pack: options.pack,
    seconds: Math.round(seconds * 1e4) / 1e4,
    barsPerSecond: Math.round(options.bars / seconds),
    records,
    tradeable,
    tradeablePerThousandBars: Math.round((1e6 * tradeable) / options.bars) / 1e3,
    snapshotBytes: detector.snapshot().length,
    rssGrowthMb: Math.round(rssGrowthMb * 100) / 100,
    inputHash: input.digest('hex'),
    outputHash: output.digest('hex'),
  };
}

const options = readOptions(process.argv.slice(2));
const result = run(options);
if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
else for (const [name, value] of Object.entries(result)) process.stdout.write(`${name.padEnd(26)}${value}\n`);
