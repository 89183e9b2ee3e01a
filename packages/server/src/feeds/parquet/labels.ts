/** Labelled data sets in Parquet (backtesting.md 13.1): the rows beside a file of bars. */
import { EVENT_KINDS, PHASES, TIMEFRAMES, VERDICTS, type Label, type LabelKind } from '@wyckoff/domain';
import { ParquetRefused } from './parquet-refused.ts';
import type { ParquetTable } from './parquet-table.ts';
import { timeMs } from './time-values.ts';
import type { ColumnPlan } from './write-table.ts';

export const LABEL_COLUMNS: readonly ColumnPlan[] = [
  { name: 'labelId', type: 'text' },
  { name: 'symbol', type: 'text' },
  { name: 'timeframe', type: 'text' },
  { name: 'barTs', type: 'time' },
  { name: 'kind', type: 'text' },
  { name: 'verdict', type: 'text' },
  { name: 'hypothesis', type: 'text', optional: true },
  { name: 'phase', type: 'text', optional: true },
  { name: 'rangeId', type: 'text', optional: true },
  { name: 'support', type: 'float', optional: true },
  { name: 'resistance', type: 'float', optional: true },
  { name: 'spanFrom', type: 'time' },
  { name: 'spanTo', type: 'time' },
  { name: 'reason', type: 'text', optional: true },
  { name: 'justification', type: 'text' },
  { name: 'labeler', type: 'text' },
  { name: 'reviewer', type: 'text', optional: true },
  { name: 'source', type: 'text' },
  { name: 'outcome', type: 'text', optional: true },
];

const REQUIRED = ['symbol', 'timeframe', 'barTs', 'kind', 'verdict', 'spanFrom', 'spanTo'] as const;
/** Labels of one series that are held at once; a series with more is refused rather than half read. */
const MOST_LABELS = 50_000;
const ROWS_AT_ONCE = 8192;

/** `F.parquet` -> `F.labels.parquet`. */
export function labelsPathOf(barsPath: string): string {
  return barsPath.replace(/(\.parquet)?$/i, '.labels.parquet');
}

/** Columns of label rows, in the order of LABEL_COLUMNS. */
export function labelColumns(labels: readonly Label[]): unknown[][] {
  return LABEL_COLUMNS.map(({ name }) => labels.map((label) => cellOf(label, name)));
}

function cellOf(label: Label, name: string): unknown {
  const value = label[name as keyof Label];
  if (name === 'hypothesis') return value === null ? null : value === 1 ? 'accumulation' : 'distribution';
  return name === 'rangeId' ? (value === null ? null : String(value)) : value;
}

/**
 * The labels of one series, in any order of rows; groups of other symbols are skipped by their statistics.
 * @throws ParquetRefused on a missing column, an unknown kind or verdict, or more labels than are held.
 */
export async function readLabels(table: ParquetTable, symbol: string | null, timeframe: string | null): Promise<Label[]> {
  table.require(REQUIRED);
  const labels: Label[] = [];
  for (const group of table.groups) {
    const range = group.statistics('symbol');
    if (symbol !== null && typeof range?.min === 'string' && typeof range.max === 'string') {
      if (symbol < range.min || symbol.slice(0, range.max.length) > range.max) continue;
    }
    for (let from = group.from; from < group.to; from += ROWS_AT_ONCE) {
      const to = Math.min(group.to, from + ROWS_AT_ONCE);
      const cells = await cellsOf(table, from, to);
      for (let i = 0; i < to - from; i++) {
        if (symbol !== null && cells('symbol', i) !== symbol) continue;
        if (timeframe !== null && cells('timeframe', i) !== timeframe) continue;
        labels.push(labelOf((name) => cells(name, i), { table, row: from + i }));
      }
      if (labels.length > MOST_LABELS) {
        throw new ParquetRefused('PARQUET_BOUNDS', table.path, {
          sentence: `Expected at most ${MOST_LABELS} labels for one series, was more for ${symbol ?? 'the file'}.`,
          remedy: 'Split the series into several symbols.',
        });
      }
    }
  }
  return labels;
}

type Cells = (name: string, row: number) => unknown;

async function cellsOf(table: ParquetTable, from: number, to: number): Promise<Cells> {
  const columns = new Map<string, ArrayLike<unknown>>();
  for (const { name } of LABEL_COLUMNS) if (table.columns.includes(name)) columns.set(name, await table.read(name, from, to));
  return (name, row) => columns.get(name)?.[row] ?? null;
}

function labelOf(cell: (name: string) => unknown, at: { table: ParquetTable; row: number }): Label {
  const text = (name: string): string | null => {
    const value = cell(name);
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const number = (name: string): number | null => {
    const value = cell(name);
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  };
  const time = (name: string): number => {
    const value = timeMs(cell(name), at.table.isTime(name));
    if (!(Math.abs(value) <= 8.64e15)) throw wrong(at, name, 'a time', cell(name));
    return value;
  };
  const one = <T extends string>(name: string, known: readonly T[], value: string | null): T => {
    const found = known.find((candidate) => candidate === value);
    if (found === undefined) throw wrong(at, name, `one of ${known.slice(0, 20).join(' ')}`, value);
    return found;
  };
  const kind = one('kind', KINDS, text('kind'));
  const barTs = time('barTs');
  const range = text('rangeId');
  return {
    labelId: text('labelId') ?? `${text('symbol') ?? ''}:${kind}:${barTs}`,
    symbol: text('symbol') ?? '',
    timeframe: one('timeframe', TIMEFRAMES, text('timeframe')),
    barTs,
    kind,
    verdict: one('verdict', VERDICTS, text('verdict')),
    hypothesis: hypothesisOf(text('hypothesis')),
    phase: PHASES.find((phase) => phase === text('phase')) ?? null,
    rangeId: range === null ? null : numberOf(range),
    support: number('support'),
    resistance: number('resistance'),
    spanFrom: time('spanFrom'),
    spanTo: time('spanTo'),
    reason: text('reason'),
    justification: text('justification') ?? '',
    labeler: text('labeler') ?? '',
    reviewer: text('reviewer'),
    source: text('source') ?? '',
    outcome: text('outcome') === 'WIN' ? 'WIN' : text('outcome') === 'LOSS' ? 'LOSS' : null,
  };
}

const KINDS: readonly LabelKind[] = [
  ...EVENT_KINDS,
  ...EVENT_KINDS.map((kind) => `FALSE_${kind}` as const),
  'RANGE',
  'PHASE',
  'NONE',
];

function hypothesisOf(text: string | null): 1 | -1 | null {
  if (text === 'accumulation' || text === '1') return 1;
  return text === 'distribution' || text === '-1' ? -1 : null;
}

/** A range is named by a number where it can be; other names are told apart by a hash of their letters. */
function numberOf(name: string): number {
  const value = Number(name);
  if (Number.isSafeInteger(value)) return value;
  let hash = 0;
  for (const letter of name) hash = (Math.imul(hash, 31) + (letter.codePointAt(0) ?? 0)) | 0;
  return hash >>> 0;
}

function wrong(at: { table: ParquetTable; row: number }, column: string, expected: string, was: unknown): ParquetRefused {
  return new ParquetRefused('PARQUET_TYPE', at.table.path, {
    sentence: `Row ${at.row}, column ${column}: expected ${expected}, was ${String(was)}.`,
    remedy: 'See docs/synthetic.md for the columns of a labelled data set.',
  });
}
