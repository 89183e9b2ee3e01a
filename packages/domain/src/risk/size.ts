/** How much to trade: a fixed risk, cut by every limit, in whole steps and exact money (trading.md 5.5 items 3-6). */
import type { Price, Timeframe } from '../bar/bar.ts';
import type { Candidate } from '../setup/candidate.ts';
import type { MarketContext } from '../setup/market-context.ts';
import { refusal } from '../setup/refusal.ts';
import type { Refusal } from '../setup/refusal.ts';
import type { Micros } from '../setup/signal.ts';
import { amt, riskOf, stepsForRisk } from '../trade/amount.ts';
import { commissionOf, halfSpread } from '../trade/costs.ts';
import type { CostModel } from '../trade/costs.ts';
import type { TradedInstrument } from '../trade/instrument.ts';
import { add, mulDiv, sub } from '../trade/money.ts';
import type { Conversion } from './conversion.ts';
import type { CampaignAllowance, RiskSnapshot } from './exposure.ts';
import type { RiskLimits } from './limits.ts';
import { headroom, total } from './measures.ts';
import type { Amount, Measure } from './measures.ts';
import type { RiskPolicy } from './policy.ts';
import { wantedRisk } from './wanted-risk.ts';

/** Gap allowance of MARKET and STOP entries, times the timeframe factor. */
const GAP = 0.005;
const MAX_LOTS = 100;

export interface SizeInput {
  readonly candidate: Candidate;
  readonly market: MarketContext;
  readonly instrument: TradedInstrument;
  readonly snapshot: RiskSnapshot;
  readonly limits: RiskLimits;
  readonly campaign: CampaignAllowance;
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
  /** Price the size was computed at, gap allowance and half spread included. */
  readonly sizingPrice: Price;
  /** Before any limit: equity, pattern and factors. */
  readonly wantedMicros: Micros;
  readonly riskMicros: Micros;
  readonly notionalMicros: Micros;
  readonly marginMicros: Micros;
  /** Cash the entry needs: value and commission of a purchase, half the value of a short sale; 0 on margin. */
  readonly cashMicros: Micros;
}

interface Fitted {
  readonly steps: number;
  /** Code of the limit that left the least. */
  readonly binding: string;
}

/** The size, or the code of what leaves none. */
export function sizeFor(input: SizeInput, measures: readonly Measure[]): Size | Refusal {
  const wanted = wantedRisk(input);
  const price = sizingPrice(input);
  const prices = [price, input.candidate.plan.stopPrice] as const;
  const { code, budget } = tightest(input, measures, wanted);
  const atMost = mostSteps(input);
  const byRisk = stepsForRisk(input.instrument, prices, { budget, atMost });
  const fitted = fitAmounts(input, measures, { steps: byRisk, price, binding: code });
  const size = sized(input, { steps: fitted.steps, price, wanted });
  const tooSmall = refuseLeast(input.instrument, size);
  if (tooSmall !== null) {
    const alone = stepsForRisk(input.instrument, prices, { budget: wanted, atMost });
    const isTooSmallAlone = refuseLeast(input.instrument, sized(input, { steps: alone, price, wanted })) !== null;
    return { ...tooSmall, code: isTooSmallAlone ? 'RK_SIZE_MIN' : fitted.binding };
  }
  return refuseFraction(input, size, fitted.binding) ?? size;
}

/** What was wanted and at which price, where no size was left. */
export function noSize(input: SizeInput): Size {
  const none = { steps: 0, riskMicros: 0, notionalMicros: 0, marginMicros: 0, cashMicros: 0 };
  return { ...none, sizingPrice: sizingPrice(input), wantedMicros: wantedRisk(input) };
}

/** The smallest of what the pattern wants, the share of the leg and the room under every limit of risk. */
function tightest(
  input: SizeInput,
  measures: readonly Measure[],
  wanted: Micros,
): { readonly code: string; readonly budget: Micros } {
  let code = 'RK_SIZE_MIN';
  let budget = wanted;
  const share = input.campaign.shareLeftMicros;
  if (share < budget) [code, budget] = ['RK_SHARE', share];
  for (const measure of measures) {
    if (measure.adds !== 'risk') continue;
    const room = headroom(measure);
    if (room < budget) [code, budget] = [measure.code, room];
  }
  return { code, budget };
}

function mostSteps({ instrument, maxSteps }: SizeInput): number {
  const lots = instrument.assetClass === 'FOREX' ? Math.floor((MAX_LOTS * 1e6) / instrument.lotStepMicros) : Infinity;
  return Math.min(instrument.maxSteps, lots, maxSteps ?? Infinity);
}

/** A LIMIT pays its price; MARKET and STOP may gap; half the spread comes on top. */
function sizingPrice({ candidate, costs, instrument }: SizeInput): Price {
  const { plan, side } = candidate;
  const allowance = plan.entryType === 'LIMIT' ? 0 : plan.entryPrice * GAP * plan.scale;
  return plan.entryPrice + side * (allowance + halfSpread(costs, instrument));
}

