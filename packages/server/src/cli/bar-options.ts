/** The options that say which bars a verb works on, and the reading of them. */
import { ASSET_CLASSES, CALENDAR_IDS, TIMEFRAMES, type AssetClass, type BarColumns, type CalendarId, type Instrument, type Timeframe } from '@wyckoff/domain'; // prettier-ignore
import { InvalidArgumentError, Option, type Command } from 'commander';
import { basename } from 'node:path';
import { readCsv } from '../feeds/csv/read-csv.ts';
import { refusedRows, type CsvProblem, type CsvReport } from '../feeds/csv/report.ts';
import { Exit, EXIT } from './exit-codes.ts';
import { tell } from './output.ts';

/** Problems of one file that are printed; all of them are counted. */
const PRINTED_PROBLEMS = 20;

export interface BarOptions {
  readonly input: string;
  readonly symbol?: string;
  readonly timeframe: Timeframe;
  readonly assetClass: AssetClass;
  readonly tz: string;
  /** `strict`, `classic` or the path of a user's pack; `rulesOf` resolves it. */
  readonly rules: string;
  /** Opening hours of the exchange; without them days turn at its midnight. */
  readonly session?: Session;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Adds the options shared by the verbs that read a file of bars. */
export function withBarOptions(command: Command): Command {
  return command
    .requiredOption(
      '-i, --input <file>',
      'CSV file with a header: time (or date, timestamp), open, high, low, close, volume; - reads standard input; or a .parquet file',
    )
    .option(
      '-s, --symbol <symbol>',
      'name of the instrument (default: the name of the file; of a Parquet file its first series)',
      symbolArgument,
    )
    .addOption(
      new Option('-t, --timeframe <timeframe>', `one of ${TIMEFRAMES.join(' ')}`).default('1d').argParser(timeframeArgument),
    )
    .addOption(
      new Option('-a, --asset-class <class>', `one of ${ASSET_CLASSES.join(' ').toLowerCase()}, in any case`)
        .default('STOCK')
        .argParser(assetClassArgument),
    ) // prettier-ignore
    .addOption(new Option('--tz <zone>', 'time zone of the exchange').default('UTC').argParser(zoneArgument))
    .option('--session <hours>', 'local hours of the exchange, 09:30-16:00, or 24h', sessionArgument)
    .addOption(rulesOption())
    .option('--json', 'machine-readable output on stdout')
    .option('-q, --quiet', 'no remarks on stderr; errors are still told');
}

/** `--rules` of every verb that detects. */
export function rulesOption(): Option {
  const says = "strict: fixed volume ratios; classic: volume against its own habit; or a JSON file with rules of one's own";
  return new Option('-r, --rules <pack>', says).default('classic').argParser(rulesArgument);
}

function rulesArgument(text: string): string {
  if (text === 'strict' || text === 'classic' || /\.json$/i.test(text)) return text;
  throw new InvalidArgumentError('expected strict, classic or a file that ends with .json');
}

type Session = NonNullable<Instrument['session']>;

function sessionArgument(text: string): Session {
  if (/^24h$/i.test(text)) return '24h';
  const match = /^((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('expected hours such as 09:30-16:00, or 24h');
  return { open: match[1], close: match[2] };
}

export function symbolArgument(text: string): string {
  const symbol = text.toUpperCase();
  if (!/^[A-Z0-9./^-]{1,20}$/.test(symbol)) throw new InvalidArgumentError('expected 1-20 of A-Z 0-9 . / ^ -');
  return symbol;
}

export function timeframeArgument(text: string): Timeframe {
  // `1M` is a month elsewhere: only the letters that mean one thing may be capitals.
  const plain = /[hdw]$/i.test(text) ? text.toLowerCase() : text;
  const timeframe = TIMEFRAMES.find((known) => known === plain);
  if (timeframe === undefined) throw new InvalidArgumentError(`expected one of ${TIMEFRAMES.join(' ')}`);
  return timeframe;
}

export function assetClassArgument(text: string): AssetClass {
  const assetClass = ASSET_CLASSES.find((known) => known === text.toUpperCase());
  if (assetClass === undefined) throw new InvalidArgumentError(`expected one of ${ASSET_CLASSES.join(' ').toLowerCase()}`);
  return assetClass;
}

export function zoneArgument(text: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    throw new InvalidArgumentError('expected an IANA zone such as America/New_York');
  }
}

/** `none`: gaps of the symbol are not to be judged. */
export function calendarArgument(text: string): CalendarId | 'none' {
  const id = text.toLowerCase() === 'none' ? 'none' : CALENDAR_IDS.find((known) => known === text.toUpperCase());
  if (id === undefined) throw new InvalidArgumentError(`expected ${CALENDAR_IDS.join(', ')} or none`);
  return id;
}

/** The symbol given, else the file's name as far as it can be one. */
export function symbolOf(options: { readonly input: string; readonly symbol?: string }): string {
  if (options.symbol !== undefined) return options.symbol;
  const name = basename(options.input).replace(/\.[^.]*$/, '').toUpperCase().replace(/[^A-Z0-9.^-]+/g, '-').replace(/^-+|-+$/g, ''); // prettier-ignore
  return name.slice(0, 20) || 'FILE';
}

export function instrumentOf(options: BarOptions): Instrument {
  const { assetClass, tz, session } = options;
  return { symbol: symbolOf(options), assetClass, timeZone: tz, ...(session === undefined ? {} : { session }) };
}

export interface BarInput {
  readonly columns: BarColumns;
  readonly report: CsvReport;
}

/**
 * Reads the file; refused rows go to stderr with line and reason.
 * @throws Exit 2 when a column is missing, 1 when there is no valid bar.
 */
export async function readBars(options: Pick<BarOptions, 'input' | 'quiet'>): Promise<BarInput> {
  let told = 0;
  const onProblem = ({ line, code, detail }: CsvProblem): void => {
    told += 1;
    if (told <= PRINTED_PROBLEMS && options.quiet !== true) tell(`line ${line}: ${code} ${detail}`);
  };
  const answer = await readCsv(options.input, { now: Date.now(), onProblem });
  if (options.quiet !== true) tellSummary(answer.report, told);
  if (answer.ok) return { columns: answer.columns, report: answer.report };
  const usage = answer.code === 'CSV_COLUMNS' || answer.code === 'CSV_UNREADABLE';
  throw new Exit(usage ? EXIT.usage : EXIT.failed, `${answer.sentence} ${answer.remedy}`);
}

function tellSummary(report: CsvReport, told: number): void {
  if (told > PRINTED_PROBLEMS) tell(`... and ${told - PRINTED_PROBLEMS} more`);
  const refused = refusedRows(report);
  const parts = [
    refused > 0 && `${refused} refused`,
    report.duplicates > 0 && `${report.duplicates} duplicate`,
    report.corrected > 0 && `${report.corrected} corrected`,
    report.outliers > 0 && `${report.outliers} accepted with a move of more than 50 %`,
    report.order !== 'ascending' && `put into order (was ${report.order})`,
  ].filter((part) => part !== false);
  if (parts.length > 0) tell(`${report.rows} rows, ${report.accepted} bars: ${parts.join(', ')}`);
}
