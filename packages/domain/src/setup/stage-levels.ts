/** LV-1 to LV-4: levels strong enough, and objectives that are neither missing nor fantasy (trading.md 3). */
import { fail, notApplicable, pass, warn } from './chain.ts';
import type { Stage } from './chain.ts';
import { breakingEdge } from './plan.ts';

const UNREALISTIC = 2;
const CONSERVATIVE = 0.8;

export const levelsStage: Stage = ({ event, side, pattern }, market) => {
  if (pattern === 'EXTERNAL') return [notApplicable('levels')];
  const { support, resistance, objectives } = event.prices;
  if (event.reasons.includes('LEVEL_STRENGTH'))
    return [fail('LV_STRENGTH', 'The level has been tested too little.', { measured: event.levelStrength, limit: 60 })];
  if (event.reasons.includes('RANGE_QUALITY'))
    return [fail('LV_RANGE', 'The range is not clear enough.', { measured: event.rangeQuality, limit: 70 })];
  if (!(resistance > support))
    return [fail('LV_RANGE', 'Resistance is not above support.', { measured: resistance, limit: support })];
  const edge = breakingEdge({ side, support, resistance });
  const reach = Math.max(...(objectives ?? []).map((price) => side * (price - edge)), -Infinity);
  if (!(reach > 0)) return [fail('LV_OBJECTIVE', 'There is no objective beyond the range.')];
  const measured = reach / ((resistance - support) * market().causeFactor);
  if (!(measured <= UNREALISTIC))
    return [fail('LV_UNREALISTIC', 'The objective is too far for the cause.', { measured, limit: UNREALISTIC })];
  return measured < CONSERVATIVE
    ? [warn('LV_CONSERVATIVE', 'The objective is modest for the cause.', { measured, limit: CONSERVATIVE })]
    : [pass({ measured, limit: UNREALISTIC })];
};
