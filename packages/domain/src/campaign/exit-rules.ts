/** When a position is closed by rule on a closed bar, after stop and targets (trading.md 6.3): the first match wins. */
import type { Bar, Timeframe } from '../bar/bar.ts';
import { sideOf } from '../trade/open-position.ts';
import type { OpenPosition } from '../trade/open-position.ts';
import type { ExitReason } from '../trade/position.ts';
import type { DetectionEvent } from '../wyckoff/event.ts';

const ATR_GROWTH = 2.5;

export interface ExitContext {
  readonly atr: number | null;
  readonly events: readonly DetectionEvent[];
  readonly timeframe: Timeframe;
  /** Bars after which a position has had its time; default 100. */
  readonly timeBars: number;
}

/** Rules 1, 2, 3 and 5; null when none holds. */
export function exitRule(position: OpenPosition, bar: Bar, context: ExitContext): ExitReason | null {
  const side = sideOf(position.direction);
  if (side * (bar.close - position.protectingEdge) < 0) return 'RULE_1';
  if (context.atr !== null && position.atrAtEntry !== null && context.atr >= ATR_GROWTH * position.atrAtEntry) return 'RULE_2';
  if (context.events.some((event) => isOppositeClimax(event, side))) return 'RULE_3';
  return position.agedBars >= context.timeBars ? 'RULE_5' : null;
}

/** BC ends a long, SC a short. */
function isOppositeClimax(event: DetectionEvent, side: 1 | -1): boolean {
  return event.status === 'confirmed' && event.kind === (side === 1 ? 'BC' : 'SC');
}
