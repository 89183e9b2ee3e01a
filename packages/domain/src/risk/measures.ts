/** Each limit as one row: what counts before, what may be reached, from where it warns (trading.md 5.1). */
import type { Micros } from '../setup/signal.ts';
import type { TradedInstrument } from '../trade/instrument.ts';
import { add, mulDiv } from '../trade/money.ts';
import type { CampaignAllowance, Exposure, RiskSnapshot } from './exposure.ts';
import type { RiskLimits } from './limits.ts';

/** What a trade adds to a measure. */
export type Amount = 'risk' | 'notional' | 'margin';

export interface Measure {
  readonly code: string;
  readonly adds: Amount;
  readonly beforeMicros: Micros;
  readonly limitMicros: Micros;
  readonly warnMicros: Micros;
}

export interface MeasureInput {
  readonly instrument: TradedInstrument;
  readonly snapshot: RiskSnapshot;
  readonly limits: RiskLimits;
  readonly campaign: CampaignAllowance;
}

const MARGIN_WARN_BP = 2_000;

/** Every limit that applies to an entry in this instrument. A value equal to a limit is allowed. */
export function measuresFor(input: MeasureInput): readonly Measure[] {
  const { instrument, snapshot, limits, campaign } = input;
  const all = snapshot.exposures;
  const sameClass = all.filter((row) => row.assetClass === instrument.assetClass);
  const row = rowMaker(snapshot.equityMicros);
  const rows = [
    row('RK_TRADE', 'risk', { before: 0, bp: limits.tradeBp }),
    row('RK_CAMPAIGN', 'risk', { before: total(all.filter(ofCampaign(campaign)), 'riskMicros'), bp: limits.campaignBp }),
    ...instrument.buckets.map((bucket) =>
      row('RK_BUCKET', 'risk', {
        before: total(
          all.filter((one) => one.buckets.includes(bucket)),
          'riskMicros',
        ),
        bp: limits.bucketBp,
      }),
    ),
    row('RK_ASSET_CLASS', 'risk', { before: total(sameClass, 'riskMicros'), bp: limits.assetClassBp }),
    row('RK_HEAT', 'risk', { before: total(all, 'riskMicros'), bp: limits.heatBp }),
  ];
  if (instrument.assetClass === 'STOCK' || instrument.assetClass === 'CRYPTO')
    rows.push(row('RK_ORDER_VALUE', 'notional', { before: 0, bp: limits.orderValueBp }));
  else rows.push(row('RK_MARGIN', 'margin', { before: total(all, 'marginMicros'), bp: limits.marginBp, warnBp: MARGIN_WARN_BP }));
  if (instrument.assetClass === 'FOREX') {
    rows.push(row('RK_FX_NOTIONAL', 'notional', { before: total(sameClass, 'notionalMicros'), bp: limits.fxNotionalBp }));
    rows.push(row('RK_FX_HEAT', 'risk', { before: total(sameClass, 'riskMicros'), bp: limits.fxHeatBp }));
  }
  return rows;
}

/** Room left under a limit, never below 0. */
export function headroom(measure: Measure): Micros {
  return Math.max(0, measure.limitMicros - measure.beforeMicros);
}

export function total(rows: readonly Exposure[], field: 'riskMicros' | 'notionalMicros' | 'marginMicros' | 'cashMicros'): Micros {
  return rows.reduce((sum, row) => add(sum, row[field]), 0);
}

function ofCampaign(campaign: CampaignAllowance): (row: Exposure) => boolean {
  return (row) => row.campaignId === campaign.campaignId;
}

type RowMaker = (
  code: string,
  adds: Amount,
  of: { readonly before: Micros; readonly bp: number; readonly warnBp?: number },
) => Measure;

/** Limits are rounded down; warnings start at 80 % unless the measure has its own level. */
function rowMaker(equity: Micros): RowMaker {
  return (code, adds, of) => {
    const limitMicros = mulDiv(equity, of.bp, 10_000, 'down');
    const warnMicros = of.warnBp === undefined ? mulDiv(limitMicros, 80, 100, 'up') : mulDiv(equity, of.warnBp, 10_000, 'up');
    return { code, adds, beforeMicros: of.before, limitMicros, warnMicros };
  };
}
