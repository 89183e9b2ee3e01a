/** What became of the signals of an account: the funnel, the share of winners with its interval, and what refused the rest (trading.md 4.7). */
import * as z from 'zod';
import { epochMs, micros, ratio } from './primitives.ts';

export const STATISTIC_GROUPS = ['pattern', 'symbol', 'phase', 'stage'] as const;

export const statisticsQuery = z.strictObject({
  /** Of the creation of the signals, inclusive; default: 30 days before `to`. */
  from: z.coerce.number().int().min(0).optional(),
  /** Exclusive; default: now, in the time of the account. */
  to: z.coerce.number().int().min(1).optional(),
  groupBy: z.enum(STATISTIC_GROUPS).default('pattern'),
});

/** A mean and over how many. */
const mean = z.object({ value: z.number().nullable(), n: z.number().int() });

const funnel = z.object({
  name: z.string(),
  /** Judged at all. */
  candidates: z.number().int(),
  /** Passed the chain and the risk engine. */
  generated: z.number().int(),
  /** By a person or by rule: something was reserved for it. */
  approved: z.number().int(),
  /** A position was opened. */
  executed: z.number().int(),
  closed: z.number().int(),
  /** Closed above zero after costs. */
  profitable: z.number().int(),
  /** Of the closed ones; null: none is closed. */
  winRatio: ratio.nullable(),
  /** Wilson interval, 95 %. */
  winInterval: z.object({ from: ratio, to: ratio }).nullable(),
  /** True: at least 20 are closed; below that the ratios say nothing. */
  enough: z.boolean(),
  confidence: mean,
  /** Planned when the signal was made. */
  plannedR: mean,
  /** Of what is closed, after costs. */
  r: mean,
  pnlMicros: micros,
  /** Gains over losses; null without losses. */
  profitFactor: z.number().nullable(),
});
export type FunnelWire = z.infer<typeof funnel>;

export const statisticsAnswer = z.object({
  accountId: z.string(),
  from: epochMs,
  to: epochMs,
  groupBy: z.enum(STATISTIC_GROUPS),
  /** Wall clock of the computation: at most five minutes ago. */
  computedAt: epochMs,
  /** Signals since ever, since the trading day, the week (Monday) and the month began. */
  counts: z.object({
    total: z.number().int(),
    today: z.number().int(),
    week: z.number().int(),
    month: z.number().int(),
  }),
  overall: funnel,
  /** Largest first. */
  groups: z.array(funnel).max(200),
  /** What refused signals, most often first. */
  refusals: z.array(z.object({ stage: z.string(), code: z.string(), n: z.number().int() })).max(200),
});
export type StatisticsAnswer = z.infer<typeof statisticsAnswer>;
