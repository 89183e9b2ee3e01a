/** `wyckoff relay`: takes alerts from outside at a secret path, signs them and hands them to the server (trading.md 8.4). */
import { randomBytes } from 'node:crypto';
import process from 'node:process';
import { Scope } from '@wyckoff/bounded';
import { HttpClient } from '../venue/http-client.ts';
import { PATH_CHARS, relayServer, TRADINGVIEW_ADDRESSES } from '../webhook/relay-server.ts';
import { Relay, type Relayed } from '../webhook/relay.ts';
import { SECRET_CHARS } from '../webhook/signature.ts';
import { Exit, EXIT } from './exit-codes.ts';
import { Output, tell } from './output.ts';

export interface RelayCommandOptions {
  readonly listen: { readonly host: string; readonly port: number };
  readonly target: string;
  readonly allow?: readonly string[];
  readonly behindProxy?: boolean;
  readonly json?: boolean;
}

const TRY_MS = 10_000;

/** Runs until it is told to stop. */
export async function relay(options: RelayCommandOptions): Promise<void> {
  const { secret, path } = secrets();
  const { host, port } = options.listen;
  const output = new Output();
  const scope = new Scope({ name: 'relay', onProblem: (problem) => tell(`wyckoff: ${problem.name}: ${String(problem.error)}`) });
  const client = new HttpClient({ scope, baseUrl: options.target.replace(/\/+$/, ''), timeoutMs: TRY_MS });
  const server = relayServer({
    scope,
    relay: new Relay({ scope, client, secret, wallClock: Date.now }),
    path,
    allowed: allowedOf(options.allow),
    behindProxy: options.behindProxy === true,
    onRelayed: (relayed, alert) => {
      if (options.json === true) output.json({ at: Date.now(), alert, ...relayed });
      else output.line(lineOf(relayed, alert));
      output.flush();
    },
    onRefused: (why, address) => tell(`wyckoff: refused ${address}: ${why}`),
  });
  const bound = await server.listen(host, port).catch((error: unknown) => {
    throw new Exit(
      EXIT.failed,
      `the relay cannot listen at ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  tell(
    `wyckoff: the relay listens at http://${host}:${bound}/<WYCKOFF_RELAY_PATH> and hands over to ${options.target}; Ctrl-C ends it`,
  );
  await untilStopped(scope);
}

function secrets(): { readonly secret: string; readonly path: string } {
  const { WYCKOFF_WEBHOOK_SECRET: secret = '', WYCKOFF_RELAY_PATH: path = '' } = process.env;
  if (secret.length < SECRET_CHARS)
    throw new Exit(
      EXIT.configuration,
      `WYCKOFF_WEBHOOK_SECRET: expected the secret of the server, at least ${SECRET_CHARS} characters, was ${secret.length}`,
    );
  if (path.length < PATH_CHARS || !/^[\w-]+$/.test(path)) {
    const proposal = randomBytes(32).toString('base64url');
    throw new Exit(
      EXIT.configuration,
      `WYCKOFF_RELAY_PATH: expected a secret path of at least ${PATH_CHARS} letters, digits, - and _, was ${path.length}; a new one: ${proposal}`,
    );
  }
  return { secret, path };
}

function allowedOf(given: readonly string[] | undefined): readonly string[] {
  if (given === undefined) return TRADINGVIEW_ADDRESSES;
  return given.includes('any') ? [] : given;
}

function lineOf(relayed: Relayed, alert: unknown): string {
  const { symbol, side } = alert as { readonly symbol?: unknown; readonly side?: unknown };
  const what = `${String(side)} ${String(symbol)}`.slice(0, 40);
  const { signalId, sentence, detail } = (relayed.delivered ? relayed.answer : {}) as Partial<
    Record<'signalId' | 'sentence' | 'detail', string>
  >;
  const tries = relayed.tries > 1 ? ` after ${relayed.tries} tries` : '';
  if (!relayed.delivered) return `${what}: NOT delivered${tries}: ${relayed.reason}`;
  return `${what}: ${relayed.status}${tries}  ${signalId ?? ''}  ${sentence ?? detail ?? ''}`.trimEnd();
}

function untilStopped(scope: Scope): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => void scope.dispose().then(() => resolve());
    // bounded: two, for the life of the process
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  });
}
