/** What the build says of itself, and where it put the web app. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Put in by tools/build.ts; absent when the sources run as they are.
declare const __CONTRACT_HASH__: string | undefined;
declare const __VERSION__: string | undefined;

/** SHA-256 over all schemas of the contract: a page built against another one must reload. */
export const CONTRACT_HASH: string = typeof __CONTRACT_HASH__ === 'string' ? __CONTRACT_HASH__ : 'development';
export const VERSION: string = typeof __VERSION__ === 'string' ? __VERSION__ : '0.1.0-development';

/** `web` beside the bundle, or `dist/web` of the repository. */
export function webFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const beside = join(here, 'web');
  return existsSync(join(beside, 'index.html')) ? beside : join(here, '..', '..', '..', 'dist', 'web');
}
