/** What an accuracy run found, as data. */
import { EVENT_KINDS, PHASES, type EventKind, type Phase } from '../../wyckoff/event.ts';
import type { Board } from './accuracy-meter.ts';
import type { Example, ExampleSample } from './examples.ts';
import type { PhaseMeter } from './phase-meter.ts';
import type { RangeMetrics } from './range-meter.ts';
import { DIMENSIONS, type Dimension, type Scoreboard } from './scoreboard.ts';
import { Tally, type Metrics } from './tally.ts';
import { share, wilson, type Interval } from './wilson.ts';

export interface KindReport extends Metrics {
  readonly kind: EventKind;
  /** The same without a threshold: every confirmed record. */
  readonly all: Metrics;
}

export interface ThresholdRow {
  readonly threshold: number;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
  /** Best F1 on the even structures; the figures are those of the odd ones. */
  readonly best: boolean;
}

export interface AccuracyReport {
  readonly bars: number;
  readonly series: number;
  readonly minConfidence: number;
  readonly kinds: readonly KindReport[];
  /** Main kinds of both sides together: SC/BC and so on. */
  readonly groups: Readonly<Record<string, Metrics>>;
  /** The groups without a threshold. */
  readonly groupsAll: Readonly<Record<string, Metrics>>;
  readonly total: Metrics;
  /** Of tradeable records only. */
  readonly tradeablePrecision: number | null;
  readonly tradeableRecords: number;
  readonly phaseAccuracy: number | null;
  readonly phaseInterval: Interval | null;
  /** With the phase the detector had at the close of the bar itself. */
  readonly phaseAccuracyLive: number | null;
  readonly phases: Readonly<
    Record<Phase, { readonly bars: number; readonly accuracy: number | null; readonly live: number | null }>
  >;
  readonly rangePrecision: number | null;
  readonly rangeRecall: number | null;
  readonly ranges: RangeMetrics;
  readonly sequenceValidity: number | null;
  readonly sequencesJudged: number;
  readonly confusion: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly slices: Readonly<Record<Dimension, Readonly<Record<string, Metrics>>>>;
  readonly thresholds: readonly ThresholdRow[];
  readonly labels: { readonly total: number; readonly reviewed: number; readonly kindBalance: number | null };
  /** What the detector found in stretches drawn without structure; not scored. */
  readonly emptyStretches: {
    readonly bars: number;
    readonly records: number;
    readonly tradeable: number;
    readonly tradeablePer1000Bars: number | null;
  };
  readonly examples: {
    readonly falsePositives: readonly Example[];
    readonly falseNegatives: readonly Example[];
    readonly falsePositiveCount: number;
    readonly falseNegativeCount: number;
  };
}

/** The main kinds of the method, both sides together. */
export const GROUPS: Readonly<Record<string, readonly EventKind[]>> = {
  'SC/BC': ['SC', 'BC'],
  AR: ['AR'],
  ST: ['ST'],
  'SPRING/UTAD': ['SPRING', 'SHAKEOUT', 'UTAD'],
  'SOS/SOW': ['SOS', 'SOW'],
  'LPS/LPSY': ['LPS', 'LPSY'],
};

interface Parts {
  readonly main: Scoreboard;
  readonly boards: readonly Board[];
  readonly phases: PhaseMeter;
  readonly ranges: RangeMetrics;
  readonly sequences: { readonly valid: number; readonly judged: number };
  readonly examples: ExampleSample;
  readonly labels: { readonly total: number; readonly reviewed: number };
  readonly empty: { readonly bars: number; readonly records: number; readonly tradeable: number };
  readonly bars: number;
  readonly series: number;
  readonly minConfidence: number;
}

export function reportOf(parts: Parts): AccuracyReport {
  const { main, phases, ranges, empty, examples } = parts;
  const every = parts.boards[0].halves;
  const seen = new Set([main, ...every].flatMap((board) => board.kinds()));
  const kinds = EVENT_KINDS.filter((kind) => seen.has(kind)).map((kind) => ({
    kind,
    ...main.kind(kind),
    all: together(every, [kind]),
  }));
  const all = phases.share();
  const tradeable = main.tradeable.metrics();
  return {
    bars: parts.bars,
    series: parts.series,
    minConfidence: parts.minConfidence,
    kinds,
    groups: Object.fromEntries(Object.entries(GROUPS).map(([name, members]) => [name, together([main], members)])),
    groupsAll: Object.fromEntries(Object.entries(GROUPS).map(([name, members]) => [name, together(every, members)])),
    total: main.total.metrics(),
    tradeablePrecision: tradeable.precision,
    tradeableRecords: tradeable.tp + tradeable.fp,
    phaseAccuracy: share(all.right, all.bars),
    phaseInterval: wilson(all.right, all.bars),
    phaseAccuracyLive: share(all.rightLive, all.bars),
    phases: phaseTable(phases),
    rangePrecision: ranges.precision,
    rangeRecall: ranges.recall,
    ranges,
    sequenceValidity: share(parts.sequences.valid, parts.sequences.judged),
    sequencesJudged: parts.sequences.judged,
    confusion: main.confusion(),
    slices: Object.fromEntries(DIMENSIONS.map((dimension) => [dimension, main.slices(dimension)])) as AccuracyReport['slices'],
    thresholds: thresholdTable(parts.boards),
    labels: { ...parts.labels, kindBalance: balance(kinds) },
    emptyStretches: { ...empty, tradeablePer1000Bars: share(1000 * empty.tradeable, empty.bars) },
    examples: {
      falsePositives: examples.kept('false-positive'),
      falseNegatives: examples.kept('false-negative'),
      falsePositiveCount: examples.count('false-positive'),
      falseNegativeCount: examples.count('false-negative'),
    },
  };
}

function together(boards: readonly Scoreboard[], kinds: readonly EventKind[]): Metrics {
  const sum = new Tally();
  for (const board of boards) for (const kind of kinds) sum.include(board.tally(kind));
  return sum.metrics();
}

function phaseTable(phases: PhaseMeter): AccuracyReport['phases'] {
  const row = (phase: Phase): { bars: number; accuracy: number | null; live: number | null } => {
    const { bars, right, rightLive } = phases.share(phase);
    return { bars, accuracy: share(right, bars), live: share(rightLive, bars) };
  };
  return Object.fromEntries(PHASES.map((phase) => [phase, row(phase)])) as AccuracyReport['phases'];
}

function thresholdTable(boards: readonly Board[]): ThresholdRow[] {
  const chosen = boards.map((board) => board.halves[0].total.metrics().f1 ?? -1);
  const best = chosen.indexOf(Math.max(...chosen));
  return boards.map((board, i) => {
    const { precision, recall, f1 } = board.halves[1].total.metrics();
    return { threshold: board.threshold, precision, recall, f1, best: i === best };
  });
}

/** Most labelled kind over least labelled kind: the requirement is at most 3. */
function balance(kinds: readonly KindReport[]): number | null {
  const counts = kinds.map((kind) => kind.tp + kind.fn).filter((count) => count > 0);
  return counts.length === 0 ? null : share(Math.max(...counts), Math.min(...counts));
}
