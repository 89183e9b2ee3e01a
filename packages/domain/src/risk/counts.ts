/** How many positions and campaigns there may be: each entry counts once, adding to a campaign is not a new one (trading.md 5.1). */
import { isIntraday } from '../market/intraday.ts';
import { refusal } from '../setup/refusal.ts';
import type { Refusal } from '../setup/refusal.ts';
import type { Exposure } from './exposure.ts';
import type { SizeInput } from './size.ts';

/** 5.5 check 8: what this entry would make one more of, over all symbols of the account. */
export function refuseCounts(input: SizeInput): Refusal | null {
  const { snapshot, limits, campaign } = input;
  const rows = snapshot.exposures;
  const mine = rows.filter((row) => row.campaignId === campaign.campaignId);
  const open = distinct(rows, 'id');
  if (open >= limits.openPositions)
    return tooMany('RK_MAX_POSITIONS', 'As many positions as allowed are open.', [open, limits.openPositions]);
  const inCampaign = distinct(mine, 'id');
  if (inCampaign >= limits.positionsPerCampaign)
    return tooMany('RK_MAX_POSITIONS', 'The campaign holds as many as allowed.', [inCampaign, limits.positionsPerCampaign]);
  return mine.length > 0 ? null : refuseNewCampaign(input);
}

function refuseNewCampaign({ snapshot, limits, timeframe, instrument }: SizeInput): Refusal | null {
  const rows = snapshot.exposures;
  const intraday = isIntraday(timeframe);
  const alike = rows.filter((row) => row.intraday === intraday);
  const limit = intraday ? limits.campaignsIntraday : limits.campaignsDaily;
  const refused = refuseCampaigns(alike, { limit, where: intraday ? 'within the day' : 'on daily bars and longer' });
  if (refused !== null) return refused;
  for (const bucket of instrument.buckets) {
    const same = rows.filter((row) => row.buckets.includes(bucket));
    const full = refuseCampaigns(same, { limit: limits.campaignsPerBucket, where: `in ${bucket}` });
    if (full !== null) return full;
  }
  return null;
}

function refuseCampaigns(rows: readonly Exposure[], of: { readonly limit: number; readonly where: string }): Refusal | null {
  const open = distinct(rows, 'campaignId');
  return open >= of.limit
    ? tooMany('RK_MAX_CAMPAIGNS', `As many campaigns as allowed are open ${of.where}.`, [open, of.limit])
    : null;
}

/** A partly filled entry is a position and a reservation with one id. */
function distinct(rows: readonly Exposure[], field: 'id' | 'campaignId'): number {
  return rows.length === 0 ? 0 : new Set(rows.map((row) => row[field])).size;
}

function tooMany(code: string, sentence: string, [measured, limit]: readonly [number, number]): Refusal {
  return refusal(code, sentence, { measured, limit });
}
