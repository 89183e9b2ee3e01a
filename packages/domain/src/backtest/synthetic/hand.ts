/** The author's hand: draws legs and single bars on the tape, seen from one side, so that distribution is drawn as accumulation. */
import type { Hypothesis } from '../../wyckoff/event.ts';
import type { Noise } from './noise.ts';
import type { Random } from './random.ts';
import type { Tape } from './tape.ts';

/** How fast the mood of volume fades from bar to bar. */
const VOLUME_MEMORY = 0.55;
/** Volume follows the range of a bar with this exponent. */
const VOLUME_OF_RANGE = 0.4;
const PATH_MEMORY = 0.6;
const GAP_SIZE = 0.45;

/** Limits an ordinary bar keeps to; heights in ln price as seen by the hand, volumes as ratios to the last 20 bars. */
export interface Rails {
  readonly floor?: number;
  readonly ceiling?: number;
  readonly leastVolume?: number;
  readonly mostVolume?: number;
}

export interface Leg extends Rails {
  /** Height of the last close. */
  readonly to: number;
  readonly bars: number;
  /** Volume at the start and end of the leg, as multiples of the instrument's usual volume. */
  readonly volume: readonly [number, number];
  /** How much more a leg wanders than the swings of a range do: trends are ragged. */
  readonly ragged?: number;
}

export interface TurningBar {
  /** The extreme that makes the bar: its low for a turn up, its high for a turn down. */
  readonly at: number;
  /** Height of bar, ln price. */
  readonly range: number;
  /** Where it closes within its range, 0 low, 1 high. */
  readonly closeAt: number;
  /** Volume over the mean of the last 20. */
  readonly volumeRatio: number;
}

export class Hand {
  readonly tape: Tape;
  readonly random: Random;
  readonly noise: Noise;
  readonly usualVolume: number;
  side: Hypothesis = 1;
  /** Average range of a bar, ln price: the yardstick of everything that is drawn. */
  unit: number;
  #origin: number;
  #mood = 0;

  constructor(parts: { tape: Tape; random: Random; noise: Noise; usualVolume: number; unit: number }) {
    this.tape = parts.tape;
    this.random = parts.random;
    this.noise = parts.noise;
    this.usualVolume = parts.usualVolume;
    this.unit = parts.unit;
    this.#origin = parts.tape.close;
  }

  /** Looks from `side`, with the last close at this height. */
  look(side: Hypothesis, height: number): void {
    this.side = side;
    this.#origin = this.tape.close - side * height;
  }

  /** Height of the last close. */
  get height(): number {
    return this.side * (this.tape.close - this.#origin);
  }

  /** ln price at a height. */
  logPrice(height: number): number {
    return this.#origin + this.side * height;
  }

  /** Index of the next bar. */
  get bar(): number {
    return this.tape.length;
  }

  /** The bar with the highest high, as seen from this side, from this bar on. */
  summitSince(from: number): number {
    const { high, low } = this.tape.columns;
    let best = from;
    for (let bar = from; bar < this.bar; bar++) {
      if (this.side > 0 ? high[bar] > high[best] : low[bar] < low[best]) best = bar;
    }
    return best;
  }

  leg(leg: Leg): void {
    const from = this.height;
    let deviation = 0;
    for (let i = 1; i <= leg.bars; i++) {
      const progress = i / leg.bars;
      deviation = PATH_MEMORY * deviation + this.random.normal() * this.noise.path * (leg.ragged ?? 1) * this.unit;
      const close = from + (leg.to - from) * progress + deviation * Math.sqrt(1 - progress);
      const level = leg.volume[0] + (leg.volume[1] - leg.volume[0]) * progress;
      this.ordinary(close, level, leg);
    }
  }

  /** One bar that closes about here; `level` is its volume as a multiple of the usual. */
  ordinary(close: number, level: number, rails: Rails = {}): void {
    const { random, noise } = this;
    const floor = rails.floor ?? -Infinity;
    const ceiling = rails.ceiling ?? Infinity;
    const within = (height: number): number => Math.min(ceiling, Math.max(floor, height));
    const gapped = random.chance(noise.gap);
    const open = within(this.height + random.normal() * this.unit * (gapped ? GAP_SIZE : 0.06));
    const end = within(close);
    const wanted = this.unit * Math.exp(random.normal() * noise.spread);
    const body = Math.abs(end - open);
    const wicks = Math.max(wanted - body, 0.25 * this.unit * random.next());
    const above = random.between(0.2, 0.8);
    const high = within(Math.max(open, end) + above * wicks);
    const low = within(Math.min(open, end) - (1 - above) * wicks);
    this.#mood = VOLUME_MEMORY * this.#mood + random.normal() * noise.volume;
    const effort = level * Math.exp(this.#mood) * Math.max(0.3, (high - low) / this.unit) ** VOLUME_OF_RANGE;
    const ratio = (effort * this.usualVolume) / this.tape.usualVolume;
    const kept = Math.min(rails.mostVolume ?? Infinity, Math.max(rails.leastVolume ?? 0, ratio));
    this.#print({ open, high, low, close: end }, kept * this.tape.usualVolume);
  }

  /** A bar whose low is the event (a swing low, a climax, a spring). Returns its index. */
  turnUp(bar: TurningBar): number {
    const high = bar.at + bar.range;
    const open = Math.min(high, Math.max(bar.at + 0.1 * bar.range, this.height));
    const close = bar.at + bar.closeAt * bar.range;
    this.#print({ open, high, low: bar.at, close }, bar.volumeRatio * this.tape.usualVolume);
    return this.bar - 1;
  }

  /** A bar whose high is the event. Returns its index. */
  turnDown(bar: TurningBar): number {
    const low = bar.at - bar.range;
    const open = Math.min(bar.at - 0.1 * bar.range, Math.max(low, this.height));
    const close = low + bar.closeAt * bar.range;
    this.#print({ open, high: bar.at, low, close }, bar.volumeRatio * this.tape.usualVolume);
    return this.bar - 1;
  }

  #print(seen: { open: number; high: number; low: number; close: number }, volume: number): void {
    const top = this.logPrice(this.side > 0 ? seen.high : seen.low);
    const bottom = this.logPrice(this.side > 0 ? seen.low : seen.high);
    this.tape.print({ open: this.logPrice(seen.open), high: top, low: bottom, close: this.logPrice(seen.close), volume });
  }
}
