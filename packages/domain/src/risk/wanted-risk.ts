/** What a trade would risk before any limit is asked: equity, the share of its pattern, and what the market makes of it (trading.md 5.5 items 1-3). */
import { hourUtc, weekdayUtc } from '../market/new-york.ts';
import { isIntraday } from '../market/intraday.ts';
import type { Micros } from '../setup/signal.ts';
import { mulDiv } from '../trade/money.ts';
import { breakFactor, confidenceFactor, sessionFactor } from './pattern-risk.ts';
import { isPermissive } from './prerequisites.ts';
import type { SizeInput } from './size.ts';

const MILLION = 1_000_000;
const FRIDAY = 5;
const FRIDAY_FACTOR = 0.5;
const PERMISSIVE_FACTOR = 0.5;
const EXHAUSTION_FACTOR = 0.25;
const INVALIDATION_FACTOR = 0.75;
/** Bars a fresh invalidation is remembered by the optional factor. */
const INVALIDATION_BARS = 10;

/** `equity x base x m`, rounded down, `m` cut to 6 decimals. */
export function wantedRisk(input: SizeInput): Micros {
  const millionths = Math.floor(factorOf(input) * MILLION + 1e-6);
  return mulDiv(input.snapshot.equityMicros, input.baseBp * millionths, 10_000 * MILLION, 'down');
}

/** The product `m` of the factors in (0, 1]. */
export function factorOf(input: SizeInput): number {
  const { candidate } = input;
  let factor: number = candidate.event.riskFactor;
  if (candidate.pattern === 'SOS' || candidate.pattern === 'SOW') factor *= breakFactor(candidate.event.volRatio);
  if (isPermissive(input)) factor *= PERMISSIVE_FACTOR;
  return factor * currencyFactor(input) * optionalFactor(input);
}

/** Thin sessions below 4h, and Friday from 13:00 UTC on (ST-11). */
function currencyFactor({ market, timeframe }: SizeInput): number {
  if (market.assetClass !== 'FOREX' || !isIntraday(timeframe)) return 1;
  const session = timeframe === '4h' ? 1 : sessionFactor(market.session);
  const isLate = weekdayUtc(market.at) === FRIDAY && hourUtc(market.at) >= 13;
  return isLate ? session * FRIDAY_FACTOR : session;
}

/** Those a user may switch on. */
function optionalFactor({ candidate, market, policy }: SizeInput): number {
  const { event } = candidate;
  let factor = 1;
  if (policy.sizeByConfidence && candidate.pattern !== 'EXTERNAL') factor *= confidenceFactor(event.confidence);
  if (policy.sizeByExhaustion && event.subPhase === 'E_EXHAUSTION') factor *= EXHAUSTION_FACTOR;
  const bars = market.barsSinceInvalidation;
  if (policy.sizeByInvalidation && bars !== null && !(bars > INVALIDATION_BARS)) factor *= INVALIDATION_FACTOR;
  return factor;
}
