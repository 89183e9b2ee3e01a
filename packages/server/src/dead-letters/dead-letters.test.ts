/** C6 on real stores: kept, tried again further and further apart, no poison blocks, nothing lost while the store is away, shown and discarded by a verb. */
import { Census, Scope } from '@wyckoff/bounded';
import { VirtualClock } from '@wyckoff/bounded/leak-kit';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore, type SqliteStore } from '../store/sqlite/sqlite-store.ts';
import { deadLetterDesk } from './dead-letter-desk.ts';
import { deadLetterPage } from './dead-letter-page.ts';
import { DeadLetters } from './dead-letters.ts';

const MINUTE = 60_000;

let folder: string;
let path: string;
let scope: Scope;
let clock: VirtualClock;
let store: SqliteStore;
let letters: DeadLetters;
const problems: unknown[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-dlq-'));
  path = join(folder, 'wyckoff.db');
  clock = new VirtualClock();
  problems.length = 0;
  scope = new Scope({ name: 'test', census: new Census(), timers: clock });
  store = scope.own(openSqliteStore({ path }), (opened) => opened.close());
  letters = open();
});
afterEach(async () => {
  await scope.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const open = (of: Parameters<typeof Object.assign>[0] = {}): DeadLetters =>
  new DeadLetters({
    store,
    scope: scope.child('letters'),
    wallClock: () => clock.now() + 1e12,
    onProblem: (error) => problems.push(error),
    ...of,
  });

const failed = { topic: 'notify.webhook', payload: { text: 'halted' }, error: 'HTTP 503', attempts: 3 };

describe('C6 dead letters', () => {
  it('C6 a letter is tried after a minute or less, then twice as far apart each time, and leaves when it goes through', async () => {
    const tries: number[] = [];
    letters.handle(failed.topic, () => {
      tries.push(Math.round(clock.now() / MINUTE));
      return Promise.resolve(tries.length < 6 ? 'still down' : null);
    });
    await letters.keep(failed);
    expect(await store.countDeadLetters()).toBe(1);
    for (let minute = 0; minute < 120 && tries.length < 6; minute += 1) {
      clock.advance(MINUTE);
      await letters.look();
    }
    const gaps = tries.map((at, i) => at - (tries[i - 1] ?? 0));
    for (const [i, gap] of gaps.entries()) expect(gap, gaps.join(' ')).toBeLessThanOrEqual(2 ** i + 1);
    expect(gaps[5]).toBeGreaterThanOrEqual(16);
    expect([await store.countDeadLetters(), problems]).toEqual([0, []]);
  });

  it('C6 a poison message blocks no other, and a handler that throws is a failed try', async () => {
    letters.handle(failed.topic, (payload) =>
      (payload as { n: number }).n < 30 ? Promise.reject(new Error('poison')) : Promise.resolve(null),
    );
    for (let n = 0; n < 60; n += 1) await letters.keep({ ...failed, payload: { n } });
    clock.advance(MINUTE);
    for (let look = 0; look < 4; look += 1) await letters.look();
    const left = await store.deadLetters({ limit: 200 });
    expect(left).toHaveLength(30);
    expect(left[0]).toMatchObject({ error: 'poison', attempts: 4, state: 'WAITING' });
  });

  it('C6 nothing is tried without a handler, and a look never works on more than twenty', async () => {
    for (let n = 0; n < 25; n += 1) await letters.keep({ ...failed, topic: n < 5 ? 'nobody' : failed.topic });
    let tried = 0;
    letters.handle(failed.topic, () => Promise.resolve(`no ${(tried += 1)}`));
    for (let n = 0; n < 10; n += 1) await letters.keep(failed);
    clock.advance(MINUTE);
    await letters.look();
    expect(tried).toBe(20);
    expect(await store.deadLetters({ topic: 'nobody', limit: 9 })).toHaveLength(5);
  });

  it('C6 while the store does not answer letters are held, and written when it does', async () => {
    let away = true;
    const saveDeadLetter: typeof store.saveDeadLetter = async (letter) => {
      if (away) throw new Error('away');
      await store.saveDeadLetter(letter);
    };
    const own = open({ store: { ...store, saveDeadLetter } });
    for (let n = 0; n < 3; n += 1) await own.keep(failed);
    expect([await store.countDeadLetters(), problems.length]).toEqual([0, 3]);
    away = false;
    await own.look();
    expect(await store.countDeadLetters()).toBe(3);
  });

  it('C6 pages of GET /system/dead-letters: each letter once by topic, while others come and go; a cursor of other filters is refused', async () => {
    const page = deadLetterPage(store);
    for (let n = 0; n < 12; n += 1) await letters.keep({ ...failed, topic: n % 3 === 0 ? 'bars' : failed.topic, payload: { n } });
    const seen: number[] = [];
    for (let cursor: string | undefined; ;) {
      const answer = await page({ topic: failed.topic, limit: 3, cursor });
      if (!answer.ok) throw new Error(answer.detail);
      const { items, nextCursor } = answer.value;
      expect(items.every(({ topic, attempts, error }) => topic === failed.topic && attempts === 3 && error === 'HTTP 503')).toBe(
        true,
      );
      seen.push(...items.map(({ payload }) => (JSON.parse(payload) as { n: number }).n));
      // What was seen leaves, and others come, between two pages.
      await store.removeDeadLetters({ ids: items.slice(0, 1).map(({ id }) => id) });
      await letters.keep({ ...failed, topic: 'bars' });
      if (nextCursor === null) break;
      expect(await page({ limit: 3, cursor: nextCursor })).toMatchObject({ ok: false, code: 'page.bad_cursor' });
      cursor = nextCursor;
    }
    expect(seen.sort((a, b) => a - b)).toEqual([1, 2, 4, 5, 7, 8, 10, 11]);
    expect(await page({ limit: 1 })).toMatchObject({ ok: true, value: { total: 12 } });
  });

  it('C6 of a payload the first 4 KiB are shown, no character cut in two, and how long it is', async () => {
    const payload = `x${'é'.repeat(4_000)}`;
    await letters.keep({ ...failed, payload });
    const answer = await deadLetterPage(store)({ limit: 1 });
    const [letter] = answer.ok ? answer.value.items : [];
    expect(letter?.payloadBytes).toBe(8_003);
    expect(Buffer.byteLength(letter?.payload ?? '')).toBe(4_096);
    expect(letter?.payload).toBe(JSON.stringify(payload).slice(0, letter?.payload.length));
    expect(letter?.payload).not.toContain('\uFFFD');
  });

  it('C6 a retry by hand is tried at once whatever its time, only where somebody can; a purge discards by id, topic or all; both are kept in the audit', async () => {
    const desk = deadLetterDesk({
      store,
      letters,
      record: (change) => store.change(change),
      wallClock: () => clock.now() + 1e12,
    });
    const by = { user: 'ann', requestId: 'r-1' };
    let tried = 0;
    letters.handle(failed.topic, () => Promise.resolve((tried += 1) > 1 ? null : 'still down'));
    await letters.keep(failed);
    await letters.keep({ ...failed, topic: 'bar.quarantined' });
    await letters.keep({ ...failed, topic: 'bar.quarantined' });
    const ids = (await store.deadLetters({ topic: failed.topic, limit: 9 })).map(({ id }) => id);
    // Not due for a long time: only the hand makes it so.
    expect([await letters.look(), tried]).toEqual([0, 0]);
    expect(await desk.retry({ ids }, by)).toBe(1);
    await letters.look();
    await letters.look();
    expect([tried, (await store.deadLetters({ topic: failed.topic, limit: 9 }))[0]?.state]).toEqual([1, 'WAITING']);
    expect(await desk.retry({ all: true }, by)).toBe(1);
    await letters.look();
    await letters.look();
    expect([tried, await store.countDeadLetters()]).toEqual([2, 2]);
    expect(await desk.retry({ topic: 'bar.quarantined' }, by)).toBe(0);
    const [held] = await store.deadLetters({ limit: 9 });
    expect([await desk.purge({ ids: [held.id] }, by), await desk.purge({ topic: 'nobody' }, by), await desk.purge({ all: true }, by)]).toEqual([1, 0, 1]); // prettier-ignore
    expect(await store.countDeadLetters()).toBe(0);
    const facts = await store.journalPage({ afterSeq: 0, limit: 50, entity: 'dead-letters' });
    expect(facts.map(({ type, actor, data }) => [type, actor, (data as { count: number }).count])).toEqual([
      ['deadletters.retried', 'ann', 1],
      ['deadletters.retried', 'ann', 1],
      ['deadletters.purged', 'ann', 1],
      ['deadletters.purged', 'ann', 1],
    ]);
  });

  it('C6 a letter that is discarded while it is being tried does not come back', async () => {
    letters.handle(failed.topic, async () => {
      await store.removeDeadLetters('all');
      return 'still down';
    });
    await letters.keep(failed);
    clock.advance(MINUTE);
    await letters.look();
    expect([await store.countDeadLetters(), problems]).toEqual([0, []]);
  });

  it('C6 wyckoff dlq lists, has them tried at the next look whatever their time, and discards', { timeout: 60_000 }, async () => {
    await letters.keep(failed);
    await letters.keep({ ...failed, topic: 'bars' });
    await scope.dispose();
    const entry = join(import.meta.dirname, '..', 'cli', 'main.ts');
    const dlq = (...words: string[]) => {
      const env = { ...process.env, DATABASE_URL: '' };
      const ended = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', entry, 'dlq', ...words, '--data', folder], { encoding: 'utf8', env }); // prettier-ignore
      return { code: ended.status, out: ended.stdout, err: ended.stderr };
    };
    const listed = JSON.parse(dlq('list', '--json').out) as { total: number; items: { topic: string; attempts: number }[] };
    // Both came at one instant, so either may stand first.
    expect(listed.items.map(({ topic, attempts }) => [topic, attempts]).sort()).toEqual([['bars', 3], ['notify.webhook', 3]]); // prettier-ignore
    expect(listed.total).toBe(2);
    expect(dlq('purge')).toMatchObject({ code: 2, err: expect.stringContaining('--id, --topic or --all') as string });
    expect(dlq('purge', '--topic', 'bars').out).toBe('1 discarded\n');
    expect(dlq('retry', '--all').out).toBe("1 to be tried at the server's next look\n");
    const again = openSqliteStore({ path });
    await using own = new Scope({ name: 'own', census: new Census() });
    const other = new DeadLetters({
      store: again,
      scope: own,
      wallClock: () => clock.now() + 1e12,
      onProblem: (error) => problems.push(error),
    });
    other.handle(failed.topic, () => Promise.resolve(null));
    expect([await other.look(), await again.countDeadLetters()]).toEqual([1, 0]);
    again.close();
  });
});
