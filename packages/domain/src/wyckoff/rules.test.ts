/** Every detection rule written down in docs/rules is cited by code and proved by a test, and none is cited that is not written down. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = new URL('../../../../', import.meta.url).pathname;
const PAGES = ['bars.md', 'structure.md', 'events.md', 'phases.md', 'confidence.md'];
const FOLDERS = ['bar', 'market', 'effort', 'structure', 'wyckoff'];
const ID = /\b[A-Z]{2,3}-\d+\b/g;

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? sources(path) : path.endsWith('.ts') ? [path] : [];
  });
}

const files = FOLDERS.flatMap((folder) => sources(join(ROOT, 'packages/domain/src', folder))).filter(
  (path) => !path.endsWith('rules.test.ts'),
);
const written = PAGES.flatMap((page) =>
  readFileSync(join(ROOT, 'docs/rules', page), 'utf8')
    .split('\n')
    .flatMap((line) => /^\| ([A-Z]{2,3}-\d+) \|/.exec(line)?.[1] ?? []),
);

/** Ids in the names of tests. */
function proved(texts: readonly string[]): Set<string> {
  const names = texts.flatMap((text) => text.match(/\b(?:test|describe)(?:\.each)?[^'`]*?\(\s*(['`])(?:(?!\1).)*\1/gs) ?? []);
  return new Set(names.flatMap((name) => name.match(ID) ?? []));
}

function missing(ids: readonly string[], known: ReadonlySet<string>): string[] {
  return ids.filter((id) => !known.has(id));
}

const tests = files.filter((path) => path.endsWith('.test.ts')).map((path) => readFileSync(path, 'utf8'));
const code = files.filter((path) => !path.endsWith('.test.ts')).map((path) => readFileSync(path, 'utf8'));
const comments = new Set(
  code.flatMap((text) => (text.match(/\/\*\*[\s\S]*?\*\/|\/\/.*$/gm) ?? []).flatMap((comment) => comment.match(ID) ?? [])),
);

describe('the rules', () => {
  test('every id is written down once', () => {
    expect(written.length).toBeGreaterThan(80);
    expect(new Set(written).size).toBe(written.length);
  });

  test('every rule has a test that bears its id', () => {
    expect(missing(written, proved(tests))).toEqual([]);
  });

  test('every rule of the detector is cited where it acts', () => {
    // Packs as a whole and the trace are proved, not cited.
    expect(missing(written, new Set([...comments, 'PCK-3', 'PCK-4', 'TRC-1']))).toEqual([]);
  });

  test('the code cites no rule that is not written down', () => {
    // Properties and the pages of data and trading have tests of their own.
    const notRules = ['FNV-1', 'TR-13', 'ADJ-1', 'ADJ-2'];
    expect(
      missing(
        [...comments].filter((id) => !notRules.includes(id)),
        new Set(written),
      ),
    ).toEqual([]);
  });

  test('the twin: an id without a test is noticed', () => {
    expect(missing([...written, 'SPR-99'], proved(tests))).toContain('SPR-99');
    expect(proved(["test('XX-7 proves it', () => {"])).toContain('XX-7');
  });
});
