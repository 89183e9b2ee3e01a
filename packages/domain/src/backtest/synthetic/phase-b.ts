/** Phase B: the cause is built in swings between the edges, each test of the low on less volume. */
import type { Hand } from './hand.ts';
import { clamp, type Proportions } from './proportions.ts';
import type { Sketch } from './sketch.ts';

export interface PhaseBResult {
  /** Height of the lowest secondary test. */
  readonly lowestTest: number;
  readonly tests: number;
}

/** From the automatic rally's high through the first secondary test to the last swing high before phase C. */
export function drawPhaseB(hand: Hand, sketch: Sketch, plan: Proportions): PhaseBResult {
  const { random, unit } = hand;
  // Long causes swing slower, not only more often.
  const pace = clamp(plan.causeBars / 45, 0.8, 1.5);
  const legBars = (share: number): number =>
    Math.max(3, Math.round(((share * plan.width) / unit) * random.between(0.75, 1.15) * pace));
  const first = drawTest(hand, sketch, { plan, bars: legBars(0.9), number: 1, mayUndercut: true });
  sketch.phase('B', first.bar);
  const end = first.bar + plan.causeBars;
  let tests = 1;
  let lowest = first.at;
  let atResistance = 0;
  for (;;) {
    const toTop = atResistance === 0 ? random.chance(0.7) : random.chance(0.5);
    drawPeak(hand, sketch, { plan, bars: legBars(0.8), toTop: toTop || end - hand.bar < 22 * pace });
    if (sketch.events.at(-1)?.otherSide === true) atResistance += 1;
    const left = end - hand.bar;
    if (left < 2.2 * legBars(0.9) && atResistance > 0) break;
    if (random.chance(0.75)) {
      tests += 1;
      const test = drawTest(hand, sketch, { plan, bars: legBars(0.8), number: tests, mayUndercut: false });
      lowest = Math.min(lowest, test.at);
    } else {
      drawHigherLow(hand, plan, legBars(0.6));
    }
  }
  return { lowestTest: lowest, tests };
}

/** A return to the area of the climax low on less volume and a smaller range; it holds. */
export function drawTest(
  hand: Hand,
  sketch: Sketch,
  how: { plan: Proportions; bars: number; number: number; mayUndercut: boolean },
): { bar: number; at: number } {
  const { random, unit, noise } = hand;
  const { plan } = how;
  const undercut = how.mayUndercut && random.chance(0.25);
  const stray = random.chance(noise.stray);
  const near = undercut ? -random.between(0.001, 0.008) : random.between(0.08, 0.8) * plan.testZone;
  const at = sketch.support + (stray ? plan.testZone * random.between(1.05, 1.4) : near);
  const fade = 0.86 ** (how.number - 1);
  // Down to above the area of the low, then quickly into it: a test comes and goes, it does not linger.
  const rails = { floor: at + 0.12 * unit, ceiling: plan.width - 0.12 * unit, mostVolume: 1.4 };
  const last = at + random.between(0.55, 0.9) * unit;
  const halt = Math.max(last, at + random.between(1.7, 2.2) * unit);
  hand.leg({ ...rails, to: halt, bars: Math.max(1, how.bars - 3), volume: [0.95 * fade, 0.9 * fade] });
  hand.leg({ ...rails, to: last, bars: random.integer(1, 2), volume: [0.9 * fade, 0.85 * fade] });
  const bar = hand.turnUp({
    at,
    range: random.between(0.75, 1.15) * unit,
    closeAt: random.between(0.45, 0.85),
    volumeRatio: random.between(0.75, 1.25) * fade,
  });
  sketch.event('ST', bar, `test ${how.number} of the climax low: near it, on less volume, and it holds`);
  if (undercut) sketch.support = at;
  hand.leg({
    to: at + random.between(1.2, 1.8) * unit,
    bars: 2,
    volume: [0.95 * fade, 1 * fade],
    floor: at + 0.1 * unit,
    mostVolume: 1.4,
  });
  return { bar, at };
}

/** A swing high, at the resistance or short of it. */
function drawPeak(hand: Hand, sketch: Sketch, how: { plan: Proportions; bars: number; toTop: boolean }): void {
  const { random, unit } = hand;
  const { plan } = how;
  const touch = Math.min(0.015, 0.12 * plan.width);
  const at = how.toTop ? plan.width - random.between(0.08, 0.85) * touch : random.between(0.5, 0.8) * plan.width;
  hand.leg({
    to: at - random.between(0.5, 0.85) * unit,
    bars: Math.max(2, how.bars - 1),
    volume: [0.95, 0.9],
    ceiling: at - 0.1 * unit,
    floor: sketch.support + 0.25 * unit,
    // A rally that ends short of the top meets supply there: it does not dry up.
    leastVolume: how.toTop ? 0 : 0.93,
    mostVolume: 1.4,
  });
  const bar = hand.turnDown({
    at,
    range: random.between(0.75, 1.15) * unit,
    closeAt: random.between(0.2, 0.55),
    volumeRatio: how.toTop ? random.between(0.7, 1.15) : random.between(0.95, 1.3),
  });
  if (plan.width - at <= plan.testZone) {
    sketch.ambiguous('ST', bar, 'test of the top of the range: some call it a test of supply, others only a swing of phase B');
  }
  hand.leg({ to: at - random.between(1.2, 1.8) * unit, bars: 2, volume: [0.9, 0.9], ceiling: at - 0.1 * unit, mostVolume: 1.4 });
}

/** A reaction that ends in the lower half without reaching the low: no event. */
function drawHigherLow(hand: Hand, plan: Proportions, bars: number): void {
  const { random, unit } = hand;
  const lowest = plan.testZone + 0.05 * plan.width;
  const at = random.between(lowest, Math.max(lowest + 0.01 * plan.width, 0.32 * plan.width));
  hand.leg({ to: at + 0.7 * unit, bars: Math.max(2, bars - 1), volume: [0.9, 0.8], floor: at + 0.1 * unit, mostVolume: 1.3 });
  hand.turnUp({
    at,
    range: unit * random.between(0.8, 1.1),
    closeAt: random.between(0.5, 0.8),
    volumeRatio: random.between(0.6, 0.95),
  });
}
