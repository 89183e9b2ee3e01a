/** ST-1 to ST-13: what the market around the pattern says (trading.md 3). */
import { calendarOf } from '../market/calendars.ts';
import { isIntraday } from '../market/intraday.ts';
import { hourUtc, newYorkHour, weekdayUtc } from '../market/new-york.ts';
import type { Candidate } from './candidate.ts';
import { fail, pass, warn } from './chain.ts';
import type { Finding, Stage } from './chain.ts';
import { CALENDAR_MAX_AGE_MS, isInWindow } from './event-calendar.ts';
import type { MarketContext } from './market-context.ts';

const DAY = 86_400_000;
const FRIDAY = 5;
const WEDNESDAY = 3;
/** Confidence from which warnings of ST-3, 4, 9, 11 are lifted. */
const LIFTED_FROM = 90;
const REVIEW_BELOW = 80;
/** Of what the detector releases. */
const CONFIDENCE_FLOOR = 70;
const LIFTABLE: ReadonlySet<string> = new Set([
  'ST_NO_TREND',
  'ST_AGAINST_TREND',
  'ST_SESSION',
  'ST_FRIDAY_LATE',
  'ST_SWAP',
  'ST_ASIAN',
]);

export const strategyStage: Stage = (candidate, context, warningsBefore) => {
  const market = context();
  const failed = contextFailure(candidate, market) ?? failureOf(candidate, market);
  if (failed !== null) return [failed];
  const confidence = candidate.event.confidence ?? 0;
  const found = warningsOf(candidate, market).flatMap((finding) =>
    confidence >= LIFTED_FROM ? lifted(finding, confidence) : finding,
  );
  const warnings = warningsBefore + found.filter((finding) => finding.result === 'WARN').length;
  if (!isForReview(warnings, confidence))
    // An order from outside has no confidence.
    return found.length > 0 ? found : [pass({ measured: candidate.event.confidence, limit: CONFIDENCE_FLOOR })];
  return [...found, warn('ST_REVIEW', 'Warnings: a person should look at it.', { measured: warnings, limit: 1 })];
};

/** ST-13: never automatic. */
function isForReview(warnings: number, confidence: number): boolean {
  return warnings >= 2 || (warnings >= 1 && confidence < REVIEW_BELOW);
}

/** Whether a chain asks for a person (ST-13): a finding of its own, so that it is kept with the signal. */
export function needsReview(steps: readonly { readonly code: string }[]): boolean {
  return steps.some((step) => step.code === 'ST_REVIEW');
}

/** ST-1: no context, or the detector's own veto. */
function contextFailure({ event, pattern }: Candidate, market: MarketContext): Finding | null {
  if (!isComplete(market)) return fail('ST_CONTEXT', 'The market context is missing.');
  if (event.reasons.includes('CONFIDENCE'))
    return fail('ST_CONFIDENCE', 'The confidence is below the floor.', { measured: event.confidence, limit: CONFIDENCE_FLOOR });
  if (event.reasons.includes('SESSION')) return fail('ST_SESSION_VETO', 'The session is excluded.');
  if (event.reasons.includes('HTF_CONFLICT')) return fail('ST_HTF', 'The higher timeframe says otherwise.');
  if (!event.tradeable || (event.confidence === null && pattern !== 'EXTERNAL'))
    return fail('NOT_TRADEABLE', 'The detector does not release this record.');
  return null;
}

/** Fail closed: whatever a rule below reads must be there. Null percentiles and sessions are judged where they are read. */
function isComplete(market: MarketContext): boolean {
  const known: Record<string, unknown> = { ...market };
  const needed = ['assetClass', 'timeframe', 'at', 'regime', 'causeFactor'];
  const stated = [
    'session',
    'atrPercentile',
    'volumePercentile',
    'invalidatedAt',
    'barsSinceInvalidation',
    'implied',
    'schedule',
  ];
  return (
    needed.every((field) => known[field] !== undefined && known[field] !== null) &&
    stated.every((field) => known[field] !== undefined) &&
    Number.isFinite(market.at)
  );
}

/** ST-2, 5, 6, 8, 10. */
function failureOf({ pattern }: Candidate, market: MarketContext): Finding | null {
  return extremeVolatility(pattern, market) ?? scheduledFailure(market) ?? recentFailure(market) ?? lateFriday(market);
}

/** ST-8 */
function recentFailure({ assetClass, at, invalidatedAt }: MarketContext): Finding | null {
  const days = assetClass === 'FOREX' ? 3 : 5;
  if (invalidatedAt === null || at - invalidatedAt >= days * DAY) return null;
  const figures = { measured: (at - invalidatedAt) / DAY, limit: days };
  return fail('ST_RECENT_FAILURE', 'A campaign in this direction was invalidated days ago.', figures);
}

