/** A campaign as everybody sees it, and the row kept of every decision about its budget (trading.md 6, interface.md 4.2). */
import type { EpochMs, Price, Ratio, Timeframe } from '../bar/bar.ts';
import type { Direction, Leg, Micros, Pattern } from '../setup/signal.ts';
import type { Phase } from '../wyckoff/event.ts';
import type { CampaignState } from './campaign.ts';

export const HEALTHS = ['GREEN', 'YELLOW', 'RED'] as const;
export type Health = (typeof HEALTHS)[number];

/** One entry of a campaign: reserved, then filled and closed, or given back. */
export interface CampaignEntry {
  readonly signalId: string;
  readonly leg: Leg;
  readonly pattern: Pattern;
  readonly state: 'RESERVED' | 'OPEN' | 'CLOSED' | 'UNFILLED';
  /** Initial risk: reserved, or what was really filled. */
  readonly riskMicros: Micros;
  readonly at: EpochMs;
}

/** Quantity-weighted over the parts and positions of one campaign or one leg (6.5). */
export interface CampaignMeasures {
  readonly positions: number;
  readonly wins: number;
  readonly winRate: Ratio | null;
  /** Sum of the positions' R, each from its initial stop. */
  readonly r: Ratio;
  readonly pnlMicros: Micros;
  /** Net profit / equity when the campaign began. */
  readonly returnRatio: Ratio | null;
  readonly avgEntry: Price | null;
  readonly avgExit: Price | null;
  /** (best - entry) / (O1 - entry). */
  readonly targetAchievement: Ratio | null;
  readonly mfeR: Ratio;
  readonly maeR: Ratio;
  /** Realised R / MFE. */
  readonly efficiency: Ratio | null;
  readonly bars: number;
  readonly days: Ratio;
}

/** The whole state of a campaign; what the fact `campaign.changed` carries. */
export interface CampaignRecord {
  readonly id: string;
  /** `SYMBOL-TF-YYYY-MM-DD-L|S`, the start of its range. */
  readonly label: string;
  readonly accountId: string;
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly direction: Direction;
  readonly rangeStart: EpochMs;
  readonly status: CampaignState;
  /** What moved it last; a reason of 6.1 or 6.4. */
  readonly reason: string;
  readonly phase: Phase | null;
  readonly budgetMicros: Micros;
  /** Initial risk ever filled or now reserved. */
  readonly usedMicros: Micros;
  readonly used: Readonly<Record<Leg, Micros>>;
  /** Known at the first entry; what quality studies group by. */
  readonly atEntry: { readonly rangeQuality: number; readonly phaseConfidence: number };
  /** At most 5. */
  readonly entries: readonly CampaignEntry[];
  readonly health: Health;
  /** The next entry the campaign waits for; null: none. */
  readonly nextLeg: Leg | null;
  readonly metrics: CampaignMeasures & { readonly byLeg: Readonly<Record<Leg, CampaignMeasures | null>> };
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  readonly closedAt: EpochMs | null;
  readonly version: number;
}

/** One decision about a share; kept for ever. */
export interface AllocationRow {
  readonly campaignId: string;
  readonly signalId: string;
  readonly leg: Leg;
  /** Of the budget this leg may use; null when it may not be used at all. */
  readonly sharePercent: number | null;
  /** Of the budget, used by all legs before this decision. */
  readonly usedPercent: number;
  /** A leg that was not taken left its share to this one. */
  readonly rebalanced: boolean;
  /** What bound the size, such as `RK_SHARE` or `RK_HEAT`; null: the pattern's own risk. */
  readonly binding: string | null;
  /** Why it was refused; null: allocated. */
  readonly reason: string | null;
  readonly riskMicros: Micros;
  readonly at: EpochMs;
}
