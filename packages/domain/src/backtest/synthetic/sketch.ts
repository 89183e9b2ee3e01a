/** What the author notes while drawing a structure: events and phases by bar, the range and its edges. */
import type { EventKind, Phase } from '../../wyckoff/event.ts';
import type { LabelKind, Verdict } from './label.ts';

/** Names as in an accumulation; the mirror is applied when the labels are written. */
export interface SketchedEvent {
  readonly kind: LabelKind;
  readonly bar: number;
  readonly verdict: Verdict;
  /** Of the other side: a test of the far edge. */
  readonly otherSide: boolean;
  readonly why: string;
  readonly reason: string | null;
}

export class Sketch {
  // bounded: the events of one structure, a few dozen
  readonly events: SketchedEvent[] = [];
  // bounded: the phases of one structure
  readonly phases: { phase: Phase | null; from: number }[] = [];
  /** Heights of the edges in ln price as seen by the hand. */
  support = 0;
  resistance = 0;
  rangeFrom: number | null = null;
  rangeTo: number | null = null;
  to = 0;
  outcome: 'WIN' | 'LOSS' = 'WIN';

  /** The climax: what lies before it, preliminary support included, belongs to the trend, in which an older range may still speak. */
  get from(): number {
    return this.rangeFrom ?? this.events.reduce((first, event) => Math.min(first, event.bar), Infinity);
  }

  event(kind: EventKind, bar: number, why: string): void {
    this.events.push({ kind, bar, verdict: 'CORRECT', otherSide: false, why, reason: null });
  }

  /** Seen by some traders as this event, by others not: no detection is judged by it. */
  ambiguous(kind: EventKind, bar: number, why: string): void {
    this.events.push({ kind, bar, verdict: 'AMBIGUOUS', otherSide: true, why, reason: null });
  }

  /** Looks like the event and is none. */
  false(kind: EventKind, bar: number, reason: string): void {
    this.events.push({ kind: `FALSE_${kind}`, bar, verdict: 'INCORRECT', otherSide: false, why: `looks like ${kind}`, reason });
  }

  /** From this bar on the structure is in this phase; null: in none. */
  phase(phase: Phase | null, from: number): void {
    this.phases.push({ phase, from });
  }
}
