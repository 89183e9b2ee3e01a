/** Turns a sketch into label rows: mirror names, bar times, prices. */
import type { BarColumns } from '../../bar/columns.ts';
import type { Timeframe } from '../../bar/bar.ts';
import type { EventKind, Hypothesis, Phase } from '../../wyckoff/event.ts';
import type { Hand } from './hand.ts';
import type { Label, LabelKind } from './label.ts';
import type { Proportions } from './proportions.ts';
import type { Sketch } from './sketch.ts';

const MIRRORED: Readonly<Partial<Record<EventKind, EventKind>>> = {
  PS: 'PSY', SC: 'BC', SPRING: 'UTAD', SHAKEOUT: 'UTAD', SOS: 'SOW', LPS: 'LPSY',
}; // prettier-ignore

export interface LabellingContext {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly columns: BarColumns;
  readonly hand: Hand;
  readonly rangeId: number;
  readonly plan: Proportions;
  /** Schematic or `broken`. */
  readonly template: string;
}

export function labelsOf(sketch: Sketch, context: LabellingContext): Label[] {
  const { columns, hand, rangeId } = context;
  const side = hand.side;
  const edges = [Math.exp(hand.logPrice(sketch.support)), Math.exp(hand.logPrice(sketch.resistance))].sort((a, b) => a - b);
  const hasRange = sketch.rangeFrom !== null && sketch.rangeTo !== null;
  const shared = {
    symbol: context.symbol,
    timeframe: context.timeframe,
    rangeId,
    support: hasRange ? edges[0] : null,
    resistance: hasRange ? edges[1] : null,
    labeler: 'author of the series',
    reviewer: null,
    source: `synthetic:${context.template}:${context.plan.course}`,
  };
  const row = (kind: LabelKind, bars: readonly [number, number], rest: Partial<Label>): Label => ({
    ...shared,
    labelId: `${context.symbol}:${rangeId}:${kind}:${bars[0]}`,
    barTs: columns.time[bars[0]],
    kind,
    verdict: 'CORRECT',
    hypothesis: side,
    phase: null,
    spanFrom: columns.time[bars[0]],
    spanTo: columns.time[bars[1]],
    reason: null,
    justification: '',
    outcome: null,
    ...rest,
  });
  const span = { spanFrom: columns.time[sketch.from], spanTo: columns.time[sketch.to] };
  const labels: Label[] = sketch.events.map((event) => {
    const seenFrom = (event.otherSide ? -side : side) as Hypothesis;
    return row(named(event.kind, seenFrom), [event.bar, event.bar], {
      ...span,
      verdict: event.verdict,
      hypothesis: seenFrom,
      phase: phaseAt(sketch, event.bar),
      reason: event.reason,
      justification: event.why,
      outcome: sketch.outcome,
    });
  });
  if (sketch.rangeFrom !== null && sketch.rangeTo !== null) {
    labels.push(row('RANGE', [sketch.rangeFrom, sketch.rangeTo], { justification: 'climax to break', outcome: sketch.outcome }));
  }
  sketch.phases.forEach((step, i) => {
    const last = (sketch.phases[i + 1]?.from ?? sketch.to + 1) - 1;
    if (step.phase !== null && last >= step.from) {
      labels.push(row('PHASE', [step.from, last], { phase: step.phase, justification: `bars of phase ${step.phase}` }));
    }
  });
  return labels;
}

/** A stretch drawn without any structure. */
export function stretchLabel(of: { symbol: string; timeframe: Timeframe; columns: BarColumns }, from: number, to: number): Label {
  return {
    labelId: `${of.symbol}:0:NONE:${from}`,
    symbol: of.symbol,
    timeframe: of.timeframe,
    barTs: of.columns.time[from],
    kind: 'NONE',
    verdict: 'CORRECT',
    hypothesis: null,
    phase: null,
    rangeId: null,
    support: null,
    resistance: null,
    spanFrom: of.columns.time[from],
    spanTo: of.columns.time[to],
    reason: null,
    justification: 'noise without a structure',
    labeler: 'author of the series',
    reviewer: null,
    source: 'synthetic:none',
    outcome: null,
  };
}

function named(kind: LabelKind, side: Hypothesis): LabelKind {
  if (side > 0) return kind;
  if (kind.startsWith('FALSE_')) return `FALSE_${named(kind.slice(6) as EventKind, side) as EventKind}`;
  return MIRRORED[kind as EventKind] ?? kind;
}

function phaseAt(sketch: Sketch, bar: number): Phase | null {
  return sketch.phases.findLast((step) => step.from <= bar)?.phase ?? null;
}
