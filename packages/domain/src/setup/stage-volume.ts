/** V-1 to V-3: what the detector said about volume, stated as a rule that nothing bypasses (trading.md 3). */
import { fail, notApplicable, pass } from './chain.ts';
import type { Stage } from './chain.ts';

export const volumeStage: Stage = ({ event, pattern }) => {
  if (pattern === 'EXTERNAL') return [notApplicable('volume')];
  const said = new Set(event.reasons);
  if (said.has('NO_VOLUME')) return [fail('VOL_NONE', 'The instrument has no usable volume.')];
  if (event.volRatio === null || !Number.isFinite(event.volRatio))
    return [fail('VOL_HISTORY', 'There is too little volume history.')];
  const measured = event.volRatio;
  if (said.has('ANOMALY')) return [fail('VOL_ANOMALY', 'The volume of the bar is an anomaly.', { measured })];
  if (said.has('VOLUME_TOO_HIGH')) return [fail('VOL_RULE', 'The volume is too high for this event.', { measured })];
  if (said.has('VOLUME_TOO_LOW')) return [fail('VOL_RULE', 'The volume is too low for this event.', { measured })];
  // What it is held against depends on the kind of event and is the detector's (detection.md).
  return [pass({ measured })];
};
