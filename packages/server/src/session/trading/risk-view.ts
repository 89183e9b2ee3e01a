/** Heat and every limit with its use, from what is open and what is reserved (trading.md 5.1; `GET /risk`). */
import type { RiskAnswer } from '@wyckoff/contracts';
import { mulDiv, type Account, type Position, type RiskLimits, type TradedInstrument } from '@wyckoff/domain';

/** One thing at stake, open or reserved. */
export interface Stake {
  readonly symbol: string;
  readonly campaign: string | null;
  readonly buckets: readonly string[];
  readonly assetClass: string;
  readonly riskMicros: number;
  readonly isOpen: boolean;
}

export interface RiskViewInput {
  readonly account: Account;
  readonly positions: readonly Position[];
  readonly stakes: readonly Stake[];
  readonly limits: RiskLimits;
  readonly instrumentOf: (symbol: string) => TradedInstrument | null;
}

/** Every open stop assumed farther away by this share of its price. */
const GAP = 0.005;

export function riskView({ account, positions, stakes, limits, instrumentOf }: RiskViewInput): RiskAnswer {
  const equity = Math.max(0, account.equityMicros);
  const open = total(stakes.filter((stake) => stake.isOpen));
  const all = total(stakes);
  const gap = positions.reduce((sum, position) => sum + gapOf(position, instrumentOf(position.symbol)), 0);
  const ratio = (amount: number): number => (equity === 0 ? 0 : amount / equity);
  const use = (rule: string, of: string | null, valueMicros: number, bp: number): RiskAnswer['limits'][number] => {
    const limitMicros = mulDiv(equity, bp, 10_000, 'down');
    return { rule, of, valueMicros, limitMicros, useRatio: limitMicros === 0 ? 0 : valueMicros / limitMicros };
  };
  const byCampaign = grouped(stakes, (stake) => (stake.campaign === null ? [] : [stake.campaign]));
  const byBucket = grouped(stakes, (stake) => stake.buckets);
  const byClass = grouped(stakes, (stake) => [stake.assetClass]);
  const share = ([name, riskMicros]: readonly [string, number]) => ({ name, riskMicros, ratio: ratio(riskMicros) });
  return {
    accountId: account.id,
    equityMicros: account.equityMicros,
    heatRatio: ratio(open),
    heatIfFilledRatio: ratio(all),
    heatWithGapRatio: ratio(open + gap),
    limits: [
      use('RK_HEAT', null, all, limits.heatBp),
      ...byCampaign.map(([name, micros]) => use('RK_CAMPAIGN', name, micros, limits.campaignBp)),
      ...byBucket.map(([name, micros]) => use('RK_BUCKET', name, micros, limits.bucketBp)),
      ...byClass.map(([name, micros]) => use('RK_ASSET_CLASS', name, micros, limits.assetClassBp)),
    ],
    byCampaign: byCampaign.map(share),
    byBucket: byBucket.map(share),
    byClass: byClass.map(share),
    correlations: null,
    correlationsReason: 'Correlations of returns are not measured yet; buckets stand for them.',
    openPositions: positions.length,
    maxPositions: limits.openPositions,
  };
}

function gapOf(position: Position, instrument: TradedInstrument | null): number {
  const size = instrument === null ? 1 : instrument.contractSize * instrument.fx;
  return Math.ceil(position.stop * GAP * position.openQtyMicros * size);
}

function total(stakes: readonly Stake[]): number {
  return stakes.reduce((sum, stake) => sum + stake.riskMicros, 0);
}

/** Largest first. */
function grouped(stakes: readonly Stake[], keysOf: (stake: Stake) => readonly string[]): (readonly [string, number])[] {
  // bounded: as many as positions and reservations have names, gone with the call
  const sums = new Map<string, number>();
  for (const stake of stakes) for (const key of keysOf(stake)) sums.set(key, (sums.get(key) ?? 0) + stake.riskMicros);
  return [...sums].sort((a, b) => b[1] - a[1]);
}
