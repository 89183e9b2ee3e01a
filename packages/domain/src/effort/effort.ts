/** Measures each bar against what was usual before it, then lets it become part of what is usual (detection.md 2). */
import { TIMEFRAME_MS, type Bar, type Instrument, type Timeframe, type VolumeReliability } from '../bar/bar.ts';
import { BarRing, RING_MASK, SHORT_MASK } from '../bar/bar-ring.ts';
import type { StateIo } from '../bar/state-io.ts';
import { clamp01 } from '../bar/piecewise.ts';
import { FIRST_INSTANT, LARGEST, LAST_INSTANT, SMALLEST } from '../bar/validate.ts';
import { Adx } from './adx.ts';
import { Atr } from './atr.ts';
import { Baseline } from './baseline.ts';
import { Ema } from './ema.ts';
import { Extremes } from './extremes.ts';
import { Features } from './features.ts';
import { ForexClock, NO_SESSION } from './forex-session.ts';
import { declaredReliability, VolumeSilence } from './reliability.ts';
import { SessionVolume } from './session-volume.ts';
import { VolumeHabit } from './volume-habit.ts';
import { ZoneClock } from './zone-clock.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const MISSING_INTERVALS = 3;
/** Bars the slow recursions may lag until somebody asks; the ring reaches further back. */
const LAG_BARS = 64;

/** The numbers of detection.md 10 that measuring needs. */
export interface EffortParameters {
  readonly atrPeriod: number;
  readonly adxPeriod: number;
  readonly baselineClip: number;
  readonly climaxLookback: number;
  readonly newLowBars: number;
  readonly sessionHalfLifeDays: number;
  readonly sessionMinSamples: number;
  readonly anomalyVol: number;
}

export interface EffortOptions {
  readonly instrument: Instrument;
  readonly timeframe: Timeframe;
  readonly params: EffortParameters;
  /** Half-life of the volume habit in bars; 0 keeps none. */
  readonly habitHalfLife: number;
}

/** Test only: statistics held constant whatever the bars say. */
export interface FrozenStatistics {
  readonly atr: number;
  readonly meanVolume: number;
  readonly meanSpread: number;
  /** Highest high and lowest low of the lookbacks, when also held. */
  readonly highest?: number;
  readonly lowest?: number;
}

export class Effort {
  readonly now = new Features();
  readonly bars = new BarRing();
  readonly baseline = new Baseline();
  readonly atr: Atr;
  readonly #adx: Adx;
  readonly #fast = new Ema(10);
  readonly #slow = new Ema(50);
  /** Last bar that belongs to the past, and the last that has entered directional index and fast mean. */
  #absorbed = -1;
  #followed = -1;
  readonly silence = new VolumeSilence();
  readonly habit: VolumeHabit | null;
  readonly declared: VolumeReliability;
  /** Bar index after the last hole in intraday data; -1 for none. */
  readonly hole = { bar: -1, count: 0 };
  frozen: FrozenStatistics | null = null;

  readonly #params: EffortParameters;
  readonly #forex: boolean;
  readonly #forexClock: ForexClock | null;
  readonly #clock: ZoneClock | null;
  readonly #sessionVolume: SessionVolume | null;
  readonly #barMs: number;
  readonly #openMinute: number;
  readonly #closeMinute: number;
  #localMinute = 0;
  /** Of the short lookback, before the current bar. */
  readonly #extremes: Extremes;
  /** The last answer of {@link longExtreme}. */
  readonly #long = { bar: -1, sign: 0, value: NaN };

