/** Which hypothesis leads, that is, whose events may trade (detection.md 5.5). */
import type { HtfContext } from './context.ts';
import { NO_PHASE, type Side } from './side.ts';
import type { Study } from './study.ts';
import { phaseName } from './sub-phase.ts';

/** LEA-1. Alone, or the explicit one of two, or the one in the later phase; in the same phase neither. */
export function leads(side: Side, other: Side, phase = side.at.phase): boolean {
  if (phase === NO_PHASE || side.at.suspended) return false;
  if (other.at.phase === NO_PHASE || other.at.suspended) return true;
  if (side.at.implied !== other.at.implied) return other.at.implied;
  return phase > other.at.phase;
}

/**
 * Does the other hypothesis lead, standing where it stood before the bar being judged? Asked otherwise, distribution would
 * know what accumulation, heard first, has just become, and not the other way round: the mirror would break (detection.md 4.1).
 */
export function trails(study: Study, side: Side): boolean {
  const other = study.other(side);
  const { cameFrom } = other.bar;
  return leads(other, side, cameFrom < 0 ? other.at.phase : cameFrom);
}

/** What the timeframe below hears: the leading hypothesis of the living range, or null. `last` is given back while it still holds. */
export function leadingContext({ range, up, down }: Study, last: HtfContext | null): HtfContext | null {
  const side = !range.living ? null : leads(up, down) ? up : leads(down, up) ? down : null;
  if (side === null) return null;
  const { phase: code, phaseConfidence: confidence } = side.at;
  const phase = phaseName(code);
  if (last?.hypothesis === side.sign && last.phase === phase && last.confidence === confidence) return last;
  return Object.freeze({ hypothesis: side.sign, phase, confidence });
}
