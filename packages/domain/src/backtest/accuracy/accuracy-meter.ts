/** Runs a detector over labelled series, bar by bar, and counts what it got right (backtesting.md 13). */
import type { Bar, EpochMs, Timeframe } from '../../bar/bar.ts';
import type { DetectionEvent, EventKind } from '../../wyckoff/event.ts';
import type { PhaseTransition, RangeView } from '../../wyckoff/view.ts';
import type { Label } from '../synthetic/label.ts';
import { BarFinder } from './bar-finder.ts';
import { ExampleSample, type Example } from './examples.ts';
import { Pairing, type PlacedDetection, type PlacedLabel, type Settled } from './pairing.ts';
import { PhaseMeter } from './phase-meter.ts';
import { RangeMeter } from './range-meter.ts';
import { reportOf, type AccuracyReport } from './report.ts';
import { Scoreboard } from './scoreboard.ts';
import { SequenceMeter } from './sequence-meter.ts';
import { Spans } from './spans.ts';

/** What is asked of a detector here; the real one has it, a test may hand in a script. */
export interface JudgedDetector {
  onBar(bar: Bar): readonly DetectionEvent[];
  readonly bars: number;
  readonly revision: number;
  view(): { readonly range: RangeView | null; readonly regime: string | null };
  transitions(sinceSeq: number): readonly PhaseTransition[];
}

export interface AccuracyOptions {
  /** Bars; default 1 on 1d and 1w, 3 intraday. */
  readonly tolerance?: number;
  /**
   * Scored records below this confidence are left out, 0..100; default 70, the floor of detection.md 6.1. Unscored kinds always
   * count, and so do records that still await their test: 20 of their 100 points cannot be had before it.
   */
  readonly minConfidence?: number;
  /** Of the sample of mistakes; default 1. */
  readonly seed?: number;
  readonly onExample?: (example: Example) => void;
}

/** The table of thresholds of backtesting.md 13.3, and 0: everything the detector confirms. */
export const THRESHOLDS = [0, 70, 75, 80, 85, 90, 95] as const;

const FLOOR = 70;
const SETTLE_EVERY = 32;
/** A phase is judged when its last bar is this far behind. */
const PHASE_HORIZON = 96;

interface Series {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly detector: JudgedDetector;
  readonly spans: Spans;
  readonly finder: BarFinder;
  /** Event labels in time order, not yet reached. */
  readonly waiting: Label[];
  readonly phases: Label[];
  readonly ranges: readonly Label[];
  readonly pairings: readonly Pairing[];
  readonly main: Pairing;
  revision: number;
  range: RangeView | null;
  regime: string | null;
}

export interface Board {
  readonly threshold: number;
  /** Even and odd structures: a threshold is chosen on one half and reported on the other. */
  readonly halves: readonly [Scoreboard, Scoreboard];
}

