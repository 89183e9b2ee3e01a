/** Phase C: the test of the supply that is left, by a spring below the range or by a last point of support inside it. */
import type { Hand } from './hand.ts';
import { clamp, type Proportions } from './proportions.ts';
import type { PhaseBResult } from './phase-b.ts';
import type { Sketch } from './sketch.ts';

export interface SpringResult {
  /** Height of its low. */
  readonly low: number;
  readonly volumeRatio: number;
}

/** Room above a spring's low in which a later quiet bar tests it: 3 % of price. */
const TEST_ROOM = 0.03;

/** A dip below the support that draws no supply (spring), much supply that is absorbed (shakeout), or, mirrored, an upthrust. */
export function drawSpring(hand: Hand, sketch: Sketch, plan: Proportions): SpringResult {
  const { random, unit, noise } = hand;
  const upthrust = hand.side < 0;
  const shakeout = !upthrust && random.chance(0.45);
  const stray = random.chance(noise.stray);
  const most = 0.85 * Math.min(0.05, Math.max(1.5 * unit, 0.25 * plan.width));
  const depth = stray ? most * random.between(1.25, 1.5) : clamp(random.between(0.25, 1.25) * unit, 0.002, most);
  const low = sketch.support - depth;
  const volumeRatio = upthrust ? random.between(1.3, 2.3) : shakeout ? random.between(0.95, 1.9) : random.between(0.34, 0.63);
  const quietly = upthrust || shakeout ? 1.2 : 0.62;
  hand.leg({
    to: sketch.support + random.between(0.55, 0.95) * unit,
    bars: Math.max(3, Math.round(((hand.height - sketch.support) / unit) * random.between(0.8, 1.2))),
    volume: upthrust || shakeout ? [0.9, 1] : [0.85, 0.62],
    floor: sketch.support + 0.1 * unit,
    mostVolume: 1.35,
  });
  const slowly = !shakeout && random.chance(0.35);
  if (slowly) {
    // A first bar breaks the edge and stays under it; the low comes next.
    const first = sketch.support - depth * random.between(0.25, 0.55);
    hand.turnUp({
      at: first,
      range: 0.9 * unit,
      closeAt: clamp((sketch.support - 0.12 * depth - first) / (0.9 * unit), 0.05, 0.5),
      volumeRatio: quietly,
    });
  }
  const range = Math.max(random.between(0.95, 1.4) * unit, 1.35 * depth);
  const close = sketch.support + random.between(0.08, 0.5) * unit;
  const bar = hand.turnUp({
    at: low,
    range: Math.max(range, (close - low) / 0.92),
    closeAt: (close - low) / Math.max(range, (close - low) / 0.92),
    volumeRatio,
  });
  const kind = upthrust ? 'SPRING' : shakeout ? 'SHAKEOUT' : 'SPRING';
  sketch.event(
    kind,
    bar,
    `broke the edge by ${((100 * depth) / 1).toFixed(1)} % and came back ${slowly ? 'on the next bar' : 'on the same bar'}, volume ${volumeRatio.toFixed(2)} of usual`,
  );
  sketch.phase('C', bar);
  return { low, volumeRatio };
}

