/** Speed and memory of a whole backtest on synthetic noise: `npm run bench:backtest -- --bars 1000000 --json`. */
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { Backtest, NoiseSource, TIMEFRAME_MS, createBarColumns } from '@wyckoff/domain';
import type { BacktestResult, Hasher, Trade } from '@wyckoff/domain';

// As a worker would be: without a bound the space for young objects grows by 30 MB that nobody uses.
setFlagsFromString('--semi-space-growth-factor=1');
setFlagsFromString('--max-semi-space-size=1');

const CHUNK = 4_096;
const SETTLED_AT = 100_000;
const TIMEFRAME = '1d';

const { values } = parseArgs({
  options: {
    bars: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    pack: { type: 'string', default: 'classic' },
    json: { type: 'boolean', default: false },
  },
});

function sha256(): Hasher {
  const hash = createHash('sha256');
  return { update: (data) => void hash.update(data), digest: () => hash.digest('hex') };
}

/** What the operating system holds for us after a collection, bytes. */
function settledRss(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

const bars = Number(values.bars);
const source = new NoiseSource({ seed: Number(values.seed), barMs: TIMEFRAME_MS[TIMEFRAME], between: [10, 1000] });
const columns = createBarColumns(CHUNK);
const delivered = sha256();
let rows = 0;
let batches = 0;

/** Stands for the store: every trade is written out, nothing is kept. */
function persist(batch: readonly Trade[]): void {
  batches += 1;
  rows += batch.length;
  delivered.update(JSON.stringify(batch));
}

const run = new Backtest({
  instrument: { symbol: 'NOISE', assetClass: 'STOCK', timeZone: 'America/New_York', session: { open: '09:30', close: '16:00' } },
  timeframe: TIMEFRAME,
  pack: { pack: values.pack === 'strict' ? 'strict' : 'classic' },
  // Nobody wins on noise: without this the drawdown halt would end trading early and flatter the figure.
  halts: { dailyLossBp: null, drawdownBp: null },
  onTrades: persist,
  inputHasher: sha256(),
  outputHasher: sha256(),
});

let nanoseconds = 0n;
let cpuMicroseconds = 0;
/** Runs and counts wall and processor time; making the bars and measuring memory stay outside. */
function timed(work: () => void): void {
  const cpu = process.cpuUsage();
  const from = process.hrtime.bigint();
  work();
  nanoseconds += process.hrtime.bigint() - from;
  const used = process.cpuUsage(cpu);
  cpuMicroseconds += used.user + used.system;
}

let rssAtStart: number | null = null;
let heapAtStart: number | null = null;
for (let done = 0; done < bars; done += columns.length) {
  columns.length = 0;
  source.fill(columns, Math.min(CHUNK, bars - done));
  timed(() => void run.feed(columns));
  if (rssAtStart !== null || done + columns.length < SETTLED_AT) continue;
  rssAtStart = settledRss();
  heapAtStart = process.memoryUsage().heapUsed;
}
let ended: BacktestResult | null = null;
timed(() => (ended = run.end()));
const result = ended as unknown as BacktestResult;

const seconds = Number(nanoseconds) / 1e9;
const figures = {
  what: 'backtest of synthetic noise N(seed), one core, hashing of input and output included',
  status: result.status,
  bars: result.bars,
  seconds: Number(seconds.toFixed(3)),
  cpuSeconds: Number((cpuMicroseconds / 1e6).toFixed(3)),
  barsPerSecond: Math.round(result.bars / seconds),
  rssGrowthMb: rssAtStart === null ? null : Number(((settledRss() - rssAtStart) / 2 ** 20).toFixed(1)),
  heapGrowthMb: heapAtStart === null ? null : Number(((process.memoryUsage().heapUsed - heapAtStart) / 2 ** 20).toFixed(2)),
  rssMb: Number((process.memoryUsage.rss() / 2 ** 20).toFixed(1)),
  trades: result.trades.trades,
  tradesDelivered: rows,
  batches,
  facts: result.facts,
  winRate: result.trades.winRate,
  meanR: result.trades.meanR,
  totalReturn: result.run.totalReturn,
  maxDrawdown: result.run.maxDrawdown,
  events: result.events,
  signals: result.signals,
  rejections: result.rejections,
  exits: result.exits,
  costs: result.costs,
  pack: values.pack,
  seed: Number(values.seed),
  inputHash: result.inputHash,
  outputHash: result.outputHash,
  tradesHash: delivered.digest(),
  node: process.version,
};

if (values.json) console.log(JSON.stringify(figures));
else
  for (const [name, value] of Object.entries(figures))
    console.log(`${name.padEnd(16)} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
