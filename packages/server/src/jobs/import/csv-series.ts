/** Which series a CSV file holds by its own columns: looked through once before the first of them is read. */
import { TIMEFRAMES, type Timeframe } from '@wyckoff/domain';
import { symbolArgument } from '../../cli/bar-options.ts';
import { Exit, EXIT } from '../../cli/exit-codes.ts';
import { CsvParser, type NamedSeries, type SeriesVerdict } from '../../feeds/csv/csv-parser.ts';
import type { ColumnMap } from '../../feeds/csv/header.ts';

/** Each of them is a reading of the file. */
const MOST_SERIES = 2_000;

/** As the rows say; null: they do not. */
export interface CsvSeries {
  readonly symbol: string | null;
  readonly timeframe: Timeframe | null;
}

/** In the order in which they begin; empty: the file does not name its series, or has no whole row. */
export async function csvSeriesIn(
  chunks: AsyncIterable<Uint8Array>,
  {
    path,
    map = {},
    onlyFirst = false,
  }: { readonly path: string; readonly map?: ColumnMap | undefined; readonly onlyFirst?: boolean },
): Promise<readonly CsvSeries[]> {
  // bounded: MOST_SERIES
  const found = new Map<string, CsvSeries>();
  let refusal: string | null = null;
  const parser = new CsvParser({
    now: Infinity,
    map,
    judgeSeries: (named) => {
      const series = seriesNamed(named);
      if ('refused' in series) refusal ??= series.refused;
      else if (found.size <= MOST_SERIES) found.set(keyOf(series), series);
      return 'skip';
    },
  });
  for await (const chunk of chunks) {
    parser.write(chunk);
    if (parser.namesSeries === false || parser.stopped || (onlyFirst && found.size > 0)) break;
    if (found.size > MOST_SERIES) throw new Exit(EXIT.usage, `${path}: expected at most ${MOST_SERIES} series in a file, were more: split it.`); // prettier-ignore
  }
  if (parser.namesSeries === true) parser.end();
  if (found.size === 0 && refusal !== null) throw new Exit(EXIT.usage, `${path}: ${refusal as string}. Columns that are not to be read are taken away with --map symbol= or --map timeframe=.`); // prettier-ignore
  return [...found.values()];
}

/** Takes the rows of one series, whatever case they are in. */
export function takesOnly(series: CsvSeries): (named: NamedSeries) => SeriesVerdict {
  const wanted = keyOf(series);
  return (named) => {
    const one = seriesNamed(named);
    return 'refused' in one ? one : keyOf(one) === wanted ? 'take' : 'skip';
  };
}

function keyOf({ symbol, timeframe }: CsvSeries): string {
  return `${symbol ?? ''} ${timeframe ?? ''}`;
}

function seriesNamed({ symbol, timeframe }: NamedSeries): CsvSeries | { readonly refused: string } {
  const known = timeframe === null || timeframe === '' ? null : TIMEFRAMES.find((one) => one === timeframe);
  if (known === undefined) return { refused: `timeframe: expected one of ${TIMEFRAMES.join(' ')}, was ${shown(timeframe)}` };
  if (symbol === null) return { symbol, timeframe: known };
  try {
    return { symbol: symbolArgument(symbol), timeframe: known };
  } catch {
    return { refused: `symbol: expected 1-20 of A-Z 0-9 . / ^ -, was ${shown(symbol)}` };
  }
}

function shown(text: string | null): string {
  return JSON.stringify((text ?? '').slice(0, 40));
}
