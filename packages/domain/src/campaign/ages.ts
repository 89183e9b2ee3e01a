/** How long a campaign waits: dormant without a record of its range, over when nothing is left to wait for (trading.md 6.1). */
import type { Timeframe } from '../bar/bar.ts';
import { isUsedUp } from './campaign.ts';
import type { Campaign } from './campaign.ts';

/** Bars without an event: dormant, expired. */
export const AGES: Readonly<Record<Timeframe, readonly [number, number]>> = {
  '1m': [60, 240],
  '5m': [36, 144],
  '15m': [24, 96],
  '30m': [18, 84],
  '1h': [12, 72],
  '4h': [6, 42],
  '1d': [5, 30],
  '1w': [3, 12],
};

export interface AgeVerdict {
  readonly ends: 'COMPLETED' | 'INVALIDATED';
  readonly reason: 'LAST_RUNG' | 'SHARES_USED' | 'RANGE_ENDED' | 'EXPIRED' | 'UNFILLED';
}

/** FORMING and ACTIVE fall asleep; a marked-up one does not (6.1). */
export function isDormant(campaign: Campaign, timeframe: Timeframe): boolean {
  const mayRest = campaign.state === 'FORMING' || campaign.state === 'ACTIVE';
  return mayRest && !campaign.isExternal && campaign.quietBars >= AGES[timeframe][0];
}

/** For a flat campaign without a working entry; null: it waits for its next leg. */
export function ageVerdict(campaign: Campaign, timeframe: Timeframe): AgeVerdict | null {
  const expiry = AGES[timeframe][1];
  const ends = campaign.hasFilled ? 'COMPLETED' : 'INVALIDATED';
  if (campaign.isExternal) return { ends, reason: campaign.hasFilled ? 'SHARES_USED' : 'UNFILLED' };
  if (campaign.rangeEnded) return { ends, reason: 'RANGE_ENDED' };
  if (campaign.hasFilled && campaign.lastRungHit) return { ends, reason: 'LAST_RUNG' };
  if (campaign.hasFilled && isUsedUp(campaign)) return { ends, reason: 'SHARES_USED' };
  const waited = campaign.state === 'MARKUP' ? campaign.flatBars : campaign.quietBars;
  return waited >= expiry ? { ends, reason: 'EXPIRED' } : null;
}
