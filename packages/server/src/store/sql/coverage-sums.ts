/** What a store holds of each series, in one line: all its providers together. */
import type { CoverageSum } from '../coverage-store.ts';
import { timeframeOf } from './bar-keys.ts';

export type SumRow = readonly [symbol: string, tf: number, from: number, to: number, bars: number, gaps: number | null];

const SUMS = `select s.symbol, c.tf, min(c.from_ts), max(c.to_ts), sum(c.bars), case when count(c.gaps) = count(*) then sum(c.gaps) end
  from coverage c join symbols s on s.id = c.symbol_id`;

/** Of every symbol, at most 1,000 series. */
export const COVERAGE_SUMS = `${SUMS} group by s.symbol, c.tf order by s.symbol, c.tf limit 1000`;

/** Of `count` symbols, named by its parameters. */
export function coverageSumsOf(count: number): string {
  const places = Array.from({ length: count }, () => '?').join(', ');
  return `${SUMS} where s.symbol in (${places}) group by s.symbol, c.tf order by s.symbol, c.tf`;
}

/** None for a timeframe that this program does not know. */
export function coverageSum([symbol, tf, from, to, bars, gaps]: SumRow): readonly CoverageSum[] {
  const timeframe = timeframeOf(tf);
  return timeframe === undefined ? [] : [{ symbol, timeframe, from, to, bars, gaps }];
}
