/** Runs the ownership rules over the packages and over planted violations, and lists every exception with its bound. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type Findings, findViolations, type Rule, type Violation } from './find-violations.ts';
import { ownedSources, scriptsOf, type Source } from './sources.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '..', '..');
const fixtures = readdirSync(join(here, 'fixtures')).sort();

/** A fixture marks each line that must be refused: `// refused: rule`. */
const REFUSED = /\/\/ refused: ([a-z-]+)/;

test('long-lived state is bounded, timers, listeners and promises are owned, in every package', () => {
  const sources = ownedSources(root);
  const { violations, exceptions } = findViolations(sources);
  const list = [
    ...new Set(exceptions.map(({ path, line, declaredAt, rule, bound }) => `  ${path}:${declaredAt ?? line} ${rule}: ${bound}`)),
  ];
  process.stdout.write(
    `ownership: ${sources.length} files, ${list.length} exceptions\n${list.join('\n')}${list.length > 0 ? '\n' : ''}`,
  );
  expect(violations.map(told)).toEqual([]);
});

test.each(fixtures)('every planted violation in %s is caught at its line, and nothing else', (name) => {
  const { source, expected } = fixture(name);
  expect(placesOf(findViolations([source]))).toEqual(expected);
});

test('the fixtures plant every rule, and the clean twin none', () => {
  const planted = new Set(fixtures.flatMap((name) => fixture(name).expected.map((place) => place.split(' ')[1] as Rule)));
  expect([...planted].sort()).toEqual(['floating-promise', 'growing-store', 'listener', 'timer']);
  expect(fixture('clean.ts.txt').expected).toEqual([]);
});

test('an exception needs a comment that names its bound, and is listed with it', () => {
  const { exceptions } = findViolations([fixture('exceptions.ts.txt').source]);
  expect(exceptions.map(({ bound }) => bound)).toEqual([
    'one entry, the key is a literal',
    'the 42 issues of memory.md',
    'one entry per rule, 4',
    'one entry per rule, 4',
  ]);
});

test('twin: without its comment an exception is a violation', () => {
  const { source } = fixture('exceptions.ts.txt');
  const bare = { ...source, text: source.text.replaceAll(/\/\/ bounded:.*/g, '//') };
  expect(findViolations([bare]).violations).toHaveLength(6);
});

test('twin: a violation planted into a real source is caught', () => {
  const [first] = ownedSources(root).filter(({ path }) => path.endsWith('.ts'));
  const planted = { path: first?.path ?? '', text: `${first?.text ?? ''}\nconst grown = new Map();\ngrown.set(Math.PI, 1);\n` };
  expect(findViolations([planted]).violations.at(-1)).toMatchObject({ rule: 'growing-store', text: 'grown.set(Math.PI, 1)' });
});

test('the scripts of a component keep their lines', () => {
  expect(scriptsOf('<template>\n</template>\n<script setup lang="ts">\nconst a = 1;\n</script>\n').split('\n')[3]).toBe(
    'const a = 1;',
  );
});

function fixture(name: string): { readonly source: Source; readonly expected: readonly string[] } {
  const raw = readFileSync(join(here, 'fixtures', name), 'utf8');
  const expected = raw.split('\n').flatMap((line, i) => {
    const rule = REFUSED.exec(line)?.[1];
    return rule === undefined ? [] : [`${i + 1} ${rule}`];
  });
  return { source: { path: name.replace('.txt', ''), text: name.includes('.vue') ? scriptsOf(raw) : raw }, expected };
}

function placesOf({ violations }: Findings): string[] {
  return violations.map(({ line, rule }) => `${line} ${rule}`);
}

function told({ path, line, rule, text }: Violation): string {
  const remedy: Record<Rule, string> = {
    'growing-store': 'keep it in a structure of @wyckoff/bounded, or name its bound in a comment: // bounded: ...',
    timer: 'use scope.timeout, scope.interval or scope.frame',
    listener: 'use scope.listen, or pass the scope',
    'floating-promise': 'await it, or run it as scope.task',
  };
  return `${path}:${line} ${rule}: ${text} -> ${remedy[rule]}`;
}
