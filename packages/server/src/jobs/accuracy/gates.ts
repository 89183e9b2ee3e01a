/** What must hold before a detector is let through (backtesting.md 13.3). */
import type { AccuracyReport } from '@wyckoff/domain';

export interface Gate {
  readonly gate: string;
  readonly least: number;
  readonly value: number | null;
  /** Labels, bars or structures behind the value. */
  readonly trials: number;
  readonly verdict: 'PASS' | 'FAIL' | 'NOT_ENOUGH_DATA';
}

/** Fewer say nothing. */
const LEAST_TRIALS = 30;

export function gatesOf(report: AccuracyReport): Gate[] {
  const { total, ranges } = report;
  const phaseBars = Object.values(report.phases).reduce((sum, phase) => sum + phase.bars, 0);
  return [
    gate('pattern precision', 0.75, total.precision, total.tp + total.fn),
    gate('phase accuracy', 0.8, report.phaseAccuracy, phaseBars),
    gate('range precision', 0.9, ranges.precision, ranges.tp + ranges.fn),
    gate('sequence validity', 0.9, report.sequenceValidity, report.sequencesJudged),
  ];
}

function gate(name: string, least: number, value: number | null, trials: number): Gate {
  const verdict = trials < LEAST_TRIALS || value === null ? 'NOT_ENOUGH_DATA' : value >= least ? 'PASS' : 'FAIL';
  return { gate: name, least, value, trials, verdict };
}
