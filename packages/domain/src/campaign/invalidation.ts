/** What ends a campaign or a part of it at once, judged on closed bars (trading.md 6.4). */
import type { Bar } from '../bar/bar.ts';
import type { Leg } from '../setup/signal.ts';
import { sideOf } from '../trade/open-position.ts';
import type { DetectionEvent } from '../wyckoff/event.ts';
import type { PhaseTransition } from '../wyckoff/view.ts';
import type { Campaign } from './campaign.ts';

export type VerdictReason =
  | 'EXTREME_BROKEN' | 'SOURCE_FAILED' | 'EDGE_LOST' | 'TREND_ENDED' | 'OPPOSITE_CLIMAX' | 'BREAK_FAILED'; // prettier-ignore

export interface Verdict {
  /** Legs whose positions and entries close. */
  readonly legs: readonly Leg[];
  /** How the campaign ends; null: it goes on with its other legs. */
  readonly ends: 'INVALIDATED' | 'COMPLETED' | null;
  readonly reason: VerdictReason;
}

const ALL: readonly Leg[] = ['F', 'S', 'L'];

interface Heard {
  readonly events: readonly DetectionEvent[];
  readonly transitions: readonly PhaseTransition[];
  /** A position of the first leg is open. */
  readonly holdsFirstLeg: boolean;
}

/** The verdict of this bar over one campaign; null: nothing happened. An entry from outside has no range to fail. */
export function invalidationOf(campaign: Campaign, bar: Bar, heard: Heard): Verdict | null {
  if (campaign.isExternal) return null;
  const side = sideOf(campaign.direction);
  if (campaign.extreme !== null && side * (bar.close - campaign.extreme) < 0) return whole('EXTREME_BROKEN');
  if (heard.events.some((event) => event.status === 'failed' && campaign.parents.includes(event.id)))
    return whole('SOURCE_FAILED');
  if (campaign.objectiveTraded && side * (bar.close - campaign.protectingEdge) < 0) return whole('EDGE_LOST');
  const ended = hypothesisEnd(campaign, bar, heard);
  if (ended !== null) return ended;
  if (!heard.events.some((event) => isFailedBreak(event, campaign))) return null;
  // 6.1: the trend it marked up is gone, and nothing of the first leg is left to wait for another.
  if (campaign.state === 'MARKUP' && !heard.holdsFirstLeg) return whole('BREAK_FAILED');
  return { legs: ['S', 'L'], ends: null, reason: 'BREAK_FAILED' };
}

/** SOS of a long campaign, SOW of a short one, in its own range. */
export function isBreakOf(event: DetectionEvent, campaign: Pick<Campaign, 'rangeId' | 'direction'>): boolean {
  return event.rangeId === campaign.rangeId && event.kind === (campaign.direction === 'LONG' ? 'SOS' : 'SOW');
}

/**
 * The hypothesis ended in phase D or E: by a trend end, back inside the range it had left, or by an opposite climax with its
 * rally. A range that merely completed, aged out or was replaced beyond its edge ends no position (6.4, detection.md 3.3 and 5.1).
 */
function hypothesisEnd(campaign: Campaign, bar: Bar, heard: Heard): Verdict | null {
  const side = sideOf(campaign.direction);
  const ended = heard.transitions.find(
    (step) => step.to === null && step.rangeId === campaign.rangeId && step.hypothesis === side,
  );
  if (ended === undefined || (ended.from !== 'D' && ended.from !== 'E')) return null;
  const ends = ended.from === 'E' ? 'COMPLETED' : 'INVALIDATED';
  if (side * (bar.close - campaign.breakingEdge) < 0) return { legs: ALL, ends, reason: 'TREND_ENDED' };
  const isTurned = heard.events.some((event) => isOppositeStart(event, side));
  return isTurned ? { legs: ALL, ends, reason: 'OPPOSITE_CLIMAX' } : null;
}

/** The automatic rally that confirms a climax against us, and begins another range. */
function isOppositeStart(event: DetectionEvent, side: 1 | -1): boolean {
  if (event.status !== 'confirmed') return false;
  return event.kind === (side === 1 ? 'BC' : 'SC') || (event.kind === 'AR' && event.hypothesis === -side);
}

function isFailedBreak(event: DetectionEvent, campaign: Campaign): boolean {
  return isBreakOf(event, campaign) && event.status === 'failed';
}

function whole(reason: VerdictReason): Verdict {
  return { legs: ALL, ends: 'INVALIDATED', reason };
}
