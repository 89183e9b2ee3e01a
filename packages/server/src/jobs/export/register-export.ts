/** `wyckoff export`: bars, events or trades out of the store, streamed. */
import { Scope } from '@wyckoff/bounded';
import type { Timeframe } from '@wyckoff/domain';
import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import process from 'node:process';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { symbolArgument, timeframeArgument } from '../../cli/bar-options.ts';
import { Exit, EXIT } from '../../cli/exit-codes.ts';
import { tell } from '../../cli/output.ts';
import { storePathIn } from '../../settings.ts';
import { openStore } from '../../store/open.ts';
import { interruptible, Progress } from '../progress.ts';
import { EXPORTS, exportTable, type ExportName, type ExportTable } from './exports.ts';
import { csvSink, ndjsonSink, parquetSink, type RowSink } from './row-sink.ts';

const FORMATS = ['csv', 'ndjson', 'parquet'] as const;
type Format = (typeof FORMATS)[number];

interface ExportOptions {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly from: number;
  readonly to: number;
  readonly format?: Format;
  readonly out: string;
  readonly data: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function registerExport(wyckoff: Command): void {
  wyckoff
    .command('export')
    .description('Write bars, events or trades of the store as CSV, NDJSON or Parquet, row by row.')
    .addArgument(new Argument('<what>', 'what to write').choices(EXPORTS))
    .requiredOption('-s, --symbol <symbol>', 'name of the instrument', symbolArgument)
    .addOption(new Option('-t, --timeframe <timeframe>', 'timeframe of the series').default('1d').argParser(timeframeArgument))
    .addOption(
      new Option('--from <time>', 'first time, such as 2020-01-31').default(-8.64e15, 'the first').argParser(timeArgument),
    )
    .addOption(new Option('--to <time>', 'last time, inclusive').default(8.64e15, 'the last').argParser(timeArgument))
    .addOption(new Option('-f, --format <format>', 'default: by the ending of --out, else csv').choices(FORMATS))
    .option('-o, --out <file>', '- writes to standard output; a file appears only when it is complete', '-')
    .option('-d, --data <folder>', 'folder of the store (DATABASE_URL names another)', 'data')
    .option('--json', 'one object with the counts on stdout; needs --out')
    .option('-q, --quiet', 'no remarks on stderr')
    .action(run);
}

async function run(what: ExportName, options: ExportOptions): Promise<void> {
  const { symbol, timeframe, from, to, out } = options;
  const format = options.format ?? FORMATS.find((one) => out.toLowerCase().endsWith(`.${one}`)) ?? 'csv';
  if (out === '-' && (format === 'parquet' || options.json === true))
    throw new Exit(EXIT.usage, `${format === 'parquet' ? 'Parquet' : '--json'} needs a file: give one with --out.`);
  await using scope = new Scope({ name: 'export' });
  const store = await openStore({ scope, path: storePathIn(options.data), databaseUrl: process.env['DATABASE_URL'] });
  const series = await store.findSeries(symbol, timeframe);
  if (series === null) throw new Exit(EXIT.usage, `${symbol} ${timeframe} is not in the store: import or download it first.`);
  const table = exportTable(what, store, { series, span: { from, to } });
  const total = what === 'bars' ? await store.countBars(series, { after: from - 1, until: to }) : 0;
  const record = await store.findSymbol(symbol);
  const metadata = {
    content: what,
    symbol,
    timeframe,
    source: record?.source ?? '',
    synthetic: String(record?.synthetic ?? false),
  };
  using interrupt = interruptible();
  const progress = new Progress('export', options.quiet !== true);
  await using target = await openTarget(format, out, { columns: table.columns, metadata });
  const onRow = (count: number): void => {
    if (count % 10_000 === 0) progress.show(count, total, what);
    if (interrupt.signal.aborted) throw new Exit(EXIT.interrupted, `interrupted after ${count} rows; no file was left.`);
  };
  const rows = await written(table, target, onRow);
  // Who read the pipe has seen enough.
  if (rows === null) return;
  progress.done();
  if (options.json === true) process.stdout.write(`${JSON.stringify({ what, symbol, timeframe, rows, format, out })}\n`);
  else if (options.quiet !== true) tell(`${rows} ${what} of ${symbol} ${timeframe} written${out === '-' ? '' : ` to ${out}`}`);
}

/** How many rows; null when the reader of a pipe has left. */
async function written(table: ExportTable, target: Target, onRow: (count: number) => void): Promise<number | null> {
  let rows = 0;
  try {
    for await (const row of table.rows()) {
      const behind = target.sink.write(row);
      if (behind !== undefined) await behind;
      rows += 1;
      onRow(rows);
    }
    await target.finish();
    return rows;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EPIPE') return null;
    if (code !== 'ENOSPC' && code !== 'EACCES' && code !== 'EROFS' && code !== 'ENOENT') throw error;
    throw new Exit(
      EXIT.failed,
      `the file cannot be written: ${(error as Error).message}. Free space, or write it elsewhere with --out.`,
    );
  }
}

interface Target extends AsyncDisposable {
  readonly sink: RowSink;
  finish(): Promise<void>;
}

type TableHead = { readonly columns: Parameters<typeof csvSink>[0]; readonly metadata: Readonly<Record<string, string>> };

/** What is not finished leaves no file. */
async function openTarget(format: Format, out: string, { columns, metadata }: TableHead): Promise<Target> {
  if (format === 'parquet') {
    const sink = await parquetSink(columns, out, metadata);
    return { sink, finish: () => sink.finish(), [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose]() };
  }
  const partial = `${out}.partial`;
  const stream: Writable = out === '-' ? process.stdout : createWriteStream(partial);
  const sink = format === 'csv' ? csvSink(columns, stream) : ndjsonSink(columns, stream);
  let done = out === '-';
  return {
    sink,
    finish: async () => {
      await sink.finish();
      if (out === '-') return;
      stream.end();
      await finished(stream);
      await rename(partial, out);
      done = true;
    },
    [Symbol.asyncDispose]: async () => {
      if (done) return;
      stream.destroy();
      await rm(partial, { force: true });
    },
  };
}

function timeArgument(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new InvalidArgumentError('expected a time such as 2020-01-31 or 2020-01-31T15:30:00Z');
  return time;
}
