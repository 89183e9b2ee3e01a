/**
 * `npm run bench:memory [-- --json]`: resident memory of the idle bundled server, in megabytes of 10^6 bytes. `idleRssMb` is a fresh
 * server with its replay paused, ten seconds after the start; `replayedRssMb` the same after the whole demo went through at full speed.
 */
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { mb, startBundledServer, untilReplayed } from './started-server.ts';

/** Young garbage of the start is collected by then. */
const SETTLE_MS = 10_000;

async function measure(args: readonly string[], isReplayed: boolean) {
  const server = await startBundledServer({ args });
  if (isReplayed) await untilReplayed(server);
  await sleep(SETTLE_MS);
  const rssBytes = server.rssBytes();
  const { heapUsedBytes, externalBytes, census } = await server.memory();
  const { code, ms } = await server.stop();
  return { rssBytes, heapUsedBytes, externalBytes, census, startMs: server.startMs, stopMs: ms, code };
}

const [idle, replayed] = [await measure(['--paused'], false), await measure(['--speed', 'max'], true)];
const result = {
  idleRssMb: mb(idle.rssBytes),
  heapUsedMb: mb(idle.heapUsedBytes),
  externalMb: mb(idle.externalBytes),
  replayedRssMb: mb(replayed.rssBytes),
  replayedHeapUsedMb: mb(replayed.heapUsedBytes),
  boundedBytesMb: mb(replayed.census.reduce((sum, { bytes }) => sum + bytes, 0)),
  startMs: Math.round(idle.startMs),
  stopMs: Math.round(replayed.stopMs),
  exitCodes: [idle.code, replayed.code],
  targetMb: 90,
  node: process.version,
};
if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(result)}\n`);
else for (const [name, value] of Object.entries(result)) process.stdout.write(`${name.padEnd(20)} ${JSON.stringify(value)}\n`);
process.exitCode = result.idleRssMb <= result.targetMb ? 0 : 5;
