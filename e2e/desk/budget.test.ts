/** Budgets and promises of the production build (web.md 11): size, no console, no source maps, nothing inline, no other host. */
import { readdir, readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildWeb } from './support.ts';

const KB = 1_000;

describe('web 11 production build', () => {
  let files: readonly { readonly name: string; readonly text: string; readonly gzipped: number }[];
  let html: string;

  beforeAll(async () => {
    const out = await buildWeb('budget');
    const names = await readdir(`${out}/assets`);
    html = await readFile(`${out}/index.html`, 'utf8');
    files = await Promise.all(
      names.map(async (name) => {
        const bytes = await readFile(`${out}/assets/${name}`);
        return { name, text: bytes.toString('latin1'), gzipped: gzipSync(bytes, { level: 9 }).length };
      }),
    );
  });

  const total = (ending: string, counts: (name: string) => boolean = () => true): number =>
    files.filter(({ name }) => name.endsWith(ending) && counts(name)).reduce((sum, file) => sum + file.gzipped, 0);

  /** What the document asks for, and what those scripts import without being asked. */
  const first = (): readonly string[] => {
    const found = new Set([...html.matchAll(/\/assets\/([^"]+)/g)].map(([, name]) => name));
    for (const name of found) {
      const text = files.find((file) => file.name === name)?.text ?? '';
      for (const [, other] of text.matchAll(/(?:from|import)\s*["'`]\.\/([^"'`]+)["'`]/g)) found.add(other);
    }
    return [...found];
  };

  it('first load is at most 180 kB of script and 12 kB of style, gzipped', () => {
    const now = first();
    const of = (ending: string): number => total(ending, (name) => now.includes(name));
    expect(of('.js')).toBeGreaterThan(0);
    expect(of('.js')).toBeLessThanOrEqual(180 * KB);
    // Styles of what is opened later may come with the first ones: all of them fit.
    expect(total('.css')).toBeLessThanOrEqual(12 * KB);
    process.stdout.write(
      `desk: ${(of('.js') / KB).toFixed(1)} kB script first, ${(total('.css') / KB).toFixed(1)} kB style, gzipped\n`,
    );
  });

  it('what is opened later comes in chunks of at most 60 kB, gzipped', () => {
    const now = first();
    const later = files.filter(({ name }) => name.endsWith('.js') && !now.includes(name));
    expect(later.length).toBeGreaterThan(3);
    for (const { gzipped } of later) expect(gzipped).toBeLessThanOrEqual(60 * KB);
  });

  it('carries no source maps and every asset has a hash in its name', () => {
    expect(files.filter(({ name, text }) => name.endsWith('.map') || text.includes('sourceMappingURL'))).toEqual([]);
    for (const { name } of files) expect(name).toMatch(/-[\w-]{8}\.\w+$/);
  });

  it('has no inline script or style in the document, and preloads the one font', () => {
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>/);
    expect(html).not.toMatch(/<style|\sstyle=/);
    expect(html.match(/rel="preload"/g)).toHaveLength(1);
    expect(html).not.toMatch(/https?:\/\//);
  });

  it('L4 logs nothing', () => {
    const scripts = files.filter(({ name }) => name.endsWith('.js'));
    for (const { text } of scripts) expect(text.match(/console\.(log|debug|info|warn|error)\(/g) ?? []).toEqual([]);
  });
});
