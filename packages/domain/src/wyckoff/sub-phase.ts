/** Where inside C or E a hypothesis stands (detection.md 5.3). */
import { below } from '../bar/tolerance.ts';
import type { Phase, SubPhase } from './event.ts';
import { PHASE_C, PHASE_E, type Side } from './side.ts';
import type { Study } from './study.ts';

const NAMES: readonly (Phase | null)[] = [null, 'A', 'B', 'C', 'D', 'E'];
const C_NAMES: readonly (SubPhase | null)[] = [null, 'C_SPRING', 'C_TEST', 'C_READY'];

export function phaseName(code: number): Phase | null {
  return NAMES[code];
}

/** SUB-1. */
export function subPhaseOf(study: Study, side: Side): SubPhase | null {
  const at = side.at;
  if (at.phase === PHASE_C) return C_NAMES[at.subPhase];
  if (at.phase !== PHASE_E) return null;
  if (study.now.bar - at.eStart < 10 && at.lpsInE === 0) return 'E_EARLY';
  const slope = (side.sign * study.effort.fastChange) / (10 * study.now.atr);
  if (below(slope, 0.01) && below(study.effort.baseline.volumeHalves, 0.8)) return 'E_EXHAUSTION';
  if (below(slope, 0.02)) return 'E_LATE';
  return at.lpsInE > 0 ? 'E_MATURE' : 'E_EARLY';
}
