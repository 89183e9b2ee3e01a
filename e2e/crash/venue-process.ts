/**
 * One life of a live session, to be killed from outside: bars by hand, the Alpaca adapter, a venue in another process, people who decide.
 *
 *   venue-process.ts <store> <url of the venue> <url that moves the market> [n | hand-over] [forgets]
 *
 * With `n` it kills itself before the n-th statement in which something is at stake (a quiet one counts a fiftieth); at the `hand-over`, when an
 * entry is journalled and its desk has not written it. While it is to be killed alerts come in, so that there is something to lose. One that
 * `forgets` is the twin: what was journalled and not handed over is not handed over after a restart.
 */
import { setTimeout as pause } from 'node:timers/promises';
import process from 'node:process';
import { Scope } from '../../packages/bounded/src/index.ts';
import { appendBar, BarCursor, createBarColumns, drawSeries, idOf, TIMEFRAME_MS } from '../../packages/domain/src/index.ts';
import { AlpacaBroker } from '../../packages/server/src/brokers/alpaca/alpaca-broker.ts';
import type { BarFeed, FeedTaker } from '../../packages/server/src/feeds/contract/feed.ts';
import { LiveAccount } from '../../packages/server/src/session/market/live-account.ts';
import { DEMO_SYMBOL } from '../../packages/server/src/session/demo-series.ts';
import type { Answer } from '../../packages/server/src/session/desk.ts';
import { openSession } from '../../packages/server/src/session/open.ts';
import type { Actor } from '../../packages/server/src/session/trading-desk.ts';
import { openStore } from '../../packages/server/src/store/open.ts';
import { KEYS } from '../venues/alpaca-server.ts';
import { VENUE_DRAWN } from './venue-market.ts';

const [storePath = '', venueUrl = '', controlUrl = '', killAt, forgets] = process.argv.slice(2);
const { columns, symbol } = drawSeries(VENUE_DRAWN);
const DAY = TIMEFRAME_MS['1d'];
const LEAVE_AFTER_MS = 2 * DAY;
/** Nobody kills it: no more alerts, and what is open comes to its end. */
const isLast = killAt === undefined || killAt === 'never';
/** Bars in which that is done. */
const LAST_BARS = 60;
/** Bars between two alerts. */
const ALERT_EVERY = 5;
const ann: Actor = { user: 'local', role: 'admin', address: '127.0.0.1', requestId: 'crash', steppedUp: true };
const scope = new Scope({ name: 'crash', onProblem: ({ error }) => end(1, String(error)) });

function end(code: number, text: string): void {
  process.stdout.write(`${text}\n`, () => process.exit(code));
}

let statements = Number.NEGATIVE_INFINITY;
let atStake = false;
const trace = (statement: string): void => {
  statements += atStake ? 1 : 0.02;
  const isDue =
    killAt === 'hand-over' ? statements > 0 && /insert into "?venue_orders/i.test(statement) : statements >= Number(killAt);
  if (isDue) process.kill(process.pid, 'SIGKILL');
};

function must<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Error(`people: ${answer.code}: ${answer.detail}`);
  return answer.value;
}

let row = 0;
let since = performance.now();
/** The close of the last bar, and what went by since. */
const wallClock = (): number =>
  (row === 0 ? columns.time[0] : columns.time[row - 1] + DAY) + Math.round(performance.now() - since);

let taker: FeedTaker | null = null;
function handFeed(of: FeedTaker): BarFeed {
  taker = of;
  return {
    name: 'hand',
    start: () => undefined,
    watch: () => ({ ok: true, created: true }),
    unwatch: () => true,
    status: () => ({ name: 'hand', state: 'CONNECTED', since: 0, lastDataAt: null, latencyMs: null, reconnects: 0, subscriptions: 1, stale: [], error: null }),
    close: () => Promise.resolve(),
  }; // prettier-ignore
}

/** The market moves first, as it does. */
async function market(): Promise<void> {
  const of = {
    row,
    at: columns.time[row] + DAY,
    open: columns.open[row],
    high: columns.high[row],
    low: columns.low[row],
    close: columns.close[row],
  };
  await fetch(controlUrl, { method: 'POST', body: JSON.stringify({ symbol, ...of }) });
}

async function bar(): Promise<void> {
  const one = createBarColumns(1);
  appendBar(one, new BarCursor(columns).at(row));
  since = performance.now();
  await taker?.take({ series: { symbol, timeframe: '1d' }, columns: one, kind: 'closed', origin: 'stream', provider: 'hand', missing: 0 }); // prettier-ignore
  row += 1;
}

