/** An account and the desk of its venue: orders go out journalled, what became of them comes back as an input. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { Census, Scope } from '@wyckoff/bounded';
import { BarCursor, costsFor, drawSeries, tradedInstrument, type Account } from '@wyckoff/domain';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LiveDesk } from '../../brokers/live-desk.ts';
import type { GateContext } from '../../brokers/gate.ts';
import { PaperBroker } from '../../brokers/paper/paper-broker.ts';
import type { OrderLog } from '../../brokers/order-log.ts';
import { openSqliteStore, type SqliteStore } from '../../store/sqlite/sqlite-store.ts';
import { DEMO_SYMBOL } from '../demo-series.ts';
import { engineFactory } from '../engine-factory.ts';
import { Journal } from '../journal.ts';
import { Run } from '../run.ts';
import { directVenue, LiveLink } from './live-link.ts';

const { columns, symbol } = drawSeries({ schematic: 'all', seed: 1042, number: 3, bars: 2600, noise: 'low' });
const instrument = tradedInstrument({ symbol, assetClass: 'STOCK' });
const START = 1e11;
const account: Account = {
  id: 'venue', kind: 'PAPER', currency: 'USD', startingMicros: START, cashMicros: START, equityMicros: START, peakMicros: START, drawdownRatio: 0,
  realisedMicros: 0, unrealisedMicros: 0, costsMicros: 0, heatRatio: 0, trades: 0, wins: 0, at: 0,
}; // prettier-ignore

/** Everything is well but the reservation: the gate refuses every entry. */
const UNRESERVED: GateContext = {
  reservation: null,
  needs: { riskMicros: 1e6, notionalMicros: 1e6, marginMicros: 0 },
  halts: [],
  account: { kind: 'PAPER', liveAllowed: false },
  instrument,
  supported: true,
  market: { open: true },
  lastPrice: 100,
  orderValueLimitMicros: 1e12,
  limits: [],
};

let folder: string;
let scope: Scope;
let store: SqliteStore;
let broker: PaperBroker;
let desk: LiveDesk;
let log: OrderLog;
let run: Run;
let now = 0;
const broken: unknown[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-link-'));
  broken.length = 0;
  scope = new Scope({ name: 'test', census: new Census() });
  store = scope.own(openSqliteStore({ path: join(folder, 'wyckoff.db') }), (one) => one.close());
  const series = await store.saveSymbol({ ...DEMO_SYMBOL, symbol, assetClass: 'STOCK', synthetic: true }, '1d');
  await store.importBars(series, columns, 'test');
  broker = new PaperBroker({
    scope: scope.child('paper'),
    instrument,
    costs: costsFor('STOCK'),
    cashMicros: START,
    now: () => now,
  });
  log = store.orderLog('venue');
  desk = new LiveDesk({
    scope: scope.child('desk'),
    broker,
    log,
    gate: {
      readHalt: async () => Promise.resolve(run.trading.killSwitch),
      contextOf: () => Promise.resolve(UNRESERVED),
    },
    instrumentOf: (one) => (one === symbol ? instrument : null),
    now: () => now,
    random: () => 0.5,
    onNews: () => undefined,
  });
  const link = new LiveLink({ scope, desk, venue: 'paper', run: () => run, onBroken: (error) => broken.push(error) });
  const journal = await Journal.open(store, scope.child('journal'), (error) => broken.push(error));
  const factory = engineFactory({
    instrument: { symbol, assetClass: 'STOCK', timeZone: 'UTC' },
    timeframe: '1d',
    account: { id: account.id, kind: 'PAPER', currency: 'USD', startingMicros: START },
    broker: 'venue',
  });
  const ref = { id: 'venue', series };
  run = await Run.resume({ store, journal, ref, accountId: account.id, account, factory, snapshotEvery: 100, venue: link.take });
  link.start();
  await desk.start();
});
afterEach(async () => {
  await scope.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function quiet(): Promise<void> {
  for (let turns = 0; turns < 40 || desk.pending > 0; turns += 1) await turn();
}

/** A bar closes: the venue met it, the account hears of that, then takes the bar itself. */
async function bar(): Promise<void> {
  const row = run.position;
  now = columns.time[row] + 86_400_000;
  broker.meet(new BarCursor(columns).at(row));
  await desk.barClosed(symbol);
  await quiet();
  await run.take(columns, row, 1);
  await quiet();
}

it('TR-12 7.3 an entry goes out when it is stored; refused at the gate it comes back as an input, is confirmed, and ends its signal', async () => {
  const entries = async () => await store.journalPage({ afterSeq: 0, limit: 200, type: 'order.changed' });
  while ((await entries()).length === 0 && run.position < 2_000) await bar();
  await quiet();
  expect(broken).toEqual([]);
  const states = (await entries()).map((row) => (row.data as { state: string; reason: string | null }).state);
  expect(states).toEqual(['PENDING_NEW', 'REJECTED']);
  const [input] = await store.journalPage({ afterSeq: 0, limit: 10, type: 'input.broker' });
  expect(input).toMatchObject({
    actor: 'paper',
    data: { reports: [{ kind: 'ended', state: 'REJECTED', reason: 'NO_RESERVATION' }] },
  });
  const [signal] = await store.signals({ status: 'REJECTED', limit: 1 });
  expect(signal.item.rejectCode).not.toBeNull();
  expect(await log.outbox()).toEqual([]);
  expect(await store.heldReservations('venue')).toEqual([]);
});

it('7.6 a venue can be told directly: asked, its entries cancelled, everything closed', async () => {
  const venue = directVenue('venue', desk, broker);
  await venue.ping();
  await venue.cancelEntries();
  expect(await venue.closeAll('a')).toEqual([]);
});
