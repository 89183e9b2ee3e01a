/** Whether a bar can be believed at all (detection.md 2.1): a pure judgement with a reason. */
import type { Bar } from './bar.ts';

/** Why a bar is refused. `null` means it is fit to be used. */
export type BarDefect = 'NOT_FINITE' | 'PRICE_NOT_POSITIVE' | 'HIGH_BELOW_LOW' | 'VOLUME_NEGATIVE' | 'OUT_OF_REACH';

/**
 * Prices and volumes between these can be multiplied and divided by each other without overflow, so that no figure made of them is
 * infinite or no number. Nothing anybody trades comes near.
 */
export const LARGEST = 1e100;
export const SMALLEST = 1e-100;
/** The years 1 to 9999, ms since 1970: what calendars and time zones can be asked about. */
export const FIRST_INSTANT = -62_135_596_800_000;
export const LAST_INSTANT = 253_402_300_799_999;

/** BAR-1. The first defect found, or null. Open or close outside [low, high] is no defect here: close position and wicks are clamped. */
export function barDefect(bar: Bar): BarDefect | null {
  const { time, open, high, low, close, volume } = bar;
  const sum = open + high + low + close + volume;
  // The cheap way through for the ordinary bar: one sum has a bound only if all its parts have.
  const reached = sum <= LARGEST && open >= SMALLEST && low >= SMALLEST && close >= SMALLEST;
  const dated = time <= LAST_INSTANT && time >= FIRST_INSTANT;
  if (reached && dated && high >= low && (volume >= SMALLEST || volume === 0)) return null;
  if (!Number.isFinite(sum + time)) return 'NOT_FINITE';
  if (open <= 0 || high <= 0 || low <= 0 || close <= 0) return 'PRICE_NOT_POSITIVE';
  if (high < low) return 'HIGH_BELOW_LOW';
  if (volume < 0) return 'VOLUME_NEGATIVE';
  return 'OUT_OF_REACH';
}