/** The rally off the spring, then a quiet return that holds above its low. */
export function drawSpringTest(hand: Hand, sketch: Sketch, how: { plan: Proportions; spring: SpringResult }): void {
  const { random, unit } = hand;
  const { plan, spring } = how;
  const from = hand.bar;
  const clear = spring.low + TEST_ROOM + 0.004;
  const top = clamp(Math.max(random.between(0.3, 0.5) * plan.width, clear + 0.7 * unit), 0, 0.85 * plan.width);
  const busy = Math.max(0.7, spring.volumeRatio * 1.12);
  // Two bars out of reach, so that no bar of the rally itself could be taken for the test.
  hand.leg({
    to: clear + 0.45 * unit,
    bars: 2,
    volume: [1.1, 1.1],
    floor: sketch.support + 0.03 * unit,
    leastVolume: busy,
    mostVolume: busy + 0.7,
  });
  // Demand shows itself on the rally; a rally without volume would be the other side's last point.
  hand.leg({ to: top, bars: random.integer(2, 4), volume: [1.1, 1.05], floor: clear, leastVolume: 0.95, mostVolume: 1.5 });
  // The test holds above the low, as a rule above the old support too: below it, it would be the next spring.
  const at = Math.max(sketch.support + 0.0015, spring.low + TEST_ROOM * random.between(0.35, 0.85));
  const start = hand.height;
  const bars = clamp(Math.round((start - at) / (0.7 * unit)), 1, 5);
  hand.leg({
    to: Math.max(at + random.between(0.6, 0.9) * unit, clear),
    bars,
    volume: [0.85, 0.75],
    floor: clear,
    mostVolume: 1.1,
  });
  sketch.ambiguous(
    'LPS',
    hand.summitSince(from),
    'end of the rally off the spring: who still believes in the other side sees its last point here',
  );
  const shakeoutShare = spring.volumeRatio > 0.8 && hand.side > 0 ? 0.48 : 0.88;
  const bar = hand.turnUp({
    at,
    range: random.between(0.6, 0.9) * unit,
    closeAt: random.between(0.5, 0.85),
    volumeRatio: spring.volumeRatio * random.between(0.45, shakeoutShare * 0.98),
  });
  sketch.event('TEST', bar, 'a quiet return to the spring that holds above its low');
}

/** Schematic 2: no spring; a reaction ends well inside the range, on little volume, above the earlier lows. */
export function drawInRangeSupport(hand: Hand, sketch: Sketch, how: { plan: Proportions; startsC: boolean }): number {
  const { random, unit } = hand;
  const { plan } = how;
  const top = random.between(0.82, 0.93) * plan.width;
  if (hand.height < top - 0.5 * unit) {
    const bars = Math.max(3, Math.round(((top - hand.height) / unit) * random.between(0.8, 1.1)));
    hand.leg({
      to: top - 0.4 * unit,
      bars,
      volume: [0.95, 0.95],
      ceiling: top,
      floor: sketch.support + 0.3 * unit,
      leastVolume: 0.92,
      mostVolume: 1.4,
    });
    if (plan.width - top < plan.testZone) {
      sketch.ambiguous(
        'ST',
        hand.bar - 1,
        'test of the top of the range: some call it a test of supply, others only a swing of phase B',
      );
    }
  }
  const at = Math.max(0.4 * plan.width, Math.min(random.between(0.45, 0.65) * plan.width, hand.height - 1.5 * unit));
  const bars = clamp(Math.round((hand.height - at) / (0.75 * unit)), 1, 4);
  hand.leg({ to: at + 0.6 * unit, bars, volume: [0.9, 0.75], floor: at + 0.12 * unit, mostVolume: 1.1 });
  const bar = hand.turnUp({
    at,
    range: random.between(0.65, 0.95) * unit,
    closeAt: random.between(0.5, 0.8),
    volumeRatio: random.between(0.4, 0.82),
  });
  sketch.event('LPS', bar, 'the reaction dries up inside the range, above the earlier lows: supply is gone');
  if (how.startsC) sketch.phase('C', bar);
  hand.leg({
    to: at + random.between(1.5, 2.1) * unit,
    bars: 2,
    volume: [1, 1.05],
    floor: at + 0.1 * unit,
    ceiling: plan.width - 0.15 * unit,
    leastVolume: 0.92,
    mostVolume: 1.4,
  });
  return at;
}

/** From the end of phase B to where phase C begins: a swing down to the support when the last thing was a swing high. */
export function approachSupport(hand: Hand, sketch: Sketch, b: PhaseBResult): void {
  const depth = Math.max(sketch.support, b.lowestTest);
  const bars = Math.max(2, Math.round(((hand.height - depth) / hand.unit) * 0.3));
  hand.leg({
    to: hand.height - 0.35 * (hand.height - depth),
    bars,
    volume: [0.9, 0.85],
    floor: depth + 1.2 * hand.unit,
    mostVolume: 1.3,
  });
}
