/** HTTP to one venue: own sockets that end with the scope, a time limit, a rate limit, Retry-After, and every body read to its end or cut. */
import * as http from 'node:http';
import * as https from 'node:https';
import type { Scope, StopSignal } from '@wyckoff/bounded';
import { HttpFailure } from './http-failure.ts';
import { RateLimit } from './rate-limit.ts';

export interface HttpClientOptions {
  /** Ends the client: open requests fail with `closed`, sockets are destroyed. */
  readonly scope: Scope;
  /** `https://api.example.com`, without a slash at the end. */
  readonly baseUrl: string;
  /** Sent with every request; asked each time, so that keys are never kept here. */
  readonly headers?: (() => Readonly<Record<string, string>>) | undefined;
  /** From the first byte sent to the last received. Default 30,000. */
  readonly timeoutMs?: number | undefined;
  /** Default 180. */
  readonly perMinute?: number | undefined;
  readonly burst?: number | undefined;
  /** A longer body is cut and the request fails. Default 8 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /** Default 8. */
  readonly maxSockets?: number | undefined;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** With its query, `/v2/orders?status=open`. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Goes before those that are not. */
  readonly urgent?: boolean | undefined;
  readonly signal?: StopSignal | undefined;
  /** Asked after the rate limit let it pass, directly before it is sent; a rejection means it never was. */
  readonly beforeSend?: (() => Promise<void>) | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  readonly json: unknown;
  /** Of a 429 or 503 that says so. */
  readonly retryAfterMs: number | null;
}

const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ERR_INVALID_URL']);
const LONGEST_QUIET_MS = 60_000;

export class HttpClient {
  readonly limit: RateLimit;
  readonly #options: HttpClientOptions;
  readonly #scope: Scope;
  readonly #agent: http.Agent;
  readonly #secure: boolean;
  readonly #abort = new AbortController();
  #inFlight = 0;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#scope = options.scope;
    this.#secure = options.baseUrl.startsWith('https:');
    const { scope, perMinute = 180, burst } = options;
    this.limit = new RateLimit({ scope, perMinute, burst });
    const agentOptions = { keepAlive: true, maxSockets: options.maxSockets ?? 8, maxFreeSockets: 2 };
    this.#agent = this.#secure ? new https.Agent(agentOptions) : new http.Agent(agentOptions);
    scope.adopt('http client', () => {
      this.#abort.abort();
      this.#agent.destroy();
    });
  }

  /** Requests on the wire now. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** One try. Any status is an answer. @throws {HttpFailure} when there is none. */
  async request(request: HttpRequest): Promise<HttpAnswer> {
    await this.limit.take({ urgent: request.urgent, signal: request.signal });
    await request.beforeSend?.();
    if (this.#abort.signal.aborted || this.#scope.state !== 'open')
      throw new HttpFailure('closed', false, 'the client has ended');
    this.#inFlight += 1;
    try {
      const answer = await this.#exchange(request);
      if (answer.status === 429) this.limit.quietFor(answer.retryAfterMs ?? 1_000);
      return answer;
    } finally {
      this.#inFlight -= 1;
    }
  }

  #exchange(request: HttpRequest): Promise<HttpAnswer> {
    const { timeoutMs = 30_000 } = this.#options;
    const what = `${request.method} ${request.path.split('?')[0] ?? ''}`;
    return new Promise((resolve, reject) => {
      const payload = request.body === undefined ? null : JSON.stringify(request.body);
      const wire = this.#open(request, payload);
      let settled = false;
      const settle = (then: () => void): void => {
        if (settled) return;
        settled = true;
        cancelTimer();
        for (const off of offs) off();
        then();
      };
      const fail = (failure: HttpFailure): void =>
        settle(() => {
          wire.destroy();
          reject(failure);
        });
      const cancelTimer = this.#scope.timeout(
        timeoutMs,
        () => fail(new HttpFailure('timeout', true, `${what}: expected an answer within ${timeoutMs} ms, was none`)),
        'http request',
      );
      const offs = [request.signal, this.#abort.signal].flatMap((signal, i) =>
        signal === undefined
          ? []
          : [
              listenOnce(signal as unknown as EventTarget, 'abort', () =>
                fail(new HttpFailure(i === 0 ? 'aborted' : 'closed', true, `${what}: given up on its way`)),
              ),
            ],
      );
      // bounded: the request's own listeners; they die with it, and it ends within the time limit
      wire.on('error', (error: NodeJS.ErrnoException) => fail(failureOf(error, what)));
      // bounded: as above
      wire.on('response', (response) => {
        void this.#read(response, what).then((answer) => settle(() => resolve(answer)), fail);
      });
      wire.end(payload ?? undefined);
    });
  }

  #open(request: HttpRequest, payload: string | null): http.ClientRequest {
    const url = new URL(this.#options.baseUrl + request.path);
    const headers = {
      accept: 'application/json',
      ...(payload !== null && { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(payload)) }),
      ...this.#options.headers?.(),
      ...request.headers,
    };
    const options = { method: request.method, headers, agent: this.#agent };
    return this.#secure ? https.request(url, options) : http.request(url, options);
  }

  async #read(response: http.IncomingMessage, what: string): Promise<HttpAnswer> {
    const { maxBodyBytes = 8 * 1024 * 1024 } = this.#options;
    const parts: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const part of response as AsyncIterable<Buffer>) {
        bytes += part.length;
        if (bytes > maxBodyBytes) {
          response.destroy();
          throw new HttpFailure('oversize', true, `${what}: expected at most ${maxBodyBytes} bytes, were more`);
        }
        parts.push(part);
      }
    } catch (error) {
      throw error instanceof HttpFailure ? error : failureOf(error as NodeJS.ErrnoException, what);
    }
    const text = Buffer.concat(parts).toString('utf8');
    const headers = Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
    );
    const status = response.statusCode ?? 0;
    return { status, headers, text, json: parsed(text), retryAfterMs: retryAfterMs(headers['retry-after']) };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Seconds or an HTTP date; at most a minute, and never negative. */
export function retryAfterMs(value: string | undefined, wallMs: () => number = Date.now): number | null {
  if (value === undefined || value.trim() === '') return null;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - wallMs();
  return Number.isFinite(ms) ? Math.min(LONGEST_QUIET_MS, Math.max(0, ms)) : null;
}

function failureOf(error: NodeJS.ErrnoException, what: string): HttpFailure {
  const never = NEVER_SENT.has(error.code ?? '');
  return new HttpFailure(never ? 'unreachable' : 'reset', !never, `${what}: ${error.code ?? error.message}`);
}

/** Removed by whoever asked for it, at the latest when the request ends. */
function listenOnce(target: EventTarget, event: string, run: () => void): () => void {
  if ((target as unknown as { aborted?: boolean }).aborted === true) queueMicrotask(run);
  target.addEventListener(event, run, { once: true }); // bounded: one per request in flight, removed when it ends
  return () => target.removeEventListener(event, run);
}
