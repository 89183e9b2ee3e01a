/** SHA-256 over every schema of the contract: server and page were built from the same one when it is equal. */
import { createHash } from 'node:crypto';
import * as contracts from '@wyckoff/contracts';
import * as z from 'zod';

export function contractHash(): string {
  const schemas = Object.entries(contracts)
    .flatMap(([name, schema]) => (schema instanceof z.ZodType ? [[name, schema] as const] : []))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, schema]) => [name, z.toJSONSchema(schema, { unrepresentable: 'any' })]);
  const routes = Object.entries(contracts.ROUTES).map(([name, { method, path, role }]) => [name, method, path, role]);
  const document = JSON.stringify(canonical({ schemas, routes, problems: contracts.PROBLEMS, close: contracts.CLOSE }));
  return createHash('sha256').update(document).digest('hex');
}

/** Keys in order, so that the text depends on the meaning alone. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, canonical(inner)]),
  );
}
