/** Heat and every limit of 5.1 with its use, from what is open and what is reserved: also when that is nothing (`GET /risk`). */
import type { RiskAnswer } from '@wyckoff/contracts';
import {
  isWeekEnd,
  LIMIT_FIELDS,
  LIMIT_RANGES,
  mulDiv,
  weekEndAddOn,
  type Account,
  type Leg,
  type Phase,
  type Position,
  type RiskLimits,
  type TradedInstrument,
} from '@wyckoff/domain';
import type { Correlations } from './correlations.ts';

/** One thing at stake, open or reserved. */
export interface Stake {
  /** Of its signal: a partly filled entry is two stakes with one id. */
  readonly id: string;
  readonly symbol: string;
  /** Label of its campaign; null: it has none. */
  readonly campaign: string | null;
  readonly isIntraday: boolean;
  readonly leg: Leg | null;
  readonly phase: Phase | null;
  readonly buckets: readonly string[];
  readonly assetClass: string;
  readonly riskMicros: number;
  readonly notionalMicros: number;
  readonly marginMicros: number;
  readonly isOpen: boolean;
}

export interface RiskViewInput {
  readonly account: Account;
  readonly positions: readonly Position[];
  readonly stakes: readonly Stake[];
  readonly limits: RiskLimits;
  readonly instrumentOf: (symbol: string) => TradedInstrument | null;
  readonly correlations: Correlations;
}

type LimitUse = RiskAnswer['limits'][number];

/** Every open stop assumed farther away by this share of its price. */
const GAP = 0.005;
/** Margin warns at its own level, or at 80 % of a limit below it. */
const MARGIN_WARN_BP = 2_000;
const WEEK_END_HEAT_BP = 550;
const BY_NOTIONAL = ['STOCK', 'CRYPTO'];
const BY_MARGIN = ['FOREX', 'FUTURE', 'INDEX'];

export function riskView(input: RiskViewInput): RiskAnswer {
  const { account, positions, stakes, limits, instrumentOf } = input;
  const equity = Math.max(0, account.equityMicros);
  const open = total(stakes.filter((stake) => stake.isOpen));
  const all = total(stakes);
  const gap = positions.reduce((sum, position) => sum + gapOf(position, instrumentOf(position.symbol)), 0);
  const ratio = (amount: number): number => (equity === 0 ? 0 : amount / equity);
  const share = ([name, riskMicros]: readonly [string, number]) => ({ name, riskMicros, ratio: ratio(riskMicros) });
  const groups = groupsOf(stakes);
  return {
    accountId: account.id,
    equityMicros: account.equityMicros,
    heatRatio: ratio(open),
    heatIfFilledRatio: ratio(all),
    heatWithGapRatio: ratio(open + gap),
    limits: [...moneyLimits(input, equity, groups), ...countLimits(stakes, limits)],
    settings: LIMIT_FIELDS.map((field) => ({ field, value: limits[field], ...LIMIT_RANGES[field] })),
    byCampaign: groups.campaigns.map(share),
    byBucket: groups.buckets.map(share),
    byClass: groups.classes.map(share),
    ...input.correlations,
    openPositions: positions.length,
    maxPositions: limits.openPositions,
  };
}

interface Groups {
  readonly campaigns: readonly (readonly [string, number])[];
  readonly buckets: readonly (readonly [string, number])[];
  readonly classes: readonly (readonly [string, number])[];
}

function groupsOf(stakes: readonly Stake[]): Groups {
  return {
    campaigns: grouped(stakes, (stake) => (stake.campaign === null ? [] : [stake.campaign])),
    buckets: grouped(stakes, (stake) => stake.buckets),
    classes: grouped(stakes, (stake) => [stake.assetClass]),
  };
}