export class AccuracyMeter {
  readonly #options: AccuracyOptions;
  readonly #main = new Scoreboard();
  readonly #boards: readonly Board[] = THRESHOLDS.map((threshold) => ({
    threshold,
    halves: [new Scoreboard(), new Scoreboard()],
  }));
  readonly #phases = new PhaseMeter();
  readonly #ranges = new RangeMeter();
  readonly #sequences = new SequenceMeter();
  readonly #examples: ExampleSample;
  #series: Series | null = null;
  #labels = { total: 0, reviewed: 0 };
  #empty = { bars: 0, records: 0, tradeable: 0 };
  #bars = 0;
  #count = 0;

  constructor(options: AccuracyOptions = {}) {
    this.#options = options;
    this.#examples = new ExampleSample(options.seed ?? 1, options.onExample ?? null);
  }

  /** Begins a series with a fresh detector; the labels may be in any order. Ends the one before. */
  begin(series: { symbol: string; timeframe: Timeframe; labels: readonly Label[]; detector: JudgedDetector }): void {
    this.end();
    const { symbol, timeframe, detector } = series;
    const labels = [...series.labels].sort((a, b) => a.barTs - b.barTs || (a.labelId < b.labelId ? -1 : 1));
    const tolerance = this.#options.tolerance ?? (timeframe === '1d' || timeframe === '1w' ? 1 : 3);
    const place = { symbol, timeframe };
    const spans = new Spans(labels);
    const main = new Pairing({ tolerance, onSettled: (settled) => this.#book(settled, spans, place) });
    const pairings = this.#boards.map(
      ({ halves }) =>
        new Pairing({
          tolerance,
          onSettled: (settled) => {
            const structure =
              settled.what === 'detection' ? spans.at(settled.detection.time) : { structure: settled.label.structure };
            halves[(structure?.structure ?? 0) % 2 === 0 ? 0 : 1].book(settled, place, structure !== null);
          },
        }),
    );
    const events = labels.filter((label) => label.kind !== 'NONE' && label.kind !== 'PHASE' && label.kind !== 'RANGE');
    this.#labels.total += events.length;
    this.#labels.reviewed += events.filter((label) => label.reviewer !== null).length;
    this.#count += 1;
    this.#phases.newSeries();
    this.#series = {
      symbol,
      timeframe,
      detector,
      spans,
      finder: new BarFinder(labels),
      waiting: events,
      phases: labels.filter((label) => label.kind === 'PHASE'),
      ranges: labels.filter((label) => label.kind === 'RANGE'),
      pairings,
      main,
      revision: -1,
      range: null,
      regime: null,
    };
  }

  next(bar: Bar): void {
    const series = this.#series;
    if (series === null) throw new Error('accuracy meter: expected begin() before the first bar, was not called');
    const { detector } = series;
    const before = detector.bars;
    const { time } = bar;
    const records = detector.onBar(bar);
    if (detector.bars === before) return;
    const at = detector.bars - 1;
    this.#bars += 1;
    series.finder.next(time, at);
    this.#placeLabels(series, time, at);
    if (series.spans.isEmptyStretch(time)) this.#empty.bars += 1;
    if (records.length > 0) this.#placeRecords(series, records);
    if (detector.revision !== series.revision) {
      series.revision = detector.revision;
      series.range = detector.view().range;
      this.#phases.next((since) => detector.transitions(since), records);
    }
    this.#ranges.next(at, series.range);
    if (at % SETTLE_EVERY === 0) {
      this.#judgePhases(series, at - PHASE_HORIZON);
      series.main.passed(at);
      for (const pairing of series.pairings) pairing.passed(at);
    }
  }

  /** Ends the series: what is still open is settled. */
  end(): void {
    const series = this.#series;
    if (series === null) return;
    this.#series = null;
    series.main.finish();
    for (const pairing of series.pairings) pairing.finish();
    this.#judgePhases(series, Infinity);
    const barOf = (time: EpochMs): number => series.finder.barOf(time);
    this.#ranges.finishSeries(
      series.ranges.map((label) => ({
        fromBar: barOf(label.spanFrom),
        toBar: barOf(label.spanTo),
        support: label.support ?? NaN,
        resistance: label.resistance ?? NaN,
      })),
      series.spans.structures.map((span) => [barOf(span.from), barOf(span.to)] as const),
    );
    this.#sequences.finishSeries();
  }

  report(): AccuracyReport {
    this.end();
    return reportOf({
      main: this.#main,
      boards: this.#boards,
      phases: this.#phases,
      ranges: this.#ranges.metrics(),
      sequences: this.#sequences.counts(),
      examples: this.#examples,
      labels: this.#labels,
      empty: this.#empty,
      bars: this.#bars,
      series: this.#count,
      minConfidence: this.#options.minConfidence ?? FLOOR,
    });
  }

  #placeLabels(series: Series, time: EpochMs, bar: number): void {
    while (series.waiting.length > 0 && series.waiting[0].barTs <= time) {
      const label = series.waiting.shift();
      const placed = label === undefined ? null : place(label, bar);
      if (placed === null) continue;
      series.main.label(placed);
      for (const pairing of series.pairings) pairing.label(placed);
      if (placed.structure !== null && placed.verdict === 'CORRECT') this.#sequences.labelled(placed.structure, placed.kind, bar);
    }
  }

  #placeRecords(series: Series, records: readonly DetectionEvent[]): void {
    const confirmed = records.filter((record) => record.status === 'confirmed');
    if (confirmed.length === 0) return;
    const { regime } = series.detector.view();
    for (const record of confirmed) {
      const placed = placeRecord(record, regime);
      if (series.spans.isEmptyStretch(record.eventTime)) {
        this.#empty.records += 1;
        if (record.tradeable) this.#empty.tradeable += 1;
      }
      if (counts(record, this.#options.minConfidence ?? FLOOR)) series.main.detection(placed);
      series.pairings.forEach((pairing, i) => {
        if (counts(record, THRESHOLDS[i])) pairing.detection(placed);
      });
      const structure = series.spans.at(record.eventTime)?.structure ?? null;
      if (structure !== null) this.#sequences.found(structure, record.kind, record.eventBar);
    }
  }

  #judgePhases(series: Series, before: number): void {
    while (series.phases.length > 0) {
      const [label] = series.phases;
      const toBar = series.finder.barOf(label.spanTo);
      if (!(toBar <= before)) return;
      series.phases.shift();
      if (label.phase === null || label.hypothesis === null) continue;
      this.#phases.judge({
        hypothesis: label.hypothesis,
        phase: label.phase,
        fromBar: series.finder.barOf(label.spanFrom),
        toBar,
      });
    }
  }

  #book(settled: Settled, spans: Spans, place: { symbol: string; timeframe: Timeframe }): void {
    const inSpan = settled.what === 'detection' && spans.at(settled.detection.time) !== null;
    const outcome = this.#main.book(settled, place, inSpan);
    if (outcome !== 'fp' && outcome !== 'fn') return;
    const item = settled.what === 'detection' || outcome === 'fp' ? settledDetection(settled) : null;
    const label = settled.what === 'detection' ? null : settled.label;
    this.#examples.add({
      sort: outcome === 'fp' ? 'false-positive' : 'false-negative',
      ...place,
      kind: item?.kind ?? (label?.kind as EventKind),
      bar: item?.bar ?? label?.bar ?? NaN,
      time: item?.time ?? label?.time ?? NaN,
      id: item?.id ?? label?.labelId ?? '',
      instead: settled.what === 'label' ? settled.mistakenFor : null,
    });
  }
}

function counts(record: DetectionEvent, threshold: number): boolean {
  return record.confidence === null || record.confidence >= threshold || record.reasons.includes('AWAIT_TEST');
}

function settledDetection(settled: Settled): PlacedDetection | null {
  return settled.what === 'label' ? null : settled.detection;
}

function place(label: Label, bar: number): PlacedLabel | null {
  const isFalse = label.kind.startsWith('FALSE_');
  return {
    labelId: label.labelId,
    kind: (isFalse ? label.kind.slice('FALSE_'.length) : label.kind) as EventKind,
    verdict: isFalse ? 'INCORRECT' : label.verdict,
    bar,
    time: label.barTs,
    hypothesis: label.hypothesis,
    phase: label.phase,
    structure: label.rangeId,
  };
}

function placeRecord(record: DetectionEvent, regime: string | null): PlacedDetection {
  return {
    id: record.id,
    kind: record.kind,
    bar: record.eventBar,
    time: record.eventTime,
    confirmBar: record.confirmBar,
    hypothesis: record.hypothesis,
    phase: record.phase,
    confidence: record.confidence,
    tradeable: record.tradeable,
    regime,
  };
}
