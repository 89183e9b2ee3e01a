/** Every condition a detector judges, for whoever wants to know why and why not. */
import type { EventKind, Hypothesis, ReasonCode } from './event.ts';

/** One condition of one rule at one bar. */
export interface TracedCondition {
  readonly bar: number;
  readonly kind: EventKind;
  readonly hypothesis: Hypothesis;
  readonly code: ReasonCode;
  readonly value: number;
  readonly limit: number;
  readonly passed: boolean;
  /** A gate between a record and a trade, not a condition of the event itself; where it is a yes or no, 1 or 0 against 1. */
  readonly gate?: true;
}

export type TraceSink = (condition: TracedCondition) => void;
