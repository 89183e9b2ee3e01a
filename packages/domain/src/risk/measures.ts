/** Each limit as one row: what counts before, what may be reached, from where it warns (trading.md 5.1). */
import type { RiskLimits } from './limits.ts';
import type { Leg, Micros } from '../setup/signal.ts';
import { add, mulDiv } from '../trade/money.ts';
import type { Exposure } from './exposure.ts';
import type { SizeInput } from './size.ts';
import { isWeekEnd, weekEndAddOn } from './week-end.ts';

/** What a trade adds to a measure. */
export type Amount = 'risk' | 'notional' | 'margin';

export interface Measure {
  readonly code: string;
  /** The bucket of RK_BUCKET; null elsewhere. */
  readonly of: string | null;
  readonly adds: Amount;
  readonly beforeMicros: Micros;
  /** What the trade adds whatever its size: the week-end allowance of a currency position. */
  readonly fixedMicros: Micros;
  readonly limitMicros: Micros;
  readonly warnMicros: Micros;
}

/** What the measures of an entry are computed from. */
export type MeasureInput = Pick<SizeInput, 'instrument' | 'snapshot' | 'limits' | 'campaign' | 'policy' | 'candidate'> & {
  readonly market: Pick<SizeInput['market'], 'at'>;
};

/** Margin warns at its own level, or at 80 % of a limit below it. */
const MARGIN_WARN_BP = 2_000;
const WEEK_END_HEAT_BP = 550;
const ADAPTIVE_HEAT_BP = 800;

/** Every limit that applies to an entry in this instrument. A value equal to a limit is allowed. */
export function measuresFor(input: MeasureInput): readonly Measure[] {
  const { instrument, snapshot, limits, campaign, policy } = input;
  const all = snapshot.exposures;
  const sameClass = all.filter((row) => row.assetClass === instrument.assetClass);
  const row = rowMaker(snapshot.equityMicros);
  const mine = all.filter((one) => one.campaignId === campaign.campaignId);
  const heatBp = policy.adaptiveHeat && mostAreBack(all) ? Math.min(limits.heatBp, ADAPTIVE_HEAT_BP) : limits.heatBp;
  const rows = [
    row('RK_TRADE', 'risk', { before: 0, bp: limits.tradeBp }),
    row('RK_CAMPAIGN', 'risk', { before: total(mine, 'riskMicros'), bp: limits.campaignBp }),
  ];
  for (const bucket of instrument.buckets) {
    const before = totalOfBucket(all, bucket);
    rows.push(row('RK_BUCKET', 'risk', { before, bp: limits.bucketBp, of: bucket }));
  }
  rows.push(row('RK_ASSET_CLASS', 'risk', { before: total(sameClass, 'riskMicros'), bp: limits.assetClassBp }));
  rows.push(row('RK_HEAT', 'risk', { before: total(all, 'riskMicros'), bp: heatBp }));
  if (instrument.assetClass === 'STOCK' || instrument.assetClass === 'CRYPTO')
    rows.push(row('RK_ORDER_VALUE', 'notional', { before: 0, bp: limits.orderValueBp }));
  else {
    const warnBp = Math.min(MARGIN_WARN_BP, Math.floor(limits.marginBp * 0.8));
    rows.push(row('RK_MARGIN', 'margin', { before: total(all, 'marginMicros'), bp: limits.marginBp, warnBp }));
  }
  if (instrument.assetClass === 'FOREX') {
    rows.push(row('RK_FX_NOTIONAL', 'notional', { before: total(sameClass, 'notionalMicros'), bp: limits.fxNotionalBp }));
    rows.push(row('RK_FX_HEAT', 'risk', { ...currencyHeat(input, sameClass), bp: currencyHeatBp(input) }));
  }
  return rows;
}

/** Room left under a limit, never below 0. */
export function headroom(measure: Measure): Micros {
  return Math.max(0, measure.limitMicros - measure.beforeMicros - measure.fixedMicros);
}

/** What a measure stands at when the trade adds this. */
export function after(measure: Measure, amount: Micros): Micros {
  return add(add(measure.beforeMicros, measure.fixedMicros), amount);
}

type Field = 'riskMicros' | 'notionalMicros' | 'marginMicros' | 'cashMicros';

export function total(rows: readonly Exposure[], field: Field): Micros {
  let sum = 0;
  for (const row of rows) sum = add(sum, row[field]);
  return sum;
}

function totalOfBucket(rows: readonly Exposure[], bucket: string): Micros {
  let sum = 0;
  for (const row of rows) if (row.buckets.includes(bucket)) sum = add(sum, row.riskMicros);
  return sum;
}

/** Open risk of the currencies; over the week-end every position, this one too, carries an allowance for its gap. */
function currencyHeat(input: MeasureInput, rows: readonly Exposure[]): { readonly before: Micros; readonly fixed: Micros } {
  const open = total(rows, 'riskMicros');
  if (!isWeekEnd(input.market.at)) return { before: open, fixed: 0 };
  const { equityMicros } = input.snapshot;
  const { candidate, instrument } = input;
  // A partly filled entry is a position and a reservation, and one gap.
  const gaps = new Map<string, { readonly symbol: string; readonly leg: Leg | null; readonly phase: Exposure['phase'] }>();
  for (const row of rows) gaps.set(row.id, row);
  let before = open;
  for (const row of gaps.values()) before = add(before, weekEndAddOn(row, equityMicros));
  const mine = {
    symbol: instrument.symbol,
    leg: candidate.pattern === 'EXTERNAL' ? null : candidate.leg,
    phase: candidate.event.phase,
  };
  return { before, fixed: weekEndAddOn(mine, equityMicros) };
}

function currencyHeatBp({ limits, market }: MeasureInput): number {
  return isWeekEnd(market.at) ? weekEndHeatBp(limits) : limits.fxHeatBp;
}

/** More than half of the campaigns at stake are back in phase A or B. */
function mostAreBack(rows: readonly Exposure[]): boolean {
  const phases = new Map<string, Exposure['phase']>();
  for (const row of rows) phases.set(row.campaignId, row.phase);
  let back = 0;
  for (const phase of phases.values()) if (phase === 'A' || phase === 'B') back += 1;
  return back * 2 > phases.size;
}

interface RowFigures {
  readonly before: Micros;
  readonly bp: number;
  readonly fixed?: Micros;
  readonly warnBp?: number;
  readonly of?: string;
}

type RowMaker = (code: string, adds: Amount, figures: RowFigures) => Measure;

/** Limits are rounded down; warnings start at 80 % unless the measure has its own level. */
function rowMaker(equity: Micros): RowMaker {
  return (code, adds, figures) => {
    const limitMicros = mulDiv(equity, figures.bp, 10_000, 'down');
    const warnMicros =
      figures.warnBp === undefined ? mulDiv(limitMicros, 80, 100, 'up') : mulDiv(equity, figures.warnBp, 10_000, 'up');
    const { before: beforeMicros, fixed: fixedMicros = 0, of = null } = figures;
    return { code, of, adds, beforeMicros, fixedMicros, limitMicros, warnMicros };
  };
}

/** Currency heat from Friday 12:00 to the opening on Sunday, basis points of equity; tightened with the limit of the week. */
export function weekEndHeatBp(limits: Pick<RiskLimits, 'fxHeatBp'>): number {
  return Math.min(limits.fxHeatBp, WEEK_END_HEAT_BP);
}
