/** Walks a whole series: flags that follow from its neighbours are put right, its coverage gets true figures (interface.md 4.2). */
import { BAR_FLAGS, createBarColumns, SeriesJudge, type BarColumns } from '@wyckoff/domain';
import { setImmediate as turn } from 'node:timers/promises';
import type { CoverageStore, SeriesSurvey } from '../coverage-store.ts';
import type { Series } from '../store.ts';
import { minutesOf } from './bar-keys.ts';
import { calendarOfSeries, coverageRows, rowOf, saveCoverage, type Run } from './coverage.ts';
import { coverageSum, coverageSumsOf, type SumRow } from './coverage-sums.ts';
import { Fingerprint } from './fingerprint.ts';
import type { Gate } from './gate.ts';
import { moveBars } from './move-bars.ts';
import { execute, rawRows, type Work } from './work.ts';

const PAGE = 5_000;
const MOST_SYMBOLS = 200;
const FIRST_TIME = -8.64e15;

type Row = readonly [ts: number, o: number, h: number, l: number, c: number, v: number, flags: number];
type Known = readonly [from: number, to: number, provider: string];

export function coverageStore(gate: Gate): CoverageStore {
  return {
    coverage: async (query) => await gate.query('coverage', () => coverageRows(gate.dialect, query)),
    coverageSums: async (symbols) => {
      if (symbols.length === 0) return [];
      const named = symbols.slice(0, MOST_SYMBOLS);
      const text = gate.dialect.text(coverageSumsOf(named.length));
      return (await gate.query('coverage sums', () => rawRows<SumRow>(text, named))).flatMap(coverageSum);
    },
    surveyBars: async (series) => await survey(gate, series),
    moveBars: async (from, to, before) => await moveBars(gate, { from, to, before }),
  };
}

async function survey(gate: Gate, series: Series): Promise<SeriesSurvey> {
  const { dialect } = gate;
  const key = [series.symbolId, minutesOf(series.timeframe)];
  const calendar = await gate.query('survey bars', () => calendarOfSeries(dialect, series));
  const known = await gate.query('survey bars', () => rawRows<Known>(dialect.text('select from_ts, to_ts, provider from coverage where symbol_id = ? and tf = ? order by from_ts'), key)); // prettier-ignore
  const judgeOf = (): SeriesJudge => new SeriesJudge({ timeframe: series.timeframe, calendar });
  const runs = await gate.query('survey bars', () => joined(gate, key, { known, judgeOf }));
  const whole = judgeOf();
  const page = dialect.text(
    'select ts, o, h, l, c, v, flags from bars where symbol_id = ? and tf = ? and ts > ? order by ts limit ?',
  );
  const setFlags = dialect.text('update bars set flags = ? where symbol_id = ? and tf = ? and ts = ?');
  let reflagged = 0;
  for (let after = FIRST_TIME; ;) {
    const from = after;
    const rows = await gate.query('survey bars', () => rawRows<Row>(page, [...key, from, PAGE]));
    if (rows.length === 0) break;
    const columns = columnsOf(rows);
    const flags = whole.block(columns);
    for (const run of runs) addPart(run, columns);
    const wrong = rows.flatMap((row, i) => {
      const flag = flags[i] | (row[6] & BAR_FLAGS.revised);
      return flag === row[6] ? [] : [[flag, ...key, row[0]]];
    });
    reflagged += wrong.length;
    if (wrong.length > 0)
      await gate.transaction('flag bars', function* () {
        for (const change of wrong) yield* execute(setFlags, change);
      });
    if (rows.length < PAGE) break;
    after = columns.time[rows.length - 1];
    await turn();
  }
  await gate.transaction('coverage', function* () {
    for (const [from] of known)
      yield* execute(dialect.text('delete from coverage where symbol_id = ? and tf = ? and from_ts = ?'), [...key, from]);
    for (const run of runs) if (run.judge.figures.bars > 0) yield* saveCoverage(dialect, rowOf(series, run));
  });
  return { ...whole.figures, reflagged };
}

/** Runs of one provider that overlap, or have no stored bar between them, are one. */
function* joined(
  { dialect }: Gate,
  key: readonly number[],
  { known, judgeOf }: { readonly known: readonly Known[]; readonly judgeOf: () => SeriesJudge },
): Work<readonly Run[]> {
  const between = dialect.text('select 1 from bars where symbol_id = ? and tf = ? and ts > ? and ts < ? limit 1');
  // bounded: the coverage of one series
  const runs: Run[] = [];
  for (const [from, to, provider] of known) {
    const i = runs.findLastIndex((run) => run.provider === provider);
    const last = i < 0 ? undefined : runs[i];
    const touches = last !== undefined && (from <= last.to || (yield* rawRows(between, [...key, last.to, from])).length === 0);
    if (touches) runs[i] = { ...last, to: Math.max(last.to, to) };
    else runs.push({ from, to, provider, judge: judgeOf(), print: new Fingerprint() });
  }
  return runs;
}

function addPart({ from, to, judge, print }: Run, columns: BarColumns): void {
  const { time, length } = columns;
  if (time[0] > to || time[length - 1] < from) return;
  let begin = 0;
  while (time[begin] < from) begin += 1;
  let end = length;
  while (end > begin && time[end - 1] > to) end -= 1;
  if (end === begin) return;
  const part = (column: Float64Array): Float64Array => column.subarray(begin, end);
  const { open, high, low, close, volume } = columns;
  const own = { time: part(time), open: part(open), high: part(high), low: part(low), close: part(close), volume: part(volume), length: end - begin }; // prettier-ignore
  judge.block(own);
  print.add(own);
}

function columnsOf(rows: readonly Row[]): BarColumns {
  const columns = createBarColumns(rows.length);
  columns.length = rows.length;
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i];
    columns.time[i] = row[0];
    columns.open[i] = row[1];
    columns.high[i] = row[2];
    columns.low[i] = row[3];
    columns.close[i] = row[4];
    columns.volume[i] = row[5];
  }
  return columns;
}
