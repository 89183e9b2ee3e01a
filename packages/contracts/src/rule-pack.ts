/** A rule pack written by a user: its schema, made from the table of parameters, and the pack that comes of it (detection.md 13). */
import { CLASSIC, FOREX_SESSIONS, STRICT, type Parameters, type RulePack, type VolumeHabitRules } from '@wyckoff/domain';
import * as z from 'zod';
import { nearestKey } from './nearest-key.ts';
import { GATES, HABIT_NAMES, PARAMETER_RULES, RANGE_REASONS, type GateName, type ParameterRule } from './rule-parameters.ts';

/** Faults told in one go. */
const MOST_FAULTS = 30;

const rules: Readonly<Record<string, ParameterRule>> = PARAMETER_RULES;

function valueSchema(rule: ParameterRule): z.ZodType {
  if (rule.kind === 'flag') return z.boolean();
  if (rule.kind === 'sessions') return z.array(z.enum(FOREX_SESSIONS)).max(FOREX_SESSIONS.length);
  if (rule.kind === 'fixed') return z.never();
  const { min, max } = rule;
  if (rule.kind === 'number') return rule.whole ? z.int().min(min).max(max) : z.number().min(min).max(max);
  if (rule.kind === 'list') return z.array(z.number().min(min).max(max)).length(rule.length);
  const one =
    rule.kind === 'table' ? z.number().min(min).max(max) : z.tuple([z.int().min(min).max(max), z.int().min(min).max(max)]);
  return z.strictObject(Object.fromEntries(rule.keys.map((key) => [key, one.optional()])));
}

const quantile = z.strictObject({
  q: z.number().min(0).max(1).optional(),
  min: z.number().min(0).max(20).optional(),
  max: z.number().min(0).max(1e9).optional(),
});

const parameters = z.strictObject(
  Object.fromEntries(Object.entries(rules).map(([name, rule]) => [name, valueSchema(rule).optional()])),
);
const habit = z.strictObject({
  halfLifeBars: z.number().min(10).max(10_000).optional(),
  minSamples: z.int().min(20).max(10_000).optional(),
  ...Object.fromEntries(HABIT_NAMES.map((name) => [name, quantile.optional()])),
});
const gates = z.strictObject(Object.fromEntries(Object.keys(GATES).map((name) => [name, z.boolean().optional()])));

/** The JSON file of a user's pack. */
export const rulePackFile = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'expected 1-40 of a-z 0-9 -').refine((name) => name !== 'strict' && name !== 'classic', 'taken by a built-in pack: choose another'), // prettier-ignore
  version: z.int().min(1).max(1_000_000),
  extends: z.enum(['strict', 'classic']),
  /** Free text for people. */
  description: z.string().max(2_000).optional(),
  parameters: parameters.optional(),
  /** Quantiles of the instrument's own volume; null: fixed ratios. */
  habit: habit.nullable().optional(),
  gates: gates.optional(),
});
export type RulePackFile = z.infer<typeof rulePackFile>;

export type RulePackAnswer =
  | {
      readonly ok: true;
      readonly pack: RulePack;
      /** What was given and will have little or no effect. */
      readonly remarks: readonly string[];
    }
  | { readonly ok: false; readonly faults: readonly string[] };

/** Reads a user's pack. Each fault says the key, what was found, what is expected, and the nearest known key. */
export function readRulePack(value: unknown): RulePackAnswer {
  const parsed = rulePackFile.safeParse(value);
  if (!parsed.success) return { ok: false, faults: faultsOf(parsed.error.issues, value) };
  const file = parsed.data;
  const faults = contradictions(file);
  if (faults.length > 0) return { ok: false, faults };
  const base = file.extends === 'strict' ? STRICT : CLASSIC;
  const pack: RulePack = {
    name: file.name,
    version: file.version,
    params: parametersOf(file, base.params),
    habit: habitOf(file, base),
  };
  const impossible = impossibilities(pack);
  return impossible.length > 0 ? { ok: false, faults: impossible } : { ok: true, pack, remarks: remarksOf(file, pack) };
}

