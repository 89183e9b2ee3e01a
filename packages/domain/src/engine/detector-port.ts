/** What the engine asks of a detector; the real one is `createDetector`, a test may hand in a script or a cheat. */
import type { Bar } from '../bar/bar.ts';
import type { DetectionEvent } from '../wyckoff/event.ts';
import type { PhaseTransition, RangeView } from '../wyckoff/view.ts';

export interface DetectorPort {
  /** Records that became knowable at this bar. */
  onBar(bar: Bar): readonly DetectionEvent[];
  /** Rises when range, levels or phases changed. */
  readonly revision: number;
  view(): { readonly range: RangeView | null };
  transitions(sinceSeq: number): readonly PhaseTransition[];
  snapshot(): Uint8Array;
}
