/** Stretches without a structure: trends and wandering under changing volatility, with volume that clusters as it does in markets. */
import type { Hand } from './hand.ts';

export const STRETCHES = ['trend-up', 'trend-down', 'mean-reverting', 'wandering'] as const;
export type Stretch = (typeof STRETCHES)[number];

/** GARCH(1,1) of the bar's volatility around its usual value: persistence 0.95, as daily stocks have it. */
const SHOCK = 0.09;
const PERSISTENCE = 0.86;
const PULL = 0.06;

/** Draws so many bars from the last close; heights count from there. */
export function drawStretch(hand: Hand, stretch: Stretch, bars: number): void {
  const { random } = hand;
  hand.look(1, 0);
  const unit = hand.unit;
  const drift = stretch === 'trend-up' ? 0.12 : stretch === 'trend-down' ? -0.12 : 0;
  let variance = 1;
  let shock = 1;
  for (let i = 0; i < bars; i++) {
    variance = 1 - SHOCK - PERSISTENCE + SHOCK * shock * shock + PERSISTENCE * variance;
    const volatility = Math.sqrt(variance);
    shock = random.normal() * volatility;
    hand.unit = unit * volatility;
    const home = stretch === 'mean-reverting' ? -PULL * hand.height : 0;
    // A bar of range 1 moves its close by about 0.6.
    const move = 0.6 * unit * shock + drift * unit + home;
    hand.ordinary(hand.height + move, Math.min(2.5, 0.55 + 0.45 * volatility + 0.12 * Math.abs(shock)));
  }
  hand.unit = unit;
}
