/** How much to trade: a fixed risk, cut by every limit, in whole steps and exact money (trading.md 5.5 items 1-6). */
import type { Price, Timeframe } from '../bar/bar.ts';
import type { Candidate } from '../setup/candidate.ts';
import type { MarketContext } from '../setup/market-context.ts';
import { hourUtc, weekdayUtc } from '../market/new-york.ts';
import { refusal } from '../setup/refusal.ts';
import type { Refusal } from '../setup/refusal.ts';
import type { Micros } from '../setup/signal.ts';
import { isIntraday } from '../market/intraday.ts';
import { TIMEFRAME_FACTOR } from '../setup/timeframe-factor.ts';
import { amt, riskOf, stepsForRisk } from '../trade/amount.ts';
import { commissionOf, halfSpread } from '../trade/costs.ts';
import type { CostModel } from '../trade/costs.ts';
import { add, mulDiv, sub } from '../trade/money.ts';
import type { Conversion } from './conversion.ts';
import { headroom, total } from './measures.ts';
import type { Amount, Measure, MeasureInput } from './measures.ts';
import { breakFactor, sessionFactor } from './pattern-risk.ts';
import type { RiskPolicy } from './policy.ts';

/** Share of the wanted risk below which a trade is not worth its costs. */
const MIN_FRACTION_PERCENT = 10;
/** Gap allowance of MARKET and STOP entries, times the timeframe factor. */
const GAP = 0.005;

export interface SizeInput extends MeasureInput {
  readonly candidate: Candidate;
  readonly market: MarketContext;
  readonly timeframe: Timeframe;
  readonly costs: CostModel;
  readonly baseBp: number;
  readonly policy: RiskPolicy;
  /** How the quote currency becomes the account's; `instrument.fx` is its rate. */
  readonly conversion: Conversion;
  /** Never more than was shown to a person, or what he lowered it to (4.5 check 9); null: no such bound. */
  readonly maxSteps: number | null;
}

export interface Size {
  readonly steps: number;
  /** Price the size was computed at, half spread included. */
  readonly sizingPrice: Price;
  readonly wantedMicros: Micros;
  readonly riskMicros: Micros;
  readonly notionalMicros: Micros;
  readonly marginMicros: Micros;
  /** Cash the entry needs: value and commission of a purchase, half the value of a short sale. */
  readonly cashMicros: Micros;
}

interface Budget {
  readonly code: string;
  readonly micros: Micros;
}

/** The size, or the code of what leaves none. */
export function sizeFor(input: SizeInput, measures: readonly Measure[]): Size | Refusal {
  const wanted = wantedRisk(input);
  const budget = tightest([
    { code: 'RK_SIZE_MIN', micros: wanted },
    { code: 'RK_SHARE', micros: input.campaign.shareLeftMicros },
    ...measures
      .filter((measure) => measure.adds === 'risk')
      .map((measure) => ({ code: measure.code, micros: headroom(measure) })),
  ]);
  const price = sizingPrice(input);
  const stop = input.candidate.plan.stopPrice;
  const atMost = input.instrument.maxSteps;
  const byRisk = stepsForRisk(input.instrument, [price, stop], { budget: budget.micros, atMost });
  const fitted = fitAmounts(input, measures, { steps: byRisk, price, binding: budget.code });
  const size = sized(input, { steps: fitted.steps, price, wanted });
  const wantedSteps = stepsForRisk(input.instrument, [price, stop], { budget: wanted, atMost });
  const least = leastSteps(input, size);
  if (least !== null)
    return wantedSteps < input.instrument.minSteps ? { ...least, code: 'RK_SIZE_MIN' } : { ...least, code: fitted.binding };
  if (size.riskMicros < mulDiv(wanted, MIN_FRACTION_PERCENT, 100, 'up') && fitted.binding !== 'RK_SIZE_MIN')
    return refusal(fitted.binding, 'What the limits leave is too small to be worth it.', {
      measured: size.riskMicros,
      limit: wanted,
    });
  return size;
}

/** `equity x base x m`, rounded down, `m` cut to 6 decimals. */
function wantedRisk(input: SizeInput): Micros {
  const millionths = Math.floor(factorOf(input) * 1e6 + 1e-6);
  return mulDiv(input.snapshot.equityMicros, input.baseBp * millionths, 10_000 * 1_000_000, 'down');
}

