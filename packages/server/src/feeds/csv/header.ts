/** The header line: which delimiter, and where the six columns stand, whatever their case and order. */

export const CSV_COLUMNS = ['time', 'open', 'high', 'low', 'close', 'volume'] as const;
export type CsvColumn = (typeof CSV_COLUMNS)[number];

/** Names of the time column, the most exact first. */
const TIME_NAMES = ['timestamp', 'datetime', 'time', 'date'] as const;

export interface CsvHeader {
  /** Byte of the delimiter. */
  readonly delimiter: number;
  readonly decimalComma: boolean;
  /** Field numbers of time, open, high, low, close, volume. */
  readonly fields: readonly number[];
  /** Field number of the day when the file splits day and time of day over `date` and `time`; else -1. */
  readonly dateField: number;
  /** Field number of the symbol; -1 without one. */
  readonly symbolField: number;
}

export type HeaderAnswer =
  { readonly ok: true; readonly header: CsvHeader } | { readonly ok: false; readonly missing: readonly CsvColumn[] };

const NAME_LIMIT = 4096;

/** Reads the names of the columns. `missing` holds the columns that were not found, `time` standing for time, date and timestamp. */
export function readHeader(line: string): HeaderAnswer {
  const delimiter = delimiterOf(line);
  const names = line
    .split(delimiter)
    .slice(0, NAME_LIMIT)
    .map((name) => name.trim().replace(/^["'<\s]+|["'>\s]+$/g, '').toLowerCase()); // prettier-ignore
  const timeField = TIME_NAMES.map((name) => names.indexOf(name)).find((field) => field >= 0) ?? -1;
  const fields = CSV_COLUMNS.map((column) => (column === 'time' ? timeField : names.indexOf(column)));
  const missing = CSV_COLUMNS.filter((_, i) => fields[i] < 0);
  if (missing.length > 0) return { ok: false, missing };
  const dateField = names[timeField] === 'time' ? names.indexOf('date') : -1;
  return {
    ok: true,
    header: {
      delimiter: delimiter.charCodeAt(0),
      decimalComma: delimiter !== ',',
      fields,
      dateField,
      symbolField: names.indexOf('symbol'),
    },
  };
}

/** The delimiter that occurs most often outside quotes; the comma when none does. */
function delimiterOf(line: string): string {
  const bare = line.replace(/"[^"]*"/g, '');
  const count = (mark: string): number => bare.split(mark).length - 1;
  return [',', ';', '\t'].reduce((best, mark) => (count(mark) > count(best) ? mark : best));
}
