/** The header line: which delimiter, and where the six columns stand, whatever their case and order. */

export const CSV_COLUMNS = ['time', 'open', 'high', 'low', 'close', 'volume'] as const;
export type CsvColumn = (typeof CSV_COLUMNS)[number];

/** Names of the time column, the most exact first. */
const TIME_NAMES = ['timestamp', 'datetime', 'time', 'date'] as const;

const SYMBOL_NAMES = ['symbol', 'ticker'] as const;

export interface CsvHeader {
  /** Byte of the delimiter. */
  readonly delimiter: number;
  readonly decimalComma: boolean;
  /** Field numbers of time, open, high, low, close, volume. */
  readonly fields: readonly number[];
  /** Field number of the day when the file splits day and time of day over `date` and `time`; else -1. */
  readonly dateField: number;
  /** Field numbers of what names the series; -1 without one. */
  readonly symbolField: number;
  readonly timeframeField: number;
}

/** Names of a foreign header: ours, and what it is called there; an empty name is a column that is not to be read. */
export type ColumnMap = Readonly<Partial<Record<CsvColumn | 'symbol' | 'timeframe', string>>>;

export type HeaderAnswer =
  | { readonly ok: true; readonly header: CsvHeader }
  | {
      readonly ok: false;
      readonly missing: readonly CsvColumn[];
      /** Of the map, and not there. */ readonly unknown: readonly string[];
    };

const NAME_LIMIT = 4096;

/** Reads the names of the columns. `missing` holds the columns that were not found, `time` standing for time, date and timestamp. */
export function readHeader(line: string, map: ColumnMap = {}): HeaderAnswer {
  const delimiter = delimiterOf(line);
  const names = line.split(delimiter).slice(0, NAME_LIMIT).map(plainName);
  const fieldOf = (column: keyof ColumnMap, own: readonly string[]): number => {
    const mapped = map[column];
    if (mapped !== undefined) return mapped === '' ? -1 : names.indexOf(plainName(mapped));
    return own.map((name) => names.indexOf(name)).find((field) => field >= 0) ?? -1;
  };
  const timeField = fieldOf('time', TIME_NAMES);
  const fields = CSV_COLUMNS.map((column) => (column === 'time' ? timeField : fieldOf(column, [column])));
  const missing = CSV_COLUMNS.filter((_, i) => fields[i] < 0);
  const unknown = Object.values(map).filter((name) => name !== '' && !names.includes(plainName(name)));
  if (missing.length > 0 || unknown.length > 0) return { ok: false, missing, unknown };
  const dateField = map.time === undefined && names[timeField] === 'time' ? names.indexOf('date') : -1;
  return {
    ok: true,
    header: {
      delimiter: delimiter.charCodeAt(0),
      decimalComma: delimiter !== ',',
      fields,
      dateField,
      symbolField: fieldOf('symbol', SYMBOL_NAMES),
      timeframeField: fieldOf('timeframe', ['timeframe']),
    },
  };
}

function plainName(name: string): string {
  return name.trim().replace(/^["'<\s]+|["'>\s]+$/g, '').toLowerCase(); // prettier-ignore
}

/** The delimiter that occurs most often outside quotes; the comma when none does. */
function delimiterOf(line: string): string {
  const bare = line.replace(/"[^"]*"/g, '');
  const count = (mark: string): number => bare.split(mark).length - 1;
  return [',', ';', '\t'].reduce((best, mark) => (count(mark) > count(best) ? mark : best));
}
