/** Records and candidates as the tests of the chain and of the risk desk write them down. */
import type { DetectionEvent } from '../wyckoff/event.ts';
import { candidateOf } from './candidate.ts';
import type { Candidate, CandidateContext } from './candidate.ts';
import type { MarketContext } from './market-context.ts';
import type { Pattern } from './signal.ts';

const START = Date.UTC(2024, 0, 1);

/** A tradeable TEST of a Spring in a range 100-110 with objectives that pay. */
export function springRecord(changes: Partial<DetectionEvent> = {}): DetectionEvent {
  return {
    id: '1:A:TEST:60', refId: '1:A:SPRING:55', rangeId: 1, kind: 'TEST', status: 'confirmed', hypothesis: 1, eventBar: 60, confirmBar: 60,
    eventTime: START, confirmTime: START, price: 100.2, level: 100, volRatio: 0.4, spreadRatio: 1, closePos: 0.6, metrics: {}, score: 84,
    components: {}, adjustments: {}, confidence: 84, tier: 'GOOD', phase: 'C', subPhase: 'C_TEST', phaseConfidence: 95, rangeQuality: 80,
    levelStrength: 74, tradeable: true, riskFactor: 1, reasons: [],
    prices: { support: 100, resistance: 110, springLow: 98.8, atr: 2, objectives: [118, 121, 124] },
    ...changes,
  }; // prettier-ignore
}

/** The record of a short: a TEST of a UTAD in the same range. */
export function utadRecord(changes: Partial<DetectionEvent> = {}): DetectionEvent {
  return springRecord({
    id: '1:D:TEST:60', refId: '1:D:UTAD:55', hypothesis: -1,
    prices: { support: 100, resistance: 110, springLow: 111.2, atr: 2, objectives: [88, 85, 82] },
    ...changes,
  }); // prettier-ignore
}

/** A candidate from a record at the close of a bar; the default close pays for both directions. */
export function candidate(
  event: DetectionEvent = springRecord(),
  pattern: Exclude<Pattern, 'EXTERNAL'> = event.hypothesis === 1 ? 'SPRING' : 'UTAD',
  context: Partial<CandidateContext> = {},
): Candidate {
  const close = event.hypothesis === 1 ? 101.5 : 108.5;
  return candidateOf(event, pattern, {
    accountId: 'a', symbol: 'S', timeframe: '1d', tickSize: 0.01, bar: { time: START, close }, ...context,
  }); // prettier-ignore
}

/** A quiet Wednesday noon at which nothing warns, INDEX on `1d`. */
export function quietMarket(changes: Partial<MarketContext> = {}): MarketContext {
  return {
    assetClass: 'INDEX', timeframe: '1d', at: Date.UTC(2024, 0, 10, 16), regime: 'RANGING', session: null, atrPercentile: 40,
    volumePercentile: 40, causeFactor: 1.7, invalidatedAt: null, barsSinceInvalidation: null, implied: false, schedule: null, ...changes,
  }; // prettier-ignore
}
