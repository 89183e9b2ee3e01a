/** Which hypothesis leads, that is, whose events may trade (detection.md 5.5). */
import { NO_PHASE, type Side } from './side.ts';

/** LEA-1. Alone, or the explicit one of two, or the one in the later phase; in the same phase neither. */
export function leads(side: Side, other: Side): boolean {
  if (side.at.phase === NO_PHASE || side.at.suspended) return false;
  if (other.at.phase === NO_PHASE || other.at.suspended) return true;
  if (side.at.implied !== other.at.implied) return other.at.implied;
  return side.at.phase > other.at.phase;
}
