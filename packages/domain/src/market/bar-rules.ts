/** What is done with a bar that arrives: the eight rules of trading.md 9.2 as one pure judgement. */
import type { Bar, EpochMs, Price, Timeframe } from '../bar/bar.ts';
import { TIMEFRAME_MS } from '../bar/bar.ts';
import type { Calendar } from './calendar.ts';

export const BAR_CODES = [
  'BAR_VALUE',
  'BAR_SHAPE',
  'BAR_FUTURE',
  'BAR_DUPLICATE',
  'BAR_CORRECTED',
  'BAR_LATE',
  'BAR_OUTLIER',
  'BAR_GAP',
  'BAR_ZERO_VOLUME',
] as const;
export type BarCode = (typeof BAR_CODES)[number];

/** What is stored beside a bar, as bits. */
export const BAR_FLAGS = { zeroVolume: 1, gapBefore: 2, revised: 4, outlier: 8 } as const;

/** A close that moves by more than this part of the close before it is not believed as it stands. */
export const OUTLIER_MOVE = 0.5;

/** The last millisecond a date can name. */
const LAST_TIME = 8.64e15;

/** What is known around a bar. */
export interface BarContext {
  readonly timeframe: Timeframe;
  readonly calendar: Calendar;
  /** Wall clock. */
  readonly now: EpochMs;
  /** Live: an outlier is held back until it is confirmed. History and files: it is accepted and flagged. */
  readonly live: boolean;
  /** The bar before it in time, stored or held back; null when there is none. */
  readonly before: { readonly time: EpochMs; readonly close: Price } | null;
  /** What is stored under its time; null when nothing is. */
  readonly same: Bar | null;
  /** Opening time of the newest stored bar; null when none is stored. */
  readonly newest: EpochMs | null;
  /** Close before it x this is the price after a split or a roll between them; 1 without one. */
  readonly priceFactor: number;
}

export type BarAction = 'ACCEPT' | 'CORRECT' | 'IGNORE' | 'REJECT' | 'QUARANTINE';

export interface BarVerdict {
  readonly action: BarAction;
  /** Every rule that spoke, in their order. */
  readonly codes: readonly BarCode[];
  /** Sum of `BAR_FLAGS`. */
  readonly flags: number;
  /** Bars that the calendar expects between this one and the one before it. */
  readonly missing: number;
  /** For people; empty for an ordinary bar. */
  readonly detail: string;
}

const ORDINARY: BarVerdict = Object.freeze({ action: 'ACCEPT', codes: Object.freeze([]), flags: 0, missing: 0, detail: '' });

/** No share was traded before that of 1602: an older time is a mistake of a file. */
export const FIRST_YEAR = 1600;
const FIRST_TIME = Date.UTC(FIRST_YEAR, 0, 1);

/** Whether a bar can have this time at all; whether it lies in the future depends on the clock. */
export function isBarTime(time: number): boolean {
  return time >= FIRST_TIME && time <= LAST_TIME;
}

/** BAR_VALUE, BAR_SHAPE: what no bar can be, whatever is known around it; null for one that can. Every door asks this one. */
export function barFault({ time, open, high, low, close, volume }: Bar): 'BAR_VALUE' | 'BAR_SHAPE' | null {
  // The sum is finite only if its parts are.
  const fit = Number.isFinite(open + high + low + close + volume) && isBarTime(time);
  if (!(fit && open > 0 && high > 0 && low > 0 && close > 0 && volume >= 0)) return 'BAR_VALUE';
  return low <= open && low <= close && open <= high && close <= high ? null : 'BAR_SHAPE';
}

