/** PH-1 to PH-5: the phase the detector saw must allow the pattern (trading.md 3). */
import type { ReasonCode } from '../wyckoff/event.ts';
import { fail, notApplicable, pass, warn } from './chain.ts';
import type { Stage } from './chain.ts';
import { sideOfPattern } from './pattern.ts';

const PHASE_CONFIDENCE_MIN = 70;
const WRONG_PATTERN: readonly ReasonCode[] = ['WRONG_PHASE', 'PREMATURE', 'IN_RANGE', 'AWAIT_TEST', 'AWAIT_LPS'];

export const phaseStage: Stage = ({ event, side, pattern }) => {
  if (pattern === 'EXTERNAL') return [notApplicable('phase')];
  if (event.phase === null || event.rangeId === 0) return [fail('PH_MISSING', 'There is no phase or no range.')];
  const figures = { measured: event.phaseConfidence, limit: PHASE_CONFIDENCE_MIN };
  if (event.reasons.includes('PHASE_CONFIDENCE')) return [fail('PH_CONFIDENCE', 'The phase is not certain enough.', figures)];
  const wrong = WRONG_PATTERN.find((reason) => event.reasons.includes(reason));
  if (wrong !== undefined) return [fail('PH_PATTERN', `The phase does not allow this pattern (${wrong}).`)];
  const own = sideOfPattern(pattern);
  if (event.reasons.includes('HYPOTHESIS_CONFLICT') || side !== event.hypothesis || (own !== null && own !== event.hypothesis))
    return [fail('PH_HYPOTHESIS', 'The other hypothesis leads.')];
  const isLate = event.subPhase === 'E_LATE' || event.subPhase === 'E_EXHAUSTION';
  return isLate ? [warn('PH_LATE', `The move is late (${event.subPhase}).`, figures)] : [pass(figures)];
};
