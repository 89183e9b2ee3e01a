/** The trend before a range: an orderly decline, often a first halt (preliminary support), then the rush into the climax. */
import type { Hand } from './hand.ts';
import type { Sketch } from './sketch.ts';

/** Ordinary bars of a decline stay below this volume ratio, so that the climax is the climax. */
const CALM = 1.3;
const RAGGED = 1.6;

/** Draws the decline down to about one bar above height 0, where the climax will turn. */
export function drawDecline(hand: Hand, sketch: Sketch): void {
  const { random, unit } = hand;
  const halt = random.chance(0.75) ? random.between(3, 5.5) * unit : null;
  if (halt !== null) {
    hand.leg({
      to: halt + random.between(0.6, 0.9) * unit,
      bars: random.integer(18, 34),
      volume: [0.9, 1.05],
      mostVolume: CALM,
      ragged: RAGGED,
    });
    drawPreliminarySupport(hand, sketch, halt);
  } else {
    hand.leg({ to: 4 * unit, bars: random.integer(20, 36), volume: [0.9, 1.1], mostVolume: CALM, ragged: RAGGED });
  }
  const rush = Math.max(4, Math.round((hand.height / unit) * random.between(1, 1.7)));
  hand.leg({ to: random.between(0.9, 1.5) * unit, bars: rush, volume: [1, 1.25], mostVolume: CALM, floor: 0.35 * unit });
}

function drawPreliminarySupport(hand: Hand, sketch: Sketch, at: number): void {
  const { random, unit, tape } = hand;
  const range = Math.min(1.35 * tape.usualRange, random.between(1, 1.3) * unit);
  const bar = hand.turnUp({ at, range, closeAt: random.between(0.45, 0.8), volumeRatio: random.between(1.6, 1.95) });
  sketch.event('PS', bar, 'first stopping volume after the decline; a short rally follows, then lower prices');
  const bounce = at + random.between(1.8, 2.6) * unit;
  hand.leg({ to: bounce, bars: random.integer(2, 3), volume: [1.1, 1], mostVolume: CALM, floor: at + 0.15 * unit });
  hand.leg({ to: at + 0.8 * unit, bars: random.integer(2, 4), volume: [0.95, 1], mostVolume: CALM, floor: at + 0.1 * unit });
}
