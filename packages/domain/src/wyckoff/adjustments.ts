/** Points added to or taken from a confidence by circumstances: session, higher timeframe, relative strength, series (6.4). */
import { FOREX_SESSION_NAMES } from '../effort/forex-session.ts';
import type { HtfContext } from './context.ts';
import type { Draft } from './outbox.ts';
import type { Side } from './side.ts';
import { springSeries } from './spring-series.ts';
import type { Study } from './study.ts';

/** Shared by every record to which no circumstance applies. */
export const NO_ADJUSTMENT: Readonly<Record<string, number>> = Object.freeze({});

/** +1 the higher timeframe agrees, -1 it is opposed, 0 neutral or unknown. */
export function htfBias(htf: HtfContext | null | undefined, side: Side): -1 | 0 | 1 {
  if (htf === null || htf === undefined || htf.hypothesis === null) return 0;
  if (htf.phase !== 'C' && htf.phase !== 'D' && htf.phase !== 'E') return 0;
  return htf.hypothesis === side.sign ? 1 : -1;
}

/** ADJ-1. Only what applies is listed; the sum is added once. */
export function adjustmentsFor(study: Study, side: Side, event: Draft): Readonly<Record<string, number>> {
  const p = study.params;
  const { session } = event;
  const plain = session < 0 && !event.opening && !event.doubleBottom;
  if (plain && event.spring === undefined && study.context === null) return NO_ADJUSTMENT;
  const out: Record<string, number> = {};
  if (session >= 0) put(out, 'session', p.sessionPenalty[FOREX_SESSION_NAMES[session]]);
  if (event.opening) put(out, 'openingBar', p.openingPenalty);
  if (study.context !== null) {
    const htf = study.context.htf;
    const bias = htfBias(htf, side);
    if (bias !== 0 && htf != null) put(out, 'htf', bias > 0 ? (p.htfBonus * htf.confidence) / 100 : p.htfPenalty);
    put(out, 'rs', relativePoints(study, side, event));
  }
  if (event.spring !== undefined) {
    const series = springSeries(side);
    if (series.count > 0 && series.risk === 'HIGH') put(out, 'springRisk', p.springRiskMalus);
    if (series.volumeTrend === 'DECLINING') put(out, 'springTrend', p.springTrendBonus);
  }
  if (event.doubleBottom) put(out, 'doubleBottom', p.doubleBottomBonus);
  return Object.keys(out).length > 0 ? Object.freeze(out) : NO_ADJUSTMENT;
}

function put(out: Record<string, number>, name: string, value: number): void {
  if (value !== 0) out[name] = value;
}

function relativePoints(study: Study, side: Side, event: Draft): number {
  const p = study.params;
  const entry = event.kind === 'TEST' || event.kind === 'LPS' || event.kind === 'LPSY';
  const percentile = study.context?.rsPercentile;
  let sum = 0;
  if (percentile !== undefined) {
    const own = side.sign === 1 ? percentile : 100 - percentile;
    if (own >= 100 - p.rsQuintile) sum += p.rsPoints;
    else if (own <= p.rsQuintile) sum -= p.rsPoints;
  }
  // The benchmark's highs are not an input, so the second part speaks for accumulation only.
  const { benchLow, benchLowSince } = side.at;
  if (entry && side.sign === 1 && side.climax.count > 0 && benchLowSince < benchLow) {
    if (study.tally.lastLowPivot >= side.climax.at(0).price) sum += p.rsPoints;
  }
  return sum;
}
