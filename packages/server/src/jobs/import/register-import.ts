/** `wyckoff import`: files of bars into the store. */
import { stat } from 'node:fs/promises';
import { Scope } from '@wyckoff/bounded';
import type { AssetClass, CalendarId, Timeframe } from '@wyckoff/domain';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { assetClassArgument, calendarArgument, symbolArgument, timeframeArgument, zoneArgument } from '../../cli/bar-options.ts';
import { Exit, EXIT } from '../../cli/exit-codes.ts';
import { Output, tell } from '../../cli/output.ts';
import { tellGaps, wholenessOf } from '../../cli/gap-text.ts';
import { FILE_PRICES, type FilePrices } from '../../feeds/ingest/file-prices.ts';
import { CSV_COLUMNS, type ColumnMap } from '../../feeds/csv/header.ts';
import type { CsvProblem } from '../../feeds/csv/report.ts';
import { storePathIn } from '../../settings.ts';
import { openVerbStore } from '../../cache/verb-store.ts';
import { interruptible, Progress } from '../progress.ts';
import type { InputFile } from './input-files.ts';

/** Problems of one run that are printed; all of them are counted, and kept in the quarantine file when one is named. */
const PRINTED_PROBLEMS = 20;

interface ImportOptions {
  readonly symbol?: string;
  readonly timeframe?: Timeframe;
  readonly assetClass?: AssetClass;
  readonly name?: string;
  readonly tz?: string;
  readonly calendar?: CalendarId | 'none';
  readonly prices?: FilePrices;
  readonly data: string;
  readonly map?: ColumnMap;
  readonly resume?: boolean;
  readonly quarantine?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function registerImport(wyckoff: Command): void {
  wyckoff
    .command('import')
    .description('Copy the bars of CSV, NDJSON and Parquet files into the store; repeating it changes nothing.')
    .argument(
      '<files...>',
      'CSV files with a header (time or date or timestamp, open, high, low, close, volume), NDJSON files as export writes them, Parquet files, patterns such as "bars/*.csv", or - for standard input',
    )
    .option(
      '-s, --symbol <symbol>',
      'name of the instrument, or which series of a file of several (default: what the file says in its column symbol or ticker, else its name)',
      symbolArgument,
    )
    .addOption(
      new Option(
        '-t, --timeframe <timeframe>',
        'timeframe of the bars (default: what the file says, or its name as in AAPL-1h.csv, else 1d; bars that stand otherwise apart are refused)',
      ).argParser(timeframeArgument),
    )
    .addOption(
      new Option(
        '-a, --asset-class <class>',
        'stock, crypto, forex, index or future (default: what is stored of a known symbol, else stock)',
      ).argParser(assetClassArgument),
    )
    .option('--name <name>', 'full name of the instrument')
    .addOption(
      new Option('--tz <zone>', 'time zone of the exchange (default: what is stored of a known symbol, else UTC)').argParser(
        zoneArgument,
      ),
    )
    .addOption(
      new Option(
        '--calendar <name>',
        'when its market is open: XNYS, 24/7, FX, or none (default: what is stored of a known symbol; crypto 24/7, forex FX; without one gaps are not judged)',
      ).argParser(calendarArgument),
    )
    .addOption(
      new Option(
        '--prices <which>',
        'where splits were applied to the stored bars: traded, the file has prices as they were; stored, as the stored ones are (default: found out)',
      ).choices(FILE_PRICES),
    )
    .addOption(
      new Option(
        '--map <ours=theirs>',
        'columns of foreign CSV and Parquet files: "time=Datum,close=Adj Close"; ours are time, open, high, low, close, volume, symbol, timeframe; symbol= reads no such column; may be repeated',
      ).argParser(mapArgument),
    )
    .option('-d, --data <folder>', 'folder of the store (DATABASE_URL names another)', 'data')
    .option('--resume', 'go on where an import of the same file was stopped')
    .option(
      '--quarantine <file>',
      'add every refused row with its line and reason to this file, one JSON object a line, each once however often it is read',
    )
    .option('--dry-run', 'read and report, write nothing')
    .option('--json', 'the counts as one object a line on stdout')
    .option('-q, --quiet', 'no remarks on stderr')
    .action(run);
}

async function run(patterns: readonly string[], options: ImportOptions): Promise<void> {
  const { inputFiles } = await import('./input-files.ts');
  const { importFiles } = await import('./import-files.ts');
  const { Quarantine } = await import('./quarantine.ts');
  const files = await inputFiles(patterns);
  if (options.symbol !== undefined && files.length > 1)
    throw new Exit(
      EXIT.usage,
      `--symbol names one instrument, were ${files.length} files: import them one by one, or leave it away.`,
    );
  if (options.map !== undefined && files.some(({ kind }) => kind === 'ndjson'))
    throw new Exit(EXIT.usage, `--map names columns of CSV and Parquet files, was also ${files.find(({ kind }) => kind === 'ndjson')?.path ?? ''}: import that by itself.`); // prettier-ignore
  if (options.quarantine !== undefined) await refuseInput(options.quarantine, files);
  await using scope = new Scope({ name: 'import' });
  const store = options.dryRun === true ? null : await openVerbStore({ scope, path: storePathIn(options.data), tell });
  using quarantine = options.quarantine === undefined ? null : Quarantine.open(options.quarantine);
  using interrupt = interruptible();
  const progress = new Progress('import', options.quiet !== true);
  const output = new Output();
  let told = 0;
  const onProblem = (file: string, problem: CsvProblem): void => {
    if (isRefusal(problem)) quarantine?.add(file, problem);
    told += 1;
    if (told <= PRINTED_PROBLEMS && options.quiet !== true)
      tell(`${file}: line ${problem.line}: ${problem.code} ${problem.detail}`);
  };
  const { resume = false } = options;
  let failed = 0;
  const onFailure = ({ path }: InputFile, sentence: string): void => {
    progress.done();
    failed += 1;
    tell(`not imported: ${sentence}`);
    if (options.json !== true) return;
    output.json({ file: path, failed: sentence });
    output.flush();
  };
  const ports = {
    store,
    quarantine,
    now: Date.now(),
    signal: interrupt.signal,
    onProblem,
    ...(files.length > 1 && { onFailure }),
    onProgress: (file: { readonly path: string }, done: number, total: number) => progress.show(done, total, `of ${file.path}`),
  };
  for await (const answer of importFiles({ ...options, files, resume }, ports)) {
    progress.done();
    if (options.quiet !== true && answer.splits.length > 0)
      tell(
        `${answer.symbol} ${answer.timeframe}: the file has prices of before the ${answer.splits.length === 1 ? 'split' : 'splits'} of ${answer.splits.join(', ')}: brought onto the stored ones.`,
      );
    if (options.quiet !== true) tellGaps(`${answer.symbol} ${answer.timeframe}`, answer);
    if (options.json === true) output.json(answer);
    else output.line(sentenceOf(answer));
    output.flush();
  }
  if (told > PRINTED_PROBLEMS && options.quiet !== true) tell(`... and ${told - PRINTED_PROBLEMS} more`);
  if (interrupt.signal.aborted)
    throw new Exit(EXIT.interrupted, 'interrupted: what was read is stored; --resume goes on from there.');
  if (failed > 0) throw new Exit(EXIT.failed, `${failed} of ${files.length} files were not imported, for the reasons given above; the others are in the store.`); // prettier-ignore
}

const MAPPED = [...CSV_COLUMNS, 'symbol', 'timeframe'] as const;

/** Several with commas, or one each time; an empty name takes a column away that need not be read. */
function mapArgument(text: string, before: ColumnMap = {}): ColumnMap {
  const pairs = text.split(',').map((pair) => {
    const at = pair.indexOf('=');
    const ours = MAPPED.find((name) => name === pair.slice(0, at).trim().toLowerCase());
    const theirs = pair.slice(at + 1).trim();
    if (at < 0 || ours === undefined || (theirs === '' && ours !== 'symbol' && ours !== 'timeframe'))
      throw new InvalidArgumentError(`expected ours=theirs with one of ${MAPPED.join(' ')}, was ${JSON.stringify(pair)}`);
    return [ours, theirs] as const;
  });
  return { ...before, ...Object.fromEntries(pairs) };
}

function sentenceOf(answer: {
  readonly symbol: string;
  readonly timeframe: string;
  readonly read: number;
  readonly inserted: number;
  readonly corrected: number;
  readonly duplicate: number;
  readonly refused: number;
  readonly insertedBefore: number;
  readonly resumedAt: number;
  readonly gaps: number | null;
  readonly quality: number | null;
}): string {
  const { symbol, timeframe, read, inserted, insertedBefore, corrected, duplicate, refused, resumedAt, gaps, quality } = answer;
  if (resumedAt > 0 && resumedAt >= read)
    return `${symbol} ${timeframe}: nothing to resume, an earlier import had all ${read} rows of the file (${insertedBefore} inserted, ${refused} refused)`;
  const resumed = resumedAt > 0 ? ` (${insertedBefore} of them before it was stopped after row ${resumedAt})` : '';
  return `${symbol} ${timeframe}: ${read} read, ${inserted} inserted${resumed}, ${corrected} corrected, ${duplicate} duplicate, ${refused} refused, ${wholenessOf({ gaps, quality })}`;
}

/** Remarks are about rows that were taken. */
function isRefusal({ code }: CsvProblem): boolean {
  return code !== 'BAR_DUPLICATE' && code !== 'BAR_CORRECTED' && code !== 'BAR_OUTLIER';
}

/** The quarantine is added to: never to what is read. */
async function refuseInput(path: string, files: readonly InputFile[]): Promise<void> {
  const own = await stat(path).catch(() => null);
  if (own === null) return;
  for (const file of files) {
    const read = file.path === '-' ? null : await stat(file.path);
    if (read?.ino === own.ino && read.dev === own.dev)
      throw new Exit(EXIT.usage, `--quarantine ${path} is the file to be imported: name another.`);
  }
}
