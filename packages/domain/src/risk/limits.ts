/** The limits of an account (trading.md 5.1): percentages are integer basis points of equity and can only be tightened. */
import { refusal } from '../setup/refusal.ts';
import type { Refusal } from '../setup/refusal.ts';

export interface RiskLimits {
  readonly tradeBp: number;
  readonly campaignBp: number;
  readonly bucketBp: number;
  readonly assetClassBp: number;
  readonly heatBp: number;
  /** Notional of one order; STOCK and CRYPTO. */
  readonly orderValueBp: number;
  /** FOREX, FUTURE, INDEX after the order. */
  readonly marginBp: number;
  /** Gross FX notional. */
  readonly fxNotionalBp: number;
  readonly fxHeatBp: number;
  readonly openPositions: number;
  readonly positionsPerCampaign: number;
  readonly campaignsIntraday: number;
  readonly campaignsDaily: number;
  readonly campaignsPerBucket: number;
}

export const DEFAULT_LIMITS: RiskLimits = Object.freeze({
  tradeBp: 200,
  campaignBp: 500,
  bucketBp: 600,
  assetClassBp: 1_500,
  heatBp: 1_000,
  orderValueBp: 2_000,
  marginBp: 5_000,
  fxNotionalBp: 30_000,
  fxHeatBp: 600,
  openPositions: 5,
  positionsPerCampaign: 5,
  campaignsIntraday: 3,
  campaignsDaily: 5,
  campaignsPerBucket: 3,
});

export const LIMIT_FIELDS = Object.freeze(Object.keys(DEFAULT_LIMITS) as (keyof RiskLimits)[]);

/** Down to here a limit may be tightened. */
const TIGHTEST: RiskLimits = Object.freeze({
  tradeBp: 10,
  campaignBp: 300,
  bucketBp: 200,
  assetClassBp: 500,
  heatBp: 500,
  orderValueBp: 500,
  marginBp: 1_000,
  fxNotionalBp: 10_000,
  fxHeatBp: 300,
  openPositions: 1,
  positionsPerCampaign: 1,
  campaignsIntraday: 1,
  campaignsDaily: 1,
  campaignsPerBucket: 1,
});

/** Counts a user may also raise, up to here. */
const LOOSEST: RiskLimits = Object.freeze({ ...DEFAULT_LIMITS, openPositions: 50 });

/** Between what each limit may be set. */
export const LIMIT_RANGES: Readonly<Record<keyof RiskLimits, { readonly tightest: number; readonly loosest: number }>> =
  Object.freeze(
    Object.fromEntries(LIMIT_FIELDS.map((field) => [field, { tightest: TIGHTEST[field], loosest: LOOSEST[field] }])) as Record<
      keyof RiskLimits,
      { tightest: number; loosest: number }
    >,
  );

/** A limit outside its range: refused before anything trades under it. */
export class LimitError extends Error {
  constructor(field: string, expected: string, was: number) {
    super(`risk limit ${field}: expected ${expected}, was ${was}`);
    this.name = 'LimitError';
  }
}

/** The defaults with tighter values on top. @throws {LimitError} when one is looser, too tight or out of order. */
export function tightenLimits(tighter: Partial<RiskLimits>): RiskLimits {
  const limits: RiskLimits = { ...DEFAULT_LIMITS, ...tighter };
  for (const field of LIMIT_FIELDS) {
    const value = limits[field];
    if (!Number.isInteger(value) || value < TIGHTEST[field] || value > LOOSEST[field])
      throw new LimitError(field, `an integer ${TIGHTEST[field]}-${LOOSEST[field]}`, value);
  }
  if (limits.tradeBp >= limits.campaignBp)
    throw new LimitError('tradeBp', `below campaignBp ${limits.campaignBp}`, limits.tradeBp);
  if (limits.campaignBp >= limits.heatBp) throw new LimitError('campaignBp', `below heatBp ${limits.heatBp}`, limits.campaignBp);
  return Object.freeze(limits);
}

/** What a person asks for at run time, on top of what holds now: the limits as they would be, or why not. */
export function changeLimits(now: RiskLimits, changes: Partial<RiskLimits>): RiskLimits | Refusal {
  const unknown = Object.keys(changes).find((field) => !(LIMIT_FIELDS as readonly string[]).includes(field));
  if (unknown !== undefined) return refusal('SETTING', `risk limit ${unknown}: expected one of ${LIMIT_FIELDS.join(', ')}.`);
  try {
    return tightenLimits({ ...now, ...changes });
  } catch (error) {
    if (error instanceof LimitError) return refusal('SETTING', `${error.message}.`);
    throw error;
  }
}
