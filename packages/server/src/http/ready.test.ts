/** A server whose database dies says so to the next probe, and is ready again when it is back (interface 2.2, C4). */
import { Scope } from '@wyckoff/bounded';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, it } from 'vitest';
import { startPostgres } from '../../../../e2e/support/postgres.ts';
import { startServer } from '../main.ts';

it('C4 /health/ready is 503 store at the first question after PostgreSQL was killed, and 200 when it is back; GET /bars is served by it', { timeout: 60_000 }, async () => {
  await using scope = new Scope({ name: 'test' });
  const folder = scope.own(mkdtempSync(join(tmpdir(), 'wyckoff-ready-')), (path) => rmSync(path, { recursive: true, force: true }));
  const postgres = await startPostgres(scope);
  Object.assign(process.env, { DATABASE_URL: postgres.url, WYCKOFF_STORE_MIGRATE_ON_START: 'true' });
  const server = await startServer({ port: 0, data: folder, logLevel: 'silent', play: false });
  expect((await (await fetch(`${server.url}/health`)).json()) as object).toMatchObject({ store: { kind: 'postgres' } });
  scope.adopt('server', () => server.stop());
  const get = async (path: string) => {
    const response = await fetch(`${server.url}${path}`);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  expect(await get('/health/ready')).toEqual({ status: 200, body: { status: 'ok' } });
  // Nothing has been played: nothing is shown of what is stored.
  expect(await get('/api/v1/bars?symbol=SPX&timeframe=1d')).toEqual({ status: 200, body: { items: [], nextCursor: null } });
  expect((await get('/api/v1/symbols?q=spx')).body).toMatchObject({ items: [{ symbol: 'SPX', coverage: [{ timeframe: '1d' }] }] });
  expect((await get('/api/v1/bars?symbol=SPX&timeframe=1d&limit=10001')).status).toBe(422);
  if (!postgres.isOwn) return;
  await postgres.kill();
  expect(await get('/health/ready')).toMatchObject({ status: 503, body: { code: 'store.unavailable', missing: ['store'] } });
  expect((await get('/health')).body).toMatchObject({ status: 'failing', store: { ok: false } });
  expect((await get('/api/v1/bars?symbol=SPX&timeframe=1d')).status).toBe(503);
  await postgres.restart();
  let ready = 0;
  for (let turn = 0; turn < 200 && ready !== 200; turn += 1) ready = (await get('/health/ready')).status;
  expect(ready).toBe(200);
}); // prettier-ignore
