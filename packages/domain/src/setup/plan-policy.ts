/** The choices about a plan that are settings (trading.md 5.2, 5.3). */

export interface PlanPolicy {
  /** Percentages marked * shrink and grow with the timeframe; off: every factor * is 1 (`stops.scaleWithTimeframe`). */
  readonly scaleWithTimeframe: boolean;
  /** Targets from the point-and-figure objectives, or 1, 1.25 and 1.5 range widths beyond the edge (`targets.mode`). */
  readonly targets: 'objectives' | 'measured';
}

export const DEFAULT_PLAN_POLICY: PlanPolicy = Object.freeze({ scaleWithTimeframe: true, targets: 'objectives' });
