/** Requests are validated at the door by the schemas of the contract; faults name the field, what was expected and what was found. */
import type { Route } from '@wyckoff/contracts';
import { Problem } from './problem.ts';

/** A schema of the contract, as the route table holds it. */
export type Schema = NonNullable<Route['query']>;
type Issue = NonNullable<ReturnType<Schema['safeParse']>['error']>['issues'][number];

/** Deepest nesting of a body. */
const MAX_DEPTH = 32;
/** Issues told at most: the rest of a hostile body is not worth an answer. */
const MAX_ISSUES = 20;

/** @throws Problem `request.invalid` with its issues. */
export function validated(schema: Schema, value: unknown): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, MAX_ISSUES).map((issue) => ({
    path: issue.path.join('.'),
    expected: issue.message,
    found: found(value, issue),
  }));
  throw new Problem('request.invalid', {
    detail: issues
      .map((i) => `${i.path}: ${i.expected}`)
      .join('; ')
      .slice(0, 500),
    extra: { issues },
  });
}

function found(value: unknown, issue: Issue): string {
  let at = value;
  for (const step of issue.path) at = (at as Record<PropertyKey, unknown> | null | undefined)?.[step];
  if (issue.code === 'unrecognized_keys') return issue.keys.join(', ').slice(0, 100);
  return (at === undefined ? 'nothing' : (JSON.stringify(at) ?? typeof at)).slice(0, 100);
}

/** @throws Problem `request.malformed` for a body nested deeper than 32. */
export function refuseDepth(value: unknown): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) throw new Problem('request.malformed', { detail: `expected at most ${MAX_DEPTH} levels` });
    level = level.flatMap((node) => (typeof node === 'object' && node !== null ? (Object.values(node) as unknown[]) : []));
  }
}
