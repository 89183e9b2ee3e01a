/** Which kinds of campaigns paid: grouped by their legs and by what was known at entry, never by what came of them (trading.md 6.5). */
import type { Ratio } from '../bar/bar.ts';
import { LEGS } from '../setup/signal.ts';
import type { CampaignRecord } from './campaign-record.ts';

/** Finished campaigns below which a group proves nothing, or little. */
const ENOUGH = 10;
const STRONG = 30;

export const GROUPINGS = ['legs', 'rangeQuality', 'phaseConfidence'] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface StudiedGroup {
  readonly key: string;
  readonly campaigns: number;
  readonly evidence: 'NOT_ENOUGH_DATA' | 'WEAK' | 'FAIR';
  /** Share with a net profit; null below 10. */
  readonly winRate: Ratio | null;
  readonly meanR: Ratio | null;
}

/** Campaigns that never had a position are left out; groups come in the order of their names. */
export function studyCampaigns(records: readonly CampaignRecord[], by: Grouping): readonly StudiedGroup[] {
  const groups: Record<string, CampaignRecord[]> = {};
  for (const record of records) {
    if (record.closedAt === null || record.metrics.positions === 0) continue;
    (groups[keyOf(record, by)] ??= []).push(record);
  }
  return Object.keys(groups)
    .sort()
    .map((key) => studied(key, groups[key] ?? []));
}

function studied(key: string, records: readonly CampaignRecord[]): StudiedGroup {
  const n = records.length;
  const isKnown = n >= ENOUGH;
  const wins = records.filter((record) => record.metrics.pnlMicros > 0).length;
  const sum = records.reduce((total, record) => total + record.metrics.r, 0);
  return {
    key,
    campaigns: n,
    evidence: !isKnown ? 'NOT_ENOUGH_DATA' : n < STRONG ? 'WEAK' : 'FAIR',
    winRate: isKnown ? wins / n : null,
    meanR: isKnown ? sum / n : null,
  };
}

function keyOf(record: CampaignRecord, by: Grouping): string {
  if (by === 'legs') return LEGS.filter((leg) => record.metrics.byLeg[leg] !== null).join('-');
  const tens = Math.min(9, Math.floor(record.atEntry[by] / 10)) * 10;
  return `${String(tens).padStart(2, '0')}-${tens + 10}`;
}
