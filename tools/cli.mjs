/** The command line on the pinned Node: the bundle when it is newer than the sources, else the sources. */
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bundle = join(root, 'dist', 'cli.mjs');
const sources = ['bounded', 'domain', 'contracts', 'server'].map((name) => join(root, 'packages', name, 'src'));

/** Modification time of the newest file below a folder, in ms. */
function newestIn(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) newest = Math.max(newest, newestIn(path));
    else if (entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts')) newest = Math.max(newest, statSync(path).mtimeMs);
  }
  return newest;
}

function bundleIsFresh() {
  try {
    const builtAt = statSync(bundle).mtimeMs;
    return sources.every((folder) => newestIn(folder) < builtAt);
  } catch {
    return false;
  }
}

await import(pathToFileURL(bundleIsFresh() ? bundle : join(root, 'packages', 'server', 'src', 'cli', 'main.ts')).href);
