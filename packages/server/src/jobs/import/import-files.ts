/** Bars of files into the store: streamed, counted row by row, repeatable, and resumed where it was stopped. */
import {
  calendarOf,
  SeriesJudge,
  type AssetClass,
  type BarColumns,
  type CalendarId,
  type Gap,
  type Timeframe,
} from '@wyckoff/domain';
import { basename } from 'node:path';
import { Exit, EXIT } from '../../cli/exit-codes.ts';
import type { ColumnMap } from '../../feeds/csv/header.ts';
import type { CsvProblem } from '../../feeds/csv/report.ts';
import { ParquetRefused } from '../../feeds/parquet/parquet-refused.ts';
import { appliedSplits } from '../../feeds/ingest/applied-splits.ts';
import { FileInStoredPrices, PricesUnknown, type FilePrices } from '../../feeds/ingest/file-prices.ts';
import { StoreRefused } from '../../store/refused.ts';
import type { ImportCounts, Series, Store, SymbolRecord } from '../../store/store.ts';
import { seriesIn } from './bar-blocks.ts';
import type { BarBlocks } from './blocks.ts';
import { otherTimeframe, spacingOf } from './spacing.ts';
import { checkpointKey, readCheckpoint, saveCheckpoint, type Checkpoint } from './checkpoints.ts';
import type { InputFile } from './input-files.ts';
import { QuarantineFailed, type Quarantine } from './quarantine.ts';

export interface ImportRequest {
  readonly files: readonly InputFile[];
  readonly symbol?: string;
  /** Said by a person, of files that do not say. Absent: their names, else 1d. */
  readonly timeframe?: Timeframe;
  readonly assetClass?: AssetClass;
  readonly name?: string;
  readonly tz?: string;
  readonly calendar?: CalendarId | 'none';
  /** What the columns of foreign CSV files are called. */
  readonly map?: ColumnMap;
  /** In which prices the files are, where splits were applied to the stored bars; absent: found out. */
  readonly prices?: FilePrices;
  readonly resume: boolean;
}

export interface ImportPorts {
  /** Null: a dry run. */
  readonly store: Store | null;
  readonly quarantine: Quarantine | null;
  readonly now: number;
  readonly signal: AbortSignal;
  readonly onProblem: (file: string, problem: CsvProblem) => void;
  /** A file that could not be imported, of several: the others are gone on with. Absent: it is thrown. */
  readonly onFailure?: (file: InputFile, sentence: string) => void;
  readonly onProgress: (file: InputFile, done: number, total: number) => void;
}

/** One series of one file. */
export interface ImportAnswer {
  readonly file: string;
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly read: number;
  readonly accepted: number;
  readonly refused: number;
  readonly inserted: number;
  /** Of them, inserted by the run that is resumed; 0 without `resume`. */
  readonly insertedBefore: number;
  readonly duplicate: number;
  readonly corrected: number;
  /** Of the bars of the file: missing by the calendar (null: there is none), moved by more than half, without volume; 0 to 100. */
  readonly gaps: number | null;
  readonly outliers: number;
  readonly zeroVolume: number;
  readonly quality: number | null;
  /** At most five. */
  readonly largest: readonly Gap[];
  /** Splits the file did not know, applied to its bars as they came in: first days. */
  readonly splits: readonly string[];
  /** Rows that were in the store before this run; 0 without `resume`. */
  readonly resumedAt: number;
  /** False: interrupted; what is counted is stored, and `--resume` goes on. */
  readonly complete: boolean;
  readonly dryRun: boolean;
}

/** Answers series by series, as they are done. A file that cannot be read costs itself and no other; a store that fails ends the run. */
export async function* importFiles(request: ImportRequest, ports: ImportPorts): AsyncGenerator<ImportAnswer, void> {
  for (const file of request.files) {
    try {
      yield* importFile(file, request, ports);
    } catch (error) {
      const sentence = faultOfFile(error, file);
      if (sentence === null || ports.onFailure === undefined) throw error;
      ports.onFailure(file, sentence);
    }
    if (ports.signal.aborted) return;
  }
}

async function* importFile(file: InputFile, request: ImportRequest, ports: ImportPorts): AsyncGenerator<ImportAnswer, void> {
  const onProblem = (problem: CsvProblem): void => ports.onProblem(file.path, problem);
  const { symbol, timeframe, map } = request;
  const options = {
    now: ports.now,
    withText: ports.quarantine !== null,
    onProblem,
    zoneOf: async (known: string) => await zoneOf(file, known, { request, ports }),
    ...(symbol !== undefined && { symbol }),
    ...(timeframe !== undefined && { timeframe }),
    ...(map !== undefined && { map }),
  };
  for await (const blocks of seriesIn(file, options)) {
    yield await importSeries(file, blocks, { request, ports });
    if (ports.signal.aborted) return;
  }
}

