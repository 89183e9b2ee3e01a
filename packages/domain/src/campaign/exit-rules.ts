/** When a position is closed by rule on a closed bar, after stop and targets (trading.md 6.3): the first match wins. */
import type { Bar, Ratio, Timeframe } from '../bar/bar.ts';
import { isIntraday } from '../market/intraday.ts';
import { sideOf } from '../trade/open-position.ts';
import type { OpenPosition } from '../trade/open-position.ts';
import type { ExitReason } from '../trade/position.ts';
import type { DetectionEvent } from '../wyckoff/event.ts';
import type { ExitTracker } from './exit-tracker.ts';

export type ExitRuleNumber = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11;

export interface ExitRules {
  /** Rules in force, any order; they are always asked from 1 to 11. */
  readonly on: readonly ExitRuleNumber[];
  /** 2: ATR of entry times this. */
  readonly atrGrowth: Ratio;
  /** 4: divergences against the position that are enough. */
  readonly divergences: { readonly daily: number; readonly intraday: number };
  /** 5: bars outside consolidation, 10-500. */
  readonly timeBars: number;
  /** 6: share of the heat limit in use, and open profit over entry. */
  readonly heatShare: Ratio;
  readonly heatProfit: Ratio;
  /** 7: of the mean of the last 10 lows. */
  readonly belowLows: Ratio;
  /** 8: of the swing high before. */
  readonly lowerSwing: Ratio;
  /** 9: within 20 bars. */
  readonly failedRallies: number;
  /** 10: phase E to phase C. */
  readonly lateTrend: Ratio;
  /** 11: correlated positions below -1 %. */
  readonly correlatedLosers: number;
}

export const DEFAULT_EXIT_RULES: ExitRules = Object.freeze({
  on: [1, 2, 3, 4, 5],
  atrGrowth: 2.5,
  divergences: { daily: 3, intraday: 2 },
  timeBars: 100,
  heatShare: 0.8,
  heatProfit: 0.005,
  belowLows: 0.995,
  lowerSwing: 0.998,
  failedRallies: 3,
  lateTrend: 2.5,
  correlatedLosers: 3,
} satisfies ExitRules);

/** A rule book nobody should trade by. */
export class ExitRuleError extends Error {
  constructor(field: string, expected: string, was: unknown) {
    super(`exit rules: ${field}: expected ${expected}, was ${String(was)}`);
    this.name = 'ExitRuleError';
  }
}

/** The defaults with changes. @throws {ExitRuleError} on a value outside its range. */
export function exitRules(changes: Partial<ExitRules>): ExitRules {
  const rules = { ...DEFAULT_EXIT_RULES, ...changes };
  const { timeBars, on } = rules;
  if (!Number.isInteger(timeBars) || timeBars < 10 || timeBars > 500)
    throw new ExitRuleError('timeBars', 'a whole number from 10 to 500', timeBars);
  const unknown = on.find((rule) => !Number.isInteger(rule) || rule < 1 || rule > 11);
  if (unknown !== undefined) throw new ExitRuleError('on', 'rules from 1 to 11', unknown);
  for (const [field, value] of Object.entries(rules))
    if (typeof value === 'number' && !(value > 0)) throw new ExitRuleError(field, 'more than 0', value);
  return Object.freeze(rules);
}

export interface ExitContext {
  readonly atr: number | null;
  readonly events: readonly DetectionEvent[];
  readonly timeframe: Timeframe;
  /** Bars after which a position has had its time; default that of the rules. */
  readonly timeBars?: number;
  /** Default: `DEFAULT_EXIT_RULES`. */
  readonly rules?: ExitRules;
  /** Rules 7-9; without it they hold for nobody. */
  readonly tracker?: ExitTracker;
  /** 6: heat of the account / its limit. */
  readonly heatShare?: Ratio;
  /** 10: bars the trend's hypothesis has spent in C and E. */
  readonly phaseBars?: { readonly C: number; readonly E: number } | null;
  /** 11: positions correlated with this one by 0.7 or more that are below -1 %. */
  readonly correlatedLosers?: number;
}

type Judge = (position: OpenPosition, bar: Bar, context: ExitContext & { readonly rules: ExitRules }) => boolean;

/** By number, from 1. What is not known closes nothing. */
const JUDGES: readonly Judge[] = [
  (position, bar) => sideOf(position.direction) * (bar.close - position.protectingEdge) < 0,
  ({ atrAtEntry }, _, { atr, rules }) => atr !== null && atrAtEntry !== null && atr >= rules.atrGrowth * atrAtEntry,
  (position, _, { events }) => events.some((event) => isOppositeClimax(event, sideOf(position.direction))),
  (position, _, { rules, timeframe }) =>
    position.divergences >= (isIntraday(timeframe) ? rules.divergences.intraday : rules.divergences.daily),
  (position, _, { rules, timeBars }) => position.agedBars >= (timeBars ?? rules.timeBars),
  (position, bar, { rules, heatShare }) =>
    heatShare !== undefined && heatShare >= rules.heatShare && profitOf(position, bar) > rules.heatProfit,
  (position, bar, { rules, tracker }) => tracker?.isBelowLows(sideOf(position.direction), bar.close, rules.belowLows) ?? false,
  (position, _, { rules, tracker }) =>
    tracker?.isLowerSwing(sideOf(position.direction), { ratio: rules.lowerSwing, within: position.bars }) ?? false,
  (position, _, { rules, tracker }) => (tracker?.failedRallies(sideOf(position.direction)) ?? 0) >= rules.failedRallies,
  (_position, _bar, { rules, phaseBars }) =>
    phaseBars !== undefined && phaseBars !== null && phaseBars.C > 0 && phaseBars.E > rules.lateTrend * phaseBars.C,
  (_position, _bar, { rules, correlatedLosers }) => (correlatedLosers ?? 0) >= rules.correlatedLosers,
];

/** The reason to close, or null. */
export function exitRule(position: OpenPosition, bar: Bar, context: ExitContext): ExitReason | null {
  const rules = context.rules ?? DEFAULT_EXIT_RULES;
  const judged = { ...context, rules };
  for (let rule = 1; rule <= JUDGES.length; rule += 1) {
    if (!rules.on.includes(rule as ExitRuleNumber)) continue;
    if (JUDGES[rule - 1](position, bar, judged)) return `RULE_${rule as ExitRuleNumber}`;
  }
  return null;
}

/** BC ends a long, SC a short. */
function isOppositeClimax(event: DetectionEvent, side: 1 | -1): boolean {
  return event.status === 'confirmed' && event.kind === (side === 1 ? 'BC' : 'SC');
}

function profitOf(position: OpenPosition, bar: Bar): Ratio {
  return (sideOf(position.direction) * (bar.close - position.entryPrice)) / position.entryPrice;
}
