/** From a living campaign to the record everybody sees, with its health and its measures (trading.md 6.5). */
import type { EpochMs } from '../bar/bar.ts';
import type { Leg, Micros } from '../setup/signal.ts';
import type { TradedInstrument } from '../trade/instrument.ts';
import { mulDiv } from '../trade/money.ts';
import { openRisk, unrealisedOf } from '../trade/open-position.ts';
import type { OpenPosition } from '../trade/open-position.ts';
import { nextLeg, usedBy } from './campaign.ts';
import type { Campaign } from './campaign.ts';
import type { CampaignMeasures, CampaignRecord, Health } from './campaign-record.ts';
import { measuresOf, tallyCampaign } from './measures.ts';
import type { LegTally } from './measures.ts';

const DAY = 86_400_000;
/** Of equity, in basis points: above is RED, from the second on YELLOW (5.1). */
const RED_BP = 500;
const YELLOW_BP = 400;

export interface RecordContext {
  readonly equityMicros: Micros;
  /** Open positions of this campaign. */
  readonly open: readonly OpenPosition[];
  /** Risk its working entries reserve. */
  readonly reservedMicros: Micros;
  readonly instrument: TradedInstrument;
  /** Pipeline time. */
  readonly at: EpochMs;
}

export function recordOf(campaign: Campaign, context: RecordContext): CampaignRecord {
  const { all, byLeg } = tallyCampaign(campaign.tallies, context.open, context.instrument);
  const days = ((campaign.closedAt ?? context.at) - campaign.createdAt) / DAY;
  const { objective, equityAtStart, used, entries } = campaign;
  const of = (tally: LegTally, leg: Leg | null): CampaignMeasures => {
    const openPositions = context.open.filter((position) => leg === null || position.leg === leg).length;
    return measuresOf(tally, { objective, equityAtStart, days, openPositions, bars: leg === null ? campaign.bars : null });
  };
  const ofLeg = (leg: Leg): CampaignMeasures | null => (byLeg[leg].positions === 0 ? null : of(byLeg[leg], leg));
  const { id, label, accountId, symbol, timeframe, direction, rangeStart, reason, phase, budgetMicros, atEntry } = campaign;
  return {
    id, label, accountId, symbol, timeframe, direction, rangeStart, status: campaign.state, reason, phase, budgetMicros, usedMicros: usedBy(used),
    used: { ...used }, atEntry, entries, health: healthOf(campaign, context), nextLeg: nextLeg(campaign),
    metrics: { ...of(all, null), byLeg: { F: ofLeg('F'), S: ofLeg('S'), L: ofLeg('L') } },
    createdAt: campaign.createdAt, updatedAt: campaign.updatedAt, closedAt: campaign.closedAt, version: campaign.version,
  }; // prettier-ignore
}

/** RED: stopped, invalidated or over its limit; YELLOW: near it, or a tenth of its risk lost; else GREEN. */
export function healthOf(campaign: Campaign, context: RecordContext): Health {
  const { open, instrument, equityMicros } = context;
  const risk = open.reduce((sum, position) => sum + openRisk(position, instrument), context.reservedMicros);
  const limit = (bp: number): Micros => mulDiv(Math.max(0, equityMicros), bp, 10_000, 'down');
  const wasStopped = campaign.wasStopped && open.length === 0;
  if (wasStopped || campaign.state === 'INVALIDATED' || risk > limit(RED_BP)) return 'RED';
  const pnl = open.reduce((sum, position) => sum + unrealisedOf(position, instrument), 0);
  const initial = open.reduce((sum, position) => sum + position.initialRiskMicros, 0);
  const isNear = risk > 0 && risk >= limit(YELLOW_BP);
  return isNear || pnl * 10 < -initial ? 'YELLOW' : 'GREEN';
}