function sized(input: SizeInput, of: { readonly steps: number; readonly price: Price; readonly wanted: Micros }): Size {
  const { instrument, candidate } = input;
  const { steps, price } = of;
  const notionalMicros = amt(instrument, price, { steps, mode: 'up' });
  return {
    steps,
    sizingPrice: price,
    wantedMicros: of.wanted,
    riskMicros: riskOf(instrument, [price, candidate.plan.stopPrice], steps),
    notionalMicros,
    marginMicros: marginOf(instrument, notionalMicros),
    cashMicros: cashNeeded(input, { steps, price, notionalMicros }),
  };
}

/** `notional / leverage`, rounded up; 0 where the whole value is paid. */
export function marginOf(instrument: TradedInstrument, notionalMicros: Micros): Micros {
  if (instrument.settlement === 'CASH') return 0;
  return mulDiv(notionalMicros, 1_000, Math.floor(instrument.leverage * 1_000), 'up');
}

function cashNeeded(
  { instrument, candidate, costs }: SizeInput,
  of: { readonly steps: number; readonly price: Price; readonly notionalMicros: Micros },
): Micros {
  if (instrument.settlement === 'MARGIN') return 0;
  if (candidate.side === -1) return mulDiv(of.notionalMicros, 1, 2, 'up');
  return add(of.notionalMicros, commissionOf(costs, instrument, of));
}

/** Order value, margin and cash make the order smaller or refuse it (`sizing.orderValueMode`); never larger. */
function fitAmounts(
  input: SizeInput,
  measures: readonly Measure[],
  from: { readonly steps: number; readonly price: Price; readonly binding: string },
): Fitted {
  const at = (steps: number): Size => sized(input, { steps, price: from.price, wanted: 0 });
  let fitted: Fitted = from;
  for (const { code, fits } of amountChecks(input, measures)) {
    if (fitted.steps === 0 || fits(at(fitted.steps))) continue;
    const steps = input.policy.orderValueMode === 'reject' ? 0 : largest(fitted.steps, (n) => fits(at(n)));
    fitted = { steps, binding: code };
  }
  return fitted;
}

interface AmountCheck {
  readonly code: string;
  readonly fits: (size: Size) => boolean;
}

function amountChecks(input: SizeInput, measures: readonly Measure[]): readonly AmountCheck[] {
  const free = freeCash(input);
  const checks: AmountCheck[] = [];
  for (const measure of measures) {
    if (measure.adds === 'risk') continue;
    const room = headroom(measure);
    checks.push({ code: measure.code, fits: (size) => amountOf(size, measure.adds) <= room });
  }
  checks.push({ code: 'RK_CASH', fits: (size) => cashOf(size) <= free });
  return checks;
}

/** What an entry takes of the cash at hand: the payment, or the margin. */
export function cashOf(size: Size): Micros {
  return add(size.cashMicros, size.marginMicros);
}

/** Cash that nothing else is waiting for or secured by. */
export function freeCash({ snapshot }: Pick<SizeInput, 'snapshot'>): Micros {
  const { cashMicros, exposures } = snapshot;
  return Math.max(0, sub(sub(cashMicros, total(exposures, 'cashMicros')), total(exposures, 'marginMicros')));
}

export function amountOf(size: Size, adds: Amount): Micros {
  if (adds === 'risk') return size.riskMicros;
  return adds === 'notional' ? size.notionalMicros : size.marginMicros;
}

/** The largest n < `most` that fits, 0 when none does; what fits for n fits for less. */
function largest(most: number, fits: (steps: number) => boolean): number {
  let low = 0;
  let high = most;
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function refuseLeast(instrument: TradedInstrument, size: Size): Refusal | null {
  if (size.steps < instrument.minSteps)
    return refusal('RK_SIZE_MIN', 'Not even the smallest quantity fits.', { measured: size.steps, limit: instrument.minSteps });
  if (size.notionalMicros >= instrument.minNotionalMicros) return null;
  const figures = { measured: size.notionalMicros, limit: instrument.minNotionalMicros };
  return refusal('RK_SIZE_MIN', 'The order would be below the smallest value.', figures);
}

/** What the limits leave must be worth its costs; a quantity a person lowered is his to choose. */
function refuseFraction({ policy, maxSteps }: SizeInput, size: Size, binding: string): Refusal | null {
  const least = mulDiv(size.wantedMicros, policy.minFractionPercent, 100, 'up');
  if (binding === 'RK_SIZE_MIN' || size.steps === maxSteps || size.riskMicros >= least) return null;
  const figures = { measured: size.riskMicros, limit: least };
  return refusal(binding, 'What the limits leave is too small to be worth it.', figures);
}

export function isRefusal(value: object): value is Refusal {
  return 'code' in value && 'sentence' in value;
}
