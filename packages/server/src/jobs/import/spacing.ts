/** Whether bars stand as far apart as their timeframe says: minutes stored as days would be believed ever after. */
import { TIMEFRAME_MS, TIMEFRAMES, type BarColumns, type Timeframe } from '@wyckoff/domain';

/** Steps from which on a distance is a habit of the file. */
const FEW = 10;
/** A day of New York has 23 hours once a year; a week may bear its first trading day. */
const SHORTEST: Readonly<Partial<Record<Timeframe, number>>> = { '1d': 20 / 24, '1w': 3 / 7 };

/**
 * The timeframe the bars seem to have instead; null where they may have the one that is said. Single rows out of step decide nothing: more than
 * half of the steps must be shorter than a bar, or every one of them a day in bars of less, or a week in bars of a day.
 */
export function otherTimeframe({ time, length }: BarColumns, said: Timeframe): Timeframe | null {
  const saidMs = TIMEFRAME_MS[said];
  const least = saidMs * (SHORTEST[said] ?? 1);
  let shorter = 0;
  let shortest = Infinity;
  for (let row = 1; row < length; row += 1) {
    const step = time[row] - time[row - 1];
    if (step < least) shorter += 1;
    if (step < shortest) shortest = step;
  }
  const steps = length - 1;
  if (steps > 0 && shorter > steps / 2) return longestWithin(commonStep(time, length));
  if (steps < FEW) return null;
  const longer = said === '1w' ? Infinity : said === '1d' ? 4 * saidMs : (TIMEFRAME_MS['1d'] * 20) / 24;
  return shortest > longer ? (said === '1d' || shortest > 4 * TIMEFRAME_MS['1d'] ? '1w' : '1d') : null;
}

/** For people. */
export function spacingOf({ time, length }: BarColumns): string {
  const seconds = Math.round(commonStep(time, length) / 100) / 10;
  return seconds < 600
    ? `${seconds} s`
    : seconds < 86_400
      ? `${Math.round(seconds / 60)} min`
      : `${Math.round(seconds / 8_640) / 10} days`;
}

/** The median of the first steps. */
function commonStep(time: Float64Array, length: number): number {
  const steps = Array.from({ length: Math.min(length - 1, 1_000) }, (_, row) => time[row + 1] - time[row]);
  steps.sort((a, b) => a - b);
  return steps[Math.floor(steps.length / 2)];
}

function longestWithin(stepMs: number): Timeframe {
  return TIMEFRAMES.findLast((one) => TIMEFRAME_MS[one] * (SHORTEST[one] ?? 1) <= stepMs) ?? '1m';
}