if (forgets !== undefined) {
  const start = Reflect.get<LiveAccount, 'start'>(LiveAccount.prototype, 'start');
  LiveAccount.prototype.start = function () {
    return start.call(this, []);
  };
}
const early = await openStore({ scope: scope.child('import'), path: storePath });
const series = await early.saveSymbol({ ...DEMO_SYMBOL, symbol, assetClass: 'CRYPTO', synthetic: true }, '1d');
await early.saveSetting('session.series', { symbol, timeframe: '1d' });
row = await early.countBars(series);
const END = isLast ? Math.min(columns.length, row + LAST_BARS) : columns.length;
await early.close();

const session = await openSession(
  { scope, storePath, speed: null },
  {
    feed: handFeed,
    wallClock,
    openBroker: (own) => new AlpacaBroker({ scope: own, baseUrl: venueUrl, keys: () => KEYS }),
    onAlarm: (sentence) => void process.stdout.write(`alarm ${sentence}\n`),
    onProblem: (error) => end(1, `problem ${String(error)}`),
    ...(killAt !== undefined && { store: { trace } }),
  },
);
const { desk, trading } = session;
const { failure } = desk.health();
if (failure !== null) throw new Error(failure);
process.stdout.write('ready\n');
statements = 0;

const [account] = (await trading.desk.state()).accounts;
if (!account.permitted)
  must(await trading.desk.act({ action: 'setMode', account: 'live', mode: 'LIVE', confirm: 'LIVE', override: { reason: 'a test of crashes' } }, ann)); // prettier-ignore

/** The same alert at the same bar in every life: its signature makes the signal, once. */
async function alerted(): Promise<void> {
  if (isLast || row === 0 || row % ALERT_EVERY !== 0 || (await isAtStake())) return;
  atStake = true;
  const [stop, entry] = [96, 99.8].map((percent) => Math.round(columns.close[row - 1] * percent) / 100);
  must(await trading.desk.alert({ signature: `alert ${row}`, symbol, timeframe: '1d', side: 'buy', stop, entry }, ann));
}

async function decide(): Promise<void> {
  // A fill that came after its order was cancelled halts the symbol until somebody has looked.
  for (const { kind } of (await trading.desk.state()).halts)
    if (kind === 'RECONCILE')
      must(await trading.desk.act({ action: 'acknowledgeReconcile', account: 'live', symbol, reason: 'looked at' }, ann));
  for (const signal of must(await desk.signals({ status: 'PENDING', limit: 200 })).items) {
    atStake = true;
    const answer = await trading.desk.decide(signal.id, { decision: 'approve', dryRun: false }, ann);
    if (!answer.ok && !['risk.refused', 'signal.expired', 'signal.decided', 'broker.unavailable'].includes(answer.code))
      must(answer);
  }
  for (const open of must(await desk.positions({ status: 'OPEN', limit: 200 })).items) {
    if (wallClock() - open.openedAt <= LEAVE_AFTER_MS && row < END) continue;
    const left = await trading.desk.exit(open.id, { dryRun: false, key: idOf('leave', `${open.id} ${open.version}`) }, ann);
    if (!left.ok && !['request.key_reused', 'resource.not_found', 'exit.too_large'].includes(left.code)) await pause(5);
  }
  for (const { rule, useRatio } of (await trading.desk.risk()).limits) if (useRatio > 1) end(1, `limit ${rule} at ${useRatio}`);
}

async function isAtStake(): Promise<boolean> {
  const working = must(await trading.desk.orders({ limit: 20 })).items.some(({ state }) => !['FILLED', 'CANCELLED', 'REJECTED', 'EXPIRED', 'FAILED'].includes(state)); // prettier-ignore
  return working || must(await desk.positions({ status: 'OPEN', limit: 1 })).items.length > 0;
}

for (; row < END;) {
  await alerted();
  await decide();
  atStake = await isAtStake();
  if (atStake) {
    await market();
    await pause(8);
  }
  await bar();
}
// Everything ends: people leave what is open, and the venue is asked until both say the same.
row -= 1;
for (let turn = 0; turn < 400; turn += 1) {
  row = END;
  await decide();
  row = END - 1;
  if (!(await isAtStake())) break;
  await market();
  await pause(25);
}
await scope.dispose();
end(0, 'finished');
