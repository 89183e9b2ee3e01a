/** docs/memory.md says of the 42 rows what is true: the files exist, and what works has a test that bears the id. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './steps.ts';

const IDS = [...many('C', 12), ...many('H', 8), ...many('M', 15), ...many('L', 7)];

interface Row {
  readonly id: string;
  readonly file: string;
  readonly state: string;
}

function many(letter: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${letter}${i + 1}`);
}

function rowsOf(text: string): Row[] {
  return [...text.matchAll(/^\| ([CHML]\d+) \|[^|]*\|([^|]*)\|([^|]*)\|$/gm)].map(([, id = '', file = '', state = '']) => ({
    id,
    file: file.replaceAll('`', '').trim(),
    state: state.trim(),
  }));
}

/** Ids named in the titles of tests, suites and leak cases. */
function testedIds(): Set<string> {
  const titles = /(?:\b(?:it|test|describe)(?:\.each\([^)]*\))?\(\s*|\b(?:id|name): )(['"`])(.*?)\1/g;
  const files = globSync(['packages/*/src/**/*.{test,leaks}.ts', 'e2e/**/*.test.ts'], { cwd: root });
  const ids = new Set<string>();
  for (const file of files)
    for (const [, , title = ''] of readFileSync(join(root, file), 'utf8').matchAll(titles))
      for (const [id] of title.matchAll(/\b[CHML]\d{1,2}\b/g)) ids.add(id);
  return ids;
}

function faults(rows: readonly Row[], tested: ReadonlySet<string>): string[] {
  return rows.flatMap(({ id, file, state }) => [
    ...(/^(works|part: .+|open: .+)$/.test(state) ? [] : [`${id}: expected works, part: … or open: …, was "${state}"`]),
    ...(file === '' || existsSync(join(root, file)) ? [] : [`${id}: ${file} does not exist`]),
    ...(state.startsWith('open') || tested.has(id) ? [] : [`${id}: said to be at work, but no test bears its id`]),
  ]);
}

describe('memory 3: the 42 rows', () => {
  const rows = rowsOf(readFileSync(join(root, 'docs', 'memory.md'), 'utf8'));

  it('all stand in the table once', () => {
    expect(rows.map((row) => row.id)).toEqual(IDS);
  });

  it('each names a file that exists and, unless open, is proved by a test of its id', () => {
    expect(faults(rows, testedIds())).toEqual([]);
  });

  it('a row without a test, a file or a state would be found', () => {
    const planted = rowsOf('| C5 | x | `nowhere.ts` | works |\n| L1 | x | | soon |');
    expect(faults(planted, new Set(['L1']))).toHaveLength(3);
  });
});
