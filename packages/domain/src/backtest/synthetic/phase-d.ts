/** Phases D and E: the sign of strength, the back-up to the broken edge, and the markup. */
import type { Hand } from './hand.ts';
import { clamp, type Proportions } from './proportions.ts';
import type { Sketch } from './sketch.ts';

export interface BreakResult {
  readonly high: number;
}

/** The last rise inside the range, ending a little below the edge. */
export function approachEdge(hand: Hand, plan: Proportions): void {
  const { random, unit } = hand;
  const to = plan.width - random.between(0.35, 0.8) * unit;
  const bars = Math.max(2, Math.round(((to - hand.height) / unit) * random.between(1, 1.5)));
  hand.leg({
    to,
    bars,
    volume: [0.95, 1.05],
    ceiling: plan.width - 0.06 * unit,
    floor: hand.height - 0.4 * unit,
    leastVolume: 0.75,
    mostVolume: 1.35,
  });
}

/** A wide bar on expanding volume that closes well above the range. */
export function drawSignOfStrength(hand: Hand, sketch: Sketch, plan: Proportions): BreakResult {
  const { random, unit, tape, noise } = hand;
  const edge = plan.width;
  const stray = random.chance(noise.stray);
  const close = edge + Math.max(0.012, random.between(0.4, 1.2) * unit);
  const volumeRatio = stray ? random.between(1.2, 1.45) : random.between(1.65, 2.9);
  const range = Math.max(random.between(1.4, 2.1) * tape.usualRange, 1.08 * (close - hand.height), 1.35 * unit);
  const closeAt = random.between(0.68, 0.93);
  const bar = hand.turnUp({ at: close - closeAt * range, range, closeAt, volumeRatio });
  sketch.event('SOS', bar, `a wide bar closes above the range on ${volumeRatio.toFixed(2)} of usual volume`);
  sketch.rangeTo = bar;
  sketch.phase('D', bar);
  return { high: close + (1 - closeAt) * range };
}

/** Back to the broken edge on shrinking volume, then away from it. Returns the bar of the last point of support. */
export function drawBackUp(hand: Hand, sketch: Sketch, how: { plan: Proportions; broke: BreakResult }): number {
  const { random, unit, noise } = hand;
  const edge = how.plan.width;
  const on = random.integer(1, 3);
  const above = hand.height + 0.3 * unit;
  hand.leg({ to: above + on * 0.2 * unit, bars: on, volume: [1.25, 1.15], floor: above - 0.5 * unit, mostVolume: 1.45 });
  // A distribution's last point must not close back above the broken edge while the break is young.
  const deepest = hand.side > 0 ? -0.012 : 0.15 * unit;
  const stray = random.chance(noise.stray);
  const at =
    edge +
    (stray
      ? random.between(0.031, 0.04)
      : clamp(random.between(deepest, 0.024), deepest, Math.max(deepest, hand.height - edge - 1.2 * unit)));
  const bars = clamp(Math.round((hand.height - at) / (0.75 * unit)) - 1, 1, 4);
  hand.leg({ to: at + random.between(0.55, 0.8) * unit, bars, volume: [0.95, 0.8], floor: at + 0.12 * unit, mostVolume: 1.15 });
  const range = random.between(0.65, 0.95) * unit;
  const bar = hand.turnUp({ at, range, closeAt: random.between(0.4, 0.8), volumeRatio: random.between(0.5, 0.9) });
  sketch.event('LPS', bar, 'the reaction to the broken edge dries up: support where resistance was');
  hand.leg({
    to: Math.max(how.broke.high, at + 2.5 * unit) + random.between(0.3, 0.8) * unit,
    bars: random.integer(3, 4),
    volume: [1.1, 1.2],
    floor: at + 0.15 * unit,
    mostVolume: 1.45,
  });
  return bar;
}

/** The markup. Phase E begins when, after the back-up, a close leaves the sign of strength behind. */
export function drawMarkup(hand: Hand, sketch: Sketch, how: { plan: Proportions; broke: BreakResult; from: number }): void {
  const { random, unit, tape } = hand;
  const bars = random.integer(16, 30);
  const start = hand.height;
  hand.leg({
    to: start + random.between(0.2, 0.34) * unit * bars,
    bars,
    volume: [1.15, 1],
    floor: start - 1.2 * unit,
    mostVolume: 1.45,
    ragged: 1.5,
  });
  const beyond = Math.exp(hand.logPrice(how.broke.high));
  const closes = tape.columns.close;
  for (let bar = how.from; bar < tape.length; bar++) {
    if (hand.side * (closes[bar] - beyond) > 0) {
      sketch.phase('E', bar);
      return;
    }
  }
}
