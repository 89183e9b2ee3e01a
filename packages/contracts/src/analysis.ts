/** What the detector says, on the wire: events, ranges, phases. */
import * as z from 'zod';
import {
  epochMs,
  eventKind,
  eventStatus,
  hypothesis,
  percentScore,
  phase,
  price,
  rangeState,
  ratio,
  reasonCode,
  subPhase,
  symbol,
  tier,
  timeframe,
} from './primitives.ts';

/** One detection record; the same shape is a line of `wyckoff detect --json`. */
export const detectionEvent = z.object({
  id: z.string(),
  refId: z.string().optional(),
  rangeId: z.number().int(),
  kind: eventKind,
  status: eventStatus,
  hypothesis,
  eventBar: z.number().int(),
  confirmBar: z.number().int(),
  eventTime: epochMs,
  confirmTime: epochMs,
  price,
  level: price.nullable(),
  volRatio: ratio.nullable(),
  spreadRatio: ratio.nullable(),
  closePos: ratio,
  metrics: z.record(z.string(), z.number()),
  score: percentScore.nullable(),
  components: z.record(z.string(), z.number()),
  adjustments: z.record(z.string(), z.number()),
  confidence: percentScore.nullable(),
  tier,
  phase: phase.nullable(),
  subPhase: subPhase.nullable(),
  phaseConfidence: percentScore,
  rangeQuality: percentScore,
  levelStrength: percentScore,
  tradeable: z.boolean(),
  riskFactor: z.union([z.literal(1), z.literal(0.75), z.literal(0.5)]),
  reasons: z.array(reasonCode),
  prices: z.object({
    support: price,
    resistance: price,
    springLow: price.optional(),
    sosHigh: price.optional(),
    lpsLow: price.optional(),
    atr: z.number(),
    objectives: z.array(price).optional(),
  }),
});
export type DetectionEventWire = z.infer<typeof detectionEvent>;

export const eventState = z.object({ symbol, timeframe, event: detectionEvent });

export const phaseSpan = z.object({ phase, from: epochMs, to: epochMs.nullable() });

export const hypothesisState = z.object({
  hypothesis,
  phase: phase.nullable(),
  subPhase: subPhase.nullable(),
  phaseConfidence: percentScore,
  leading: z.boolean(),
  implied: z.boolean(),
  suspended: z.boolean(),
  ended: z.boolean(),
  /** At most 16, oldest dropped. */
  phases: z.array(phaseSpan).max(16),
});

export const rangeFact = z.object({
  id: z.string(),
  symbol,
  timeframe,
  rangeId: z.number().int(),
  state: rangeState,
  route: z.enum(['event', 'structural']),
  startTime: epochMs,
  endTime: epochMs.nullable(),
  support: price,
  resistance: price,
  supportPrice: price,
  resistancePrice: price,
  supportStrength: percentScore,
  resistanceStrength: percentScore,
  quality: percentScore,
  durationBars: z.number().int(),
  columns: z.number().int(),
  objectives: z.array(price),
  hypotheses: z.array(hypothesisState).max(2),
});
export type RangeWire = z.infer<typeof rangeFact>;

export const phaseChange = z.object({
  symbol,
  timeframe,
  rangeId: z.number().int(),
  hypothesis,
  from: phase.nullable(),
  to: phase.nullable(),
  confidence: percentScore,
  cause: z.string(),
  time: epochMs,
});
