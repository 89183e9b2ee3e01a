/** Every code of the chain and of the risk engine is proved by a test that names it, and stands in docs/rules. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const ROOT = new URL('../../../../', import.meta.url);
const FOLDERS = ['packages/domain/src/setup/', 'packages/domain/src/risk/'];
const CODE =
  /\b(?:(?:RK|ST|LV|PH|VOL)_[A-Z_]+|FX_RATE_MISSING|VALIDATOR_ERROR|NOT_TRADEABLE|RISK_RECAP|TRIM|GAP_BEYOND_STOP|STOP_WIDENED)(?<!_)\b/g;
const HALTS = ['DAILY_LOSS', 'DRAWDOWN', 'STALE', 'RECONCILE', 'EQUITY_UNKNOWN', 'REJECTS', 'MEMORY'];

function texts(of: 'code' | 'tests'): string {
  const isMeant = (name: string): boolean =>
    name.endsWith('.ts') && name !== 'codes.test.ts' && name !== 'fixture.ts' && name.endsWith('.test.ts') === (of === 'tests');
  return FOLDERS.flatMap((folder) =>
    readdirSync(new URL(folder, ROOT))
      .filter(isMeant)
      .map((name) => readFileSync(new URL(folder + name, ROOT), 'utf8')),
  ).join('\n');
}

/** In the title of a test, or as a cell of a table whose rows are titles. */
function named(source: string): Set<string> {
  const titles = source.match(/\b(?:test|describe)(?:\.each[^(]*)?\(\s*(['`])(?:(?!\1).)*\1/g) ?? [];
  const cells = source.match(/\[\s*'[^']*'(?:,\s*'[^']*')?/g) ?? [];
  return new Set([...titles, ...cells].flatMap((text) => text.match(CODE) ?? []));
}

const codes = [...new Set(texts('code').match(CODE) ?? [])].sort();
const pages = ['risk.md', 'setup.md'].map((page) => readFileSync(new URL(`docs/rules/${page}`, ROOT), 'utf8')).join('\n');

test('3 5.1 5.5 every code has a test that names it', () => {
  expect(codes.length).toBeGreaterThan(55);
  const known = named(texts('tests'));
  expect(codes.filter((code) => !known.has(code))).toEqual([]);
});

test('5.7 every halt has a test that names it', () => {
  for (const halt of HALTS) expect(texts('tests')).toMatch(new RegExp(`test\\('5\\.7 ${halt} `));
});

test('3 5.1 5.5 5.7 every code and every halt stands in docs/rules', () => {
  expect([...codes, ...HALTS].filter((code) => !pages.includes(code))).toEqual([]);
});

test('3 the twin: a code without a test is noticed', () => {
  expect(named("test('RK_NEW is proved', () => {").has('RK_NEW')).toBe(true);
  expect(named("expect(code).toBe('RK_NEW')").has('RK_NEW')).toBe(false);
  expect(named("  ['9', 'RK_NEW', {}],").has('RK_NEW')).toBe(true);
});
