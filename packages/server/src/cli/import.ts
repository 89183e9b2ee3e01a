/** `wyckoff import`: the bars of a CSV file into the store, counted row by row. */
import type { AssetClass, BarColumns, Timeframe } from '@wyckoff/domain';
import { refusedRows } from '../feeds/csv/report.ts';
import { storePathIn } from '../settings.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { ImportCounts, SymbolRecord } from '../store/store.ts';
import { readBars, symbolOf } from './bar-options.ts';
import { Exit, EXIT } from './exit-codes.ts';
import { Output } from './output.ts';

export interface ImportOptions {
  readonly symbol?: string;
  readonly timeframe: Timeframe;
  /** Default: what is stored of a known symbol, else STOCK. */
  readonly assetClass?: AssetClass;
  readonly name?: string;
  /** Default: what is stored of a known symbol, else UTC. */
  readonly tz?: string;
  readonly data: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Units by class; the engine's own defaults hold where nothing else is known. */
const UNIT: Readonly<Record<AssetClass, string>> = {
  STOCK: 'shares',
  CRYPTO: 'units',
  FOREX: 'lots',
  INDEX: 'contracts',
  FUTURE: 'contracts',
};

export async function importFile(file: string, options: ImportOptions): Promise<void> {
  const input = { input: file, ...(options.quiet === true && { quiet: true }) };
  const { columns, report } = await readBars(input);
  const symbol = symbolOf({ input: file, ...(options.symbol !== undefined && { symbol: options.symbol }) });
  const counts = options.dryRun === true ? { inserted: 0, duplicate: 0, corrected: 0 } : await store(symbol, columns, options);
  const answer = {
    symbol,
    timeframe: options.timeframe,
    read: report.rows,
    accepted: report.accepted,
    refused: refusedRows(report),
    inserted: counts.inserted,
    duplicate: counts.duplicate + report.duplicates,
    corrected: counts.corrected + report.corrected,
    dryRun: options.dryRun === true,
  };
  const output = new Output();
  if (options.json === true) output.json(answer);
  else {
    const { read, refused, inserted, duplicate, corrected } = answer;
    output.line(
      `${symbol} ${options.timeframe}: ${read} read, ${inserted} inserted, ${corrected} corrected, ${duplicate} duplicate, ${refused} refused`,
    );
  }
  output.flush();
}

async function store(symbol: string, columns: BarColumns, options: ImportOptions): Promise<ImportCounts> {
  const opened = openSqliteStore({ path: storePathIn(options.data) });
  try {
    const known = await opened.findSymbol(symbol);
    if (known !== null) refuseOther(known, options);
    const { assetClass = 'STOCK', tz: timeZone = 'UTC' } = options;
    const record = known ?? {
      symbol,
      assetClass,
      name: options.name ?? symbol,
      source: 'imported file',
      synthetic: false,
      timeZone,
      currency: 'USD',
      tickSize: assetClass === 'FOREX' ? 0.00001 : 0.01,
      unit: UNIT[assetClass],
    };
    const series = await opened.saveSymbol(record, options.timeframe);
    return await opened.importBars(series, columns, record.source);
  } finally {
    opened.close();
  }
}

/**
 * Bars of a known symbol join what is there: options that say something else about it are not passed over.
 * @throws Exit 2
 */
function refuseOther({ symbol, assetClass, name, timeZone }: SymbolRecord, options: ImportOptions): void {
  const parts: readonly (readonly [option: string, stored: string, given: string | undefined])[] = [
    ['--asset-class', assetClass, options.assetClass],
    ['--tz', timeZone, options.tz],
    ['--name', name, options.name],
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