/** BAR_VALUE, BAR_SHAPE, BAR_FUTURE: what refuses a bar whatever is around it; null for one that may be judged further. */
export function barRefusal(
  bar: Bar,
  { timeframe, calendar, now }: Pick<BarContext, 'timeframe' | 'calendar' | 'now'>,
): BarVerdict | null {
  const { time } = bar;
  const fault = barFault(bar);
  if (fault === 'BAR_VALUE')
    return refused(fault, `expected finite prices > 0 and volume >= 0, was ${valuesOf(bar)} at ${isoOf(time)}`);
  if (fault === 'BAR_SHAPE') return refused(fault, `expected low <= open, close <= high, was ${valuesOf(bar)}`);
  const closeTime = calendar.closeOf(time, timeframe);
  if (closeTime > now + TIMEFRAME_MS[timeframe]) {
    return refused('BAR_FUTURE', `expected a bar that closes at most one bar after ${isoOf(now)}, was ${isoOf(closeTime)}`);
  }
  return null;
}

/** TR-13. One bar, one verdict: it depends on what is around the bar, never on what was thought of another one before. */
export function judgeBar(bar: Bar, context: BarContext): BarVerdict {
  const refusal = barRefusal(bar, context);
  if (refusal !== null) return refusal;
  const { same, before, newest, timeframe, calendar, live, priceFactor } = context;
  if (same !== null && equalBars(bar, same)) return { ...ORDINARY, action: 'IGNORE', codes: ['BAR_DUPLICATE'] };

  const move = before === null ? 0 : bar.close / (before.close * priceFactor) - 1;
  const outlier = Math.abs(move) > OUTLIER_MOVE;
  const missing = before === null ? 0 : calendar.missingBetween(before.time, bar.time, timeframe);
  const late = same === null && newest !== null && bar.time < newest;
  if (same === null && !late && !outlier && missing === 0 && bar.volume > 0) return ORDINARY;

  const codes: BarCode[] = []; // bounded: the codes of one bar
  const details: string[] = []; // bounded: as above
  const say = (code: BarCode, detail: string): void => {
    codes.push(code);
    details.push(detail);
  };
  if (same !== null) say('BAR_CORRECTED', `${valuesOf(same)} became ${valuesOf(bar)}`);
  if (late) say('BAR_LATE', `older than ${isoOf(newest)}, the newest bar`);
  if (outlier && before !== null) say('BAR_OUTLIER', `the close moved ${(move * 100).toFixed(0)} % from ${before.close * priceFactor} to ${bar.close}`); // prettier-ignore
  if (missing > 0) say('BAR_GAP', `${missing} ${missing === 1 ? 'bar is' : 'bars are'} missing before it`);
  if (bar.volume === 0) say('BAR_ZERO_VOLUME', 'nothing was traded');
  const action = outlier && live ? 'QUARANTINE' : same === null ? 'ACCEPT' : 'CORRECT';
  const flags =
    (bar.volume === 0 ? BAR_FLAGS.zeroVolume : 0) +
    (missing > 0 ? BAR_FLAGS.gapBefore : 0) +
    (same === null ? 0 : BAR_FLAGS.revised) +
    (outlier ? BAR_FLAGS.outlier : 0);
  return { action, codes, flags, missing, detail: details.join('; ') };
}

/** Whether two bars of one time say the same. */
export function equalBars(a: Bar, b: Bar): boolean {
  return a.open === b.open && a.high === b.high && a.low === b.low && a.close === b.close && a.volume === b.volume;
}

/**
 * Quality of a series, 0 to 100: 100 less the per cent of its bars without trade, less the per cent of the expected bars that are missing.
 * Null without a bar.
 */
export function qualityScore(counts: {
  readonly bars: number;
  readonly zeroVolume: number;
  readonly missing: number;
}): number | null {
  const { bars, zeroVolume, missing } = counts;
  if (bars === 0) return null;
  return Math.max(0, 100 - (100 * zeroVolume) / bars - (100 * missing) / (bars + missing));
}

function refused(code: BarCode, detail: string): BarVerdict {
  return { action: 'REJECT', codes: [code], flags: 0, missing: 0, detail };
}

function valuesOf({ open, high, low, close, volume }: Bar): string {
  return `O ${open} H ${high} L ${low} C ${close} V ${volume}`;
}

function isoOf(time: EpochMs): string {
  return Math.abs(time) <= LAST_TIME ? new Date(time).toISOString() : String(time);
}
