/** The market around a signal: volatility and volume against their past, consolidation; of fixed size, nothing allocated per bar. */
import type { Bar } from '../bar/bar.ts';

const PERIOD = 14;
const LONG = 250;
const SHORT_OF_LONG = 50;
const RECENT = 20;

/** Scalars of the tracker, in the order they are stored. */
const SCALARS = 4;
const N = 0;
const PREV_CLOSE = 1;
const ATR = 2;
const TR_SUM = 3;

/** Plain JSON. */
export interface MarketTrackerState {
  readonly scalars: readonly number[];
  readonly atrs: readonly number[];
  readonly volumes: readonly number[];
  readonly highs: readonly number[];
  readonly lows: readonly number[];
}

export class MarketTracker {
  readonly #s = new Float64Array(SCALARS);
  readonly #atrs = new Float64Array(LONG);
  readonly #volumes = new Float64Array(LONG);
  readonly #highs = new Float64Array(RECENT);
  readonly #lows = new Float64Array(RECENT);

  constructor(state?: MarketTrackerState) {
    if (state === undefined) return;
    this.#s.set(state.scalars);
    this.#atrs.set(state.atrs);
    this.#volumes.set(state.volumes);
    this.#highs.set(state.highs);
    this.#lows.set(state.lows);
  }

  next(bar: Bar): void {
    const s = this.#s;
    const n = s[N];
    const range = n === 0 ? bar.high - bar.low : Math.max(bar.high, s[PREV_CLOSE]) - Math.min(bar.low, s[PREV_CLOSE]);
    if (n < PERIOD) {
      s[TR_SUM] += range;
      s[ATR] = s[TR_SUM] / (n + 1);
    } else s[ATR] += (range - s[ATR]) / PERIOD;
    this.#atrs[n % LONG] = s[ATR];
    this.#volumes[n % LONG] = bar.volume;
    this.#highs[n % RECENT] = bar.high;
    this.#lows[n % RECENT] = bar.low;
    s[PREV_CLOSE] = bar.close;
    s[N] = n + 1;
  }

  /** Wilder's mean true range over 14 bars; null before. */
  get atr(): number | null {
    return this.#s[N] >= PERIOD ? this.#s[ATR] : null;
  }

  /** `floor(100 x share of the last 250 bars (50 when fewer) at or below the current one)`; null before 50. */
  atrPercentile(): number | null {
    return this.#percentile(this.#atrs);
  }

  volumePercentile(): number | null {
    return this.#percentile(this.#volumes);
  }

  /** The last 5 bars stay within `width` of the close on at most 0.7 of the mean volume of 20 bars (trading.md 6.3 rule 5). */
  isConsolidating(width: number): boolean {
    const n = this.#s[N];
    if (n < RECENT) return false;
    let high = -Infinity;
    let low = Infinity;
    let late = 0;
    let all = 0;
    for (let i = 0; i < RECENT; i += 1) {
      const volume = this.#volumes[(n - 1 - i) % LONG];
      all += volume;
      if (i >= 5) continue;
      late += volume;
      high = Math.max(high, this.#highs[(n - 1 - i) % RECENT]);
      low = Math.min(low, this.#lows[(n - 1 - i) % RECENT]);
    }
    return high - low <= width * this.#s[PREV_CLOSE] && late / 5 <= 0.7 * (all / RECENT);
  }

  state(): MarketTrackerState {
    const list = (values: Float64Array): number[] => [...values];
    return {
      scalars: list(this.#s),
      atrs: list(this.#atrs),
      volumes: list(this.#volumes),
      highs: list(this.#highs),
      lows: list(this.#lows),
    };
  }

  #percentile(ring: Float64Array): number | null {
    const n = this.#s[N];
    if (n < SHORT_OF_LONG) return null;
    const count = n >= LONG ? LONG : SHORT_OF_LONG;
    const current = ring[(n - 1) % LONG];
    let below = 0;
    for (let i = 0; i < count; i += 1) if (ring[(n - 1 - i) % LONG] <= current) below += 1;
    return Math.floor((100 * below) / count);
  }
}
