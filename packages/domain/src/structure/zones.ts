/** Narrow bars on high volume inside a range, kept as supply and demand zones (detection.md 3.7; context only). */
import { clamp01 } from '../bar/piecewise.ts';

const ZONES = 20;

export interface ZoneParameters {
  readonly zoneVol: number;
  readonly zoneSpread: number;
  readonly zoneDeparture: number;
  readonly formingBreakVol: number;
}

/** What the zones need of a bar. */
export interface ZoneBar {
  readonly bar: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly prevClose: number;
  readonly volFloor: number;
  readonly volRatio: number;
  readonly spreadRatio: number;
  readonly closePos: number;
  readonly atr: number;
}

export class Zones {
  readonly low = new Float64Array(ZONES);
  readonly high = new Float64Array(ZONES);
  readonly volRatio = new Float32Array(ZONES);
  readonly spreadRatio = new Float32Array(ZONES);
  readonly bar = new Int32Array(ZONES);
  readonly touches = new Uint8Array(ZONES);
  /** +1 demand, -1 supply. */
  readonly kind = new Int8Array(ZONES);
  /** 1 once price has left the zone by far enough: the next visit counts. */
  readonly away = new Uint8Array(ZONES);
  count = 0;
  evicted = 0;

  clear(): void {
    this.count = 0;
  }

  /** Visits, departures and breaks of the zones there are. */
  follow(now: ZoneBar, params: ZoneParameters): void {
    const departure = params.zoneDeparture * now.atr;
    let kept = 0;
    for (let i = 0; i < this.count; i++) {
      const demand = this.kind[i] > 0;
      const beyond = demand ? this.low[i] - now.close : now.close - this.high[i];
      if (beyond > 0 && (now.volFloor >= params.formingBreakVol || beyond > now.atr)) continue;
      const distance = demand ? now.low - this.high[i] : this.low[i] - now.high;
      if (distance >= departure) this.away[i] = 1;
      else if (this.away[i] === 1 && now.low <= this.high[i] && now.high >= this.low[i]) {
        this.away[i] = 0;
        if (this.touches[i] < 255) this.touches[i]++;
      }
      if (kept !== i) this.#move(i, kept);
      kept++;
    }
    this.count = kept;
  }

  /** ZON-1. Opens a zone when the bar is narrow on high volume. `levelOf` gives the distance of its middle from its level in tolerances. */
  open(now: ZoneBar, params: ZoneParameters, significance: (at: number) => number): void {
    if (!(now.volFloor >= params.zoneVol) || !(now.spreadRatio <= params.zoneSpread)) return;
    const lean = now.closePos - 0.5 || now.close - now.prevClose;
    if (lean === 0) return;
    if (this.count === ZONES) this.#evict(significance);
    const at = this.count++;
    this.low[at] = now.low;
    this.high[at] = now.high;
    this.volRatio[at] = now.volRatio;
    this.spreadRatio[at] = now.spreadRatio;
    this.bar[at] = now.bar;
    this.touches[at] = 0;
    this.away[at] = 0;
    this.kind[at] = lean > 0 ? 1 : -1;
  }

  /** 0-100 points; `nearLevel`: the middle lies at its level. */
  significance(at: number, nearLevel: boolean): number {
    const touches = this.touches[at];
    const freshness = touches === 0 ? 40 : touches < 3 ? 25 : 0;
    const volume = Math.min(15, (15 * (this.volRatio[at] - 1.3)) / 2);
    const narrow = 15 * clamp01((0.8 - this.spreadRatio[at]) / 0.8);
    return freshness + (nearLevel ? 30 : 0) + volume + narrow;
  }

  adjust(priceFactor: number): void {
    for (let i = 0; i < ZONES; i++) {
      this.low[i] *= priceFactor;
      this.high[i] *= priceFactor;
    }
  }

  #evict(significance: (at: number) => number): void {
    let least = 0;
    let points = Infinity;
    for (let i = 0; i < this.count; i++) {
      const own = significance(i);
      if (own < points) {
        points = own;
        least = i;
      }
    }
    for (let i = least + 1; i < this.count; i++) this.#move(i, i - 1);
    this.count--;
    this.evicted++;
  }

  #move(from: number, to: number): void {
    this.low[to] = this.low[from];
    this.high[to] = this.high[from];
    this.volRatio[to] = this.volRatio[from];
    this.spreadRatio[to] = this.spreadRatio[from];
    this.bar[to] = this.bar[from];
    this.touches[to] = this.touches[from];
    this.kind[to] = this.kind[from];
    this.away[to] = this.away[from];
  }
}
