/** The equity of a run, judged online: return, risk, ratios, exposure, monthly returns (backtesting.md 6). */
import type { AssetClass, EpochMs, Timeframe } from '../bar/bar.ts';
import { TIMEFRAME_MS } from '../bar/bar.ts';
import type { Micros } from '../setup/signal.ts';
import { isIntraday } from '../market/intraday.ts';
import { Drawdowns } from './drawdowns.ts';
import type { DrawdownPeriod } from './drawdowns.ts';
import { EquitySample } from './equity-sample.ts';
import type { EquityPoint } from './equity-sample.ts';
import { Moments } from './moments.ts';
import { MonthlyReturns } from './monthly-returns.ts';
import type { MonthlyReturn } from './monthly-returns.ts';

const DAY = 86_400_000;
const DAYS_PER_YEAR = 365.25;

export interface RunStatisticsOptions {
  readonly startingMicros: Micros;
  readonly assetClass: AssetClass;
  readonly timeframe: Timeframe;
  /** Per year; default 0.02. */
  readonly riskFreeRate?: number;
  /** Per year, for Sortino; default 0. */
  readonly targetReturn?: number;
  /** Returns per UTC day instead of per bar: series of several classes or timeframes; default false. */
  readonly daily?: boolean;
}

/** Null where a figure is not defined. */
export interface RunSummary {
  readonly bars: number;
  readonly firstAt: EpochMs | null;
  readonly lastAt: EpochMs | null;
  readonly startingMicros: Micros;
  readonly endingMicros: Micros;
  readonly totalReturn: number;
  readonly cagr: number | null;
  readonly sharpe: number | null;
  readonly sortino: number | null;
  readonly maxDrawdown: number;
  readonly calmar: number | null;
  /** Share of bars with an open position. */
  readonly exposure: number | null;
  readonly drawdowns: readonly DrawdownPeriod[];
  readonly monthly: readonly MonthlyReturn[];
  readonly equity: readonly EquityPoint[];
}

/** Metric periods per year (backtesting.md 6). */
export function periodsPerYear(assetClass: AssetClass, timeframe: Timeframe): number {
  if (timeframe === '1w') return 52;
  const days = assetClass === 'CRYPTO' ? 365 : 252;
  if (!isIntraday(timeframe)) return days;
  const hours = assetClass === 'STOCK' ? 6.5 : 24;
  return (days * hours * 3_600_000) / TIMEFRAME_MS[timeframe];
}

export class RunStatistics {
  readonly #options: RunStatisticsOptions;
  readonly #perYear: number;
  readonly #returns: Moments;
  readonly #drawdowns: Drawdowns;
  readonly #monthly: MonthlyReturns;
  readonly #sample = new EquitySample();
  #bars = 0;
  #exposed = 0;
  #first: EpochMs = NaN;
  #lastAt: EpochMs = NaN;
  #last: Micros;
  /** The UTC day of the last point, and the equity the day before ended with. */
  #day = NaN;
  #dayStart: Micros;

  constructor(options: RunStatisticsOptions) {
    this.#options = options;
    this.#perYear = periodsPerYear(options.assetClass, options.timeframe);
    this.#returns = new Moments((options.targetReturn ?? 0) / this.#perYear);
    this.#drawdowns = new Drawdowns(options.startingMicros);
    this.#monthly = new MonthlyReturns(options.startingMicros);
    this.#last = options.startingMicros;
    this.#dayStart = options.startingMicros;
  }

  /** Equity after a bar. */
  next(at: EpochMs, equity: Micros, hasPosition: boolean): void {
    if (this.#bars === 0) this.#first = at;
    this.#bars += 1;
    if (hasPosition) this.#exposed += 1;
    if (this.#options.daily === true) this.#nextDaily(at);
    else this.#returns.next(this.#last > 0 ? equity / this.#last - 1 : 0);
    this.#drawdowns.next(at, equity);
    this.#monthly.next(at, equity);
    this.#sample.next(at, equity);
    this.#last = equity;
    this.#lastAt = at;
  }

  /** A new day: the one before is complete. */
  #nextDaily(at: EpochMs): void {
    // The instant a day ends with belongs to it.
    const day = Math.floor((at - 1) / DAY);
    if (day === this.#day) return;
    if (!Number.isNaN(this.#day)) this.#closeDay();
    this.#day = day;
  }

  #closeDay(): void {
    this.#returns.next(this.#dayStart > 0 ? this.#last / this.#dayStart - 1 : 0);
    this.#dayStart = this.#last;
  }

  /** No more points: the last day is complete. */
  end(): void {
    if (this.#options.daily === true && this.#bars > 0) this.#closeDay();
  }

  /** The positions closed at the very end: the last point again, corrected. */
  settle(equity: Micros): void {
    if (equity === this.#last || this.#bars === 0) return;
    this.next(this.#lastAt + 1, equity, false);
    this.#bars -= 1;
  }

  summary(): RunSummary {
    const { startingMicros } = this.#options;
    const cagr = this.#cagr();
    const maxDrawdown = this.#drawdowns.maximum;
    return {
      bars: this.#bars,
      firstAt: this.#bars === 0 ? null : this.#first,
      lastAt: this.#bars === 0 ? null : this.#lastAt,
      startingMicros,
      endingMicros: this.#last,
      totalReturn: (this.#last - startingMicros) / startingMicros,
      cagr,
      sharpe: this.#sharpe(),
      sortino: this.#sortino(),
      maxDrawdown,
      calmar: cagr === null || maxDrawdown === 0 ? null : cagr / maxDrawdown,
      exposure: this.#bars === 0 ? null : this.#exposed / this.#bars,
      drawdowns: this.#drawdowns.periods(),
      monthly: this.#monthly.list(),
      equity: this.#sample.points(),
    };
  }

  #cagr(): number | null {
    const days = (this.#lastAt - this.#first) / DAY;
    if (!(days >= 1) || this.#last <= 0) return null;
    return (this.#last / this.#options.startingMicros) ** (DAYS_PER_YEAR / days) - 1;
  }

  #sharpe(): number | null {
    const sd = this.#returns.sd;
    if (sd === null || sd === 0) return null;
    return ((this.#returns.mean - (this.#options.riskFreeRate ?? 0.02) / this.#perYear) / sd) * Math.sqrt(this.#perYear);
  }

  #sortino(): number | null {
    const downside = this.#returns.downsideDeviation;
    if (downside === null || downside === 0) return null;
    return ((this.#returns.mean - (this.#options.targetReturn ?? 0) / this.#perYear) / downside) * Math.sqrt(this.#perYear);
  }
}
