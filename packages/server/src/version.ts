/** What the build says of itself, and where it put the web app. */
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Put in by tools/build.ts; absent when the sources run as they are.
declare const __CONTRACT_HASH__: string | undefined;
declare const __VERSION__: string | undefined;
declare const __ENGINE_HASH__: string | undefined;

/** SHA-256 over all schemas of the contract: a page built against another one must reload. */
export const CONTRACT_HASH: string = typeof __CONTRACT_HASH__ === 'string' ? __CONTRACT_HASH__ : 'development';
/** SHA-256 over the sources of the domain: an engine made of others proves the stored history again before it goes on. */
export const ENGINE_HASH: string = typeof __ENGINE_HASH__ === 'string' ? __ENGINE_HASH__ : 'development';
export const VERSION: string = typeof __VERSION__ === 'string' ? __VERSION__ : '0.1.0-development';

/** `web` beside the bundle's entry, or `dist/web` of the repository when the sources run as they are. */
export function webFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  if (typeof __CONTRACT_HASH__ !== 'string') return join(here, '..', '..', '..', 'dist', 'web');
  return basename(here) === 'chunks' ? join(here, '..', 'web') : join(here, 'web');
}