/** The product of the factors in (0, 1] of item 2 that are on by default. */
function factorOf({ candidate, market, timeframe }: SizeInput): number {
  const { event, pattern } = candidate;
  let factor: number = event.riskFactor;
  if (pattern === 'SOS' || pattern === 'SOW') factor *= breakFactor(event.volRatio);
  if (market.assetClass !== 'FOREX' || !isIntraday(timeframe)) return factor;
  if (timeframe !== '4h') factor *= sessionFactor(market.session);
  if (weekdayUtc(market.at) === 5 && hourUtc(market.at) >= 13) factor *= 0.5;
  return factor;
}

/** A LIMIT pays its price; MARKET and STOP may gap; half the spread comes on top. */
function sizingPrice({ candidate, timeframe, costs, instrument }: SizeInput): Price {
  const { plan, side } = candidate;
  const allowance = plan.entryType === 'LIMIT' ? 0 : plan.entryPrice * GAP * TIMEFRAME_FACTOR[timeframe];
  return plan.entryPrice + side * (allowance + halfSpread(costs, instrument));
}

function tightest(budgets: readonly Budget[]): Budget {
  return budgets.reduce((least, budget) => (budget.micros < least.micros ? budget : least));
}

function sized(input: SizeInput, of: { readonly steps: number; readonly price: Price; readonly wanted: Micros }): Size {
  const { instrument, candidate, costs } = input;
  const { steps, price } = of;
  const notionalMicros = amt(instrument, price, { steps, mode: 'up' });
  const commission = commissionOf(costs, instrument, { price, steps });
  const cash = candidate.side === 1 ? add(notionalMicros, commission) : add(mulDiv(notionalMicros, 1, 2, 'up'), commission);
  return {
    steps,
    sizingPrice: price,
    wantedMicros: of.wanted,
    riskMicros: riskOf(instrument, [price, candidate.plan.stopPrice], steps),
    notionalMicros,
    marginMicros: instrument.settlement === 'MARGIN' ? Math.ceil(notionalMicros / instrument.leverage) : 0,
    cashMicros: instrument.settlement === 'CASH' ? cash : commission,
  };
}

/** Lowers the steps to what order value, margin and cash allow; the last limit that bit is the binding one. */
function fitAmounts(
  input: SizeInput,
  measures: readonly Measure[],
  from: { readonly steps: number; readonly price: Price; readonly binding: string },
): { readonly steps: number; readonly binding: string } {
  const free = freeCash(input);
  const checks: { readonly code: string; readonly fits: (size: Size) => boolean }[] = measures
    .filter((measure) => measure.adds !== 'risk')
    .map((measure) => ({ code: measure.code, fits: (size: Size) => amountOf(size, measure.adds) <= headroom(measure) }));
  checks.push({ code: 'RK_CASH', fits: (size) => size.cashMicros <= free });
  let { steps, binding } = from;
  for (const { code, fits } of checks) {
    const fitting = largest(steps, (n) => fits(sized(input, { steps: n, price: from.price, wanted: 0 })));
    if (fitting < steps) binding = code;
    steps = fitting;
  }
  return { steps, binding };
}

/** Cash that nothing else is waiting for. */
export function freeCash({ snapshot }: Pick<SizeInput, 'snapshot'>): Micros {
  return Math.max(0, sub(snapshot.cashMicros, total(snapshot.exposures, 'cashMicros')));
}

export function amountOf(size: Size, adds: Amount): Micros {
  if (adds === 'risk') return size.riskMicros;
  return adds === 'notional' ? size.notionalMicros : size.marginMicros;
}

/** The largest n <= `most` that fits, 0 when none does; what fits for n fits for less. */
function largest(most: number, fits: (steps: number) => boolean): number {
  if (most === 0 || fits(most)) return most;
  let low = 0;
  let high = most;
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function leastSteps({ instrument }: SizeInput, size: Size): Refusal | null {
  if (size.steps < instrument.minSteps)
    return refusal('RK_SIZE_MIN', 'Not even the smallest quantity fits.', { measured: size.steps, limit: instrument.minSteps });
  if (size.notionalMicros < instrument.minNotionalMicros)
    return refusal('RK_SIZE_MIN', 'The order would be below the smallest value.', {
      measured: size.notionalMicros,
      limit: instrument.minNotionalMicros,
    });
  return null;
}

export function isRefusal(value: object): value is Refusal {
  return 'code' in value && 'sentence' in value;
}
