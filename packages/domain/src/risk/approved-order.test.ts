import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { approve, isApproved } from './approved-order.ts';
import type { OrderTerms } from './approved-order.ts';

const terms: OrderTerms = {
  orderId: 'o', clientId: 'c', signalId: 's', symbol: 'S', leg: 'ENTRY', intent: 'OPEN', side: 'BUY', type: 'MARKET', steps: 1, limitPrice: null,
  stopPrice: null, validBars: 1, protection: null, reason: null, replaces: null,
}; // prettier-ignore

test('7.3 the mark of the risk desk cannot be copied, spread or forged', () => {
  const order = approve(terms);
  expect(isApproved(order)).toBe(true);
  expect(isApproved(Object.assign({}, order))).toBe(false);
  expect(isApproved({ terms })).toBe(false);
  expect(isApproved(Object.create(Object.getPrototypeOf(order) as object))).toBe(false);
  expect(isApproved(null)).toBe(false);
});

test('7.3 what was approved cannot be changed afterwards', () => {
  const order = approve({ ...terms });
  expect(() => Object.assign(order.terms, { steps: 1_000 })).toThrow(TypeError);
});

test('7.3 only the risk desk calls approve', () => {
  const root = new URL('../', import.meta.url);
  const callers = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .filter((path) => /import \{[^}]*\bapprove\b[^}]*\}/.test(readFileSync(new URL(path, root), 'utf8')));
  expect(callers).toEqual(['risk/desk.ts']);
});
