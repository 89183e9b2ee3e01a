/** The alert on portfolio heat: it warns from 80 % of the limit, is critical from 95 %, and calms down only below 75 % (trading.md 5.1). */
import type { EpochMs } from '../bar/bar.ts';
import type { Micros } from '../setup/signal.ts';

export type HeatLevel = 'NORMAL' | 'WARNING' | 'CRITICAL';

/** Plain JSON. */
export interface HeatAlertState {
  readonly level: HeatLevel;
  /** What was told last: a level that came too soon after its like waits to be told. */
  readonly told: HeatLevel;
  /** When each alert was last told; null: never. */
  readonly warnedAt: EpochMs | null;
  readonly criticalAt: EpochMs | null;
}

export interface HeatAlert {
  readonly level: HeatLevel;
  /** Heat as a share of its limit. */
  readonly ratio: number;
}

export const NO_HEAT: HeatAlertState = Object.freeze({ level: 'NORMAL', told: 'NORMAL', warnedAt: null, criticalAt: null });

const WARNING_FROM = 0.8;
const CRITICAL_FROM = 0.95;
const NORMAL_BELOW = 0.75;
/** Between two equal alerts. */
const REPEAT_MS = 300_000;

/**
 * The state after a look at the heat, and what to tell of it: each level once when it is reached, equal ones 300 s apart.
 * A limit that is no positive number is critical.
 */
export function nextHeat(
  state: HeatAlertState,
  heat: { readonly at: EpochMs; readonly riskMicros: Micros; readonly limitMicros: Micros },
): { readonly state: HeatAlertState; readonly alert: HeatAlert | null } {
  const ratio = heat.limitMicros > 0 ? heat.riskMicros / heat.limitMicros : 1;
  const level = levelAt(state.level, ratio);
  const field = level === 'WARNING' ? 'warnedAt' : 'criticalAt';
  const last = level === 'NORMAL' ? null : state[field];
  if (level === state.told || (last !== null && heat.at - last < REPEAT_MS)) return { state: { ...state, level }, alert: null };
  const since = level === 'NORMAL' ? {} : { [field]: heat.at };
  return { state: { ...state, ...since, level, told: level }, alert: { level, ratio } };
}

/** Between 75 and 80 % what was warned stays warned. */
function levelAt(before: HeatLevel, ratio: number): HeatLevel {
  if (!(ratio < CRITICAL_FROM)) return 'CRITICAL';
  if (ratio >= WARNING_FROM) return 'WARNING';
  return ratio < NORMAL_BELOW || before === 'NORMAL' ? 'NORMAL' : 'WARNING';
}
