/** Runs a server as a process: a free port, one plain line with the address, signals, exit codes. */
import { createServer } from 'node:net';
import { createInterface } from 'node:readline/promises';
import { VenueError } from './brokers/venue-error.ts';
import { ProviderFault } from './feeds/contract/provider-fault.ts';
import { type RunningServer, type StartOptions, startServer } from './main.ts';
import { BudgetExceeded } from './observe/budget.ts';
import { ConfigError, readSettings, storePathIn } from './settings.ts';
import { StoreRefused } from './store/refused.ts';
import { refuseWhenInUse } from './store/sqlite/open.ts';

const NODE_MAJOR = 24;
const PORTS_TRIED = 20;
/** Signals that come while it is stopping are ignored for so long, then they force the end. */
const PATIENCE_MS = 2_000;
const EXIT = { done: 0, failed: 1, config: 3, unreachable: 6, restart: 75 } as const;

/** Null when this Node can run wyckoff, else what to do. */
export function runtimeRefusal(version: string = process.versions.node): string | null {
  if (Number(version.split('.')[0]) >= NODE_MAJOR) return null;
  return `expected Node ${NODE_MAJOR} or newer, was ${version}: run it with "npm start" or "npx wyckoff", which bring their own`;
}

/** Serves until it is told to stop; answers the exit code. */
export async function runServer(options: StartOptions = {}): Promise<number> {
  const refusal = runtimeRefusal();
  if (refusal !== null) return say(refusal, EXIT.failed);
  try {
    const port = await choosePort(options);
    if (port === null) return EXIT.failed;
    return await serve({ ...options, port });
  } catch (error) {
    return sayWhy(error);
  }
}

async function serve(options: StartOptions): Promise<number> {
  let finish: (code: number) => void = () => undefined;
  const finished = new Promise<number>((resolve) => (finish = resolve));
  const server = await startServer({ ...options, logLevel: logLevel(options), onRestart: () => finish(EXIT.restart) });
  const release = untilSignal(finish);
  watchForMistakes(server, finish);
  announce(server);
  const code = await finished;
  const stuck = await server.stop();
  if (stuck.length > 0) process.stderr.write(`wyckoff: did not let go: ${stuck.join(', ')}\n`);
  release();
  return code;
}

/** On a terminal the log is quiet: people read the line with the address. */
function logLevel(options: StartOptions): string | undefined {
  return options.logLevel ?? process.env['WYCKOFF_LOG_LEVEL'] ?? (process.stdout.isTTY ? 'error' : undefined);
}

function announce({ url, settings, log, budget }: RunningServer): void {
  const text = `wyckoff is running at ${url} (data in ${settings.dataDir}, ${sourceOf(settings)}; Ctrl-C ends it)`;
  if (process.stdout.isTTY) process.stdout.write(`\n  ${text}\n\n`);
  else
    log.info(
      { url, pid: process.pid, boundsMb: Math.round(budget.sumBytes / 2 ** 20), budgetMb: budget.budgetBytes / 2 ** 20 },
      text,
    );
}

/** What is traded on, so that nobody takes one kind of account for another. */
function sourceOf({ market, speed }: RunningServer['settings']): string {
  if (market === null) return `REPLAY ${speed === null ? 'as fast as possible' : `at ${speed} bars per second`}`;
  const { feed, symbols, timeframe, broker } = market;
  const symbol = symbols.length <= 5 ? symbols.join(',') : `${symbols.length} symbols`;
  return broker === 'paper'
    ? `PAPER on ${symbol} ${timeframe} of ${feed}`
    : `LIVE at ${broker} on ${symbol} ${timeframe} of ${feed}`;
}

/** Ctrl-C, a supervisor or a closed terminal end it once; after two seconds of patience a further signal ends it at once. */
function untilSignal(finish: (code: number) => void): () => void {
  let firstMs = 0;
  const onSignal = (): void => {
    if (firstMs === 0) {
      firstMs = performance.now();
      finish(EXIT.done);
    } else if (performance.now() - firstMs > PATIENCE_MS) process.exit(EXIT.failed);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  // bounded: three, taken off again by the function answered
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}

/** A rejection nobody handles is a defect: it is logged, and the process ends rather than going on half alive. */
function watchForMistakes({ log }: RunningServer, finish: (code: number) => void): void {
  const onMistake = (err: unknown): void => {
    log.error({ err }, 'unhandled');
    process.stderr.write(`wyckoff: unexpected failure: ${err instanceof Error ? (err.stack ?? err.message) : String(err)}\n`);
    finish(EXIT.failed);
  };
  process.on('unhandledRejection', onMistake); // bounded: one, for the life of the process
  process.on('uncaughtException', onMistake); // bounded: one, for the life of the process
}

/**
 * The port asked for, or the next free one: asked on a terminal, said plainly otherwise. Null: the user does not want it.
 * @throws StoreRefused when the port is taken and so is the store.
 */
async function choosePort(options: StartOptions): Promise<number | null> {
  const { numbers, host, dataDir } = readSettings(options);
  const wanted = numbers['server.port'];
  if (wanted === 0 || (await isFree(wanted, host))) return wanted;
  // The program on that port may be the one that holds the data: another port would not help then.
  refuseWhenInUse(storePathIn(dataDir));
  const free = await nextFree(wanted + 1, host);
  if (free === null) {
    say(`port ${wanted} is taken, and so are the ${PORTS_TRIED} after it; choose one with --port or PORT`, EXIT.failed);
    return null;
  }
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    process.stderr.write(`wyckoff: port ${wanted} is taken by another program; using the next free one, ${free}\n`);
    return free;
  }
  return (await isAgreed(`Port ${wanted} is taken by another program. Use ${free} instead? [Y/n] `)) ? free : null;
}

async function isAgreed(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return !/^n/i.test((await terminal.question(question)).trim());
  } catch {
    return false;
  } finally {
    terminal.close();
  }
}

async function nextFree(from: number, host: string): Promise<number | null> {
  for (let port = from; port < Math.min(from + PORTS_TRIED, 65_536); port += 1) if (await isFree(port, host)) return port;
  return null;
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false)); // bounded: one, ends with the probe, which is closed at once
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

function sayWhy(error: unknown): number {
  if (error instanceof ConfigError || error instanceof BudgetExceeded) return say(error.message, EXIT.config);
  if (error instanceof ProviderFault) return say(`${error.message}. ${error.remedy}`, EXIT.unreachable);
  if (error instanceof VenueError) return say(error.message, error.kind === 'refused' ? EXIT.config : EXIT.unreachable);
  if (error instanceof StoreRefused) return say(error.message, EXIT.unreachable);
  if ((error as { code?: string } | null)?.code === 'EADDRINUSE')
    return say(`${String(error)}; choose another port with --port or PORT`, EXIT.failed);
  return say(`could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, EXIT.failed);
}

function say(text: string, code: number): number {
  process.stderr.write(`wyckoff: ${text}\n`);
  return code;
}
