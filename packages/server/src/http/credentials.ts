/** The two secrets of local mode: the anti-forgery token of the page and the token file of programs (interface.md 6.2). */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Credentials {
  /** Handed out by `GET /auth/session` to the page of our own origin. */
  readonly csrfToken: string;
  /** In the file `local-token` of the data folder: whoever may read it is the user. */
  readonly localToken: string;
}

/** New at each start; the file is for the owner only. */
export function issueCredentials(dataDir: string): Credentials {
  const credentials = { csrfToken: randomBytes(24).toString('base64url'), localToken: randomBytes(32).toString('base64url') };
  mkdirSync(dataDir, { recursive: true });
  const file = join(dataDir, 'local-token');
  // An older file keeps its mode when it is overwritten, so it goes first.
  rmSync(file, { force: true });
  writeFileSync(file, credentials.localToken, { mode: 0o600 });
  chmodSync(file, 0o600);
  return credentials;
}

/** Where this server is reached, for the verbs of the command line that speak with it. */
export function noteAddress(dataDir: string, url: string): void {
  writeFileSync(join(dataDir, 'server-url'), `${url}\n`);
}

/** Compares in constant time; a missing token is wrong. */
export function sameToken(given: string | string[] | undefined, expected: string): boolean {
  if (typeof given !== 'string') return false;
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
