/** SQL lives in the store, and nothing pages by offset (H2, M15, interface 4.1): read off the source text. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const source = join(import.meta.dirname, '..');

interface SourceFile {
  readonly path: string;
  readonly text: string;
}

function sourceFiles(): SourceFile[] {
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .map((path) => ({ path: relative(source, join(source, path)), text: readFileSync(join(source, path), 'utf8') }));
}

/** Code without comments: what is said about SQL is no SQL. */
function code(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

/** In any spelling: literal, placeholder of either driver, named, computed; of the builder; and the comma that means the same in SQLite. */
const OFFSET =
  /\boffset\s+(\?|\d|\$|:\w|@\w|\(|cast\b|all\b|null\b)|\boffset\s*\(|\[\s*['"`]offset['"`]\s*\]\s*(\?\.)?\(|\blimit\s+(\?\d*|\d+|\$\d+|\$\{[^}]*\}|[:@]\w+)\s*,\s*(\?|\d|\$|[:@]\w)/i;
const SQL =
  /\b(select\s+[\w*(][\s\S]{0,200}?\sfrom\s+\w|insert\s+into\s+\w|update\s+\w+\s+set\s|delete\s+from\s+\w|create\s+(table|index)\s)|\bfrom '(better-sqlite3|kysely)'|\b(selectFrom|insertInto|deleteFrom|updateTable)\(/i;

function findings(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => [
    ...(OFFSET.test(code(text)) ? [`${path}: OFFSET`] : []),
    ...(SQL.test(code(text)) && !path.startsWith('store') ? [`${path}: SQL outside the store`] : []),
  ]);
}

describe('H2 M15 SQL', () => {
  it('is in the store only, and never OFFSET', () => {
    expect(findings(sourceFiles())).toEqual([]);
  });

  it('the twin: planted statements are found', () => {
    const planted = [
      { path: 'http/sneaky.ts', text: "db.prepare('select ts, o from bars where ts > 1')" },
      { path: 'http/builder.ts', text: "gate.sql.selectFrom('bars')" },
      { path: 'store/slow.ts', text: 'query.limit(10).offset(100)' },
      { path: 'store/slower.ts', text: "'select ts from bars limit 10 offset ?'" },
      { path: 'store/postgres.ts', text: "'select ts from bars limit $1 offset $2'" },
      { path: 'store/upper.ts', text: "'SELECT ts FROM bars LIMIT 10 OFFSET ?'" },
      { path: 'store/lines.ts', text: '`select ts from bars\n limit 10\n offset\n $1`' },
      { path: 'store/named.ts', text: "'select ts from bars limit :n offset @from'" },
      { path: 'store/filled.ts', text: '`select ts from bars limit 10 offset ${page * 10}`' },
      { path: 'store/computed.ts', text: "'select ts from bars limit 10 offset ($1 - 1) * 10'" },
      { path: 'store/chained.ts', text: 'query\n  .limit(10)\n  .offset (100)' },
      { path: 'store/optional.ts', text: "query?.['offset']?.(100)" },
      { path: 'store/comma.ts', text: "'select ts from bars limit ?, ?'" },
      { path: 'store/comma-two.ts', text: '`select ts from bars limit ${from}, 10`' },
      {
        path: 'store/fine.ts',
        text: "'select ts from bars where ts > ? order by ts limit ?', [offset, 10]; const s = { offset: 1 };",
      },
      { path: 'store/comment.ts', text: '// never: limit 10 offset 5\nexport const a = 1;' },
      { path: 'live/innocent.ts', text: 'const byteOffset = chunk.offset; /* select x from y */' },
    ];
    expect(findings(planted)).toEqual([
      'http/sneaky.ts: SQL outside the store',
      'http/builder.ts: SQL outside the store',
      'store/slow.ts: OFFSET',
      'store/slower.ts: OFFSET',
      ...['postgres', 'upper', 'lines', 'named', 'filled', 'computed', 'chained', 'optional', 'comma', 'comma-two'].map(
        (name) => `store/${name}.ts: OFFSET`,
      ),
    ]);
  });
});
