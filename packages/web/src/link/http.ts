/** The one HTTP client of the desk: typed answers, problems as values that can be thrown, the caller's abort signal on every request (L3). */
import type {
  ChartAnswer,
  EquityAnswer,
  FactRow,
  GateWire,
  ProblemCode,
  SessionAnswer,
  SnapshotAnswer,
  ConnectionWire,
} from '@wyckoff/contracts';
import type { SnapshotTopic } from './environment.ts';

/** What a failed request tells a person. */
export interface ProblemView {
  readonly title: string;
  readonly remedy: string;
  readonly code: ProblemCode | 'link.unreachable' | 'link.unreadable';
  readonly requestId?: string | undefined;
  readonly detail?: string | undefined;
  /** How long the server asks to be left alone, from `Retry-After`. */
  readonly retryAfterMs?: number | undefined;
  /** What was checked, where a rule refused. */
  readonly checks?: GateWire['checks'] | undefined;
}

/** A request that failed; `view` is what the desk shows. */
export class RequestFailed extends Error {
  readonly view: ProblemView;

  constructor(view: ProblemView) {
    super(`${view.code}: ${view.title}`);
    this.name = 'RequestFailed';
    this.view = view;
  }
}

/** The view of any error that reaches a page. */
export function problemOf(error: unknown): ProblemView {
  if (error instanceof RequestFailed) return error.view;
  return { code: 'link.unreadable', title: 'Something unexpected happened here.', remedy: 'Retry; reload the page if it stays.' };
}

/** Whether the error only says that nobody wanted the answer any more. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

export type ReplayCommand =
  | { readonly do: 'play' | 'pause' | 'step' }
  | { readonly do: 'speed'; readonly speed: number | null }
  | { readonly do: 'hold'; readonly on: boolean };

export interface ChartPageQuery {
  readonly symbol: string;
  readonly timeframe: string;
  readonly before?: number | undefined;
  readonly limit: number;
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  /** Marks of the request: the version it is about, its key, its confirmation. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

const UNREACHABLE: ProblemView = {
  code: 'link.unreachable',
  title: 'The server does not answer.',
  remedy: 'See that it runs; the desk reconnects by itself.',
};

export class HttpClient {
  #token: string | null = null;

  session(signal: AbortSignal): Promise<SessionAnswer> {
    return this.#call<SessionAnswer>('/auth/session', { signal }).then((session) => {
      this.#token = session.csrfToken;
      return session;
    });
  }

  chart({ symbol, timeframe, before, limit }: ChartPageQuery, signal: AbortSignal): Promise<ChartAnswer> {
    return this.#call('/chart', { query: { symbol, timeframe, before, limit }, signal });
  }

  snapshot(topics: readonly SnapshotTopic[], signal: AbortSignal): Promise<SnapshotAnswer> {
    return this.#call('/snapshot', { query: { topics: topics.join(',') }, signal });
  }

  equity(accountId: string, signal: AbortSignal): Promise<EquityAnswer> {
    return this.#call(`/accounts/${encodeURIComponent(accountId)}/equity`, { signal });
  }

  facts(
    afterSeq: number,
    signal: AbortSignal,
  ): Promise<{ readonly items: readonly FactRow[]; readonly nextCursor: string | null }> {
    return this.#call('/facts', { query: { afterSeq, limit: 200 }, signal });
  }

  replay(command: ReplayCommand, signal: AbortSignal): Promise<{ readonly connection: ConnectionWire }> {
    return this.#call('/system/actions', { method: 'POST', body: { action: 'replay', feed: 'replay', ...command }, signal });
  }

  /** Any route of the contract below `/api/v1`. @throws RequestFailed */
  request<T>(path: string, call: Call): Promise<T> {
    return this.#call<T>(path, call);
  }

  async #call<T>(path: string, call: Call): Promise<T> {
    const response = await this.#send(path, call);
    if (response.ok) return (await response.json()) as T;
    const problem = await readProblem(response);
    if (problem.code !== 'auth.csrf') throw new RequestFailed(problem);
    // The server was started anew meanwhile: its token is read again, once.
    await this.session(call.signal);
    const again = await this.#send(path, call);
    if (again.ok) return (await again.json()) as T;
    throw new RequestFailed(await readProblem(again));
  }

  #send(path: string, call: Call): Promise<Response> {
    return fetch(address(path, call.query), this.#request(call)).catch((error: unknown) => {
      throw isAbort(error) ? error : new RequestFailed(UNREACHABLE);
    });
  }

  #request({ method = 'GET', body, signal, headers: marks = {} }: Call): RequestInit {
    const headers: Record<string, string> = { accept: 'application/json', ...marks };
    if (method !== 'GET' && this.#token !== null) headers['x-wyckoff-token'] = this.#token;
    if (body === undefined) return { method, headers, signal };
    return { method, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body), signal };
  }
}

function address(path: string, query: Call['query']): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) if (value !== undefined) search.set(key, String(value));
  const text = search.toString();
  return `/api/v1${path}${text === '' ? '' : `?${text}`}`;
}

/** Reads `application/problem+json`; a gateway's HTML page is a problem too. The body is always consumed. */
async function readProblem(response: Response): Promise<ProblemView> {
  const found: unknown = await response.json().catch(() => null);
  const known = found as Readonly<Record<'title' | 'remedy' | 'code' | 'requestId' | 'detail' | 'checks', unknown>> | null;
  if (typeof known?.title !== 'string' || typeof known.code !== 'string') {
    return {
      code: 'link.unreadable',
      title: `The server answered ${String(response.status)} without a reason.`,
      remedy: 'Retry; see the server log if it stays.',
    };
  }
  return {
    title: known.title,
    remedy: typeof known.remedy === 'string' ? known.remedy : '',
    code: known.code as ProblemCode,
    requestId: typeof known.requestId === 'string' ? known.requestId : undefined,
    detail: typeof known.detail === 'string' ? known.detail : undefined,
    retryAfterMs: retryAfterMs(response),
    checks: Array.isArray(known.checks) ? (known.checks as GateWire['checks']) : undefined,
  };
}

function retryAfterMs(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : undefined;
}