/** ST-10 */
function lateFriday({ assetClass, at }: MarketContext): Finding | null {
  if (assetClass !== 'FOREX' || weekdayUtc(at) !== FRIDAY || hourUtc(at) < 17) return null;
  return fail('ST_FRIDAY', 'No new currency trades late on Friday.');
}

/** ST-2 */
function extremeVolatility(pattern: Candidate['pattern'], market: MarketContext): Finding | null {
  if (pattern !== 'SPRING' && pattern !== 'UTAD') return null;
  const { atrPercentile, volumePercentile } = market;
  const limit = market.assetClass === 'FOREX' ? 90 : 95;
  if (atrPercentile === null || volumePercentile === null) return fail('ST_CONTEXT', 'The volatility context is missing.');
  if (atrPercentile < limit || volumePercentile < 85) return null;
  return fail('ST_VOLATILITY', 'Volatility and volume are extreme.', { measured: atrPercentile, limit });
}

/** ST-5, ST-6: both ends of a window belong to it. */
function scheduledFailure({ assetClass, schedule, at }: MarketContext): Finding | null {
  const event = schedule?.events.find((one) => isInWindow(one, at) && (one.kind === 'EARNINGS') === (assetClass === 'STOCK'));
  if (event === undefined || (assetClass !== 'STOCK' && assetClass !== 'FOREX')) return null;
  const hours = { measured: (at - event.time) / 3_600_000 };
  return assetClass === 'STOCK'
    ? fail('ST_EARNINGS', `${event.subject} reports earnings.`, hours)
    : fail('ST_NEWS', `News of ${event.subject}: ${event.kind}.`, hours);
}

/** ST-3, 4, 7, 9, 11. */
function warningsOf({ pattern }: Candidate, market: MarketContext): Finding[] {
  const { regime } = market;
  const found: Finding[] = [];
  if ((pattern === 'SOS' || pattern === 'SOW') && regime === 'RANGING')
    found.push(warn('ST_NO_TREND', 'A break while the market ranges.'));
  if ((pattern === 'UTAD' && regime === 'TREND_UP') || (pattern === 'SPRING' && regime === 'TREND_DOWN'))
    found.push(warn('ST_AGAINST_TREND', 'The trade is against the trend.'));
  found.push(...calendarUnknown(market));
  if (market.assetClass === 'STOCK' && isIntraday(market.timeframe)) found.push(...stockSession(market.at));
  if (market.assetClass === 'FOREX' && isIntraday(market.timeframe)) found.push(...currencySession(market));
  return found;
}

/** ST-7 */
function calendarUnknown({ assetClass, schedule, at }: MarketContext): Finding[] {
  if (assetClass !== 'STOCK' && assetClass !== 'FOREX') return [];
  const what = assetClass === 'STOCK' ? 'earnings' : 'news';
  if (schedule?.loadedAt == null) return [warn('ST_CALENDAR_UNKNOWN', `No calendar of ${what} is connected.`)];
  const age = at - schedule.loadedAt;
  if (age <= CALENDAR_MAX_AGE_MS) return [];
  return [
    warn('ST_CALENDAR_UNKNOWN', `The calendar of ${what} is old.`, { measured: age / DAY, limit: CALENDAR_MAX_AGE_MS / DAY }),
  ];
}

/** ST-9 */
function stockSession(at: number): Finding[] {
  const hour = newYorkHour(at);
  return calendarOf('XNYS').isOpen(at) && hour < 15
    ? []
    : [warn('ST_SESSION', 'Outside the main hours of the session.', { measured: hour, limit: 15 })];
}

/** ST-11; more than one may hold. */
function currencySession({ at, session }: MarketContext): Finding[] {
  const found: Finding[] = [];
  const day = weekdayUtc(at);
  const hour = hourUtc(at);
  if (day === FRIDAY && hour >= 13 && hour < 17) found.push(warn('ST_FRIDAY_LATE', 'Friday afternoon: half the size.'));
  if (day === WEDNESDAY && hour >= 17) found.push(warn('ST_SWAP', 'Triple swap tonight.'));
  if (session === 'ASIAN') found.push(warn('ST_ASIAN', 'The Asian session is thin.'));
  return found;
}

/** ST-12: the warning is kept as passed, and that it was lifted is a row of its own: the audit of it. */
function lifted(finding: Finding, confidence: number): readonly Finding[] {
  if (!LIFTABLE.has(finding.code)) return [finding];
  const sentence = `Confidence lifted ${finding.code}.`;
  return [
    { ...finding, result: 'PASS' },
    { code: 'ST_WARN_LIFTED', result: 'PASS', measured: confidence, limit: LIFTED_FROM, sentence },
  ];
}