/** The pack in full with its keys in order: equal texts, equal rules. Its SHA-256 is the hash shown beside every result. */
export function canonicalPack(pack: RulePack): string {
  return canonical({ name: pack.name, version: pack.version, params: pack.params, habit: pack.habit });
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(',')}}`;
}

type Given = Readonly<Record<string, unknown>>;

function parametersOf(file: RulePackFile, base: Parameters): Parameters {
  const given: Given = file.parameters ?? {};
  const changed = Object.entries(given).map(([name, value]) => {
    const { kind } = rules[name];
    const whole = kind === 'table' || kind === 'windows';
    return [name, whole ? { ...(base[name as keyof Parameters] as object), ...(value as object) } : value] as const;
  });
  const closed = gatesOf(file).map(([gate, on]) => {
    const { parameter, off } = GATES[gate];
    return [parameter, !on ? off : typeof off === 'boolean' ? true : base[parameter]] as const;
  });
  return Object.freeze({ ...base, ...Object.fromEntries([...closed, ...changed]) });
}

function gatesOf(file: RulePackFile): [GateName, boolean][] {
  return Object.entries(file.gates ?? {}) as [GateName, boolean][];
}

function habitOf(file: RulePackFile, base: RulePack): VolumeHabitRules | null {
  if (file.habit === null) return null;
  const origin = base.habit ?? CLASSIC.habit;
  if (file.habit === undefined || origin === null) return base.habit;
  const given: Given = file.habit;
  const merged = Object.entries(origin).map(([name, own]: [string, unknown]) => {
    const value = given[name];
    return [name, typeof value === 'object' && value !== null ? { ...(own as object), ...value } : (value ?? own)];
  });
  const whole: unknown = Object.fromEntries(merged);
  return whole as VolumeHabitRules;
}

function contradictions(file: RulePackFile): string[] {
  const given: Given = file.parameters ?? {};
  return gatesOf(file)
    .filter(([gate, on]) => !on && GATES[gate].parameter in given)
    .map(([gate]) => `gates.${gate}: off, but parameters.${GATES[gate].parameter} is given too; keep one of them`);
}

function impossibilities({ params, habit: own }: RulePack): string[] {
  const windows = Object.entries(params.testWindow)
    .filter(([, [first, last]]) => first > last)
    .map(
      ([timeframe, [first, last]]) =>
        `parameters.testWindow.${timeframe}: expected the first bar before the last, was [${first}, ${last}]`,
    );
  const quantiles = own === null ? [] : HABIT_NAMES.filter((name) => own[name].min > own[name].max)
    .map((name) => `habit.${name}: expected min at most max, was ${own[name].min} and ${own[name].max}`); // prettier-ignore
  return [...windows, ...quantiles];
}

function remarksOf(file: RulePackFile, pack: RulePack): string[] {
  const { habit: own } = pack;
  const given: Given = file.parameters ?? {};
  if (own === null) return [];
  return HABIT_NAMES.filter((name) => name in given).map(
    (name) =>
      `parameters.${name} holds only until ${own.minSamples} bars were heard; then habit.${name} decides (or set "habit": null for fixed ratios)`,
  );
}

function faultsOf(issues: readonly z.core.$ZodIssue[], value: unknown): string[] {
  const lines = issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...path, key]));
    return [`${path.join('.') || 'file'}: ${expectation(issue, path)}; found ${shown(at(value, path))}`];
  });
  const more = lines.length - MOST_FAULTS;
  return more > 0 ? [...lines.slice(0, MOST_FAULTS), `... and ${more} more`] : lines;
}

const TOP = ['name', 'version', 'extends', 'description', 'parameters', 'habit', 'gates'];

function unknownKey(path: readonly string[]): string {
  const [first, second] = path;
  const key = path[path.length - 1];
  const known =
    path.length === 1 ? TOP
    : path.length === 2 && first === 'parameters' ? Object.keys(rules)
    : path.length === 2 && first === 'habit' ? ['halfLifeBars', 'minSamples', ...HABIT_NAMES]
    : path.length === 2 ? Object.keys(GATES)
    : first === 'habit' ? ['q', 'min', 'max']
    : keysOf(rules[second]); // prettier-ignore
  const near = nearestKey(key, known);
  if (near !== null) return `${path.join('.')}: unknown key; did you mean ${[...path.slice(0, -1), near].join('.')}?`;
  const elsewhere = path.length === 1 && key in rules ? `; it belongs in parameters` : '';
  return `${path.join('.')}: unknown key${elsewhere}${known.length <= 12 ? `; known: ${known.join(' ')}` : ''}`;
}

function keysOf(rule: ParameterRule | undefined): readonly string[] {
  return rule !== undefined && 'keys' in rule ? rule.keys : [];
}

function expectation(issue: z.core.$ZodIssue, path: readonly string[]): string {
  const rule = path[0] === 'parameters' ? rules[path[1] ?? ''] : undefined;
  if (rule === undefined) return issue.message;
  if (rule.kind === 'fixed') return `cannot be set: ${rule.reason}`;
  if (rule.kind === 'flag') return 'expected true or false';
  if (rule.kind === 'sessions') return `expected a list of ${FOREX_SESSIONS.join(' ')}`;
  const reason = RANGE_REASONS[path[1] as keyof typeof RANGE_REASONS];
  const span = `from ${rule.min} to ${rule.max}`;
  if (rule.kind === 'number')
    return `expected ${rule.whole ? 'a whole number' : 'a number'} ${span} (${rule.unit})${reason === undefined ? '' : `, because ${reason}`}`;
  if (rule.kind === 'list') return `expected ${rule.length} numbers ${span}`;
  if (path.length < 3) return `expected an object with some of ${rule.keys.join(' ')}`;
  return rule.kind === 'windows' ? `expected [first, last], whole numbers ${span}` : `expected a number ${span}`;
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Given)[key] : undefined),
    value,
  );
}

function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}
