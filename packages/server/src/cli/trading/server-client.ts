/** Speaks with a running server over HTTP, as the user whose token file it may read. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { problem } from '@wyckoff/contracts';
import { EXIT, Exit } from '../exit-codes.ts';

type ProblemBody = (typeof problem)['_zod']['output'];

/** Longer than any handler may take. */
const TIMEOUT_MS = 35_000;

export interface ServerOptions {
  readonly url?: string;
  readonly data?: string;
}

/** An answer that is a problem: the row of the table with its figures. */
export class ServerProblem extends Error {
  readonly status: number;
  readonly body: ProblemBody;

  constructor(status: number, body: ProblemBody) {
    super(`${body.title} ${body.detail ?? ''} ${body.remedy}`.replaceAll(/ +/g, ' ').trim());
    this.name = 'ServerProblem';
    this.status = status;
    this.body = body;
  }
}

/** Nobody answers at the address. */
export class ServerUnreachable extends Error {
  constructor(url: string, cause: unknown) {
    super(
      `no server answers at ${url}: ${cause instanceof Error ? cause.message : String(cause)}. Start it with "wyckoff serve", or name another with --url or --data.`,
    );
    this.name = 'ServerUnreachable';
  }
}

export interface Ask {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export class ServerClient {
  readonly dataDir: string;
  readonly #url: string | undefined;

  constructor({ url, data }: ServerOptions) {
    this.dataDir = resolve(data ?? process.env['WYCKOFF_DATA'] ?? 'data');
    this.#url = url;
  }

  /** @throws ServerUnreachable, ServerProblem */
  async ask<T>(path: string, { method = 'GET', body, headers }: Ask = {}): Promise<T> {
    const url = await this.#address();
    const token = await readFile(join(this.dataDir, 'local-token'), 'utf8').catch(() => '');
    let response: Response;
    try {
      response = await fetch(`${url}/api/v1${path}`, {
        method,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: {
          ...headers,
          ...(token !== '' && { 'x-wyckoff-token': token }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    } catch (error) {
      const { cause } = error as { cause?: unknown };
      throw new ServerUnreachable(url, cause ?? error);
    }
    const answer = (await response.json()) as T;
    if (!response.ok) throw new ServerProblem(response.status, answer as ProblemBody);
    return answer;
  }

  /** What `--url` says, else where the server of the data folder said it is, else the default port. */
  async #address(): Promise<string> {
    if (this.#url !== undefined) return this.#url.replace(/\/+$/, '');
    const noted = await readFile(join(this.dataDir, 'server-url'), 'utf8').catch(() => '');
    return noted.trim() === '' ? `http://127.0.0.1:${process.env['PORT'] ?? '4780'}` : noted.trim();
  }
}

/** Ends a verb with the sentence of what went wrong and its exit code. */
export function exitOf(error: unknown): unknown {
  if (error instanceof ServerUnreachable) return new Exit(EXIT.unreachable, error.message);
  if (!(error instanceof ServerProblem)) return error;
  const isUsage = error.status === 422 || error.status === 400;
  return new Exit(isUsage ? EXIT.usage : error.status >= 500 ? EXIT.unreachable : EXIT.refused, error.message);
}
