/** A store that fails once, for a while, or for good: nothing is acted on that is not stored, and what follows is what an undisturbed session stores. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Census, Scope } from '@wyckoff/bounded';
import { VirtualClock } from '@wyckoff/bounded/leak-kit';
import { drawSeries } from '@wyckoff/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import { DEMO_SYMBOL } from './demo-series.ts';
import { openSession, type Session } from './open.ts';
import type { Actor } from './trading-desk.ts';

const { columns, symbol } = drawSeries({ schematic: 'all', seed: 1042, number: 3, bars: 900, noise: 'low' });
const ann: Actor = { user: 'local', role: 'admin', address: '127.0.0.1', requestId: 'r', steppedUp: true };

/** What SQLite says, at the statement where it says it. */
type Fault = (statement: string) => 'SQLITE_FULL' | 'SQLITE_MISUSE' | null;
const WELL: Fault = () => null;

let folder: string;
let scope: Scope;
let clock: VirtualClock;
let session: Session;
let fault: Fault = WELL;
const alarms: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-recovery-'));
  alarms.length = 0;
});
afterEach(async () => {
  fault = WELL;
  await scope.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function open(name: string): Promise<void> {
  const storePath = join(folder, name);
  const store = openSqliteStore({ path: storePath });
  const series = await store.saveSymbol({ ...DEMO_SYMBOL, symbol, synthetic: true }, '1d');
  await store.importBars(series, columns, 'drawn');
  await store.saveSetting('session.series', { symbol, timeframe: '1d' });
  store.close();
  clock = new VirtualClock();
  scope = new Scope({ name: 'test', census: new Census(), timers: clock, onProblem: () => undefined });
  const trace = (statement: string): void => {
    const code = fault(statement.toLowerCase());
    if (code !== null) throw Object.assign(new Error('the test says so'), { code });
  };
  const onAlarm = (sentence: string): void => void alarms.push(sentence);
  session = await openSession({ scope, storePath, speed: null, play: false }, { store: { trace }, onAlarm });
}

/** The halt file is a real one, and STOP when it is not read within half a second: the clock goes on only when what was asked for has come. */
async function advance(ms: number): Promise<void> {
  clock.advance(ms);
  for (let more = 0; more < 4; more += 1) {
    await stat(folder);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function until(isSo: () => boolean): Promise<void> {
  for (let more = 0; more < 4_000 && !isSo(); more += 1) await advance(1);
  expect(isSo()).toBe(true);
}

async function pass(seconds: number): Promise<void> {
  for (let more = 0; more < 4 * seconds; more += 1) await advance(250);
}

const replayed = (): ReturnType<Session['desk']['replay']['state']>['replay'] => session.desk.replay.state().replay;
const finished = (): boolean => replayed()?.finished === true;
const failure = (): string => session.desk.health().failure ?? '';

/** Everything the engine said, and what its tables hold in the end; notices are the session's own. */
async function stored(): Promise<{ readonly facts: number; readonly hash: string }> {
  const rows = (await session.store.factsAfter(0, 20_000)).filter(({ type }) => !type.startsWith('notification.'));
  const hash = createHash('sha256');
  for (const { at, type, data } of rows) hash.update(JSON.stringify([at, type, data]));
  hash.update(JSON.stringify([await session.store.account('replay'), await session.store.workingOrders('replay')]));
  return { facts: rows.length, hash: hash.digest('hex') };
}

async function undisturbed(): Promise<Awaited<ReturnType<typeof stored>>> {
  await open('undisturbed.db');
  session.desk.replay.play();
  await until(finished);
  const all = await stored();
  expect(all.facts).toBeGreaterThan(100);
  await scope.dispose();
  return all;
}

describe('session recovery', () => {
  it('issue 4.10 a commit that fails once: the account goes on by itself, and stores what an undisturbed one stores', async () => {
    const expected = await undisturbed();
    await open('once.db');
    let commits = 0;
    let fails = 0;
    // In the middle of its transactions, at the end of them, and twice in a row.
    fault = (statement) => {
      if (statement === 'commit') commits += 1;
      const isHit =
        (statement === 'commit' && [3, 8, 9].includes(commits)) ||
        (commits === 5 && fails === 1 && statement.startsWith('insert'));
      if (isHit) fails += 1;
      return isHit ? 'SQLITE_FULL' : null;
    };
    session.desk.replay.play();
    for (let more = 0; more < 60 && !finished(); more += 1) {
      await until(() => failure() !== '' || finished());
      if (failure() !== '') await pass(1);
    }
    expect(fails).toBeGreaterThanOrEqual(3);
    expect(alarms.some((sentence) => sentence.includes('stands still'))).toBe(true);
    expect(failure()).toBe('');
    expect(await stored()).toEqual(expected);
  });

  it('issue 4.10 TR-11 a store that is away for ninety seconds: nothing moves, commands are refused, people are told, then it goes on', async () => {
    const expected = await undisturbed();
    await open('while.db');
    session.desk.replay.play();
    await until(() => (replayed()?.position ?? 0) > 300);
    fault = (statement) => (statement.startsWith('pragma') ? null : 'SQLITE_FULL');
    await until(() => failure() !== '');
    const stood = replayed()?.position;
    for (let more = 0; more < 9; more += 1) {
      await pass(10);
      expect(failure()).toContain('stands still');
      expect(replayed()?.position).toBe(stood);
      const act = session.trading.desk.act({ action: 'setAcceptance', account: 'replay', mode: 'all' }, ann);
      expect(await act.then((answer) => answer.ok, () => false)).toBe(false); // prettier-ignore
    }
    expect(alarms.filter((sentence) => sentence.includes('stands still'))).toHaveLength(1);
    fault = WELL;
    await pass(61);
    await until(finished);
    expect(failure()).toBe('');
    expect(await stored()).toEqual(expected);
    const notices = await session.store.factsAfter(0, 20_000, { type: 'notification.created' });
    expect(JSON.stringify(notices)).toContain('The account stood still');
  });

  it('issue 4.10 the twin: what is not the store is not tried again; the account stays down and says so', async () => {
    await open('misuse.db');
    session.desk.replay.play();
    await until(() => (replayed()?.position ?? 0) > 300);
    fault = (statement) => (statement === 'commit' ? 'SQLITE_MISUSE' : null);
    await until(() => failure() !== '');
    fault = WELL;
    const stood = replayed()?.position;
    await pass(130);
    expect(failure()).toContain('the test says so');
    expect(replayed()?.position).toBe(stood);
  });
});
