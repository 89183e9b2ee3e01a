/** How the returns of what is at stake go together, from the stored bars that the account has seen (interface.md 2.2, GET /risk). */
import type { RiskAnswer } from '@wyckoff/contracts';
import { correlationOf, TIMEFRAME_MS, type BarColumns } from '@wyckoff/domain';
import type { Series, Store } from '../../store/store.ts';
import type { AccountRun } from './account-run.ts';

export type Correlations = Pick<RiskAnswer, 'correlations' | 'correlationsReason'>;

/** Common returns that a figure needs. */
const NEEDED = 60;
/** Read per series: what two markets with different holidays have in common is less. */
const READ = 90;
/** 45 pairs. */
const MOST_SYMBOLS = 10;

/** Close-to-close returns by the time of the later bar. */
type Returns = ReadonlyMap<number, number>;

/** @param symbols at stake, the one with the most risk first */
export async function correlationsFor(
  store: Pick<Store, 'barsBefore'>,
  run: Pick<AccountRun, 'series' | 'newestOf'>,
  symbols: readonly string[],
): Promise<Correlations> {
  const chosen = [...new Set(symbols)].slice(0, MOST_SYMBOLS);
  if (chosen.length < 2)
    return { correlations: null, correlationsReason: 'Fewer than two symbols are at stake: nothing to compare.' };
  const watched = run.series.filter(({ symbol }) => chosen.includes(symbol));
  const read = await Promise.all(watched.map(async (series) => ({ series, returns: await returnsOf(store, run, series) })));
  const pairs = chosen.flatMap((a, i) => chosen.slice(i + 1).map((b) => compared(read, a, b)));
  const found = pairs.filter((pair) => 'ratio' in pair);
  const most = Math.max(0, ...pairs.map(({ bars }) => bars));
  const short = pairs.length - found.length;
  if (found.length === 0)
    return { correlations: null, correlationsReason: `Correlation needs ${NEEDED} common bars; ${most} so far.` };
  const reason = short === 0 ? '' : `Correlation needs ${NEEDED} common bars: ${short} of ${pairs.length} pairs have fewer.`;
  return { correlations: found, correlationsReason: reason };
}

type Pair = NonNullable<RiskAnswer['correlations']>[number] | { readonly bars: number };

/** Over the longest timeframe in which both have enough; else how many they have. */
function compared(read: readonly { readonly series: Series; readonly returns: Returns }[], a: string, b: string): Pair {
  const longest = [...read].sort((one, other) => TIMEFRAME_MS[other.series.timeframe] - TIMEFRAME_MS[one.series.timeframe]);
  let bars = 0;
  for (const { series, returns } of longest) {
    const other = longest.find((one) => one.series.symbol === b && one.series.timeframe === series.timeframe);
    if (series.symbol !== a || other === undefined) continue;
    const common = [...returns].flatMap(([time, x]): [number, number][] => {
      const y = other.returns.get(time);
      return y === undefined ? [] : [[x, y]];
    });
    bars = Math.max(bars, common.length);
    const ratio = common.length < NEEDED ? null : correlationOf(common.slice(-NEEDED));
    if (ratio !== null) return { a, b, timeframe: series.timeframe, ratio: Math.max(-1, Math.min(1, ratio)), bars: NEEDED };
  }
  return { bars };
}

/** Nothing of a replay's future. */
async function returnsOf(store: Pick<Store, 'barsBefore'>, run: Pick<AccountRun, 'newestOf'>, series: Series): Promise<Returns> {
  const until = run.newestOf(series.symbol, series.timeframe);
  if (until === null) return new Map();
  return returnsIn(await store.barsBefore(series, { until, limit: READ + 1 }));
}

function returnsIn({ time, close, length }: BarColumns): Returns {
  const returns = new Map<number, number>();
  // bounded: READ
  for (let i = 1; i < length; i += 1) if (close[i - 1] > 0) returns.set(time[i], close[i] / close[i - 1] - 1);
  return returns;
}
