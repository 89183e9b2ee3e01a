/**
 * One life of a session, to be killed from outside: opens the store, says `ready`, replays, says `finished` and ends.
 *
 *   session-process.ts <store> <engine: real | tape | split | people> <bars per second | max> [n]
 *
 * With `n` it kills itself before the n-th statement after `ready`. `split` is the twin that must fail: the same session with each commit in two transactions, facts first, cursor second.
 */
import { Scope } from '../../packages/bounded/src/index.ts';
import type { Account } from '../../packages/domain/src/index.ts';
import Database from 'better-sqlite3';
import process from 'node:process';
import { ReplayFeed } from '../../packages/server/src/feeds/replay/replay-feed.ts';
import { Journal } from '../../packages/server/src/session/journal.ts';
import { openSession } from '../../packages/server/src/session/open.ts';
import { Run } from '../../packages/server/src/session/run.ts';
import { tapeFactory } from '../../packages/server/src/session/testing/tape-engine.ts';
import { openSqliteStore } from '../../packages/server/src/store/sqlite/sqlite-store.ts';
import type { Commit, Store } from '../../packages/server/src/store/store.ts';
import { openStore } from '../../packages/server/src/store/open.ts';
import { importDrawn, importHistory } from './history.ts';
import { actAsPeople } from './people.ts';

const [storePath = '', engine = 'real', pace = 'max', killAt] = process.argv.slice(2);
const speed = pace === 'max' ? null : Number(pace);
const scope = new Scope({ name: 'crash', onProblem: ({ error }) => end(1, String(error)) });

function end(code: number, text: string): void {
  process.stdout.write(`${text}\n`, () => process.exit(code));
}

let statements = Number.NEGATIVE_INFINITY;
const trace = (): void => {
  statements += 1;
  if (statements >= Number(killAt)) process.kill(process.pid, 'SIGKILL');
};
/** Statements are numbered from here on. */
const begin = (): void => {
  say('ready');
  statements = 0;
};

const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function realSession(): Promise<void> {
  const { desk } = await openSession({ scope, storePath, speed, play: false });
  desk.subscribeValues(() => {
    if (desk.replay.state().replay?.finished === true) void scope.dispose().then(() => end(0, 'finished'));
  });
  if (desk.health().failure !== null) end(1, String(desk.health().failure));
  else if (desk.replay.state().replay?.finished === true) end(0, 'finished');
  else {
    say('ready');
    desk.replay.play();
  }
}

const ACCOUNT: Account = {
  id: 'replay', kind: 'REPLAY', currency: 'USD', startingMicros: 1e11, cashMicros: 1e11, equityMicros: 1e11, peakMicros: 1e11, drawdownRatio: 0,
  realisedMicros: 0, unrealisedMicros: 0, costsMicros: 0, heatRatio: 0, trades: 0, wins: 0, at: 0,
}; // prettier-ignore

async function tapeSession(wrap: (store: Store) => Store): Promise<void> {
  const store = wrap(
    scope.own(openSqliteStore({ path: storePath, ...(killAt !== undefined && { trace }) }), (opened) => opened.close()),
  );
  const series = await importHistory(store);
  const ref = { id: `replay:${series.symbol}:${series.timeframe}`, series };
  const journal = await Journal.open(store, scope, (error) => end(1, String(error)));
  const factory = tapeFactory({ accountId: ACCOUNT.id, startingMicros: ACCOUNT.startingMicros });
  const run = await Run.resume({ store, journal, ref, accountId: ACCOUNT.id, account: ACCOUNT, factory, snapshotEvery: 100 });
  begin();
  await ReplayFeed.open({
    scope, source: store, series, position: run.position, time: run.barTime, speed, play: true,
    take: (columns, from, limit) => run.take(columns, from, limit),
    onChange: ({ replay }) => {
      if (replay?.finished === true) void scope.dispose().then(() => end(0, 'finished'));
    },
  }); // prettier-ignore
  if (run.position >= (await store.countBars(series))) end(0, 'finished');
}

/** Facts in one transaction, everything else in the next. */
function split(store: Store): Store {
  const side = scope.own(new Database(storePath, { timeout: 5000 }), (database) => database.close());
  const append = side.prepare(
    "insert into facts (seq, at, engine, bar, topic, type, entity, data, stored_at) values ((select coalesce(max(seq), 0) + 1 from facts), ?, ?, ?, 'risk', ?, null, ?, 0)",
  );
  return {
    ...store,
    async commit(commit: Commit) {
      side.transaction(() => {
        for (const { bar, fact } of commit.facts)
          append.run(fact.at, commit.engine.id, bar, fact.kind, JSON.stringify(fact.data));
      })();
      return store.commit({ ...commit, facts: [] });
    },
  };
}

/** A session in which people decide: bars one by one, and everything that is theirs to do at each. */
async function peopleSession(): Promise<void> {
  const early = await openStore({ scope: scope.child('import'), path: storePath });
  if ((await early.setting('session.series')) === undefined) await importDrawn(early);
  await early.close();
  const session = await openSession(
    { scope, storePath, speed: null, play: false },
    { ...(killAt !== undefined && { store: { trace } }) },
  );
  const { failure } = session.desk.health();
  if (failure !== null) throw new Error(failure);
  begin();
  await actAsPeople(session);
  await scope.dispose();
  end(0, 'finished');
}

if (engine === 'real') await realSession();
else if (engine === 'people') await peopleSession();
else await tapeSession(engine === 'split' ? split : (store) => store);
