/** A campaign: all entries in one direction from one range, under one budget (trading.md 6). */
import type { EpochMs, Price } from '../bar/bar.ts';
import { IllegalTransition } from '../setup/illegal-transition.ts';
import type { Direction, Leg, Micros } from '../setup/signal.ts';
import { mulDiv } from '../trade/money.ts';

export const CAMPAIGN_STATES = ['FORMING', 'ACTIVE', 'MARKUP', 'DORMANT', 'COMPLETED', 'INVALIDATED', 'CANCELLED'] as const;
export type CampaignState = (typeof CAMPAIGN_STATES)[number];

export const CAMPAIGN_TRANSITIONS: Readonly<Record<CampaignState, readonly CampaignState[]>> = {
  FORMING: ['ACTIVE', 'DORMANT', 'INVALIDATED', 'CANCELLED'],
  ACTIVE: ['MARKUP', 'DORMANT', 'COMPLETED', 'INVALIDATED', 'CANCELLED'],
  MARKUP: ['ACTIVE', 'COMPLETED', 'INVALIDATED', 'CANCELLED'],
  DORMANT: ['FORMING', 'ACTIVE', 'COMPLETED', 'INVALIDATED', 'CANCELLED'],
  COMPLETED: [],
  INVALIDATED: [],
  CANCELLED: [],
};

/** Plain JSON; one writer, the engine. */
export interface Campaign {
  readonly id: string;
  readonly direction: Direction;
  /** Local to one engine run; `rangeStart` is what is stored. */
  readonly rangeId: number;
  readonly rangeStart: EpochMs;
  readonly budgetMicros: Micros;
  state: CampaignState;
  /** Initial risk ever filled or now reserved, per leg; closing gives nothing back. */
  readonly used: Record<Leg, Micros>;
  /** The lowest Spring low (highest UTAD high) that was entered. */
  extreme: Price | null;
  /** Ids of the Springs and UTADs that were entered. */
  parents: readonly string[];
  /** First objective, and whether it traded. */
  objective: Price | null;
  objectiveTraded: boolean;
  protectingEdge: Price;
  hasFilled: boolean;
  rangeEnded: boolean;
  /** Bars since the last record of the range. */
  quietBars: number;
}

/** The next state. @throws {IllegalTransition} */
export function advanceCampaign(campaign: Campaign, to: CampaignState): void {
  if (!CAMPAIGN_TRANSITIONS[campaign.state].includes(to))
    throw new IllegalTransition(`campaign ${campaign.id}`, campaign.state, to);
  campaign.state = to;
}

export function isTerminalCampaign(state: CampaignState): boolean {
  return CAMPAIGN_TRANSITIONS[state].length === 0;
}

/** Percent of the budget a leg may use, given which legs were taken; null: an L leg alone without the confidence for it. */
export function sharePercent(leg: Leg, taken: Readonly<Record<Leg, boolean>>, confidence: number): number | null {
  if (leg === 'F') return 40;
  if (leg === 'S') return taken.F ? 30 : 70;
  if (taken.S) return 30;
  if (taken.F) return 60;
  return confidence >= 75 ? 100 : null;
}

/** `min(leg share - used(leg), 100 % - used(all)) x budget`, rounded down; null as in `sharePercent`. */
export function shareLeft(
  used: Readonly<Record<Leg, Micros>>,
  leg: Leg,
  of: { readonly budget: Micros; readonly confidence: number },
): Micros | null {
  const taken = { F: used.F > 0, S: used.S > 0, L: used.L > 0 };
  // A leg does not shrink its own share by having been taken.
  const percent = sharePercent(leg, { ...taken, [leg]: false }, of.confidence);
  if (percent === null && !taken.L) return null;
  const legShare = mulDiv(of.budget, percent ?? 100, 100, 'down');
  return Math.max(0, Math.min(legShare - used[leg], of.budget - used.F - used.S - used.L));
}
