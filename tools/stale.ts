/** Whether what is built still belongs to the sources: a hash over them, kept beside the build. */
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const root = join(import.meta.dirname, '..');
export const dist = join(root, 'dist');

export type Part = 'server' | 'web';

const SOURCES: Readonly<Record<Part, readonly string[]>> = {
  server: [
    'packages/{bounded,domain,contracts,server}/src/**/*.ts',
    'packages/{bounded,domain,contracts,server}/package.json',
    'tools/{serve,build,stale}.ts',
    'tools/unused/*.cjs',
    'package-lock.json',
  ],
  web: [
    'packages/{bounded,contracts,domain}/src/**/*.ts',
    'packages/web/{src,public}/**/*',
    'packages/web/{index.html,vite.config.ts,package.json}',
    'tools/{build,stale}.ts',
    'package-lock.json',
  ],
};
const PRODUCT: Readonly<Record<Part, string>> = { server: 'main.mjs', web: join('web', 'index.html') };

export function sourceHash(part: Part): string {
  return hashOf(SOURCES[part]);
}

/** Of everything that decides what an engine says about a bar. */
export function engineHash(): string {
  return hashOf(['packages/domain/src/**/*.ts']);
}

function hashOf(patterns: readonly string[]): string {
  const hash = createHash('sha256');
  const files = globSync([...patterns], { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.(test|leaks)\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files) hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

const stampOf = (part: Part): string => join(dist, `.${part}-built-from`);

export function isStale(part: Part): boolean {
  const stamp = stampOf(part);
  if (!existsSync(stamp) || !existsSync(join(dist, PRODUCT[part]))) return true;
  return readFileSync(stamp, 'utf8') !== sourceHash(part);
}

/** Before a build, so that one that was interrupted is done again. */
export function dropStamp(part: Part): void {
  rmSync(stampOf(part), { force: true });
}

/** `hash` is that of the sources as they were when the build began. */
export function writeStamp(part: Part, hash: string): void {
  mkdirSync(dirname(stampOf(part)), { recursive: true });
  writeFileSync(stampOf(part), hash);
}
