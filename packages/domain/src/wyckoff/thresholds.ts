/** The volume thresholds that hold now: fixed ratios by market and session, or quantiles of the instrument's habit (4.1, 13). */
import type { Instrument, Timeframe } from '../bar/bar.ts';
import { TIMEFRAME_MS } from '../bar/bar.ts';
import { fraction } from '../bar/fraction.ts';
import { piecewise, type Knots } from '../bar/piecewise.ts';
import type { Effort } from '../effort/effort.ts';
import { FOREX_SESSION_NAMES } from '../effort/forex-session.ts';
import type { Parameters } from './parameters.ts';
import type { QuantileRule, RulePack, VolumeHabitRules } from './rule-pack.ts';

const ASIAN = 3;
const CLOSE = 4;

/** Volume ratio of a liquid stock (AAPL daily 2000-13) at each quantile: the scale on which volume points are read. */
const STOCK_HABIT: Knots = [
  0, 0.3, 0.02, 0.45, 0.05, 0.53, 0.1, 0.6, 0.2, 0.68, 0.35, 0.8, 0.5, 0.91, 0.8, 1.25, 0.9, 1.55, 0.961, 2.0, 0.97, 2.13,
  0.99, 2.8, 0.998, 4, 1, 5,
]; // prettier-ignore

export class Thresholds {
  readonly #params: Parameters;
  readonly #rules: VolumeHabitRules | null;
  readonly #effort: Effort;
  readonly #forex: boolean;
  readonly #longFrame: boolean;
  /** What a habit's thresholds never fall below. */
  readonly #climaxLeast: number;
  readonly #preliminaryLeast: number;

  constructor(pack: RulePack, effort: Effort, market: { readonly instrument: Instrument; readonly timeframe: Timeframe }) {
    this.#params = pack.params;
    this.#rules = pack.habit;
    this.#climaxLeast = fraction(pack.habit?.climaxVol.min ?? 0);
    this.#preliminaryLeast = fraction(pack.habit?.psVol.min ?? 0);
    this.#effort = effort;
    this.#forex = market.instrument.assetClass === 'FOREX';
    this.#longFrame = TIMEFRAME_MS[market.timeframe] >= TIMEFRAME_MS['4h'];
  }

  climaxVol(): number {
    return this.#of(this.#rules?.climaxVol, this.#params.climaxVol);
  }

  /** Could the bar's volume pass for a climax at all, whatever the habit? The cheap no, before a quantile is read. */
  climaxPossible(): boolean {
    const { now } = this.#effort;
    if (now.noVolume) return true;
    // Two comparisons, not one with a limit of two origins: the compiler makes a new object of such a fraction each time.
    if (this.#habit() === null) return now.volFloor >= this.#params.climaxVol * (1 - 1e-9);
    return now.volFloor >= this.#climaxLeast * (1 - 1e-9);
  }

  preliminaryPossible(): boolean {
    const { now } = this.#effort;
    if (now.noVolume) return true;
    if (this.#habit() === null) return now.volFloor >= this.#params.psVol * (1 - 1e-9);
    return now.volFloor >= this.#preliminaryLeast * (1 - 1e-9);
  }

  bcAltVol(): number {
    return this.#of(this.#rules?.bcAltVol, this.#params.bcAltVol);
  }

  psVol(): number {
    return this.#of(this.#rules?.psVol, this.#params.psVol);
  }

  springMax(session: number): number {
    const p = this.#params;
    const thin = !this.#longFrame && (session === ASIAN || session === CLOSE);
    return this.#of(this.#rules?.springMaxVol, !this.#forex ? p.springMaxVol : thin ? p.springMaxVolFxThin : p.springMaxVolFx);
  }

  sosMin(session: number): number {
    const p = this.#params;
    const thin = !this.#longFrame && (session === ASIAN || session === CLOSE);
    return this.#of(this.#rules?.sosVol, !this.#forex ? p.sosVol : thin ? p.sosVolFxThin : p.sosVolFx);
  }

  utadMin(session: number): number {
    return this.#of(this.#rules?.utadMinVol, this.#forex ? this.#utadFx(session) : this.#params.utadMinVol);
  }

  utadTrade(session: number): number {
    return this.#of(this.#rules?.utadTradeVol, this.#forex ? this.#utadFx(session) : this.#params.utadTradeVol);
  }

  lpsMax(): number {
    return this.#of(this.#rules?.lpsMaxVol, this.#params.lpsMaxVol);
  }

  sosDirect(): number {
    return this.#of(this.#rules?.sosDirectVol, this.#params.sosDirectVol);
  }

  /** PCK-2. The ratio a liquid stock would show at this bar's quantile; the ratio itself under fixed thresholds. */
  onStockScale(volRatio: number): number {
    const habit = this.#habit();
    return habit === null ? volRatio : piecewise(STOCK_HABIT, habit.share(volRatio));
  }

  #utadFx(session: number): number {
    const table = this.#params.utadMinVolFx;
    return session < 0 || this.#longFrame ? table.none : table[FOREX_SESSION_NAMES[session]];
  }

  #habit() {
    const habit = this.#effort.habit;
    return this.#rules === null || habit === null || habit.samples < this.#rules.minSamples ? null : habit;
  }

  /** PCK-1. */
  #of(rule: QuantileRule | undefined, fixed: number): number {
    const habit = this.#habit();
    if (rule === undefined || habit === null) return fixed;
    const ratio = habit.quantile(rule.q);
    return ratio < rule.min ? rule.min : ratio > rule.max ? rule.max : ratio;
  }
}
