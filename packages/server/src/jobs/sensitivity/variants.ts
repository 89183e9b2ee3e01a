/** The thresholds of a pack and the values each is tried at: shares of its own value, steps of its tail, or the other answer. */
import { HABIT_NAMES, PARAMETER_RULES, type HabitName, type ParameterRule } from '@wyckoff/contracts/rule-packs';
import type { Parameters, RulePack } from '@wyckoff/domain';

/** The shares a threshold is tried at. */
const FACTORS = [0.8, 0.9, 1.1, 1.2] as const;

export interface Variant {
  /** `x0.8`, or `off` and `on` for a switch. */
  readonly step: string;
  readonly value: number | boolean;
  readonly pack: RulePack;
}

export interface Threshold {
  /** Name of the parameter; `habit.sosVol` for a quantile. */
  readonly name: string;
  readonly unit: string;
  readonly value: number | boolean;
  readonly variants: readonly Variant[];
}

export interface Thresholds {
  readonly swept: readonly Threshold[];
  /** Not a single number, fixed, or without effect under this pack. */
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

const rules: Readonly<Record<string, ParameterRule>> = PARAMETER_RULES;

/** Every threshold that can be swept, in the order of the table; `only` names one. */
export function thresholdsOf(pack: RulePack, only?: string): Thresholds {
  const swept: Threshold[] = [];
  const skipped: { name: string; reason: string }[] = [];
  for (const [name, rule] of Object.entries(rules)) {
    if (only !== undefined && only !== name) continue;
    const reason = reasonToSkip(name, rule, pack);
    if (reason !== null) skipped.push({ name, reason });
    else swept.push(thresholdOf(name as keyof Parameters, rule, pack));
  }
  const quantiles = pack.habit === null ? [] : HABIT_NAMES.filter((name) => only === undefined || only === `habit.${name}`);
  return { swept: [...swept, ...quantiles.map((name) => quantileOf(name, pack))], skipped };
}

/** Names that can be asked for. */
export function thresholdNames(pack: RulePack): string[] {
  return [...Object.keys(rules), ...(pack.habit === null ? [] : HABIT_NAMES.map((name) => `habit.${name}`))];
}

function reasonToSkip(name: string, rule: ParameterRule, pack: RulePack): string | null {
  if (rule.kind === 'fixed') return rule.reason;
  if (rule.kind !== 'number' && rule.kind !== 'flag') return 'not a single number';
  if (pack.habit !== null && HABIT_NAMES.some((known) => known === name)) return `habit.${name} decides`;
  return null;
}

function thresholdOf(name: keyof Parameters, rule: ParameterRule, pack: RulePack): Threshold {
  const having = (value: number | boolean): RulePack => ({ ...pack, params: { ...pack.params, [name]: value } });
  const own = pack.params[name];
  if (rule.kind !== 'number' || typeof own !== 'number') {
    const value = own === true;
    return { name, unit: 'switch', value, variants: [{ step: value ? 'off' : 'on', value: !value, pack: having(!value) }] };
  }
  const values = FACTORS.map((factor) => ({ factor, value: stepped(own, factor, rule) }));
  const variants = values
    .filter(({ value }, i) => value !== own && values.findIndex((other) => other.value === value) === i)
    .map(({ factor, value }) => ({ step: `x${factor}`, value, pack: having(value) }));
  return { name, unit: rule.unit, value: own, variants };
}

/** Whole numbers move by one at least; nothing leaves its range. */
function stepped(own: number, factor: number, rule: Extract<ParameterRule, { kind: 'number' }>): number {
  const exact = Number((own * factor).toPrecision(12));
  const away = Math.abs(exact) > Math.abs(own) ? Math.ceil(Math.abs(exact)) : Math.floor(Math.abs(exact));
  const value = rule.whole ? Math.sign(own) * away : exact;
  return Math.min(rule.max, Math.max(rule.min, value));
}

/** A quantile moves by shares of its tail: 0.9 at x1.2 is 0.88, so that x1.2 always lets a fifth more bars pass. */
function quantileOf(name: HabitName, pack: RulePack): Threshold {
  const { habit } = pack;
  if (habit === null) throw new Error('sensitivity: expected a pack with a habit');
  const { q } = habit[name];
  const variants = FACTORS.map((factor) => {
    const value = Number((q >= 0.5 ? 1 - (1 - q) * factor : q * factor).toPrecision(12));
    return { step: `x${factor}`, value, pack: { ...pack, habit: { ...habit, [name]: { ...habit[name], q: value } } } };
  });
  return { name: `habit.${name}`, unit: 'quantile', value: q, variants };
}
