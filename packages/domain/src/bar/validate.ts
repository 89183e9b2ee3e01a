/** Whether a bar can be believed at all (detection.md 2.1): a pure judgement with a reason. */
import type { Bar } from './bar.ts';

/** Why a bar is refused. `null` means it is fit to be used. */
export type BarDefect = 'NOT_FINITE' | 'PRICE_NOT_POSITIVE' | 'HIGH_BELOW_LOW' | 'VOLUME_NEGATIVE';

/** BAR-1. The first defect found, or null. Open or close outside [low, high] is no defect here: close position and wicks are clamped. */
export function barDefect(bar: Bar): BarDefect | null {
  const { open, high, low, close, volume } = bar;
  // One sum is finite only if all six parts are: the cheap way through for the ordinary bar.
  if (!Number.isFinite(open + high + low + close + volume + bar.time)) return 'NOT_FINITE';
  if (open <= 0 || high <= 0 || low <= 0 || close <= 0) return 'PRICE_NOT_POSITIVE';
  if (high < low) return 'HIGH_BELOW_LOW';
  if (volume < 0) return 'VOLUME_NEGATIVE';
  return null;
}
