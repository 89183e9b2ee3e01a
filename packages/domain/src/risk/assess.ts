/** The risk engine: one function, fixed order, the first failure refuses (trading.md 5.5). It reserves nothing. */
import { refusal } from '../setup/refusal.ts';
import type { Refusal } from '../setup/refusal.ts';
import type { CampaignAllowance, Exposure, RiskSnapshot } from './exposure.ts';
import { measuresFor } from './measures.ts';
import type { Measure } from './measures.ts';
import type { RiskLimits } from './limits.ts';
import { PATTERN_RISK_MAX_BP } from './pattern-risk.ts';
import { amountOf, freeCash, isRefusal, sizeFor } from './size.ts';
import type { Size, SizeInput } from './size.ts';
import { isIntraday } from '../market/intraday.ts';

export interface Assessment {
  readonly size: Size;
  readonly measures: readonly Measure[];
  readonly refusal: null;
}

/** The size that fits, or which rule leaves none. */
export function assess(input: SizeInput): Assessment | { readonly refusal: Refusal } {
  const refused =
    refuseContext(input) ??
    refuseHalt(input.snapshot) ??
    refusePatternRisk(input.baseBp) ??
    input.candidate.plan.refusal ??
    refuseDirection(input) ??
    refuseCounts(input) ??
    refuseCampaign(input.campaign);
  if (refused !== null) return { refusal: refused };
  const measures = measuresFor(input);
  const size = sizeFor(input, measures);
  if (isRefusal(size)) return { refusal: size };
  const breach = refuseFinal(input, measures, size);
  return breach === null ? { size, measures, refusal: null } : { refusal: breach };
}

/** 1: everything a later check reads is there, finite and positive where it must be. */
function refuseContext({ snapshot, candidate, instrument, campaign }: SizeInput): Refusal | null {
  const { plan } = candidate;
  if (!(Number.isSafeInteger(snapshot.equityMicros) && snapshot.equityMicros > 0))
    return refusal('RK_CONTEXT', 'Equity is unknown or gone.', { measured: snapshot.equityMicros, limit: 0 });
  const numbers = [
    snapshot.cashMicros,
    plan.entryPrice,
    plan.stopPrice,
    instrument.fx,
    instrument.contractSize,
    campaign.shareLeftMicros,
  ];
  if (!numbers.every(Number.isFinite)) return refusal('RK_CONTEXT', 'A number of the risk check is missing.');
  const incomplete = snapshot.exposures.some(
    (row) => ![row.riskMicros, row.notionalMicros, row.marginMicros, row.cashMicros].every(Number.isSafeInteger),
  );
  return incomplete ? refusal('RK_CONTEXT', 'The open risk is not known completely.') : null;
}

/** 2 */
function refuseHalt({ halts }: RiskSnapshot): Refusal | null {
  return halts.length === 0 ? null : refusal('RK_HALTED', `Trading is halted: ${halts.join(', ')}.`);
}

/** 3 */
function refusePatternRisk(baseBp: number): Refusal | null {
  if (baseBp > 0 && baseBp <= PATTERN_RISK_MAX_BP) return null;
  return refusal('RK_PATTERN_RISK', 'The risk of the pattern is not allowed.', { measured: baseBp, limit: PATTERN_RISK_MAX_BP });
}

/** 7 */
function refuseDirection({ snapshot, candidate, instrument }: SizeInput): Refusal | null {
  const opposite = (row: Exposure): boolean => row.symbol === instrument.symbol && row.direction !== candidate.direction;
  if (snapshot.exposures.some(opposite))
    return refusal('RK_OPPOSITE_OPEN', 'The symbol is held or ordered in the other direction.');
  if (candidate.side === -1 && !instrument.shortable) return refusal('RK_NOT_SHORTABLE', 'The instrument cannot be sold short.');
  return null;
}

/** 8: what this entry would make one more of. */
function refuseCounts(input: SizeInput): Refusal | null {
  const { snapshot, limits, campaign, instrument } = input;
  const rows = snapshot.exposures;
  const mine = rows.filter((row) => row.campaignId === campaign.campaignId);
  if (rows.length >= limits.openPositions)
    return refusal('RK_MAX_POSITIONS', 'As many positions as allowed are open.', {
      measured: rows.length,
      limit: limits.openPositions,
    });
  if (mine.length >= limits.positionsPerCampaign)
    return refusal('RK_MAX_POSITIONS', 'The campaign holds as many as allowed.', {
      measured: mine.length,
      limit: limits.positionsPerCampaign,
    });
  if (mine.length > 0) return null;
  const intraday = isIntraday(input.timeframe);
  return (
    refuseCampaigns(
      rows.filter((row) => row.intraday === intraday),
      campaignLimit(limits, intraday),
    ) ??
    instrument.buckets.reduce<Refusal | null>(
      (found, bucket) =>
        found ??
        refuseCampaigns(
          rows.filter((row) => row.buckets.includes(bucket)),
          limits.campaignsPerBucket,
        ),
      null,
    )
  );
}

function campaignLimit(limits: RiskLimits, intraday: boolean): number {
  return intraday ? limits.campaignsIntraday : limits.campaignsDaily;
}

function refuseCampaigns(rows: readonly Exposure[], limit: number): Refusal | null {
  const measured = new Set(rows.map((row) => row.campaignId)).size;
  return measured >= limit ? refusal('RK_MAX_CAMPAIGNS', 'As many campaigns as allowed are open.', { measured, limit }) : null;
}

/** 9 */
function refuseCampaign(campaign: CampaignAllowance): Refusal | null {
  if (campaign.refusal === 'RK_CAMPAIGN_CLOSED') return refusal('RK_CAMPAIGN_CLOSED', 'The campaign of this range has ended.');
  if (campaign.refusal === 'RK_LPS_ONLY') return refusal('RK_LPS_ONLY', 'A first entry on the last leg needs more confidence.');
  if (campaign.shareLeftMicros > 0) return null;
  return refusal('RK_SHARE', 'The leg has used its share of the campaign.', { measured: campaign.shareLeftMicros, limit: 0 });
}

/** 11: recomputed from the final size; a breach here is a defect, so nothing is traded on it. */
function refuseFinal(input: SizeInput, measures: readonly Measure[], size: Size): Refusal | null {
  for (const measure of measures) {
    const after = measure.beforeMicros + amountOf(size, measure.adds);
    if (after > measure.limitMicros)
      return refusal(measure.code, 'The final size breaks a limit.', { measured: after, limit: measure.limitMicros });
  }
  if (size.riskMicros > input.campaign.shareLeftMicros) return refusal('RK_SHARE', 'The final size breaks the share of the leg.');
  return size.cashMicros > freeCash(input) ? refusal('RK_CASH', 'The final size breaks the cash at hand.') : null;
}

/** Measures at or above their warn level after the trade (RK-W). */
export function warnedMeasures(
  assessment: Assessment,
): readonly { readonly code: string; readonly measured: number; readonly limit: number }[] {
  return assessment.measures
    .map((measure) => ({ measure, after: measure.beforeMicros + amountOf(assessment.size, measure.adds) }))
    .filter(({ measure, after }) => after >= measure.warnMicros)
    .map(({ measure, after }) => ({ code: measure.code.replace('RK_', 'RK_WARN_'), measured: after, limit: measure.warnMicros }));
}
