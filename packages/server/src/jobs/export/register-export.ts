/** `wyckoff export`: bars, events or trades out of the store, streamed. */
import { stat } from 'node:fs/promises';
import { Scope } from '@wyckoff/bounded';
import type { Timeframe } from '@wyckoff/domain';
import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import process from 'node:process';
import { symbolArgument, timeframeArgument } from '../../cli/bar-options.ts';
import { Exit, EXIT } from '../../cli/exit-codes.ts';
import { tell } from '../../cli/output.ts';
import { storePathIn } from '../../settings.ts';
import { openStore } from '../../store/open.ts';
import type { Series, Store } from '../../store/store.ts';
import { diskReason } from '../disk-words.ts';
import { interruptible, Progress } from '../progress.ts';
import { csvBars, ndjsonBars, parquetBars } from './bar-sink.ts';
import { FORMATS, openTarget, type FileHead, type Format } from './export-target.ts';
import { EXPORTS, exportTable, type ExportName, type ExportSpan, type ExportTable } from './exports.ts';
import { csvSink, ndjsonSink, parquetSink } from './row-sink.ts';

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
    .description('Write bars, events or trades of the store as CSV, NDJSON or Parquet, streamed.')
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
  await refuseTarget(out, storePathIn(options.data));
  await using scope = new Scope({ name: 'export' });
  const store = await openStore({ scope, path: storePathIn(options.data), databaseUrl: process.env['DATABASE_URL'] });
  const series = await store.findSeries(symbol, timeframe);
  if (series === null) throw new Exit(EXIT.usage, `${symbol} ${timeframe} is not in the store: import or download it first.`);
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
  const onRows = (count: number): void => {
    if (count % 10_000 === 0) progress.show(count, total, what);
    if (interrupt.signal.aborted) throw new Exit(EXIT.interrupted, `interrupted after ${count} rows; no file was left.`);
  };
  const file = { format, out, metadata };
  const span = { from, to };
  const rows =
    what === 'bars'
      ? await barsWritten(store, series, { ...file, span, onRows })
      : await rowsWritten(exportTable(what, store, { series, span }), { ...file, onRows });
  // Who read the pipe has seen enough.
  if (rows === null) return;
  progress.done();
  if (options.json === true) process.stdout.write(`${JSON.stringify({ what, symbol, timeframe, rows, format, out })}\n`);
  else if (options.quiet !== true) tell(`${rows} ${what} of ${symbol} ${timeframe} written${out === '-' ? '' : ` to ${out}`}`);
}

interface FileWanted extends FileHead {
  readonly onRows: (count: number) => void;
}

const BARS_CHUNK = 10_000;

/** How many bars; null when the reader of a pipe has left. */
async function barsWritten(
  store: Store,
  series: Series,
  { span, onRows, ...file }: FileWanted & { readonly span: ExportSpan },
): Promise<number | null> {
  return await orPipeLeft(file.out, async () => {
    await using target = await openTarget(file, {
      text: (out) => (file.format === 'csv' ? csvBars(series, out) : ndjsonBars(series, out)),
      parquet: () => parquetBars(series, file.out, file.metadata),
    });
    let rows = 0;
    for await (const bars of store.streamBars(series, { after: span.from - 1, until: span.to, chunk: BARS_CHUNK })) {
      await target.sink.write(bars);
      rows += bars.length;
      onRows(rows);
    }
    await target.finish();
    return rows;
  });
}

/** How many rows; null when the reader of a pipe has left. */
async function rowsWritten(table: ExportTable, { onRows, ...file }: FileWanted): Promise<number | null> {
  return await orPipeLeft(file.out, async () => {
    await using target = await openTarget(file, {
      text: (out) => (file.format === 'csv' ? csvSink(table.columns, out) : ndjsonSink(table.columns, out)),
      parquet: () => parquetSink(table.columns, file.out, file.metadata),
    });
    let count = 0;
    for await (const row of table.rows()) {
      const behind = target.sink.write(row);
      if (behind !== undefined) await behind;
      count += 1;
      onRows(count);
    }
    await target.finish();
    return count;
  });
}

async function orPipeLeft(out: string, write: () => Promise<number>): Promise<number | null> {
  try {
    return await write();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return null;
    const reason = diskReason(error);
    if (reason === null) throw error;
    const where = out === '-' ? 'the output' : `--out ${out}`;
    throw new Exit(EXIT.failed, `${where} cannot be written: ${reason}. No file was left; free space, or write it elsewhere.`);
  }
}

function timeArgument(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new InvalidArgumentError('expected a time such as 2020-01-31 or 2020-01-31T15:30:00Z');
  return time;
}

/** A finished export takes the place of what has its name: that must be an ordinary file, and not the store itself. */
async function refuseTarget(out: string, storePath: string): Promise<void> {
  if (out === '-') return;
  const target = await stat(out).catch(() => null);
  if (target === null) return;
  const store = await stat(storePath).catch(() => null);
  if (store?.ino === target.ino && store.dev === target.dev)
    throw new Exit(EXIT.usage, `--out ${out} is the store itself: name another file.`);
  if (!target.isFile()) throw new Exit(EXIT.usage, `--out ${out} is no ordinary file: name one, or "-" for standard output.`);
}
