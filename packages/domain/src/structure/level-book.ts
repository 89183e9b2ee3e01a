/** The level book: pivots of one side that lie close together, kept as clusters until they age or are broken (detection.md 3.2). */
import type { StateIo } from '../bar/state-io.ts';
import type { Pivot } from './pivots.ts';
import { Touches } from './touches.ts';

export const SUPPORT = 0;
export const RESISTANCE = 1;
export type LevelSide = typeof SUPPORT | typeof RESISTANCE;

const CLUSTERS = 12;
const NONE = -1;
const ALL = (1 << CLUSTERS) - 1;

/** The first of several lists given as bits. */
export function lowestList(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

/** When a cluster is forgotten. */
export interface BookLimits {
  /** bars */
  readonly clusterMaxAge: number;
  /** ATR beyond the edge */
  readonly clusterBreak: number;
}

export class LevelBook {
  readonly touches = new Touches(2 * CLUSTERS);
  /** Lowest support (highest resistance) price of the cluster, touch or not. */
  readonly edge = new Float64Array(2 * CLUSTERS);
  readonly mean = new Float64Array(2 * CLUSTERS);
  /** 1 once an opposite pivot has come between: the next pivot is a distinct swing. */
  readonly swung = new Uint8Array(2 * CLUSTERS);
  /** Bit `list` is set while that cluster exists: few do, and only those are visited. */
  live = 0;
  /** The bounds that make most bars cheap: no cluster needs a look while they hold. */
  readonly watch = { highestSupport: -Infinity, lowestResistance: Infinity, oldestTouch: Infinity, evicted: 0 };

  /** LVL-1. Puts the pivot into the nearest cluster within its reach, or opens one; returns its list. */
  insert(side: LevelSide, pivot: Pivot): number {
    const list = this.#nearest(side, pivot);
    if (list === NONE) {
      if (pivot.weak) return NONE;
      const fresh = this.#free(side);
      this.touches.clear(fresh);
      this.touches.push(fresh, pivot);
      this.live |= 1 << fresh;
      this.edge[fresh] = pivot.price;
      this.mean[fresh] = pivot.price;
      this.swung[fresh] = 0;
      this.#widenWatch(side, fresh);
      return fresh;
    }
    this.edge[list] = side === SUPPORT ? Math.min(this.edge[list], pivot.price) : Math.max(this.edge[list], pivot.price);
    if (this.swung[list] === 1 && !pivot.weak) {
      this.touches.push(list, pivot);
      this.mean[list] = this.touches.meanPrice(list);
      this.swung[list] = 0;
    }
    this.#widenWatch(side, list);
    return list;
  }

  /** A pivot on the other side, at least `distance` away and later than the last touch, makes the next one a distinct swing. */
  swing(side: LevelSide, pivot: Pivot, distance: number): void {
    for (let rest = this.liveOf(side); rest !== 0; rest &= rest - 1) {
      const list = lowestList(rest);
      if (this.swung[list] === 1) continue;
      const away = Math.abs(pivot.price - this.mean[list]);
      if (away >= distance * (1 - 1e-9) && pivot.bar > this.touches.lastBar(list)) this.swung[list] = 1;
    }
  }

  /** Does any cluster need a look: too old, or left behind by the close? Errs on the side of yes. */
  stale(now: { readonly bar: number; readonly close: number; readonly atr: number }, limits: BookLimits): boolean {
    const watch = this.watch;
    const distance = limits.clusterBreak * now.atr;
    if (now.bar - watch.oldestTouch > limits.clusterMaxAge) return true;
    return watch.highestSupport > now.close + distance || watch.lowestResistance < now.close - distance;
  }

  /** LVL-5. Forgets clusters whose last touch is too old or whose edge the close has left behind. */
  prune(now: { readonly bar: number; readonly close: number; readonly atr: number }, limits: BookLimits): void {
    const bar = now.bar;
    const maxAge = limits.clusterMaxAge;
    const overSupport = now.close + limits.clusterBreak * now.atr;
    const underResistance = now.close - limits.clusterBreak * now.atr;
    const { touches, edge, watch } = this;
    let highest = -Infinity;
    let lowest = Infinity;
    let oldest = Infinity;
    for (let rest = this.live; rest !== 0; rest &= rest - 1) {
      const list = lowestList(rest);
      const price = edge[list];
      const last = touches.lastBar(list);
      const broken = list < CLUSTERS ? price > overSupport : price < underResistance;
      if (broken || bar - last > maxAge) {
        touches.clear(list);
        this.live &= ~(1 << list);
        continue;
      }
      if (list >= CLUSTERS) {
        if (price < lowest) lowest = price;
      } else if (price > highest) highest = price;
      if (last < oldest) oldest = last;
    }
    watch.highestSupport = highest;
    watch.lowestResistance = lowest;
    watch.oldestTouch = oldest;
  }

  /** The clusters of one side as bits: see {@link lowestList}. */
  liveOf(side: LevelSide): number {
    return this.live & (side === SUPPORT ? ALL : ALL << CLUSTERS);
  }

  adjust(priceFactor: number): void {
    this.touches.adjust(priceFactor);
    for (let i = 0; i < this.edge.length; i++) {
      this.edge[i] *= priceFactor;
      this.mean[i] *= priceFactor;
    }
    this.refresh();
  }

  persist(io: StateIo): void {
    io.own(this.touches);
    io.own(this);
    io.own(this.watch);
  }

  refresh(): void {
    const watch = this.watch;
    watch.highestSupport = -Infinity;
    watch.lowestResistance = Infinity;
    watch.oldestTouch = Infinity;
    for (let rest = this.live; rest !== 0; rest &= rest - 1) {
      const list = lowestList(rest);
      const edge = this.edge[list];
      if (list < CLUSTERS) {
        if (edge > watch.highestSupport) watch.highestSupport = edge;
      } else if (edge < watch.lowestResistance) watch.lowestResistance = edge;
      const last = this.touches.lastBar(list);
      if (last < watch.oldestTouch) watch.oldestTouch = last;
    }
  }

  /** Keeps the watch on the safe side after one cluster changed: it may call for a look too many, never for one too few. */
  #widenWatch(side: LevelSide, list: number): void {
    const watch = this.watch;
    const edge = this.edge[list];
    if (side === SUPPORT) {
      if (edge > watch.highestSupport) watch.highestSupport = edge;
    } else if (edge < watch.lowestResistance) watch.lowestResistance = edge;
    const last = this.touches.lastBar(list);
    if (last < watch.oldestTouch) watch.oldestTouch = last;
  }

  #nearest(side: LevelSide, { price, reach }: Pivot): number {
    let best = NONE;
    let bestDistance = reach * (1 + 1e-9);
    for (let rest = this.liveOf(side); rest !== 0; rest &= rest - 1) {
      const list = lowestList(rest);
      const distance = Math.abs(price - this.mean[list]);
      if (distance <= bestDistance && (best === NONE || distance < bestDistance)) {
        best = list;
        bestDistance = distance;
      }
    }
    return best;
  }

  /** An empty list, else the one touched longest ago. */
  #free(side: LevelSide): number {
    const first = side * CLUSTERS;
    const empty = ~this.live & (ALL << first);
    if (empty !== 0) return lowestList(empty);
    let oldest = first;
    for (let list = first + 1; list < first + CLUSTERS; list++) {
      if (this.touches.lastBar(list) < this.touches.lastBar(oldest)) oldest = list;
    }
    this.watch.evicted++;
    return oldest;
  }
}
