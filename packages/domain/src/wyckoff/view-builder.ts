/** Builds what a screen shows of a detector, on demand. */
import { RING_MASK } from '../bar/bar-ring.ts';
import { effortResult, volumeWord } from '../effort/effort-result.ts';
import { FOREX_SESSION_NAMES } from '../effort/forex-session.ts';
import { volumeDivergence, volumeTrend } from '../effort/volume-trend.ts';
import { RESISTANCE, SUPPORT } from '../structure/level-book.ts';
import { EVENT_ROUTE, NONE, SEED } from '../structure/range.ts';
import { RANGE_STATES } from './event.ts';
import { leads } from './leading.ts';
import { pendingOf } from './pending.ts';
import { phaseName, subPhaseOf } from './sub-phase.ts';
import { schematicOf } from './schematic.ts';
import { springSeries } from './spring-series.ts';
import { NO_PHASE, type Side } from './side.ts';
import type { Study } from './study.ts';
import { CAUSES } from './transition-log.ts';
import type {
  DetectorCounters, DetectorGlance, DetectorView, FeaturesView, HypothesisView, PhaseTransition, ProfileView, RangeView, Regime, SchematicView,
  SpringSeriesView, ZoneView,
} from './view.ts'; // prettier-ignore

/** The part of a view that whoever decides on an entry reads: neither profile nor zones, schematics, features or pending candidates are built. */
export function buildGlance(study: Study): DetectorGlance {
  return {
    range: study.range.living ? rangeView(study) : null,
    previous: previousView(study),
    features: study.now.bar < 0 ? null : { session: sessionOf(study) },
    regime: regimeOf(study),
  };
}

export function buildView(study: Study, counters: DetectorCounters): DetectorView {
  const { range, tally, now, up, down, effort } = study;
  const { range: shown, previous, regime } = buildGlance(study);
  const living = range.living;
  const seeded = !living && (up.seed.live || down.seed.live);
  const sides = [up, down];
  return {
    bars: now.bar + 1,
    revision: tally.revision,
    pack: study.pack.name,
    range: shown,
    previous,
    state: RANGE_STATES[living ? range.state : seeded ? SEED : NONE],
    zones: living ? zoneViews(study) : [],
    profile: living ? profileView(study) : null,
    pending: sides.flatMap((side) => pendingOf(study, side)),
    springs: living ? sides.filter((side) => side.springs.count > 0).map(seriesView) : [],
    features: now.bar < 0 ? null : featuresView(study),
    schematics: living
      ? sides.map((side) => schematicOf(study, side)).filter((view): view is SchematicView => view !== null)
      : [],
    causeProgress: living ? causeProgress(study) : null,
    regime,
    relativeStrength: { rs20: relative(study, 20), rs60: relative(study, 60) },
    effectiveReliability: effort.reliability,
    counters,
  };
}

/** Both hypotheses' steps after `sinceSeq`, in order. */
export function listTransitions(study: Study, sinceSeq: number): PhaseTransition[] {
  const out: PhaseTransition[] = [];
  for (const side of [study.up, study.down]) {
    const log = side.transitions;
    for (const at of log.slots()) {
      if (log.seq[at] <= sinceSeq) continue;
      out.push({
        seq: log.seq[at],
        hypothesis: side.sign,
        rangeId: log.rangeId[at],
        bar: log.bar[at],
        time: log.time[at],
        from: phaseName(log.from[at]),
        to: phaseName(log.to[at]),
        cause: CAUSES[log.cause[at]],
      });
    }
  }
  return out.sort((a, b) => a.seq - b.seq);
}

function hypothesisView(study: Study, side: Side): HypothesisView {
  const { at } = side;
  return {
    hypothesis: side.sign,
    phase: phaseName(at.phase),
    subPhase: subPhaseOf(study, side),
    startBar: barOrNull(at.startBar),
    startTime: numberOrNull(at.startTime),
    bStart: barOrNull(at.bStart),
    implied: at.implied,
    suspended: at.suspended,
    ended: at.ended,
    phaseConfidence: at.phase === NO_PHASE ? 0 : at.phaseConfidence,
    leading: leads(side, study.other(side)),
  };
}

function rangeView(study: Study): RangeView {
  const { range, count, now, up, down } = study;
  return {
    rangeId: range.id,
    state: RANGE_STATES[range.state],
    route: range.route === EVENT_ROUTE ? 'event' : 'structural',
    startBar: range.startBar,
    startTime: range.startTime,
    endBar: null,
    endTime: null,
    support: {
      price: range.supportPrice,
      edge: range.support,
      touches: range.touchCount(SUPPORT),
      strength: range.strengthOf(SUPPORT),
    },
    resistance: {
      price: range.resistancePrice,
      edge: range.resistance,
      touches: range.touchCount(RESISTANCE),
      strength: range.strengthOf(RESISTANCE),
    },
    quality: range.quality(now.bar),
    durationBars: range.duration(now.bar),
    columns: count.column,
    boxSize: count.box,
    objectives: Array.from(range.objectives.subarray(0, range.objectiveCount)),
    hypotheses: [hypothesisView(study, up), hypothesisView(study, down)],
  };
}

