/** Whether and how the system may trade: kill switch, halts, automation, breaker, and the actions that change them (trading.md 4.6, 5.7, 7.6, 8.2). */
import { ACCEPTANCE_MODES, FLATTEN_STATES, HALT_LEVELS, PATTERNS } from '@wyckoff/domain';
import * as z from 'zod';
import { epochMs, micros, ratio, symbol } from './primitives.ts';
import { PAPER_COSTS } from './paper-costs.ts';
import { STEP_UP_ACTIONS } from './step-up.ts';

export const haltLevel = z.enum(HALT_LEVELS);

export const flattenResult = z.object({
  accountId: z.string(),
  positionId: z.string(),
  symbol,
  orderId: z.string().nullable(),
  state: z.enum(FLATTEN_STATES),
  sentence: z.string(),
});

export const killSwitch = z.object({
  level: haltLevel,
  reason: z.string(),
  by: z.string().nullable(),
  at: epochMs.nullable(),
  activationId: z.string().nullable(),
  /** False: the stored flag could not be read, which counts as STOP. */
  readable: z.boolean(),
  /** False: it acts in memory, but could not be written; it would be lost with the process. */
  stored: z.boolean(),
  results: z.array(flattenResult),
});
export type KillSwitchWire = z.infer<typeof killSwitch>;

/** An automatic halt in force (5.7); exits always pass. */
export const haltState = z.object({
  scope: z.string(),
  kind: z.string(),
  reason: z.string(),
  since: epochMs,
  endsAt: epochMs.nullable(),
});

export const automationSettings = z.strictObject({
  enabled: z.boolean(),
  minConfidence: z.number().int().min(60).max(100),
  patterns: z.array(z.enum(PATTERNS)).max(PATTERNS.length),
  whitelist: z.array(symbol).max(500),
  blacklist: z.array(symbol).max(500),
  maxTrades: z.number().int().min(1).max(50),
  maxRiskBp: z.number().int().min(1).max(1_000).nullable(),
  breakerLosses: z.number().int().min(1).max(10),
});
export type AutomationSettingsWire = z.infer<typeof automationSettings>;

export const consent = z.object({
  settingsVersion: z.number().int(),
  by: z.string(),
  at: epochMs,
  address: z.string(),
  text: z.string(),
});

/** The four conditions of going live, with progress (8.2). */
export const trackRecord = z.object({
  days: z.number(),
  trades: z.number().int(),
  meanR: ratio.nullable(),
  /** Lower 95 % bound of the mean. */
  meanRLower: ratio.nullable(),
  maxDrawdownRatio: ratio,
  eligible: z.boolean(),
  /** Whose record it is: that of a live account is the best of its paper accounts. */
  accountId: z.string(),
  /** What each must reach; the lower bound must be above, the drawdown at most. */
  needs: z.object({ days: z.number(), trades: z.number(), meanRLower: z.number(), maxDrawdownRatio: ratio }),
});
export type TrackRecordWire = z.infer<typeof trackRecord>;

const counters = z.object({ day: z.number().int(), trades: z.number().int(), riskMicros: micros });
const breaker = z.object({ state: z.enum(['CLOSED', 'OPEN']), losses: z.number().int(), openedDay: z.number().int().nullable() });
const automation = automationSettings.extend({ version: z.number().int() });

/** What an engine says of its account when any of it changes. */
export const tradingState = z.object({
  accountId: z.string(),
  killSwitch: z.object({
    level: haltLevel,
    activationId: z.string().nullable(),
    actor: z.string().nullable(),
    reason: z.string(),
    at: epochMs,
    results: z.array(flattenResult),
  }),
  acceptance: z.enum(ACCEPTANCE_MODES),
  automation,
  consent: consent.nullable(),
  breaker,
  counters,
  brokerConnected: z.boolean(),
  /** Paper, or live and permitted (8.2). */
  permitted: z.boolean(),
  by: z.string(),
  reason: z.string(),
});

