/** A session over a venue's own protocol: a hole in what the venue had is filled when it has it, told, reported, and a restart comes back (trading.md 9.1). */
import { Census, Scope } from '@wyckoff/bounded';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { openSession, type Session } from '../../packages/server/src/session/open.ts';
import { sqliteStatus } from '../../packages/server/src/store/sqlite/maintenance.ts';
import { BinanceDataServer } from './binance-data-server.ts';
import { tapeBar } from './tape.ts';

const HOUR = 3_600_000;
const BARS = 120;
const HOLE = [50, 54] as const;
const SYMBOL = 'BTCUSDT';

it('9.1 BAR_GAP a hole in what a live venue gave is filled once it has the bars, is in db status and /symbols, and the session restarts', { timeout: 60_000 }, async () => {
  const server = new BinanceDataServer();
  await server.listen();
  const folder = mkdtempSync(join(tmpdir(), 'wyckoff-coverage-'));
  const storePath = join(folder, 'wyckoff.db');
  // One instant for all sessions: nothing of it hangs on when the test runs.
  const now = Date.now();
  const from = Math.floor(now / HOUR) * HOUR - BARS * HOUR;
  for (let n = 0; n < BARS; n += 1) if (n < HOLE[0] || n >= HOLE[1]) server.tape.add(SYMBOL, '1h', tapeBar(from, '1h', n));
  const env = { WYCKOFF_BINANCE_DATA_URL: server.url, WYCKOFF_BINANCE_STREAM_URL: server.streamUrl };
  const market = { feed: 'binance', symbols: [SYMBOL], timeframe: '1h', broker: 'paper', historyBars: 500 } as const;
  const notices: string[] = [];

  /** A session until something is so; what it says then. */
  const during = async <T>(isSo: (session: Session) => Promise<boolean>, look: (session: Session, scope: Scope) => Promise<T>): Promise<T> => {
    await using scope = new Scope({ name: 'test', census: new Census() });
    const session = await openSession({ scope, storePath, speed: null }, { market, env, wallClock: () => now, onNotice: (sentence) => void notices.push(sentence) });
    for (let more = 0; more < 2_000 && !(await isSo(session)); more += 1) await sleep(10);
    expect(await isSo(session)).toBe(true);
    expect(session.desk.health().failure).toBeNull();
    return await look(session, scope);
  };
  const stored = async ({ store }: Session): Promise<number> => {
    const series = await store.findSeries(SYMBOL, '1h');
    return series === null ? 0 : await store.countBars(series);
  };
  const facts = async ({ store }: Session): Promise<string> => {
    const rows = await store.factsAfter(0, 100_000);
    return JSON.stringify(rows.filter(({ type }) => /^(event|range|phase|signal|order)\./.test(type)));
  };

  try {
    const before = await during(async (session) => (await stored(session)) === BARS - 4, facts);
    for (let n = HOLE[0]; n < HOLE[1]; n += 1) server.tape.add(SYMBOL, '1h', tapeBar(from, '1h', n));
    const row = { timeframe: '1h', from: from + HOLE[0] * HOUR, to: from + (HOLE[1] - 1) * HOUR, bars: 4, gaps: 0 };
    await during(async (session) => (await stored(session)) === BARS && notices.some((notice) => notice.includes('BAR_LATE, 4 bars')), async ({ desk }, { census }) => {
      expect(await desk.symbols({ q: 'btc', limit: 5 })).toMatchObject({ items: [{ symbol: SYMBOL, coverage: [row] }] });
      // Bounded, and in the census.
      const names = census.rows().map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['server.feeds.walked', 'server.feeds.quarantine']));
    });
    expect(sqliteStatus(storePath).coverage).toMatchObject([{ symbol: SYMBOL, ...row }]);
    // It is stepped again, without the bars it never had.
    expect(await during(async (session) => (await stored(session)) === BARS, facts)).toBe(before);
    expect(notices.filter((notice) => notice.includes('BAR_LATE'))).toHaveLength(1);
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}); // prettier-ignore
