/** What the engine asks of a detector; the real one is `createDetector`, a study may hand in a script or a cheat. */
import type { Detector } from '../wyckoff/detector.ts';
import type { DetectorGlance } from '../wyckoff/view.ts';

/** The part of a view the engine reads. */
export type PortView = DetectorGlance;

export interface DetectorPort extends Pick<Detector, 'onBar' | 'revision' | 'transitions' | 'snapshot'> {
  glance(): PortView;
}
