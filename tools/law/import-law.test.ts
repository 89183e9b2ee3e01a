/** The import law holds for the repository, and catches each planted violation. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLaw } from './import-law.ts';

const fixture = join(import.meta.dirname, 'fixture');

describe('architecture 1: the import law', () => {
  it('holds for every shipped file', async () => {
    const { violations, imports } = await readLaw();
    expect(violations).toEqual([]);
    // Imports by package name and by path were both followed: the empty list above means something.
    expect(imports).toContain('packages/contracts/src/primitives.ts -> packages/domain/src/index.ts');
    expect(imports).toContain('packages/contracts/src/index.ts -> packages/contracts/src/primitives.ts');
  });

  it('catches every planted violation by its rule, and nothing else', async () => {
    const { violations } = await readLaw(fixture);
    expect([...new Set(violations.map((v) => `${v.rule}: ${v.from}`))].sort()).toEqual([
      'domain-and-bounded-use-nothing-of-the-platform: packages/domain/src/engine/reads-files.ts',
      'law-contracts: packages/contracts/src/knows-server.ts',
      'law-domain-src-bar: packages/domain/src/bar/looks-ahead.ts',
      'law-server: packages/server/src/knows-web.ts',
      'no-circles: packages/bounded/src/circle-a.ts',
      'one-feature-never-imports-another: packages/web/src/features/desk/imports-feature.ts',
      'only-features-talk-to-the-link: packages/web/src/ui/talks-to-link.ts',
      'web-sees-contracts-and-bounded-only: packages/web/src/features/chart/knows-domain.ts',
    ]);
  });
});
