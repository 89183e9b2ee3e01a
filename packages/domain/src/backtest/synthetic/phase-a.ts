/** Phase A: the climax stops the decline, the automatic rally draws the top of the range, the secondary test closes the phase. */
import type { Hand } from './hand.ts';
import { clamp, type Proportions } from './proportions.ts';
import type { Sketch } from './sketch.ts';

export function drawPhaseA(hand: Hand, sketch: Sketch, plan: Proportions): { climaxRatio: number } {
  const climaxRatio = drawClimax(hand, sketch);
  drawAutomaticRally(hand, sketch, plan);
  return { climaxRatio };
}

/** A wide bar on climactic volume that closes well off its low, or leaves that to the next bar. */
function drawClimax(hand: Hand, sketch: Sketch): number {
  const { random, tape, noise } = hand;
  const stray = random.chance(noise.stray);
  const volumeRatio = stray ? random.between(1.7, 1.98) : random.between(2.2, 4);
  const range = random.between(1.75, 2.6) * Math.max(tape.usualRange, 0.95 * hand.unit);
  const twoBar = random.chance(0.25);
  const before = hand.height;
  // The close stays under the close before: a climax is a down bar.
  const closeAt = twoBar ? random.between(0.15, 0.35) : random.between(0.55, 0.85);
  const close = Math.min(closeAt * range, before - 0.15 * hand.unit);
  const bar = hand.turnUp({
    at: 0,
    range: Math.max(range, close / 0.88),
    closeAt: close / Math.max(range, close / 0.88),
    volumeRatio,
  });
  sketch.rangeFrom = bar;
  sketch.event(
    'SC',
    bar,
    `climactic volume (${volumeRatio.toFixed(2)} of usual) on a wide bar after the decline, closing off the low`,
  );
  sketch.phase('A', bar);
  if (twoBar)
    hand.ordinary(range * random.between(0.75, 0.95), 1.5, { floor: 0.08 * hand.unit, leastVolume: 1.1, mostVolume: 1.8 });
  return volumeRatio;
}

/** Up without a pause worth the name, on falling volume. */
function drawAutomaticRally(hand: Hand, sketch: Sketch, plan: Proportions): void {
  const { random, unit } = hand;
  const bars = clamp(Math.round((plan.width / unit) * random.between(0.62, 0.95)), 3, 7);
  const start = hand.height;
  const top = plan.width - random.between(0.25, 0.6) * unit;
  for (let i = 1; i < bars; i++) {
    const close = start + ((top - start) * i) / bars + random.normal() * hand.noise.path * unit * 0.5;
    const floor = hand.height - 0.3 * unit;
    hand.ordinary(close, 1.5 - (0.4 * i) / bars, { floor, ceiling: plan.width - 0.1 * unit, mostVolume: 1.7 });
  }
  const bar = hand.turnDown({
    at: plan.width,
    range: random.between(0.8, 1.2) * unit,
    closeAt: random.between(0.5, 0.8),
    volumeRatio: random.between(0.8, 1.2),
  });
  sketch.resistance = plan.width;
  sketch.event('AR', bar, 'the rally that follows the climax by itself; its high is the top of the range');
}