  constructor(options: EffortOptions) {
    const { instrument, timeframe, params } = options;
    this.#params = params;
    this.#extremes = new Extremes(params.newLowBars, this.bars);
    this.atr = new Atr(params.atrPeriod);
    this.#adx = new Adx(params.adxPeriod);
    this.habit = options.habitHalfLife > 0 ? new VolumeHabit(options.habitHalfLife) : null;
    this.declared = declaredReliability(instrument);
    this.#forex = instrument.assetClass === 'FOREX';
    this.#barMs = TIMEFRAME_MS[timeframe];
    const intraday = this.#barMs < DAY_MS;
    const hourly = this.#barMs <= 60 * MINUTE_MS;
    this.#forexClock = this.#forex && hourly ? new ForexClock() : null;
    this.#clock = intraday ? new ZoneClock(instrument.timeZone) : null;
    this.#sessionVolume = hourly
      ? new SessionVolume(this.#barMs / MINUTE_MS, params.sessionHalfLifeDays, params.sessionMinSamples)
      : null;
    const session = hourly && typeof instrument.session === 'object' ? instrument.session : null;
    this.#openMinute = session ? minuteOf(session.open) : -1;
    this.#closeMinute = session ? minuteOf(session.close) : -1;
  }

  /** Average directional index, 0..100; NaN before 2n bars. */
  get adx(): number {
    this.#catchUp();
    return this.#adx.value;
  }

  /** Change of the fast mean over ten bars, in price; 0 before 11 bars. */
  get fastChange(): number {
    this.#catchUp();
    return this.#fast.change;
  }

  /** NONE while volume is silent, else what the instrument declares. */
  get reliability(): VolumeReliability {
    return this.now.noVolume ? 'NONE' : this.declared;
  }

  /** Step 2: the bar becomes the current one, measured with what was known before it; false when it is refused, and nothing has changed. */
  measure(bar: Bar): boolean {
    const f = this.now;
    const { time, open, high, low, close, volume } = bar;
    // BAR-1, BAR-2 in one breath: a sum has a bound only if all its parts have. Why a bar is refused is asked elsewhere.
    const sum = open + high + low + close + volume;
    const sound = sum <= LARGEST && open >= SMALLEST && low >= SMALLEST && close >= SMALLEST && high >= low;
    if (!sound || !(volume >= SMALLEST || volume === 0) || !(time <= LAST_INSTANT)) return false;
    if (!(time > f.time || (f.bar < 0 && time >= FIRST_INSTANT))) return false;
    f.prevClose = f.close;
    f.prevHigh = f.high;
    f.prevLow = f.low;
    if (this.#clock !== null) this.#place(time, f.time);
    const index = f.bar + 1;
    const prevClose = f.prevClose;
    f.bar = index;
    f.time = time;
    f.open = open;
    f.high = high;
    f.low = low;
    f.close = close;
    f.volume = volume;
    this.bars.write(index, f);

    const frozen = this.frozen;
    const meanVolume = frozen === null ? this.baseline.meanVolume : frozen.meanVolume;
    const meanSpread = frozen === null ? this.baseline.meanSpread : frozen.meanSpread;
    const atr = frozen === null ? this.atr.value : frozen.atr;
    const spread = high - low;
    const ratio = volume / meanVolume;
    f.volRatio = ratio;
    this.bars.volRatio[index & SHORT_MASK] = ratio;
    f.spreadRatio = meanSpread > 0 ? spread / meanSpread : meanSpread === 0 ? 0 : NaN;
    f.closePos = spread > 0 ? clamp01((close - low) / spread) : 0.5;
    f.atr = atr;
    let range = spread;
    if (index > 0) {
      const up = high - prevClose;
      const down = prevClose - low;
      if (up > range) range = up;
      if (down > range) range = down;
    }
    f.trueRange = range;
    f.noVolume = this.silence.silent || this.declared === 'NONE';
    f.judged = ratio === ratio || f.noVolume;
    f.anomaly = this.#forex && !f.noVolume && ratio >= this.#params.anomalyVol * (1 - 1e-9);
    f.volFloor = ratio;
    if (this.#sessionVolume !== null) {
      f.sessionVolRatio = this.#sessionVolume.ratio(this.#localMinute, f);
      if ((f.openingBar || f.closingBar) && f.sessionVolRatio < ratio) f.volFloor = f.sessionVolRatio;
    }
    return true;
  }

  /** Sets the effective spread of the bar, which only a rule in progress or a screen asks for. */
  fillEffectiveSpread(): void {
    const f = this.now;
    const { atr, spreadRatio } = f;
    f.effSpread = spreadRatio;
    // No choice between a fraction and "undefined" here: the compiler makes a new object of it on every new extreme.
    if (!(atr > 0)) return;
    const inAtr = f.trueRange / atr;
    if (inAtr > spreadRatio) f.effSpread = inAtr;
  }

  /** The same with gap and wicks. */
  fillDisplay(): void {
    const f = this.now;
    this.fillEffectiveSpread();
    const spread = f.high - f.low;
    f.gap = f.atr > 0 ? (f.open - f.prevClose) / f.atr : NaN;
    f.lowerWick = spread > 0 ? clamp01((Math.min(f.open, f.close) - f.low) / spread) : 0;
    f.upperWick = spread > 0 ? clamp01((f.high - Math.max(f.open, f.close)) / spread) : 0;
  }

  /** Step 9: the bar becomes part of what is usual. */
  absorb(): void {
    const f = this.now;
    const index = f.bar;
    this.baseline.push(f, this.#params.baselineClip);
    this.atr.push(f);
    this.#slow.push(f);
    this.#extremes.note(index);
    this.silence.push(f);
    if (this.habit !== null) this.habit.push(f);
    if (this.#sessionVolume !== null) this.#sessionVolume.push(this.#localMinute, f);
    this.#absorbed = index;
    if (index - this.#followed >= LAG_BARS) this.#catchUp();
  }

  /** Is the bar's low (side +1) below, or its high (side -1) above, that of every bar of the short lookback? */
  newExtreme(sign: 1 | -1): boolean {
    const { now, frozen } = this;
    if (now.bar === 0) return false;
    if (sign === -1) return this.#extremes.exceededAbove(now);
    const held = frozen === null ? undefined : frozen.lowest;
    return held === undefined ? this.#extremes.exceededBelow(now) : now.low * (1 + 1e-9) < held;
  }

  /** HH30 as the side `sign` sees it: highest high before this bar, or minus the lowest low. Asked only when a new extreme is made. */
  longExtreme(sign: 1 | -1): number {
    const long = this.#long;
    if (long.bar !== this.now.bar || long.sign !== sign) {
      // Climax and preliminary support ask on the same bar: look once.
      long.bar = this.now.bar;
      long.sign = sign;
      long.value = sign === 1 ? this.#highestOfLookback() : -this.#lowestOfLookback();
    }
    return long.value;
  }

  #highestOfLookback(): number {
    const ring = this.bars.high;
    const to = this.now.bar - 1;
    let best = -Infinity;
    for (let i = Math.max(0, to - this.#params.climaxLookback + 1); i <= to; i++) {
      const price = ring[i & RING_MASK];
      if (price > best) best = price;
    }
    return best;
  }

  #lowestOfLookback(): number {
    const ring = this.bars.low;
    const to = this.now.bar - 1;
    let best = Infinity;
    for (let i = Math.max(0, to - this.#params.climaxLookback + 1); i <= to; i++) {
      const price = ring[i & RING_MASK];
      if (price < best) best = price;
    }
    return best;
  }

  /** Sign of the slow mean's change over ten bars: the trend a pivot was made in. */
  get trendSign(): number {
    return Math.sign(this.#slow.change);
  }

  adjust(priceFactor: number): void {
    const f = this.now;
    f.open *= priceFactor;
    f.high *= priceFactor;
    f.low *= priceFactor;
    f.close *= priceFactor;
    f.prevClose *= priceFactor;
    f.prevHigh *= priceFactor;
    f.prevLow *= priceFactor;
    f.trueRange *= priceFactor;
    f.atr *= priceFactor;
    f.volume /= priceFactor;
    this.#catchUp();
    this.bars.adjust(priceFactor);
    this.#forget();
    this.baseline.adjust(priceFactor);
    this.atr.adjust(priceFactor);
    this.#adx.adjust(priceFactor);
    this.#fast.adjust(priceFactor);
    this.#slow.adjust(priceFactor);
    this.#sessionVolume?.adjust(priceFactor);
  }

  persist(io: StateIo): void {
    this.#catchUp();
    const components = [
      this.now, this.bars, this.baseline, this.atr, this.#adx, this.#fast, this.#slow, this.silence,
      this.hole,
    ]; // prettier-ignore
    for (const component of components) io.own(component);
    if (this.habit !== null) io.own(this.habit);
    if (this.#sessionVolume !== null) io.own(this.#sessionVolume);
    this.#absorbed = this.now.bar;
    this.#followed = this.now.bar;
    this.#forget();
  }

  #catchUp(): void {
    const from = this.#followed + 1;
    const to = this.#absorbed;
    if (from > to) return;
    this.#adx.follow(this.bars, from === 0 ? 1 : from, to);
    this.#fast.follow(this.bars, from, to);
    this.#followed = to;
  }

  /** What was remembered to save a search is found again. */
  #forget(): void {
    this.#extremes.recall(this.#absorbed);
    this.#long.bar = -1;
  }

  /** Local time of the bar: holes in the data, session slot, session label. */
  #place(time: number, previous: number): void {
    const f = this.now;
    if (this.#clock === null) return;
    const local = this.#clock.local(time);
    const day = Math.floor(local / DAY_MS);
    if (previous === previous && Math.floor(this.#clock.local(previous) / DAY_MS) === day) {
      if ((time - previous) / this.#barMs - 1 > MISSING_INTERVALS) {
        this.hole.bar = f.bar + 1;
        this.hole.count++;
      }
    }
    const minute = Math.floor((local - day * DAY_MS) / MINUTE_MS);
    this.#localMinute = minute;
    const length = this.#barMs / MINUTE_MS;
    f.openingBar = this.#openMinute >= minute && this.#openMinute < minute + length;
    f.closingBar = this.#closeMinute > minute && this.#closeMinute <= minute + length;
    f.session = this.#forexClock === null ? NO_SESSION : this.#forexClock.code(time);
  }
}

function minuteOf(clock: string): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
}
