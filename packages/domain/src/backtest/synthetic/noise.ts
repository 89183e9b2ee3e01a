/** How much chance lies over what the author of a series intends. */

export const NOISE_LEVELS = ['low', 'moderate', 'high'] as const;
export type NoiseLevel = (typeof NOISE_LEVELS)[number];

export interface Noise {
  /** Innovation of the close around its intended path, in average bar ranges. */
  readonly path: number;
  /** Innovation of ln volume on ordinary bars. */
  readonly volume: number;
  /** Spread of ln(bar range) on ordinary bars. */
  readonly spread: number;
  /** Share of an event's measures drawn on the wrong side of what the method asks: a textbook is not a market. */
  readonly stray: number;
  /** Share of ordinary bars that open away from the last close. */
  readonly gap: number;
}

export const NOISE: Readonly<Record<NoiseLevel, Noise>> = Object.freeze({
  low: { path: 0.18, volume: 0.18, spread: 0.18, stray: 0, gap: 0.01 },
  moderate: { path: 0.32, volume: 0.26, spread: 0.28, stray: 0.02, gap: 0.03 },
  high: { path: 0.5, volume: 0.34, spread: 0.38, stray: 0.08, gap: 0.06 },
});
