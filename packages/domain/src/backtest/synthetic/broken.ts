/** Structures that do not work out: they teach a detector what to leave alone, and a trader what stops are for. */
import type { Hand } from './hand.ts';
import type { BreakResult } from './phase-d.ts';
import type { SpringResult } from './phase-c.ts';
import type { Proportions } from './proportions.ts';
import type { Sketch } from './sketch.ts';

/** The spring's rally is weak, its low gives way, the trend goes on. */
export function drawSpringFailure(hand: Hand, sketch: Sketch, how: { plan: Proportions; spring: SpringResult }): void {
  const { random, unit } = hand;
  const busy = Math.max(0.7, how.spring.volumeRatio * 1.1);
  hand.leg({
    to: random.between(0.25, 0.4) * how.plan.width,
    bars: random.integer(2, 4),
    volume: [1, 0.9],
    floor: sketch.support + 0.03 * unit,
    leastVolume: busy,
    mostVolume: busy + 0.5,
  });
  hand.leg({
    to: sketch.support + 0.6 * unit,
    bars: random.integer(3, 5),
    volume: [0.95, 1.05],
    floor: sketch.support + 0.05 * unit,
    leastVolume: busy,
    mostVolume: busy + 0.5,
  });
  sketch.outcome = 'LOSS';
  sketch.phase(null, hand.bar);
  sketch.rangeTo = hand.bar;
  hand.leg({
    to: how.spring.low - random.between(2.2, 3.2) * unit,
    bars: random.integer(2, 3),
    volume: [1.15, 1.25],
    mostVolume: 1.4,
    ragged: 0.5,
  });
  hand.leg({ to: hand.height - random.between(3, 7) * unit, bars: random.integer(12, 20), volume: [1.1, 1], mostVolume: 1.5 });
}

/** The break finds no buyers: within days the price is back in the range and falls through it. */
export function drawBreakFailure(hand: Hand, sketch: Sketch, how: { plan: Proportions; broke: BreakResult }): void {
  const { random, unit } = hand;
  const edge = how.plan.width;
  const last = hand.bar - 1;
  sketch.outcome = 'LOSS';
  sketch.ambiguous('SHAKEOUT', last, 'seen from the other side the failed break is an upthrust');
  hand.leg({ to: hand.height + 0.15 * unit, bars: 1, volume: [1.1, 1.1], mostVolume: 1.4 });
  hand.leg({ to: edge - Math.max(0.028, 0.8 * unit), bars: random.integer(2, 3), volume: [1.15, 1.25], mostVolume: 1.45 });
  sketch.phase(null, hand.bar);
  const bars = Math.max(6, Math.round((edge / unit) * random.between(1, 1.4)));
  hand.leg({ to: sketch.support + 0.9 * unit, bars, volume: [1, 1], floor: sketch.support + 0.1 * unit, mostVolume: 1.4 });
  hand.leg({
    to: sketch.support - random.between(1.6, 2.2) * unit,
    bars: random.integer(2, 3),
    volume: [1.15, 1.2],
    mostVolume: 1.4,
    ragged: 0.5,
  });
  hand.leg({ to: hand.height - random.between(2, 4) * unit, bars: random.integer(8, 14), volume: [1.1, 1], mostVolume: 1.4 });
}

/** The price drifts out of the range without effort, back into it and about: the range means nothing any more. */
export function drawDissolution(hand: Hand, sketch: Sketch, plan: Proportions): void {
  const { random, unit } = hand;
  const to = plan.width + Math.max(0.014, random.between(0.5, 0.9) * unit);
  const range = random.between(0.9, 1.15) * unit;
  const closeAt = random.between(0.6, 0.85);
  const bar = hand.turnUp({
    at: to - closeAt * range,
    range: Math.max(range, 1.05 * (to - hand.height)),
    closeAt,
    volumeRatio: random.between(0.6, 1),
  });
  sketch.false('SOS', bar, 'volume: the edge is crossed without effort');
  sketch.rangeTo = bar;
  sketch.phase(null, bar);
  sketch.outcome = 'LOSS';
  hand.leg({
    to: to + random.between(0.2, 1) * unit,
    bars: random.integer(5, 8),
    volume: [0.9, 0.8],
    floor: plan.width,
    mostVolume: 1.1,
  });
  hand.leg({ to: 0.4 * plan.width, bars: random.integer(10, 18), volume: [0.85, 0.9], mostVolume: 1.2 });
  hand.leg({
    to: random.between(0.25, 0.7) * plan.width,
    bars: random.integer(8, 16),
    volume: [0.9, 0.9],
    floor: sketch.support + 0.2 * unit,
    mostVolume: 1.2,
  });
}

/** A wide bar that looks like a climax but lacks the volume; a short rally, and the decline goes on. */
export function drawFalseClimax(hand: Hand, sketch: Sketch): void {
  const { random, unit, tape } = hand;
  const bar = hand.turnUp({
    at: 0,
    range: 1.7 * tape.usualRange,
    closeAt: random.between(0.5, 0.7),
    volumeRatio: random.between(0.8, 1.15),
  });
  sketch.false('SC', bar, 'volume: no climax without it');
  sketch.outcome = 'LOSS';
  hand.leg({
    to: random.between(2, 3) * unit,
    bars: random.integer(3, 5),
    volume: [0.9, 0.8],
    floor: 0.1 * unit,
    mostVolume: 1.2,
  });
  hand.leg({ to: -random.between(4, 7) * unit, bars: random.integer(16, 26), volume: [0.95, 1], mostVolume: 1.3 });
}
