/** A campaign: all entries in one direction from one range, under one budget (trading.md 6). */
import type { EpochMs, Price, Timeframe } from '../bar/bar.ts';
import { civil } from '../market/new-york.ts';
import { LPS_ONLY_CONFIDENCE } from '../risk/exposure.ts';
import { IllegalTransition } from '../setup/illegal-transition.ts';
import type { Direction, Leg, Micros } from '../setup/signal.ts';
import { LEGS } from '../setup/signal.ts';
import { mulDiv } from '../trade/money.ts';
import type { Phase } from '../wyckoff/event.ts';
import type { CampaignEntry } from './campaign-record.ts';
import type { LegTally } from './measures.ts';

const DAY = 86_400_000;

export const CAMPAIGN_STATES = ['FORMING', 'ACTIVE', 'MARKUP', 'DORMANT', 'COMPLETED', 'INVALIDATED', 'CANCELLED'] as const;
export type CampaignState = (typeof CAMPAIGN_STATES)[number];
export type CampaignEnd = Extract<CampaignState, 'COMPLETED' | 'INVALIDATED' | 'CANCELLED'>;

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
  /** `SYMBOL-TF-YYYY-MM-DD-L|S`. */
  readonly label: string;
  readonly accountId: string;
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly direction: Direction;
  /** Local to one engine run; `rangeStart` is what is stored. */
  readonly rangeId: number;
  readonly rangeStart: EpochMs;
  /** One entry from outside, with the whole budget and no range (6.2). */
  readonly isExternal: boolean;
  readonly budgetMicros: Micros;
  readonly equityAtStart: Micros;
  /** Known at the first entry: what quality studies group by. */
  readonly atEntry: { readonly rangeQuality: number; readonly phaseConfidence: number };
  state: CampaignState;
  /** Decided, and carried out when its last position is closed; it takes no entry any more. */
  ending: { readonly state: CampaignEnd; readonly reason: string } | null;
  /** What moved it last. */
  reason: string;
  phase: Phase | null;
  /** Initial risk ever filled or now reserved, per leg; closing gives nothing back. */
  readonly used: Record<Leg, Micros>;
  entries: readonly CampaignEntry[];
  /** Closed positions, per leg. */
  readonly tallies: Record<Leg, LegTally>;
  /** The lowest Spring low (highest UTAD high) that was entered. */
  extreme: Price | null;
  /** Ids of the Springs and UTADs that were entered. */
  parents: readonly string[];
  /** First objective, and whether it traded. */
  objective: Price | null;
  objectiveTraded: boolean;
  protectingEdge: Price;
  breakingEdge: Price;
  hasFilled: boolean;
  /** SOS or SOW of the range was confirmed and did not fail. */
  hasBroken: boolean;
  /** A position gave its last part to its last target. */
  lastRungHit: boolean;
  /** The last position that closed was stopped out at its initial stop. */
  wasStopped: boolean;
  rangeEnded: boolean;
  /** Bars since the last record of the range. */
  quietBars: number;
  /** Bars without position or working entry, since the last of them. */
  flatBars: number;
  bars: number;
  readonly createdAt: EpochMs;
  updatedAt: EpochMs;
  closedAt: EpochMs | null;
  version: number;
}

/** The next state. @throws {IllegalTransition} */
export function advanceCampaign(campaign: Pick<Campaign, 'id' | 'state'>, to: CampaignState): void {
  if (!CAMPAIGN_TRANSITIONS[campaign.state].includes(to))
    throw new IllegalTransition(`campaign ${campaign.id}`, campaign.state, to);
  campaign.state = to;
}

export function isTerminalCampaign(state: CampaignState): boolean {
  return CAMPAIGN_TRANSITIONS[state].length === 0;
}

/** `SYMBOL-TF-YYYY-MM-DD-L|S`: the UTC day on which its range began. */
export function campaignLabel(of: {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly rangeStart: EpochMs;
  readonly direction: Direction;
}): string {
  const { year, month, day } = civil(Math.floor(of.rangeStart / DAY));
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${of.symbol}-${of.timeframe}-${year}-${two(month)}-${two(day)}-${of.direction === 'LONG' ? 'L' : 'S'}`;
}

/** Percent of the budget a leg may use, given which legs were taken; null: an L leg alone without the confidence for it. */
export function sharePercent(leg: Leg, taken: Readonly<Record<Leg, boolean>>, confidence: number): number | null {
  if (leg === 'F') return 40;
  if (leg === 'S') return taken.F ? 30 : 70;
  if (taken.S) return 30;
  if (taken.F) return 60;
  return confidence >= LPS_ONLY_CONFIDENCE ? 100 : null;
}

/** Which legs were filled or are reserved now. A leg does not shrink its own share by having been taken. */
export function takenBeside(leg: Leg, used: Readonly<Record<Leg, Micros>>): Readonly<Record<Leg, boolean>> {
  return { F: used.F > 0, S: used.S > 0, L: used.L > 0, [leg]: false };
}

/** `min(leg share - used(leg), 100 % - used(all)) x budget`, rounded down; null as in `sharePercent`. */
export function shareLeft(
  used: Readonly<Record<Leg, Micros>>,
  leg: Leg,
  of: { readonly budget: Micros; readonly confidence: number },
): Micros | null {
  const percent = sharePercent(leg, takenBeside(leg, used), of.confidence);
  if (percent === null && used.L === 0) return null;
  const legShare = mulDiv(of.budget, percent ?? 100, 100, 'down');
  return Math.max(0, Math.min(legShare - used[leg], of.budget - usedBy(used)));
}

export function usedBy(used: Readonly<Record<Leg, Micros>>): Micros {
  return used.F + used.S + used.L;
}

/** No leg can enter any more, whatever its confidence. */
export function isUsedUp(campaign: Pick<Campaign, 'used' | 'budgetMicros' | 'isExternal'>): boolean {
  if (campaign.isExternal) return usedBy(campaign.used) > 0;
  const of = { budget: campaign.budgetMicros, confidence: 100 };
  return LEGS.every((leg) => shareLeft(campaign.used, leg, of) === 0);
}

/** The entry it waits for, F -> S -> L; null: none. */
export function nextLeg(
  campaign: Pick<Campaign, 'used' | 'state' | 'ending' | 'hasBroken' | 'rangeEnded' | 'isExternal'>,
): Leg | null {
  const isOver = isTerminalCampaign(campaign.state) || campaign.ending !== null || campaign.rangeEnded;
  if (isOver || campaign.isExternal || campaign.used.L > 0) return null;
  if (campaign.hasBroken || campaign.used.S > 0) return 'L';
  return campaign.used.F > 0 ? 'S' : 'F';
}
