/** Campaigns and the decisions about their budget, as rows of a list (trading.md 6). */
import { CAMPAIGN_STATES, HEALTHS, LEGS, PATTERNS } from '@wyckoff/domain';
import * as z from 'zod';
import { direction, epochMs, micros, phase, price, ratio, symbol, timeframe } from './primitives.ts';

const leg = z.enum(LEGS);

export const campaignMeasures = z.object({
  positions: z.number().int(),
  wins: z.number().int(),
  winRate: ratio.nullable(),
  r: ratio,
  pnlMicros: micros,
  returnRatio: ratio.nullable(),
  avgEntry: price.nullable(),
  avgExit: price.nullable(),
  targetAchievement: ratio.nullable(),
  mfeR: ratio,
  maeR: ratio,
  efficiency: ratio.nullable(),
  bars: z.number().int(),
  days: ratio,
});

export const campaign = z.object({
  id: z.string(),
  label: z.string(),
  accountId: z.string(),
  symbol,
  timeframe,
  direction,
  rangeStart: epochMs,
  status: z.enum(CAMPAIGN_STATES),
  reason: z.string(),
  phase: phase.nullable(),
  budgetMicros: micros,
  usedMicros: micros,
  used: z.record(leg, micros),
  /** Known at the first entry. */
  atEntry: z.object({ rangeQuality: z.number(), phaseConfidence: z.number() }),
  entries: z
    .array(
      z.object({
        signalId: z.string(),
        leg,
        pattern: z.enum(PATTERNS),
        state: z.enum(['RESERVED', 'OPEN', 'CLOSED', 'UNFILLED']),
        riskMicros: micros,
        at: epochMs,
      }),
    )
    .max(5),
  health: z.enum(HEALTHS),
  nextLeg: leg.nullable(),
  metrics: campaignMeasures.extend({ byLeg: z.record(leg, campaignMeasures.nullable()) }),
  createdAt: epochMs,
  updatedAt: epochMs,
  closedAt: epochMs.nullable(),
  version: z.number().int(),
});
export type CampaignWire = z.infer<typeof campaign>;

/** One decision about a share of a campaign's budget (6.2). */
export const allocation = z.object({
  campaignId: z.string(),
  signalId: z.string(),
  leg,
  sharePercent: z.number().nullable(),
  usedPercent: z.number(),
  rebalanced: z.boolean(),
  binding: z.string().nullable(),
  reason: z.string().nullable(),
  riskMicros: micros,
  at: epochMs,
});