const READING = new Set(['EACCES', 'EPERM', 'EISDIR', 'EIO', 'ENOENT', 'ENODEV', 'ENXIO']); // bounded: words

/** What is wrong with the file itself; null: it is not the file. */
function faultOfFile(error: unknown, { path }: InputFile): string | null {
  if (error instanceof QuarantineFailed || error instanceof StoreRefused || !(error instanceof Error)) return null;
  const isOfFile = error instanceof Exit || error instanceof ParquetRefused;
  if (!isOfFile && !READING.has((error as NodeJS.ErrnoException).code ?? '')) return null;
  return error.message.includes(path) ? error.message : `${path}: ${error.message}`;
}

/** Hours without a zone are meant in the zone given, else in the one the symbol is stored with. */
async function zoneOf(
  { kind }: InputFile,
  symbol: string,
  { request: { tz }, ports: { store } }: { readonly request: ImportRequest; readonly ports: ImportPorts },
): Promise<string> {
  if (tz !== undefined) return tz;
  if (kind === 'parquet' || store === null) return 'UTC';
  return (await store.findSymbol(symbol))?.timeZone ?? 'UTC';
}

async function importSeries(
  file: InputFile,
  blocks: BarBlocks,
  { request, ports }: { readonly request: ImportRequest; readonly ports: ImportPorts },
): Promise<ImportAnswer> {
  const { store, signal, quarantine } = ports;
  const timeframe = timeframeOf(file, blocks, request);
  const key = file.identity === null ? null : checkpointKey(file.identity, blocks.symbol, timeframe);
  const from = request.resume && store !== null && key !== null ? await readCheckpoint(store, key) : null;
  let place: Place | null = null;
  let prices: FileInStoredPrices | null = null;
  let judge: SeriesJudge | null = null;
  let sums: Checkpoint = from ?? { rows: 0, inserted: 0, duplicate: 0, corrected: 0 };
  let complete = true;
  for await (const raw of blocks.blocks()) {
    const { read } = blocks.counts;
    if (judge === null) {
      // Nothing is kept of a symbol whose bars are not what they are said to be.
      refuseOtherTimeframe(file, raw, { timeframe, request });
      place = store === null ? null : await placeOf(store, blocks.symbol, { timeframe, request, file });
      prices = store === null || place === null ? null : await pricesOf(store, place.series, request);
      const calendarId = place === null ? calendarIdFor(request) : place.calendar;
      judge = new SeriesJudge({ timeframe, calendar: calendarId === null ? null : calendarOf(calendarId) });
    }
    const bars = prices === null ? raw : await inStoredPrices(prices, raw);
    const flags = judge.block(bars);
    // What was refused is on file before the rows behind it count as done.
    quarantine?.flush();
    // Rows that were stored before the stop are read again for their numbering, not written again.
    if (store !== null && place !== null && read > sums.rows) {
      sums = { ...added(sums, await store.importBars(place.series, bars, place.provider, { flags })), rows: read };
      if (key !== null) await saveCheckpoint(store, key, sums);
    }
    ports.onProgress(file, blocks.done, blocks.total);
    if (!signal.aborted) continue;
    complete = false;
    break;
  }
  if (store !== null && place !== null && complete) await store.surveyBars(place.series);
  const { read, accepted, refused, duplicates, corrected } = blocks.counts;
  const { gaps, outliers, zeroVolume, quality, largest } = (judge ?? new SeriesJudge({ timeframe, calendar: null })).figures;
  return {
    file: file.path,
    symbol: blocks.symbol,
    timeframe,
    read,
    accepted,
    refused,
    inserted: sums.inserted,
    insertedBefore: from?.inserted ?? 0,
    duplicate: sums.duplicate + duplicates,
    corrected: sums.corrected + corrected,
    gaps,
    outliers,
    zeroVolume,
    quality,
    largest,
    splits: (prices?.missing ?? []).map(({ from: day }) => new Date(day).toISOString().slice(0, 10)),
    resumedAt: from?.rows ?? 0,
    complete,
    dryRun: store === null,
  };
}

/** ADJ-5. Null where no split was ever applied. */
async function pricesOf(store: Store, series: Series, { prices: given }: ImportRequest): Promise<FileInStoredPrices | null> {
  const applied = await appliedSplits(store, series);
  return applied.length === 0 ? null : new FileInStoredPrices({ store, series, applied, given });
}

async function inStoredPrices(prices: FileInStoredPrices, bars: BarColumns): Promise<BarColumns> {
  return await prices.bring(bars).catch((error: unknown) => {
    throw error instanceof PricesUnknown ? new Exit(EXIT.refused, error.message) : error;
  });
}

