/** The same session over both databases: the same facts, the same account; and PostgreSQL's driver is loaded for PostgreSQL only. */
import { Scope } from '@wyckoff/bounded';
import type { FactRow } from '@wyckoff/contracts';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../../../e2e/support/postgres.ts';
import { openSession, type SessionParts } from '../../session/open.ts';

const folder = mkdtempSync(join(tmpdir(), 'wyckoff-session-'));
const scope = new Scope({ name: 'test' });
let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres(scope);
});
afterAll(async () => {
  await scope.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function played(parts: SessionParts, until: number): Promise<{ facts: unknown[]; account: unknown }> {
  const own = scope.child('session-under-test');
  const { desk, store } = await openSession(
    { scope: own, storePath: join(folder, 'session.db'), speed: null, play: true },
    parts,
  );
  while ((desk.replay.state().replay?.position ?? 0) < until) await sleep(20);
  desk.replay.pause();
  const facts: FactRow[] = [];
  for (
    let page = await store.factsAfter(0, 2000);
    page.length > 0;
    page = await store.factsAfter(facts.length === 0 ? 0 : facts[facts.length - 1].seq, 2000)
  )
    facts.push(...page);
  const account = await store.account('replay');
  await own.dispose();
  // Notices are of the wall clock; what the engine says is of the market's.
  const engine = facts.filter((fact) => !fact.type.startsWith('notification.')).map(({ at, type, data }) => ({ at, type, data }));
  return { facts: engine, account };
}

describe('interface 1.2 one session, two databases', () => {
  it('says the same, fact by fact, and goes on where it was', { timeout: 180_000 }, async () => {
    const BARS = 800;
    const embedded = await played({}, BARS);
    const half = await played({ store: { databaseUrl: server.url, migrate: true } }, BARS / 2);
    const whole = await played({ store: { databaseUrl: server.url } }, BARS);
    const common = Math.min(embedded.facts.length, whole.facts.length);
    expect(common).toBeGreaterThan(50);
    expect(whole.facts.slice(0, common)).toEqual(embedded.facts.slice(0, common));
    expect(whole.facts.slice(0, half.facts.length)).toEqual(half.facts);
  });

  it('without DATABASE_URL nothing of PostgreSQL is loaded', () => {
    const script = `
      import { Scope } from '@wyckoff/bounded';
      import { createRequire, registerHooks } from 'node:module';
      const loaded = [];
      registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
      const { openStore } = await import('${join(import.meta.dirname, '..', 'open.ts')}');
      const scope = new Scope({ name: 'test' });
      await openStore({ scope, path: '${join(folder, 'lazy.db')}' });
      console.log(JSON.stringify(loaded.filter((url) => /node_modules\\/pg|store\\/postgres/.test(url))), loaded.length);
      await scope.dispose();`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script], { encoding: 'utf8', cwd: import.meta.dirname }); // prettier-ignore
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^\[\] \d\d/);
  });
});
