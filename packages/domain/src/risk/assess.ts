/** The risk engine: one function, fixed order, the first failure refuses (trading.md 5.5). It reserves nothing. */
import { refusal } from '../setup/refusal.ts';
import type { Refusal } from '../setup/refusal.ts';
import { MoneyRangeError } from '../trade/money.ts';
import { refuseContext } from './context.ts';
import { refuseCounts } from './counts.ts';
import { LPS_ONLY_CONFIDENCE } from './exposure.ts';
import type { RiskSnapshot } from './exposure.ts';
import { after, measuresFor } from './measures.ts';
import type { Measure } from './measures.ts';
import { PATTERN_RISK_MAX_BP } from './pattern-risk.ts';
import { refusePrerequisite } from './prerequisites.ts';
import { amountOf, cashOf, freeCash, isRefusal, noSize, sizeFor } from './size.ts';
import type { Size, SizeInput } from './size.ts';

export interface Assessment {
  readonly size: Size;
  readonly measures: readonly Measure[];
  readonly refusal: null;
}

/** `isDefect`: only an error of the program can have caused it (a breach in the last recheck, a throw): alarm. */
export interface Refused {
  readonly refusal: Refusal;
  readonly isDefect: boolean;
  /** Once it came to the size: the limits as they stood, and the size that was too small or broke one; no steps: none was left. */
  readonly found?: Pick<Assessment, 'size' | 'measures'>;
}

/** The size that fits, or which rule leaves none. Whatever throws is a refusal: an unknown figure never passes. */
export function assess(input: SizeInput): Assessment | Refused {
  try {
    const refused = refuseBeforeSize(input);
    return refused === null ? measured(input) : { refusal: refused, isDefect: false };
  } catch (error) {
    const isDefect = !(error instanceof MoneyRangeError);
    const what = error instanceof Error ? error.message : String(error);
    return { refusal: refusal('RK_CONTEXT', `The risk check cannot be computed: ${what}`), isDefect };
  }
}

function refuseBeforeSize(input: SizeInput): Refusal | null {
  return (
    refuseContext(input) ??
    refuseHalt(input.snapshot) ??
    refusePatternRisk(input.baseBp) ??
    refusePrerequisite(input) ??
    refuseStop(input) ??
    input.candidate.plan.refusal ??
    refuseDirection(input) ??
    refuseCounts(input) ??
    refuseCampaign(input)
  );
}

function measured(input: SizeInput): Assessment | Refused {
  const measures = measuresFor(input);
  const size = sizeFor(input, measures);
  if (isRefusal(size)) return { refusal: size, isDefect: false, found: { size: noSize(input), measures } };
  const breach = recheck(input, measures, size);
  return breach === null ? { size, measures, refusal: null } : { refusal: breach, isDefect: true, found: { size, measures } };
}

/** 2 */
function refuseHalt({ halts }: RiskSnapshot): Refusal | null {
  return halts.length === 0 ? null : refusal('RK_HALTED', `Trading is halted: ${halts.join(', ')}.`);
}

/** 3 */
function refusePatternRisk(baseBp: number): Refusal | null {
  if (Number.isInteger(baseBp) && baseBp > 0 && baseBp <= PATTERN_RISK_MAX_BP) return null;
  return refusal('RK_PATTERN_RISK', 'The risk of the pattern is not allowed.', { measured: baseBp, limit: PATTERN_RISK_MAX_BP });
}

/** 5: asked of the prices themselves, whatever the plan says of them. */
function refuseStop({ candidate }: SizeInput): Refusal | null {
  const { side, plan } = candidate;
  if (side * (plan.entryPrice - plan.stopPrice) > 0) return null;
  return refusal('RK_STOP_SIDE', 'The stop is not on the losing side of the entry.', {
    measured: plan.stopPrice,
    limit: plan.entryPrice,
  });
}

/** 7 */
function refuseDirection({ snapshot, candidate, instrument }: SizeInput): Refusal | null {
  for (const row of snapshot.exposures) {
    if (row.symbol === instrument.symbol && row.direction !== candidate.direction)
      return refusal('RK_OPPOSITE_OPEN', 'The symbol is held or ordered in the other direction.');
  }
  if (candidate.side === -1 && !instrument.shortable) return refusal('RK_NOT_SHORTABLE', 'The instrument cannot be sold short.');
  return null;
}

/** 9; shares and their conditions: 6.2. */
function refuseCampaign({ campaign, candidate }: SizeInput): Refusal | null {
  if (campaign.refusal === 'RK_CAMPAIGN_CLOSED') return refusal('RK_CAMPAIGN_CLOSED', 'The campaign of this range has ended.');
  if (campaign.refusal === 'RK_LPS_ONLY')
    return refusal('RK_LPS_ONLY', 'A first entry on the last leg needs more confidence.', {
      measured: candidate.event.confidence ?? 0,
      limit: LPS_ONLY_CONFIDENCE,
    });
  if (campaign.shareLeftMicros > 0) return null;
  return refusal('RK_SHARE', 'The leg has used its share of the campaign.', { measured: campaign.shareLeftMicros, limit: 0 });
}

/** Order of the recheck. */
const RECHECKED = [
  'RK_ORDER_VALUE', 'RK_MARGIN', 'RK_FX_NOTIONAL', 'RK_CASH', 'RK_HEAT', 'RK_FX_HEAT', 'RK_CAMPAIGN', 'RK_SHARE', 'RK_BUCKET',
  'RK_ASSET_CLASS', 'RK_TRADE',
] as const; // prettier-ignore

/** 11: recomputed from the final size; a breach here is a defect, so nothing is traded on it. */
export function recheck(input: SizeInput, measures: readonly Measure[], size: Size): Refusal | null {
  for (const code of RECHECKED) {
    for (const { value, limit } of standing(input, measures, { size, code }))
      if (!(value <= limit))
        return refusal(code, 'The final size breaks a limit: an error of the program.', { measured: value, limit });
  }
  return null;
}

function standing(
  input: SizeInput,
  measures: readonly Measure[],
  of: { readonly size: Size; readonly code: string },
): readonly { readonly value: number; readonly limit: number }[] {
  const { size, code } = of;
  if (code === 'RK_CASH') return [{ value: cashOf(size), limit: freeCash(input) }];
  if (code === 'RK_SHARE') return [{ value: size.riskMicros, limit: input.campaign.shareLeftMicros }];
  return measures
    .filter((measure) => measure.code === code)
    .map((measure) => ({ value: after(measure, amountOf(size, measure.adds)), limit: measure.limitMicros }));
}

/** Measures at or above their warn level after the trade (RK-W). */
export function warnedMeasures(
  assessment: Pick<Assessment, 'size' | 'measures'>,
): readonly { readonly code: string; readonly of: string | null; readonly measured: number; readonly limit: number }[] {
  return assessment.measures
    .map((measure) => ({ measure, value: after(measure, amountOf(assessment.size, measure.adds)) }))
    .filter(({ measure, value }) => value >= measure.warnMicros)
    .map(({ measure, value }) => ({
      code: measure.code.replace('RK_', 'RK_WARN_'),
      of: measure.of,
      measured: value,
      limit: measure.warnMicros,
    }));
}
