/** One series in columns, from CSV or Parquet, for the verbs that go back and forth in it. */
import { TIMEFRAME_MS, type BarColumns } from '@wyckoff/domain';
import { readBars as readCsvBars, symbolOf, type BarOptions } from '../cli/bar-options.ts';
import { Exit, EXIT } from '../cli/exit-codes.ts';
import { tell } from '../cli/output.ts';
import { timeText } from '../cli/table.ts';
import { ParquetTable } from '../feeds/parquet/parquet-table.ts';
import { readAllBars, seriesOf } from '../feeds/parquet/read-bars.ts';
import { orExit } from './endings.ts';

export interface SeriesInput {
  readonly columns: BarColumns;
  readonly symbol: string;
}

const DAY_MS = 86_400_000;

/** A Parquet file is known by its name; with several series in it, `--symbol` says which. A hole of weeks is told on stderr. */
export async function readSeries(options: BarOptions): Promise<SeriesInput> {
  const series = await read(options);
  if (options.quiet !== true) tellHole(series.columns, options);
  return series;
}

/** No market rests for more than two weeks; detection itself reads on over a hole, as if nothing lay in it. */
function tellHole({ time, length }: BarColumns, { timeframe }: BarOptions): void {
  let longest = 0;
  for (let row = 1; row < length; row++) if (!(time[row] - time[row - 1] <= time[longest] - time[longest - 1])) longest = row;
  const gap = longest === 0 ? 0 : time[longest] - time[longest - 1];
  if (gap <= Math.max(14 * DAY_MS, 3 * TIMEFRAME_MS[timeframe])) return;
  tell(
    `BAR_GAP ${Math.floor(gap / DAY_MS)} days without a bar between ${timeText(time[longest - 1])} and ${timeText(time[longest])}: levels and habits are carried over it`,
  );
}

async function read(options: BarOptions): Promise<SeriesInput> {
  if (!/\.parquet$/i.test(options.input)) {
    const { columns } = await readCsvBars(options);
    return { columns, symbol: symbolOf(options) };
  }
  return orExit(async () => {
    await using table = await ParquetTable.open(options.input);
    const all = (await seriesOf(table)).filter((series) => series.timeframe === null || series.timeframe === options.timeframe);
    const series = options.symbol === undefined ? all[0] : all.find(({ symbol }) => symbol === null || symbol === options.symbol);
    if (series === undefined) {
      const known = all
        .slice(0, 10)
        .map(({ symbol }) => symbol ?? 'one nameless series')
        .join(', ');
      throw new Exit(
        EXIT.usage,
        `${options.input}: expected a series ${options.symbol ?? ''} ${options.timeframe}, was: ${known || 'none of this timeframe'}. Give --symbol and --timeframe.`,
      );
    }
    const columns = await readAllBars(table, series);
    if (columns.length === 0) throw new Exit(EXIT.failed, `${options.input}: no bar in it.`);
    return { columns, symbol: series.symbol ?? symbolOf(options) };
  });
}
