/** What a fill costs: commission, slippage, impact, borrow (backtesting.md 5). */
import type { AssetClass, Price } from '../bar/bar.ts';
import type { Micros } from '../setup/signal.ts';
import { toTick } from '../setup/tick.ts';
import { amt } from './amount.ts';
import type { TradedInstrument } from './instrument.ts';
import { add, toMicros } from './money.ts';

export interface Commission {
  readonly kind: 'PER_UNIT' | 'PERCENTAGE' | 'FIXED';
  /** Account currency per unit or per order; a fraction of the value for PERCENTAGE. */
  readonly rate: number;
  /** Account currency per order; null: none. */
  readonly min: number | null;
  readonly max: number | null;
}

export interface CostModel {
  readonly name: string;
  /** Null: none is charged. */
  readonly commission: Commission | null;
  /** Fractions of the price; half the spread is used instead where the instrument has one. */
  readonly slip: { readonly liquid: number; readonly thin: number } | null;
  readonly spread: boolean;
  readonly impact: boolean;
  /** Fraction of the notional per year, shorts only. */
  readonly borrowRate: number;
}

/** An instrument with what trading it costs. */
export interface Market {
  readonly instrument: TradedInstrument;
  readonly costs: CostModel;
}

const SLIP = { liquid: 0.0002, thin: 0.0005 } as const;
/** Mean daily turnover from which a market counts as liquid, account currency per bar. */
const LIQUID_TURNOVER = 1_000_000;
const BASE = { slip: SLIP, spread: true, impact: true, borrowRate: 0 } as const;
const perUnit = (rate: number, min: number | null): Commission => ({ kind: 'PER_UNIT', rate, min, max: null });

export const COST_MODELS = {
  'per-share': { ...BASE, name: 'per-share', commission: perUnit(0.005, 1), borrowRate: 0.01 },
  'per-share-pro': { ...BASE, name: 'per-share-pro', commission: perUnit(0.0035, 0.35), borrowRate: 0.01 },
  'zero-commission': { ...BASE, name: 'zero-commission', commission: null, borrowRate: 0.01 },
  crypto: { ...BASE, name: 'crypto', commission: { kind: 'PERCENTAGE', rate: 0.001, min: null, max: null } },
  future: { ...BASE, name: 'future', commission: perUnit(2, null) },
  spread: { ...BASE, name: 'spread', commission: null },
  /** For study only; a report made with it is stamped "no costs". */
  zero: { name: 'zero', commission: null, slip: null, spread: false, impact: false, borrowRate: 0 },
} as const satisfies Readonly<Record<string, CostModel>>;
export type CostProfile = keyof typeof COST_MODELS;

const BY_CLASS: Readonly<Record<AssetClass, CostProfile>> = {
  STOCK: 'per-share',
  CRYPTO: 'crypto',
  FUTURE: 'future',
  FOREX: 'spread',
  INDEX: 'spread',
};

/** The profile of an asset class when nothing else was chosen. */
export function costsFor(assetClass: AssetClass): CostModel {
  return COST_MODELS[BY_CLASS[assetClass]];
}

/** Commission of one order, rounded up to the micro; `price` is the mean where it was filled in parts. */
export function commissionOf(
  costs: CostModel,
  instrument: TradedInstrument,
  order: { readonly price: Price; readonly steps: number },
): Micros {
  const commission = costs.commission;
  if (commission === null || order.steps === 0) return 0;
  const units = order.steps * (instrument.lotStepMicros / 1e6);
  const value = units * order.price * instrument.contractSize * instrument.fx;
  const raw = commission.kind === 'FIXED' ? commission.rate : commission.rate * (commission.kind === 'PER_UNIT' ? units : value);
  const floored = commission.min === null ? raw : Math.max(raw, commission.min);
  return toMicros(commission.max === null ? floored : Math.min(floored, commission.max), 'up');
}

/** What the fill bar and the bars before it say about liquidity. */
export interface Liquidity {
  /** Mean turnover per bar over the 20 bars before the fill bar, account currency; null: unknown, so thin. */
  readonly turnover: number | null;
  /** Volume of the fill bar, units. */
  readonly volume: number;
}

export interface SlippedPrice {
  /** On the tick, against us. */
  readonly price: Price;
  readonly slippageMicros: Micros;
  readonly impactMicros: Micros;
}

/** What a market or stop fill is moved by: `price (1 + side (slip + impact))`, half the spread in place of slip for currencies. */
export function slip(
  costs: CostModel,
  instrument: TradedInstrument,
  fill: { readonly price: Price; readonly steps: number; readonly side: 1 | -1; readonly liquidity: Liquidity },
): SlippedPrice {
  const slipBy = fill.price * slipRatio(costs, instrument, fill.liquidity) + halfSpread(costs, instrument);
  const impactBy = fill.price * impactRatio(costs, instrument, fill);
  const moved = toTick(fill.price + fill.side * (slipBy + impactBy), instrument.tickSize, fill.side === 1 ? 'up' : 'down');
  // Against a handful of units traded the formula would pay for being sold to.
  const price = Math.max(moved, instrument.tickSize);
  const total = Math.abs(moneyBetween(instrument, [price, fill.price], fill.steps));
  const share = slipBy + impactBy > 0 ? impactBy / (slipBy + impactBy) : 0;
  const impactMicros = Math.floor(total * share);
  return { price, slippageMicros: total - impactMicros, impactMicros };
}

function moneyBetween(instrument: TradedInstrument, prices: readonly [Price, Price], steps: number): Micros {
  return add(amt(instrument, prices[0], { steps, mode: 'nearest' }), -amt(instrument, prices[1], { steps, mode: 'nearest' }));
}

/** Half the spread where it is the cost, else 0: also what a LIMIT has to be passed by. */
export function halfSpread(costs: CostModel, instrument: TradedInstrument): Price {
  return costs.spread ? instrument.halfSpread : 0;
}

function slipRatio(costs: CostModel, instrument: TradedInstrument, liquidity: Liquidity): number {
  if (costs.slip === null || instrument.halfSpread > 0) return 0;
  return liquidity.turnover !== null && liquidity.turnover >= LIQUID_TURNOVER ? costs.slip.liquid : costs.slip.thin;
}

function impactRatio(
  costs: CostModel,
  instrument: TradedInstrument,
  fill: { readonly steps: number; readonly liquidity: Liquidity },
): number {
  // Nobody traded on the last bar of the data: there is no volume to have pushed against.
  if (!costs.impact || !instrument.volumeReal || fill.liquidity.volume <= 0) return 0;
  const share = (fill.steps * (instrument.lotStepMicros / 1e6)) / fill.liquidity.volume;
  return 0.0001 * Math.ceil(Math.max(0, share - 0.1) / 0.1);
}
