/**
 * `npm run soak -- --minutes N [--json] [--leak]`: the whole server lives round after round - store, replay of 5,105 real bars at full
 * speed, clients that come, stall and go, requests - and afterwards it must hold what it held before. Prints the growth per census name
 * and of memory, with a verdict: exit 0 for none, 5 for growth of 1 % or more, or when it could not be judged. `--leak` must fail.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { fitSlope } from '@wyckoff/bounded/leak-kit';
import { WebSocket } from 'ws';
import { mb } from './started-server.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '2' }, json: { type: 'boolean' }, leak: { type: 'boolean' } },
});
const MINUTES = Number(values.minutes);
/** Growth over the judged rounds that fails. */
const MOST_GROWTH = 0.01;
/** Compiled code, caches and tables of the runtime fill in the first rounds, and what ran once is flushed after about a dozen. */
const WARM_UP_SHARE = 0.5;
const WARM_UP_ROUNDS = 16;
/** Fewer judged rounds than this say nothing. */
const FEWEST_JUDGED = 8;
/** At most this many rounds are kept for the judgement. */
const MOST_ROUNDS = 20_000;
const CLIENTS = 12;
/** Compiled code that is thrown away after a while would drop the floor in the middle and hide a slope. */
const FLAGS = ['--expose-gc', '--no-flush-bytecode'];

interface Round {
  readonly census: readonly { readonly name: string; readonly size: number; readonly capacity: number; readonly bytes: number }[];
  readonly findings: readonly string[];
  readonly stuck: readonly string[];
  readonly left: readonly string[];
  readonly heldBytes: number;
  readonly rssBytes: number;
}

const server = fork(join(import.meta.dirname, 'soak-server.ts'), values.leak === true ? ['--leak'] : [], {
  execArgv: FLAGS,
});
await once(server, 'message');

/** Clients that listen, that stop reading, that leave at once and come back; requests beside them; until the replay has ended. */
async function churn(url: string, port: number): Promise<void> {
  const clients = new Set<WebSocket>();
  for (let i = 0; i < CLIENTS; i += 1) {
    const client = new WebSocket(`ws://127.0.0.1:${port}/ws`, 'wyckoff.v1', { headers: { origin: url } });
    clients.add(client);
    client.on('error', () => undefined);
    client.on('open', () => {
      const topics = ['analysis', 'signals', 'orders', 'positions', 'account', 'connections', 'bars:SPX:1d'];
      client.send(JSON.stringify({ op: 'hello', v: 1, epoch: null, lastSeq: null, topics, tab: `soak-tab-${i}` }));
      if (i % 4 === 1) (client as unknown as { _socket: Socket })._socket.pause();
      if (i % 4 === 2) client.terminate();
      if (i % 4 === 3) client.send('nonsense');
    });
  }
  for (let turn = 0; turn < 200; turn += 1) {
    const paths = ['/api/v1/snapshot', '/api/v1/chart?symbol=SPX&timeframe=1d&limit=200', '/metrics', '/nothing'];
    await Promise.all(paths.map(async (path) => (await fetch(url + path)).arrayBuffer()));
    const health = (await (await fetch(`${url}/health`)).json()) as { feeds: { replay: { finished: boolean } | null }[] };
    if (health.feeds[0]?.replay?.finished === true) break;
    await sleep(20);
  }
  // Those that stopped reading are let go by us, or each round would wait a second for them; others hear the server say good-bye.
  for (const client of clients)
    if ((client as unknown as { isPaused: boolean }).isPaused || Math.random() < 0.5) client.terminate();
}

async function oneRound(): Promise<Round> {
  server.send('round');
  const [{ url, port }] = (await once(server, 'message')) as [{ url: string; port: number }];
  await churn(url, port);
  server.send('done');
  return ((await once(server, 'message')) as [Round])[0];
}

const rounds: Round[] = [];
const untilMs = performance.now() + MINUTES * 60_000;
while (performance.now() < untilMs && rounds.length < MOST_ROUNDS) rounds.push(await oneRound());
server.send('end');

const judged = rounds.slice(Math.max(WARM_UP_ROUNDS, Math.floor(rounds.length * WARM_UP_SHARE)));

/** Growth over the judged rounds, as the fitted line has it; not certain when the line may as well be flat. */
function growth(name: string, pick: (round: Round) => number) {
  const points = judged.map((round, x) => ({ x, y: pick(round) }));
  const line = fitSlope(points);
  const mean = points.reduce((sum, { y }) => sum + y, 0) / Math.max(1, points.length);
  const ratio = line === undefined || mean === 0 ? 0 : (line.slope * points.length) / mean;
  return { name, first: points[0]?.y ?? 0, last: points.at(-1)?.y ?? 0, ratio, isCertain: (line?.low ?? 0) > 0 };
}

const held = growth('held after collection (bytes)', ({ heldBytes }) => heldBytes);
const rss = growth('resident (bytes)', ({ rssBytes }) => rssBytes);
const names = [...new Set(rounds.flatMap(({ census }) => census.map(({ name }) => name)))].sort();
const table = names.map((name) => growth(name, ({ census }) => census.find((row) => row.name === name)?.size ?? 0));

const faults = [
  ...(judged.length < FEWEST_JUDGED
    ? [`not judged: ${rounds.length} rounds, expected at least ${WARM_UP_ROUNDS + FEWEST_JUDGED}; give it more minutes`]
    : []),
  ...(held.ratio >= MOST_GROWTH && held.isCertain
    ? [`the heap grew by ${(held.ratio * 100).toFixed(2)} % over the judged rounds`]
    : []),
  ...new Set(rounds.flatMap(({ findings }) => findings)),
  ...new Set(rounds.flatMap(({ stuck }) => stuck.map((name) => `${name} did not let go`))),
  ...new Set(rounds.flatMap(({ left }) => left.map((name) => `${name} was left in the census after the end`))),
];
const passed = faults.length === 0;
const percent = (ratio: number): number => Math.round(ratio * 10_000) / 100;
const result = {
  passed,
  faults,
  minutes: MINUTES,
  rounds: rounds.length,
  judgedRounds: judged.length,
  barsReplayed: rounds.length * 5_105,
  heldGrowthPercent: percent(held.ratio),
  heldMb: [mb(held.first), mb(held.last)],
  rssGrowthPercent: percent(rss.ratio),
  rssMb: [mb(rss.first), mb(rss.last)],
  leakControl: values.leak === true,
  heldByRoundMb: rounds.slice(-100).map(({ heldBytes }) => mb(heldBytes)),
  census: table.map(({ name, first, last, ratio }) => ({ name, first, last, growthPercent: percent(ratio) })),
};
if (values.json === true) process.stdout.write(`${JSON.stringify(result)}\n`);
else {
  const line = (name: string, first: number, last: number, ratio: number): string =>
    `${name.padEnd(40)} ${String(first).padStart(12)} ${String(last).padStart(12)} ${percent(ratio).toFixed(2).padStart(8)} %`;
  process.stdout.write(`${'name'.padEnd(40)} ${'first'.padStart(12)} ${'last'.padStart(12)} ${'growth'.padStart(10)}\n`);
  for (const row of [held, rss, ...table]) process.stdout.write(`${line(row.name, row.first, row.last, row.ratio)}\n`);
  process.stdout.write(
    `${rounds.length} rounds, ${result.barsReplayed} bars: ${passed ? 'passed' : `FAILED: ${faults.join('; ')}`}\n`,
  );
}
process.exitCode = passed ? 0 : 5;
