/** What ends a campaign or a part of it at once, judged on closed bars (trading.md 6.4). */
import type { Bar } from '../bar/bar.ts';
import type { Leg } from '../setup/signal.ts';
import { sideOf } from '../trade/open-position.ts';
import type { DetectionEvent } from '../wyckoff/event.ts';
import type { PhaseTransition } from '../wyckoff/view.ts';
import type { Campaign } from './campaign.ts';

export interface Verdict {
  /** Legs whose positions and entries close. */
  readonly legs: readonly Leg[];
  /** How the campaign ends; null: it goes on with its other legs. */
  readonly ends: 'INVALIDATED' | 'COMPLETED' | null;
}

const ALL: readonly Leg[] = ['F', 'S', 'L'];
const WHOLE: Verdict = { legs: ALL, ends: 'INVALIDATED' };

interface Heard {
  readonly events: readonly DetectionEvent[];
  readonly transitions: readonly PhaseTransition[];
  /** A position of the first leg is open. */
  readonly holdsFirstLeg: boolean;
}

/** The verdict of this bar over one campaign; null: nothing happened. */
export function invalidationOf(campaign: Campaign, bar: Bar, heard: Heard): Verdict | null {
  const side = sideOf(campaign.direction);
  if (campaign.extreme !== null && side * (bar.close - campaign.extreme) < 0) return WHOLE;
  if (heard.events.some((event) => event.status === 'failed' && campaign.parents.includes(event.id))) return WHOLE;
  if (campaign.objectiveTraded && side * (bar.close - campaign.protectingEdge) < 0) return WHOLE;
  const ended = heard.transitions.find(
    (step) => step.to === null && step.rangeId === campaign.rangeId && step.hypothesis === side,
  );
  if (ended !== undefined && (ended.from === 'D' || ended.from === 'E'))
    return { legs: ALL, ends: ended.from === 'E' ? 'COMPLETED' : 'INVALIDATED' };
  if (!heard.events.some((event) => isFailedBreak(event, campaign))) return null;
  // 6.1: the trend it marked up is gone, and nothing of the first leg is left to wait for another.
  return campaign.state === 'MARKUP' && !heard.holdsFirstLeg ? WHOLE : { legs: ['S', 'L'], ends: null };
}

export function isFailedBreak(event: DetectionEvent, campaign: Campaign): boolean {
  return isBreakOf(event, campaign) && event.status === 'failed';
}

/** SOS of a long campaign, SOW of a short one, in its own range. */
export function isBreakOf(event: DetectionEvent, campaign: Campaign): boolean {
  return event.rangeId === campaign.rangeId && event.kind === (campaign.direction === 'LONG' ? 'SOS' : 'SOW');
}
