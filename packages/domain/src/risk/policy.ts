/** How an account wants its risk computed: the choices of trading.md 5.2-5.5 that are settings, with their defaults. */
import { DEFAULT_PLAN_POLICY } from '../setup/plan-policy.ts';
import type { PlanPolicy } from '../setup/plan-policy.ts';

/** What must have happened before a pattern may trade (5.5 check 4). */
export type Prerequisites = 'detector' | 'strict' | 'permissive';

export interface RiskPolicy extends PlanPolicy {
  readonly prerequisites: Prerequisites;
  /** Whether an order above its value limit is made smaller or refused. */
  readonly orderValueMode: 'reduce' | 'reject';
  /** Percent of the wanted risk below which a trade is not worth its costs. */
  readonly minFractionPercent: number;
  /** Heat limit 8 % while over half of the open campaigns are back in phase A or B. */
  readonly adaptiveHeat: boolean;
  /** Optional size factors of item 2, all off by default. */
  readonly sizeByConfidence: boolean;
  readonly sizeByExhaustion: boolean;
  readonly sizeByInvalidation: boolean;
}

export const DEFAULT_POLICY: RiskPolicy = Object.freeze({
  ...DEFAULT_PLAN_POLICY,
  prerequisites: 'detector',
  orderValueMode: 'reduce',
  minFractionPercent: 10,
  adaptiveHeat: false,
  sizeByConfidence: false,
  sizeByExhaustion: false,
  sizeByInvalidation: false,
});
