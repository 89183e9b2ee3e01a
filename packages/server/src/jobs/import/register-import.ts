/** `wyckoff import`: files of bars into the store. */
import { stat } from 'node:fs/promises';
import { Scope } from '@wyckoff/bounded';
import type { AssetClass, CalendarId, Timeframe } from '@wyckoff/domain';
import { Option, type Command } from 'commander';
import { assetClassArgument, calendarArgument, symbolArgument, timeframeArgument, zoneArgument } from '../../cli/bar-options.ts';
import { Exit, EXIT } from '../../cli/exit-codes.ts';
import { Output, tell } from '../../cli/output.ts';
import { tellGaps, wholenessOf } from '../../cli/gap-text.ts';
import { FILE_PRICES, type FilePrices } from '../../feeds/ingest/file-prices.ts';
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
      'name of the instrument (default: what a Parquet or NDJSON file says, else the name of the file)',
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
    .option('-d, --data <folder>', 'folder of the store (DATABASE_URL names another)', 'data')
    .option('--resume', 'go on where an import of the same file was stopped')
    .option('--quarantine <file>', 'write every refused row with its line and reason to this file, one JSON object a line')
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
  if (options.quarantine !== undefined) await refuseInput(options.quarantine, files);
  await using scope = new Scope({ name: 'import' });
  const store = options.dryRun === true ? null : await openVerbStore({ scope, path: storePathIn(options.data), tell });
  await using quarantine =
    options.quarantine === undefined ? null : await Quarantine.open(options.quarantine, options.resume === true);
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
  const ports = {
    store,
    quarantine,
    now: Date.now(),
    signal: interrupt.signal,
    onProblem,
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
}

function sentenceOf(answer: {
  readonly symbol: string;
  readonly timeframe: string;
  readonly read: number;
  readonly inserted: number;
  readonly corrected: number;
  readonly duplicate: number;
  readonly refused: number;
  readonly resumedAt: number;
  readonly gaps: number | null;
  readonly quality: number | null;
}): string {
  const { symbol, timeframe, read, inserted, corrected, duplicate, refused, resumedAt, gaps, quality } = answer;
  const resumed = resumedAt > 0 ? `, resumed after ${resumedAt}` : '';
  return `${symbol} ${timeframe}: ${read} read, ${inserted} inserted, ${corrected} corrected, ${duplicate} duplicate, ${refused} refused${resumed}, ${wholenessOf({ gaps, quality })}`;
}

/** Remarks are about rows that were taken. */
function isRefusal({ code }: CsvProblem): boolean {
  return code !== 'BAR_DUPLICATE' && code !== 'BAR_CORRECTED' && code !== 'BAR_OUTLIER';
}

/** The quarantine is written anew: never over what is read. */
async function refuseInput(path: string, files: readonly InputFile[]): Promise<void> {
  const own = await stat(path).catch(() => null);
  if (own === null) return;
  for (const file of files) {
    const read = file.path === '-' ? null : await stat(file.path);
    if (read?.ino === own.ino && read.dev === own.dev)
      throw new Exit(EXIT.usage, `--quarantine ${path} is the file to be imported: name another.`);
  }
}
