/** What a certificate asks of a detector, so that a cheat can be handed in beside the real one. */
import type { Bar } from '../../bar/bar.ts';
import type { DetectionEvent } from '../../wyckoff/event.ts';
import type { PhaseTransition, RangeView } from '../../wyckoff/view.ts';

export interface Subject {
  onBar(bar: Bar): readonly DetectionEvent[];
  snapshot(): Uint8Array;
  /** Accepted bars. */
  readonly bars: number;
  readonly revision: number;
  view(): { readonly range: RangeView | null };
  transitions(sinceSeq: number): readonly PhaseTransition[];
}

export interface SubjectOptions {
  /** Also records of status `candidate` and `expired`. */
  readonly emitCandidates?: boolean;
  /** Distribution as an exact mirror, percentages of this constant price (detection.md P6). */
  readonly mirrorBase?: number;
}

export interface SubjectFactory {
  create(options?: SubjectOptions): Subject;
  restore(bytes: Uint8Array, options?: SubjectOptions): Subject;
}
