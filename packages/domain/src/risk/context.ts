/** Whether everything the risk check reads is there: what is missing or no number is a refusal, never a pass (trading.md 5.5 check 1). */
import { refusal } from '../setup/refusal.ts';
import type { Refusal } from '../setup/refusal.ts';
import { refuseConversion } from './conversion.ts';
import type { RiskLimits } from './limits.ts';
import { LIMIT_FIELDS } from './limits.ts';
import type { SizeInput } from './size.ts';

/** 1. Asked of the values themselves: what TypeScript promises may have come from a file or a cast. */
export function refuseContext(input: SizeInput): Refusal | null {
  try {
    return (
      refuseUnnamed(input) ?? refuseMoney(input) ?? refuseConversion(input.conversion, input.instrument) ?? refuseRest(input)
    );
  } catch {
    return refusal('RK_CONTEXT', 'A part of the risk check is missing.');
  }
}

/** What rows are told apart by, and what says yes or no. */
function refuseUnnamed({ snapshot, instrument, campaign, candidate, market, policy, timeframe }: SizeInput): Refusal | null {
  const rows = snapshot.exposures.flatMap((row) => [row.id, row.symbol, row.assetClass, row.direction, row.campaignId]);
  const { symbol, assetClass, settlement, shortable } = instrument;
  const words = [
    symbol, assetClass, settlement, campaign.campaignId, candidate.signalId, candidate.direction, candidate.pattern, market.assetClass,
    market.timeframe, policy.prerequisites, policy.orderValueMode, timeframe, ...rows,
  ]; // prettier-ignore
  const isStated = campaign.refusal !== undefined && typeof shortable === 'boolean' && Array.isArray(snapshot.halts);
  const isCounted = Number.isSafeInteger(snapshot.permissive.today) && Array.isArray(snapshot.permissive.campaignIds);
  if (words.every((word) => typeof word === 'string' && word !== '') && isStated && isCounted) return null;
  return refusal('RK_CONTEXT', 'A part of the risk check is missing.');
}

function refuseMoney({ snapshot }: SizeInput): Refusal | null {
  if (!(Number.isSafeInteger(snapshot.equityMicros) && snapshot.equityMicros > 0))
    return refusal('RK_CONTEXT', 'Equity is unknown or gone.', { measured: snapshot.equityMicros, limit: 0 });
  if (snapshot.staleMarks.length > 0)
    return refusal('RK_CONTEXT', `Equity is not fresh: the price of ${snapshot.staleMarks.join(', ')} is too old.`);
  const unknown = snapshot.exposures.find(
    (row) =>
      ![row.riskMicros, row.notionalMicros, row.marginMicros, row.cashMicros].every(Number.isSafeInteger) ||
      row.riskMicros < 0 ||
      !Array.isArray(row.buckets),
  );
  if (unknown !== undefined) return refusal('RK_CONTEXT', `The open risk of ${unknown.symbol} is not known.`);
  return Number.isSafeInteger(snapshot.cashMicros) ? null : refusal('RK_CONTEXT', 'The cash is unknown.');
}

function refuseRest(input: SizeInput): Refusal | null {
  const { candidate, instrument, campaign, limits, policy, market } = input;
  const { plan, event } = candidate;
  const numbers = [
    plan.entryPrice, plan.stopPrice, plan.scale, ...plan.targets, instrument.fx, instrument.contractSize, instrument.lotStepMicros,
    instrument.tickSize, instrument.leverage, instrument.minSteps, instrument.maxSteps, instrument.halfSpread,
    instrument.minNotionalMicros, campaign.shareLeftMicros, market.at, policy.minFractionPercent, ...limitValues(limits),
  ]; // prettier-ignore
  if (!numbers.every(Number.isFinite)) return refusal('RK_CONTEXT', 'A number of the risk check is missing.');
  if (!(event.riskFactor > 0 && event.riskFactor <= 1))
    return refusal('RK_CONTEXT', 'The risk factor of the record is not in (0, 1].', { measured: event.riskFactor, limit: 1 });
  if (plan.targets.length === 0) return refusal('RK_TARGET', 'There is no target.');
  if (instrument.buckets.length === 0) return refusal('RK_CONTEXT', 'The instrument belongs to no bucket.');
  if (
    market.barsSinceInvalidation === undefined ||
    market.implied === undefined ||
    input.maxSteps === undefined ||
    (input.maxSteps !== null && !(input.maxSteps >= 0))
  )
    return refusal('RK_CONTEXT', 'A part of the risk check is missing.');
  return null;
}

function limitValues(limits: RiskLimits): readonly number[] {
  return LIMIT_FIELDS.map((field) => limits[field]);
}
