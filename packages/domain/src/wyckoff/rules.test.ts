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

const cells = PAGES.flatMap((page) =>
  readFileSync(join(ROOT, 'docs/rules', page), 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, id, cell] = /^\| ([A-Z]{2,3}-\d+) \|.*\| ([^|]*) \|$/.exec(line) ?? [];
      return id === undefined ? [] : [{ id, cell: cell ?? '' }];
    }),
);

/** Ids in the names of tests. */
function proved(texts: readonly string[]): Set<string> {
  const names = texts.flatMap((text) => text.match(/\b(?:test|describe)(?:\.each)?[^'`]*?\(\s*(['`])(?:(?!\1).)*\1/gs) ?? []);
  return new Set(names.flatMap((name) => name.match(ID) ?? []));
}

/** A source that says it, one we read it out of, or our own; a part is a title or a section of the course. */
const CITATION = /^(?:after )?\[([^\],]+)(?:, ([^\]]+))?\]$|^ours(?:: .+| \(.+\))?$/;

/** What is wrong with a source cell, empty when nothing is. */
function unsourced(cell: string, bibliography: string): string[] {
  const keys = new Set(bibliography.split('\n').flatMap((line) => /^\| (\S[^|]*?) \| /.exec(line)?.[1] ?? []));
  return cell.split('; ').flatMap((part) => {
    const found = CITATION.exec(part);
    if (found === null) return [`"${part}" is no citation`];
    const [, key, where] = found;
    if (key === undefined) return [];
    if (!keys.has(key)) return [`[${key}] does not stand in sources.md`];
    const section = /^\d+M$/.test(where ?? '') ? where : undefined;
    return section === undefined || bibliography.includes(`${section} `)
      ? []
      : [`section ${section} does not stand in sources.md`];
  });
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

  test('every rule has a source that stands in the bibliography', () => {
    const bibliography = readFileSync(join(ROOT, 'docs/rules/sources.md'), 'utf8');
    expect(cells.map(({ id }) => id)).toEqual(written);
    expect(cells.flatMap(({ id, cell }) => unsourced(cell, bibliography).map((fault) => `${id}: ${fault}`))).toEqual([]);
    // The twins: an author alone, a work nobody lists, a section nobody named, nothing at all.
    for (const cell of ['Pruden', '[Livermore]', 'after [Course, 99M]', '', 'own'])
      expect(unsourced(cell, bibliography)).toHaveLength(1);
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
