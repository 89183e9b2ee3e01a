/** ST-1 to ST-13: what the market around the pattern says (trading.md 3). Calendars are a port that is not connected yet. */
import type { Regime } from '../wyckoff/view.ts';
import type { Candidate } from './candidate.ts';
import { fail, warn } from './chain.ts';
import type { Finding, Stage } from './chain.ts';
import type { MarketContext } from './market-context.ts';
import { hourUtc, newYorkHour, weekdayUtc } from '../market/new-york.ts';
import { isIntraday } from '../market/intraday.ts';

const DAY = 86_400_000;
const FRIDAY = 5;
const WEDNESDAY = 3;
/** Confidence from which warnings of ST-3, 4, 9, 11 are lifted. */
const LIFTED_FROM = 90;
const REVIEW_BELOW = 80;
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
  const warned = warningsOf(candidate, market, market.regime);
  const left = warned.map((finding) => (confidence >= LIFTED_FROM && LIFTABLE.has(finding.code) ? lifted(finding) : finding));
  const warnings = warningsBefore + left.filter((finding) => finding.result === 'WARN').length;
  const needsReview = warnings >= 2 || (warnings >= 1 && confidence < REVIEW_BELOW);
  return needsReview
    ? [...left, warn('ST_REVIEW', 'Warnings: a person should look at it.', { measured: warnings, limit: 1 })]
    : left;
};

/** ST-1: no context, or the detector's own veto. */
function contextFailure({ event }: Candidate, market: MarketContext): Finding | null {
  if (!isComplete(market)) return fail('ST_CONTEXT', 'The market context is missing.');
  if (event.reasons.includes('CONFIDENCE'))
    return fail('ST_CONFIDENCE', 'The confidence is below the floor.', { measured: event.confidence, limit: 70 });
  if (event.reasons.includes('SESSION')) return fail('ST_SESSION_VETO', 'The session is excluded.');
  if (event.reasons.includes('HTF_CONFLICT')) return fail('ST_HTF', 'The higher timeframe says otherwise.');
  if (!event.tradeable || event.confidence === null) return fail('NOT_TRADEABLE', 'The detector does not release this record.');
  return null;
}

/** Fail closed: whatever a rule below reads must be there. Null percentiles and sessions are judged where they are read. */
function isComplete(market: MarketContext): boolean {
  const known: Record<string, unknown> = { ...market };
  const needed = ['assetClass', 'timeframe', 'at', 'regime', 'causeFactor'];
  const stated = ['session', 'atrPercentile', 'volumePercentile', 'invalidatedAt'];
  return (
    needed.every((field) => known[field] !== undefined && known[field] !== null) &&
    stated.every((field) => known[field] !== undefined)
  );
}

/** ST-2, 8, 10. */
function failureOf({ pattern }: Candidate, market: MarketContext): Finding | null {
  const { assetClass, atrPercentile, volumePercentile, at, invalidatedAt } = market;
  const limit = assetClass === 'FOREX' ? 90 : 95;
  const isUndercut = pattern === 'SPRING' || pattern === 'UTAD';
  if (isUndercut && (atrPercentile === null || volumePercentile === null))
    return fail('ST_CONTEXT', 'The volatility context is missing.');
  if (isUndercut && (atrPercentile ?? 100) >= limit && (volumePercentile ?? 100) >= 85)
    return fail('ST_VOLATILITY', 'Volatility and volume are extreme.', { measured: atrPercentile, limit });
  const days = assetClass === 'FOREX' ? 3 : 5;
  if (invalidatedAt !== null && at - invalidatedAt < days * DAY)
    return fail('ST_RECENT_FAILURE', 'A campaign in this direction was invalidated days ago.', {
      measured: (at - invalidatedAt) / DAY,
      limit: days,
    });
  if (assetClass === 'FOREX' && weekdayUtc(at) === FRIDAY && hourUtc(at) >= 17)
    return fail('ST_FRIDAY', 'No new currency trades late on Friday.');
  return null;
}

/** ST-3, 4, 7, 9, 11. */
function warningsOf({ pattern }: Candidate, market: MarketContext, regime: Regime | null): Finding[] {
  const found: Finding[] = [];
  if ((pattern === 'SOS' || pattern === 'SOW') && regime === 'RANGING')
    found.push(warn('ST_NO_TREND', 'A break while the market ranges.'));
  if ((pattern === 'UTAD' && regime === 'TREND_UP') || (pattern === 'SPRING' && regime === 'TREND_DOWN'))
    found.push(warn('ST_AGAINST_TREND', 'The trade is against the trend.'));
  if (market.assetClass === 'STOCK' || market.assetClass === 'FOREX')
    found.push(warn('ST_CALENDAR_UNKNOWN', 'No calendar of earnings or news is connected.'));
  if (market.assetClass === 'STOCK' && isIntraday(market.timeframe)) found.push(...stockSession(market.at));
  if (market.assetClass === 'FOREX' && isIntraday(market.timeframe)) found.push(...currencySession(market));
  return found;
}

function stockSession(at: number): Finding[] {
  const hour = newYorkHour(at);
  return hour < 9.5 || hour >= 15
    ? [warn('ST_SESSION', 'Outside the main hours of the session.', { measured: hour, limit: 15 })]
    : [];
}

function currencySession({ at, session }: MarketContext): Finding[] {
  const day = weekdayUtc(at);
  const hour = hourUtc(at);
  if (day === FRIDAY && hour >= 13 && hour < 17) return [warn('ST_FRIDAY_LATE', 'Friday afternoon: half the size.')];
  if (day === WEDNESDAY && hour >= 17) return [warn('ST_SWAP', 'Triple swap tonight.')];
  return session === 'ASIAN' ? [warn('ST_ASIAN', 'The Asian session is thin.')] : [];
}

function lifted(finding: Finding): Finding {
  return { ...finding, result: 'PASS', sentence: `${finding.sentence} Lifted by confidence (ST_WARN_LIFTED).` };
}