function previousView(study: Study): RangeView | null {
  const p = study.previous;
  if (p.id === 0) return null;
  return {
    rangeId: p.id,
    state: RANGE_STATES[p.state],
    route: p.route === EVENT_ROUTE ? 'event' : 'structural',
    startBar: p.startBar,
    startTime: p.startTime,
    endBar: p.endBar,
    endTime: p.endTime,
    support: { price: p.supportPrice, edge: p.support, touches: p.supportTouches, strength: p.supportStrength },
    resistance: { price: p.resistancePrice, edge: p.resistance, touches: p.resistanceTouches, strength: p.resistanceStrength },
    quality: p.quality,
    durationBars: p.endBar - p.startBar + 1,
    columns: p.columns,
    boxSize: p.boxSize,
    objectives: Array.from(p.objectives.subarray(0, p.objectiveCount)),
    hypotheses: [0, 1].map((i): HypothesisView => {
      const [phase, implied, startBar, bStart, phaseConfidence] = p.phases.subarray(5 * i, 5 * i + 5);
      return {
        hypothesis: i === 0 ? 1 : -1,
        phase: phaseName(phase),
        subPhase: null,
        startBar: barOrNull(startBar),
        startTime: numberOrNull(p.starts[i]),
        bStart: barOrNull(bStart),
        implied: implied === 1,
        suspended: false,
        ended: true,
        phaseConfidence,
        leading: false,
      };
    }),
  };
}

function zoneViews(study: Study): ZoneView[] {
  const { zones } = study;
  return Array.from({ length: zones.count }, (_, i): ZoneView => {
    const touches = zones.touches[i];
    return {
      kind: zones.kind[i] > 0 ? 'demand' : 'supply',
      low: zones.low[i],
      high: zones.high[i],
      bar: zones.bar[i],
      touches,
      freshness: touches === 0 ? 'FRESH' : touches < 3 ? 'TESTED' : 'EXHAUSTED',
      significance: study.zoneSignificance(i),
    };
  });
}

function profileView(study: Study): ProfileView {
  const { profile } = study;
  const [from, to] = profile.valueArea();
  const step = profile.priceOf(1) - profile.priceOf(0);
  return {
    low: profile.low,
    high: profile.high,
    bins: Array.from(profile.bins()),
    pointOfControl: profile.priceOf(profile.pointOfControl()) + step / 2,
    valueLow: profile.priceOf(from),
    valueHigh: profile.priceOf(to + 1),
  };
}

function seriesView(side: Side): SpringSeriesView {
  const series = springSeries(side);
  let best = side.springs.at(0);
  for (let i = 1; i < side.springs.count; i++) if (side.springs.at(i).confidence >= best.confidence) best = side.springs.at(i);
  return { hypothesis: side.sign, ...series, bestBar: best.eventBar };
}

function featuresView(study: Study): FeaturesView {
  const { now, effort, params } = study;
  effort.fillDisplay();
  const volumes = effort.bars.volume;
  const recent = now.bar < 19 ? [] : Array.from({ length: 20 }, (_, i) => volumes[(now.bar - 19 + i) & RING_MASK]);
  const change = now.close - now.prevClose;
  return {
    bar: now.bar,
    time: now.time,
    volRatio: numberOrNull(now.volRatio),
    spreadRatio: numberOrNull(now.spreadRatio),
    closePos: now.closePos,
    effectiveSpread: numberOrNull(now.effSpread),
    atr: numberOrNull(now.atr),
    gap: numberOrNull(now.gap),
    effort: effortResult(now.volRatio, now.spreadRatio, params.effort),
    direction: change > 0 ? 1 : change < 0 ? -1 : 0,
    volumeWord: volumeWord(now.volRatio),
    volumeTrend: volumeTrend(recent),
    divergence: divergenceOf(study),
    session: sessionOf(study),
    openingBar: now.openingBar,
    closingBar: now.closingBar,
    sessionVolRatio: numberOrNull(now.sessionVolRatio),
  };
}

function sessionOf({ now }: Study): FeaturesView['session'] {
  return now.session < 0 ? null : FOREX_SESSION_NAMES[now.session];
}

/** Rising price is looked at first. */
function divergenceOf(study: Study): 'BEARISH' | 'BULLISH' | null {
  const { now, effort } = study;
  if (now.bar < 9) return null;
  const last = (ring: Float64Array, sign: 1 | -1): number[] =>
    Array.from({ length: 10 }, (_, i) => sign * ring[(now.bar - 9 + i) & RING_MASK]);
  const volumes = last(effort.bars.volume, 1);
  if (volumeDivergence(last(effort.bars.high, 1), volumes)) return 'BEARISH';
  return volumeDivergence(last(effort.bars.low, -1), volumes) ? 'BULLISH' : null;
}

function causeProgress(study: Study): number {
  const duration = study.range.duration(study.now.bar);
  return Math.min(1, study.count.column / Math.max(8, Math.round(0.4 * duration)));
}

/** REG-1. Context only, from 40 bars (detection.md 8.3). */
function regimeOf(study: Study): Regime | null {
  const { effort, now, params: p } = study;
  if (now.bar + 1 < 40) return null;
  const ratio = effort.atr.relative;
  if (ratio > p.regimeHigh) return 'HIGH_VOLATILITY';
  if (ratio < p.regimeLow) return 'LOW_VOLATILITY';
  if (!(effort.adx >= p.regimeAdx)) return 'RANGING';
  return now.close >= effort.bars.close[(now.bar - 20) & RING_MASK] ? 'TREND_UP' : 'TREND_DOWN';
}

function relative(study: Study, bars: number): number | null {
  const { now, effort, strength } = study;
  if (now.bar < bars) return null;
  return numberOrNull(strength.relative(bars, now.close, effort.bars.close[(now.bar - bars) & RING_MASK]));
}

function numberOrNull(x: number): number | null {
  return Number.isFinite(x) ? x : null;
}

function barOrNull(bar: number): number | null {
  return bar < 0 ? null : bar;
}
