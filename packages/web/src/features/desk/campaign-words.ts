/** Campaigns in a trader's words: state, legs, budget, what is expected next (trading.md 6). */
import type { CampaignWire } from '@wyckoff/contracts';
import { figureText, NOTHING } from '../../ui/figure.ts';
import { codeWords, PATTERNS } from './words.ts';

/** MARKUP of a short campaign is a markdown. */
export function campaignState({ status, direction }: Pick<CampaignWire, 'status' | 'direction'>): string {
  return status === 'MARKUP' && direction === 'SHORT' ? 'markdown' : codeWords(status);
}

const LEG_NAMES: Readonly<Record<'F' | 'S' | 'L', readonly [long: string, short: string]>> = {
  F: ['spring', 'UTAD'],
  S: ['SOS', 'SOW'],
  L: ['LPS', 'LPSY'],
};

/** What the campaign waits for: the leg by the name it has in its direction. */
export function nextLegWords({ nextLeg, direction }: Pick<CampaignWire, 'nextLeg' | 'direction'>): string {
  return nextLeg === null ? NOTHING : LEG_NAMES[nextLeg][direction === 'LONG' ? 0 : 1];
}

/** Each entry in one phrase: `spring open, LPS closed`. */
export function entriesWords({ entries }: Pick<CampaignWire, 'entries'>): string {
  if (entries.length === 0) return 'no entry yet';
  return entries.map((entry) => `${PATTERNS[entry.pattern]} ${entry.state.toLowerCase()}`).join(', ');
}

/** Share of the budget that is used; null without a budget. */
export function usedRatio({ usedMicros, budgetMicros }: Pick<CampaignWire, 'usedMicros' | 'budgetMicros'>): number | null {
  return budgetMicros <= 0 ? null : usedMicros / budgetMicros;
}

/** By leg: `F 40 %, L 12 %` of the budget. */
export function legsWords({ used, budgetMicros }: Pick<CampaignWire, 'used' | 'budgetMicros'>): string {
  const legs = (['F', 'S', 'L'] as const).filter((leg) => used[leg] > 0);
  if (legs.length === 0 || budgetMicros <= 0) return 'none used';
  return legs.map((leg) => `${leg} ${figureText(used[leg] / budgetMicros, { kind: 'percent', decimals: 0 }).text}`).join(', ');
}
