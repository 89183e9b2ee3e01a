/** Effort against result: the class of a bar by its volume and spread ratios (detection.md 2.3), for display. */
import { atLeast, atMost } from '../bar/tolerance.ts';

export const EFFORT_CLASSES = ['NORMAL', 'CLIMACTIC', 'ABSORPTION', 'NO_DEMAND'] as const;

/** EFF-1. First match wins, bounds inclusive; NORMAL while a ratio is undefined (NaN). */
export function effortResult(volRatio: number, spreadRatio: number, bounds: readonly number[]): (typeof EFFORT_CLASSES)[number] {
  if (volRatio !== volRatio || spreadRatio !== spreadRatio) return 'NORMAL';
  if (atLeast(volRatio, bounds[0]) && atLeast(spreadRatio, bounds[1])) return 'CLIMACTIC';
  if (atLeast(volRatio, bounds[2]) && atLeast(spreadRatio, bounds[3])) return 'CLIMACTIC';
  if (atLeast(volRatio, bounds[4]) && atMost(spreadRatio, bounds[5])) return 'ABSORPTION';
  if (atMost(volRatio, bounds[6]) && atMost(spreadRatio, bounds[7])) return 'NO_DEMAND';
  return 'NORMAL';
}

export type VolumeWord = 'CLIMACTIC' | 'HIGH' | 'AVERAGE' | 'LOW' | 'DRIED_UP';

/** The trader's word for a volume ratio (detection.md 2.7). */
export function volumeWord(volRatio: number): VolumeWord | null {
  if (volRatio !== volRatio) return null;
  if (atLeast(volRatio, 2)) return 'CLIMACTIC';
  if (atLeast(volRatio, 1.5)) return 'HIGH';
  if (atLeast(volRatio, 1)) return 'AVERAGE';
  return atLeast(volRatio, 0.5) ? 'LOW' : 'DRIED_UP';
}
