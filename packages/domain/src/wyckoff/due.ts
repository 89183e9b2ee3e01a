/** When a quiet range must be looked at again: inside its edges nothing but time can change it, and time is known beforehand. */
import { ACTIVE } from '../structure/range.ts';
import { NO_PHASE, PHASE_B, PHASE_C, type Side } from './side.ts';
import type { Study } from './study.ts';

/** Ages of phase B at which its confidence changes by itself, in bars. */
export const PHASE_B_TURNS = [10, 41] as const;
/** Look on every bar. */
const ALWAYS = 0;

/**
 * Is the bar one on which steps 6 and 7 have something to do? Only an active range is ever left alone: while closes stay
 * between its edges, nothing happened on the bar and nothing is due.
 */
export function mustLook(study: Study): boolean {
  const { range, now } = study;
  if (range.state !== ACTIVE || study.changed || !study.outbox.empty || now.bar >= study.dueBar) return true;
  return now.close > range.resistance || now.close < range.support || range.closesAbove > 0 || range.closesBelow > 0;
}

/** First bar on which time alone may change something. */
export function nextDue(study: Study): number {
  const { range, up, down, params } = study;
  if (range.state !== ACTIVE || (up.at.ended && down.at.ended)) return ALWAYS;
  return Math.min(range.startBar + params.maxRangeBars, dueFor(study, up), dueFor(study, down));
}

function dueFor(study: Study, side: Side): number {
  const { at } = side;
  if (at.utBar >= 0) return ALWAYS;
  if (at.phase === NO_PHASE) return Infinity;
  if (at.suspended || at.failWatch >= 0) return ALWAYS;
  if (at.phase === PHASE_C) return at.cStart + study.params.phaseCMax;
  if (at.phase !== PHASE_B) return ALWAYS;
  for (const age of PHASE_B_TURNS) if (at.bStart + age > study.now.bar) return at.bStart + age;
  return Infinity;
}