function moneyLimits({ account, stakes, limits }: RiskViewInput, equity: number, groups: Groups): LimitUse[] {
  const row = (rule: string, label: string, value: number, of: { bp: number; warnBp?: number; name?: string }): LimitUse => {
    const limit = mulDiv(equity, of.bp, 10_000, 'down');
    const warn = of.warnBp === undefined ? mulDiv(limit, 80, 100, 'up') : mulDiv(equity, of.warnBp, 10_000, 'up');
    return { rule, label, of: of.name ?? null, unit: 'MICROS', value, warn, limit, ...standing(value, warn, limit) };
  };
  /** One row per name, or one that says that there is none. */
  const each = (rule: string, label: string, names: Groups[keyof Groups], bp: number): LimitUse[] =>
    names.length === 0 ? [row(rule, label, 0, { bp })] : names.map(([name, value]) => row(rule, label, value, { bp, name }));
  const currencies = stakes.filter((stake) => stake.assetClass === 'FOREX');
  const atWeekEnd = isWeekEnd(account.at);
  const addOns = atWeekEnd ? distinct(currencies).reduce((sum, stake) => sum + weekEndAddOn(stake, equity), 0) : 0;
  const entries = stakes.filter((stake) => !stake.isOpen && BY_NOTIONAL.includes(stake.assetClass));
  const margin = stakes.filter((stake) => BY_MARGIN.includes(stake.assetClass)).reduce((sum, one) => sum + one.marginMicros, 0);
  const marginWarnBp = Math.min(MARGIN_WARN_BP, Math.floor(limits.marginBp * 0.8));
  const fxHeatBp = atWeekEnd ? Math.min(limits.fxHeatBp, WEEK_END_HEAT_BP) : limits.fxHeatBp;
  return [
    row('RK_HEAT', 'Portfolio heat', total(stakes), { bp: limits.heatBp }),
    row('RK_TRADE', 'Largest single trade', largest(entryRisks(stakes)), { bp: limits.tradeBp }),
    ...each('RK_CAMPAIGN', 'Campaign', groups.campaigns, limits.campaignBp),
    ...each('RK_BUCKET', 'Correlated bucket', groups.buckets, limits.bucketBp),
    ...each('RK_ASSET_CLASS', 'Asset class', groups.classes, limits.assetClassBp),
    row('RK_ORDER_VALUE', 'Largest order value', largest(entries.map((one) => one.notionalMicros)), { bp: limits.orderValueBp }),
    row('RK_MARGIN', 'Margin in use', margin, { bp: limits.marginBp, warnBp: marginWarnBp }),
    row('RK_FX_NOTIONAL', 'FX notional', currencies.reduce((sum, one) => sum + one.notionalMicros, 0), { bp: limits.fxNotionalBp }),
    row('RK_FX_HEAT', atWeekEnd ? 'FX heat, week-end' : 'FX heat', total(currencies) + addOns, { bp: fxHeatBp }),
  ]; // prettier-ignore
}

/** What may be open at once; an entry that works counts as open. */
function countLimits(stakes: readonly Stake[], limits: RiskLimits): LimitUse[] {
  const row = (rule: string, label: string, value: number, limit: number): LimitUse => {
    return { rule, label, of: null, unit: 'COUNT', value, warn: null, limit, ...standing(value, null, limit) };
  };
  const campaigns = (rows: readonly Stake[]): number => new Set(rows.flatMap(({ campaign }) => campaign ?? [])).size;
  const perCampaign = largest(
    grouped(
      distinct(stakes),
      ({ campaign }) => campaign ?? [],
      () => 1,
    ).map(([, count]) => count),
  );
  const buckets = [...new Set(stakes.flatMap((stake) => stake.buckets))];
  const perBucket = largest(buckets.map((bucket) => campaigns(stakes.filter((stake) => stake.buckets.includes(bucket)))));
  return [
    row('RK_MAX_POSITIONS', 'Open positions', distinct(stakes).length, limits.openPositions),
    row('RK_MAX_POSITIONS', 'Positions in one campaign', perCampaign, limits.positionsPerCampaign),
    row('RK_MAX_CAMPAIGNS', 'Intraday campaigns', campaigns(stakes.filter((one) => one.isIntraday)), limits.campaignsIntraday),
    row('RK_MAX_CAMPAIGNS', 'Daily and longer campaigns', campaigns(stakes.filter((one) => !one.isIntraday)), limits.campaignsDaily),
    row('RK_MAX_CAMPAIGNS', 'Campaigns in one bucket', perBucket, limits.campaignsPerBucket),
  ]; // prettier-ignore
}

/** A value equal to a limit is allowed, above is refused. */
function standing(value: number, warn: number | null, limit: number): Pick<LimitUse, 'useRatio' | 'state'> {
  const useRatio = limit === 0 ? (value > 0 ? 1 : 0) : value / limit;
  if (value > limit) return { useRatio, state: 'EXCEEDED' };
  if (value === limit && value > 0) return { useRatio, state: 'REACHED' };
  return { useRatio, state: warn !== null && warn > 0 && value >= warn ? 'WARNING' : 'NORMAL' };
}

/** Open risk and reservation of one entry are one trade. */
function entryRisks(stakes: readonly Stake[]): number[] {
  return grouped(stakes, ({ id }) => [id]).map(([, risk]) => risk);
}

function gapOf(position: Position, instrument: TradedInstrument | null): number {
  const size = instrument === null ? 1 : instrument.contractSize * instrument.fx;
  return Math.ceil(position.stop * GAP * position.openQtyMicros * size);
}

function total(stakes: readonly Stake[]): number {
  return stakes.reduce((sum, stake) => sum + stake.riskMicros, 0);
}

function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

function distinct(stakes: readonly Stake[]): readonly Stake[] {
  return [...new Map(stakes.map((stake) => [stake.id, stake])).values()];
}

/** Sums by name, largest first. */
function grouped(
  stakes: readonly Stake[],
  keysOf: (stake: Stake) => string | readonly string[],
  amountOf: (stake: Stake) => number = ({ riskMicros }) => riskMicros,
): (readonly [string, number])[] {
  // bounded: as many as positions and reservations have names, gone with the call
  const sums = new Map<string, number>();
  for (const stake of stakes) for (const key of [keysOf(stake)].flat()) sums.set(key, (sums.get(key) ?? 0) + amountOf(stake));
  return [...sums].sort((a, b) => b[1] - a[1]);
}