function added(sums: Checkpoint, counts: ImportCounts): Checkpoint {
  const { inserted, duplicate, corrected } = counts;
  return {
    ...sums,
    inserted: sums.inserted + inserted,
    duplicate: sums.duplicate + duplicate,
    corrected: sums.corrected + corrected,
  };
}

/** Units by class; the engine's own defaults hold where nothing else is known. */
const UNIT: Readonly<Record<AssetClass, string>> = {
  STOCK: 'shares',
  CRYPTO: 'units',
  FOREX: 'lots',
  INDEX: 'contracts',
  FUTURE: 'contracts',
};

/** What the file says, then what a person says, then its name. @throws Exit 2 when the first two differ. */
function timeframeOf(
  { path }: InputFile,
  { timeframe, namedTimeframe }: BarBlocks,
  { timeframe: given }: ImportRequest,
): Timeframe {
  if (timeframe !== null && given !== undefined && given !== timeframe)
    throw new Exit(EXIT.usage, `${path}: its bars say ${timeframe}, --timeframe says ${given}: leave it away.`);
  return timeframe ?? given ?? namedTimeframe ?? '1d';
}

/** @throws Exit 2 */
function refuseOtherTimeframe(
  { path }: InputFile,
  bars: BarColumns,
  { timeframe, request }: { readonly timeframe: Timeframe; readonly request: ImportRequest },
): void {
  const other = otherTimeframe(bars, timeframe);
  if (other === null) return;
  const why = request.timeframe === undefined ? '' : ', as --timeframe says';
  throw new Exit(EXIT.usage, `${path}: expected bars of ${timeframe}${why}, they stand ${spacingOf(bars)} apart: say --timeframe ${other}. Nothing of it was imported.`); // prettier-ignore
}

/** Where the bars of one series go. */
interface Place {
  readonly series: Series;
  readonly provider: string;
  readonly calendar: CalendarId | null;
}

/** Files named one by one in the coverage of a series; of more, all are one source. */
const NAMED_FILES = 20;
const NAME_CHARS = 64;

/** Who gave the bars, per run of them: two files may be in different prices. */
function providerOf({ path }: InputFile, { files }: ImportRequest): string {
  return files.length > NAMED_FILES ? 'imported files' : `file ${basename(path).slice(0, NAME_CHARS)}`;
}

async function placeOf(
  store: Store,
  symbol: string,
  { timeframe, request, file }: { readonly timeframe: Timeframe; readonly request: ImportRequest; readonly file: InputFile },
): Promise<Place> {
  const known = await store.findSymbol(symbol);
  if (known !== null) refuseOther(known, request);
  const { assetClass = 'STOCK', tz: timeZone = 'UTC' } = request;
  const calendar = request.calendar === undefined && known !== null ? (known.calendar ?? null) : calendarIdFor(request);
  const record = known ?? {
    symbol,
    assetClass,
    name: request.name ?? symbol,
    source: 'imported file',
    synthetic: false,
    timeZone,
    currency: 'USD',
    tickSize: assetClass === 'FOREX' ? 0.00001 : 0.01,
    unit: UNIT[assetClass],
  };
  return { series: await store.saveSymbol({ ...record, calendar }, timeframe), provider: providerOf(file, request), calendar };
}

/** Coins trade around the clock and currencies by the week, whatever they are called; of a share nobody knows where it is listed until it is said. */
function calendarIdFor({ calendar, assetClass }: ImportRequest): CalendarId | null {
  if (calendar !== undefined) return calendar === 'none' ? null : calendar;
  return assetClass === 'CRYPTO' ? '24/7' : assetClass === 'FOREX' ? 'FX' : null;
}

/**
 * Bars of a known symbol join what is there: options that say something else about it are not passed over.
 * @throws Exit 2
 */
function refuseOther({ symbol, assetClass, name, timeZone }: SymbolRecord, request: ImportRequest): void {
  const parts: readonly (readonly [option: string, stored: string, given: string | undefined])[] = [
    ['--asset-class', assetClass, request.assetClass],
    ['--tz', timeZone, request.tz],
    ['--name', name, request.name],
  ];
  const others = parts.filter(([, stored, given]) => given !== undefined && given !== stored);
  if (others.length === 0) return;
  const stored = `${symbol} is stored as ${assetClass.toLowerCase()} "${name}" in ${timeZone}`;
  const given = others.map(([option, , value]) => `${option} ${value ?? ''}`).join(', ');
  throw new Exit(
    EXIT.usage,
    `${stored}, was ${given}: nothing was imported. Leave the option away, or import under another --symbol.`,
  );
}
