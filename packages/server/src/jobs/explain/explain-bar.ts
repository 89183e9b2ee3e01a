/** Why a bar meant what it meant: the machine before it, every rule it met with by how much, and what may come next. */
import {
  BarCursor, createDetectorInContext, resolvePack, restoreDetectorInContext,
  type BarColumns, type DetectionEvent, type Detector, type DetectorOptions, type DetectorView, type EpochMs, type EventKind, type Hypothesis, type Instrument,
  type PendingView, type PhaseTransition, type RangeView, type ReasonCode, type Rejection, type Timeframe, type TracedCondition,
} from '@wyckoff/domain'; // prettier-ignore
import { outlookOf } from './outlook.ts';
import { wordsOf, type RuleWords } from './rule-words.ts';

/** A condition that was judged, told twice: as data and in words. */
export interface ExplainedRule extends RuleWords {
  readonly kind: EventKind;
  readonly hypothesis: Hypothesis;
  readonly code: ReasonCode;
  readonly value: number;
  readonly limit: number;
  /** Distance of the value from the limit, as a share of the limit; null where the limit is 0. */
  readonly margin: number | null;
  readonly passed: boolean;
  /** A gate between a record and a trade, not a condition of the event. */
  readonly gate: boolean;
}

export interface Machine {
  readonly state: DetectorView['state'];
  readonly range: RangeView | null;
  readonly regime: DetectorView['regime'];
}

export interface Explanation {
  readonly bar: number;
  readonly time: EpochMs;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly features: DetectorView['features'];
  /** As it stood before the bar: the levels that judged it. */
  readonly before: Machine;
  readonly after: Machine;
  /** What was judged: conditions of events, then the gates their records met on the way to a trade. */
  readonly rules: { readonly passed: readonly ExplainedRule[]; readonly failed: readonly ExplainedRule[] };
  readonly records: readonly DetectionEvent[];
  readonly rejections: readonly Rejection[];
  readonly transitions: readonly PhaseTransition[];
  /** Candidates that wait: the close that confirms, the price that ends, the last bar. */
  readonly next: readonly PendingView[];
  /** The same in words. */
  readonly outlook: readonly string[];
}

export interface ExplainInput {
  readonly columns: BarColumns;
  readonly instrument: Instrument;
  readonly timeframe: Timeframe;
  readonly options?: Pick<DetectorOptions, 'pack' | 'params'>;
  /** Row of the bar. */
  readonly row: number;
}

/** The last row that opens at or before this time; null when the bars begin later. */
export function rowAt(columns: BarColumns, time: EpochMs): number | null {
  let low = 0;
  let high = columns.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (columns.time[middle] <= time) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? null : low - 1;
}

/** Runs up to the bar, takes a snapshot, and runs the bar again from it with every condition written down. */
export function explainBar(input: ExplainInput): Explanation {
  const { columns, instrument, timeframe, options = {}, row } = input;
  const detector = createDetectorInContext(instrument, timeframe, options);
  const cursor = new BarCursor(columns);
  for (let i = 0; i < row; i++) detector.onBar(cursor.at(i));
  return explainStep(detector.snapshot(), input);
}

/** The same from a snapshot taken before the bar, for whoever keeps one. */
export function explainStep(snapshot: Uint8Array, input: ExplainInput): Explanation {
  const { columns, instrument, timeframe, options = {}, row } = input;
  const conditions: TracedCondition[] = [];
  const detector = restoreDetectorInContext(snapshot, instrument, timeframe, {
    ...options,
    trace: (condition) => conditions.push(condition),
  });
  const bar = new BarCursor(columns).at(row);
  const seq = lastSeq(detector);
  const before = detector.view();
  const records = detector.onBar(bar);
  const after = detector.view();
  const rules = conditions.map((condition) => ruleOf(condition, bar.volume));
  return {
    bar: detector.bars - 1,
    time: bar.time,
    open: bar.open,
    high: bar.high,
    low: bar.low,
    close: bar.close,
    volume: bar.volume,
    features: after.features,
    before: machineOf(before),
    after: machineOf(after),
    rules: { passed: rules.filter((rule) => rule.passed), failed: rules.filter((rule) => !rule.passed) },
    records,
    rejections: detector.rejections().filter((rejection) => rejection.bar === detector.bars - 1),
    transitions: detector.transitions(seq),
    next: after.pending,
    outlook: outlookOf({
      view: after,
      bar: detector.bars - 1,
      params: resolvePack(options.pack, options.params).params,
      timeframe,
    }),
  };
}

function lastSeq(detector: Detector): number {
  return detector.transitions(-1).reduce((last, step) => Math.max(last, step.seq), -1);
}

function machineOf(view: DetectorView): Machine {
  return { state: view.state, range: view.range, regime: view.regime };
}

function ruleOf(condition: TracedCondition, volume: number): ExplainedRule {
  const { kind, hypothesis, code, value, limit, passed } = condition;
  const margin = limit === 0 || !Number.isFinite(value) ? null : (value - limit) / Math.abs(limit);
  return { kind, hypothesis, code, value, limit, margin, passed, gate: condition.gate === true, ...wordsOf(condition, volume) };
}