export const tradingAccount = z.object({
  id: z.string(),
  mode: z.enum(['PAPER', 'LIVE', 'REPLAY']),
  acceptance: z.enum(ACCEPTANCE_MODES),
  /** Signals that wait for approval. */
  pending: z.number().int(),
  automation: automation.extend({ consent: consent.nullable(), counters }),
  /** `resetsAt`: when the trading day turns; null while closed. */
  breaker: breaker.extend({ threshold: z.number().int(), resetsAt: epochMs.nullable() }),
  brokerConnected: z.boolean(),
  permitted: z.boolean(),
  eligibility: trackRecord,
  /** An administrator let it go live without the record; void when settings change. */
  override: z.object({ by: z.string(), at: epochMs, reason: z.string() }).nullable(),
});

export const tradingAnswer = z.object({
  halt: killSwitch,
  halts: z.array(haltState).max(1_000),
  accounts: z.array(tradingAccount),
});
export type TradingWire = z.infer<typeof tradingAnswer>;

export const haltBody = z
  .strictObject({
    level: z.enum(['STOP', 'FLATTEN']),
    reason: z.string().max(500).default(''),
    /** The typed word; FLATTEN needs it unless it is a drill. */
    confirm: z.literal('FLATTEN').optional(),
    /** The drill: asks everybody, changes nothing. */
    dryRun: z.boolean().default(false),
  })
  .refine((body) => body.level === 'STOP' || body.dryRun || body.confirm === 'FLATTEN', {
    message: 'FLATTEN needs confirm: "FLATTEN"',
    path: ['confirm'],
  });

export const haltAnswer = z.object({
  dryRun: z.boolean(),
  /** From the request to the effect in every account, ms. */
  tookMs: z.number(),
  halt: killSwitch,
  /** Entries that were cancelled, or would be. */
  cancels: z.array(z.object({ accountId: z.string(), orderId: z.string(), symbol })),
  /** Positions that are being closed, or would be. */
  closes: z.array(flattenResult),
  /** Adapters asked, and whether they answered. */
  adapters: z.array(z.object({ name: z.string(), ok: z.boolean(), sentence: z.string() })),
});
export type HaltAnswer = z.infer<typeof haltAnswer>;

const reason = z.string().trim().min(3).max(500);

export const tradingAction = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('resume'), reason, acknowledge: z.array(z.string().max(64)).max(1_000).default([]) }),
  z.strictObject({
    action: z.literal('setAcceptance'),
    account: z.string().max(64),
    mode: z.enum(ACCEPTANCE_MODES),
  }),
  z.strictObject({
    action: z.literal('enableAutomation'),
    account: z.string().max(64),
    /** The words that were shown and agreed to. */
    consent: z.string().min(20).max(4_000),
    limits: automationSettings.omit({ enabled: true }),
  }),
  z.strictObject({ action: z.literal('disableAutomation'), account: z.string().max(64) }),
  z.strictObject({
    action: z.literal('setMode'),
    account: z.string().max(64),
    mode: z.enum(['PAPER', 'LIVE']),
    confirm: z.literal('LIVE').optional(),
    override: z.strictObject({ reason }).optional(),
  }),
  z.strictObject({
    action: z.literal('resetPaper'),
    account: z.string().max(64),
    /** 1,000 to 100,000,000 of the account's currency. */
    capitalMicros: micros.min(1_000_000_000).max(100_000_000_000_000),
    costs: z.enum(PAPER_COSTS).nullable().default(null),
    reason,
  }),
  z.strictObject({ action: z.literal('resetBreaker'), account: z.string().max(64), reason }),
  z.strictObject({ action: z.literal('resetDrawdown'), account: z.string().max(64), reason }),
  z.strictObject({ action: z.literal('acknowledgeReconcile'), account: z.string().max(64), symbol, reason }),
]);
export type TradingAction = z.infer<typeof tradingAction>;
export const stepUpBody = z.strictObject({ action: z.enum(STEP_UP_ACTIONS), phrase: z.string().max(100) });
export const stepUpAnswer = z.object({ stepUpToken: z.string(), action: z.enum(STEP_UP_ACTIONS), expiresAt: epochMs });
