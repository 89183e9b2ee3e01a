/** The HTTP server, mounted from the route table of the contract: deny by default, everything checked before a handler runs. */
import { randomUUID } from 'node:crypto';
import type { Timers } from '@wyckoff/bounded';
import { type Route, ROUTES } from '@wyckoff/contracts';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Credentials, sameToken } from './credentials.ts';
import { COMMON_HEADERS, NO_DOCUMENT_POLICY } from './document-headers.ts';
import { type Asked, type HandledRoute, type HandlerPorts, handlers, ReplayedAnswer, TextAnswer } from './handlers.ts';
import type { InFlight } from './in-flight.ts';
import { hostRefused, type OriginCheck, originRefused } from './origin.ts';
import { asProblem, Problem, PROBLEM_TYPE, problemBody } from './problem.ts';
import { mountWeb } from './static-files.ts';
import type { StepUps } from './step-up.ts';
import type { TokenBuckets } from './token-buckets.ts';
import { refuseDepth, validated } from './validation.ts';
import { mountWebhook } from './webhook-route.ts';
import type { WebhookGuard } from '../webhook/webhook-guard.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call the route; a route without one stops the start. */
    role?: Route['role'];
  }
}

/** One answered request, for the log and the histograms. */
export interface Answered {
  readonly requestId: string;
  readonly method: string;
  /** Pattern of the route, never the address: labels come from a closed set. */
  readonly route: string;
  readonly status: number;
  readonly ms: number;
}

export interface HttpOptions {
  readonly ports: HandlerPorts;
  readonly credentials: Credentials;
  readonly stepUps: StepUps;
  readonly webhook: WebhookGuard;
  readonly timers: Timers;
  readonly webDir: string;
  readonly inFlight: InFlight;
  /** Requests per minute, per user and per address (M11). */
  readonly perUser: TokenBuckets;
  readonly perAddress: TokenBuckets;
  /** Hosts served; known once the port is bound, so asked per request. */
  readonly origin: () => OriginCheck;
  readonly onAnswered: (answered: Answered) => void;
  /** A failure behind `server.internal`: its text goes to the log, never to the client. */
  readonly onFailure: (error: unknown, requestId: string) => void;
  /** Turned away, by problem code. */
  readonly onRefused: (code: string) => void;
}

const BODY_BYTES = 64 * 1024;
const QUERY_CHARS = 2_048;
const HEADER_BYTES = 16 * 1024;
const HANDLER_MS = 30_000;
const KEEP_ALIVE_MS = 72_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Under no limit and never turned away: whoever holds the token can always stop. */
const ALWAYS = [ROUTES.halt.path] as readonly string[];
/** Probes may use a service name. */
const ANY_HOST = ['/health/live', '/health/ready'];

export interface App {
  readonly server: FastifyInstance;
  /** `GET /api/v1/chart`: what is mounted, for the proof that it is the table and nothing else. */
  readonly routes: readonly string[];
}

export async function buildApp(options: HttpOptions): Promise<App> {
  const app = Fastify({
    bodyLimit: BODY_BYTES,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: HANDLER_MS,
    forceCloseConnections: false,
    exposeHeadRoutes: false,
    genReqId: (request) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && UUID.test(given) ? given : randomUUID();
    },
    http: { maxHeaderSize: HEADER_BYTES, highWaterMark: 16 * 1024 },
  });
  const routes = denyByDefault(app);
  checkRequests(app, options);
  tellAnswers(app, options);
  mountRoutes(app, options);
  mountWebhook(app, { guard: options.webhook, timers: options.timers, desk: options.ports.trading });
  await mountWeb(app, options.webDir);
  return { server: app, routes };
}

/** Answers the list of what is mounted from now on. @throws Error naming a route without role, which ends the start. */
export function denyByDefault(app: FastifyInstance): readonly string[] {
  const routes: string[] = [];
  app.addHook('onRoute', (route) => {
    routes.push(`${String(route.method)} ${route.url}`);
    if (route.config?.role === undefined)
      throw new Error(`expected a role for ${String(route.method)} ${route.url}, was none: nothing is open by accident`);
  });
  return routes;
}

function checkRequests(app: FastifyInstance, options: HttpOptions): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (!ALWAYS.includes(routeOf(request))) options.inFlight.enter(reply.raw);
    if (options.ports.stopping()) throw new Problem('server.stopping', { headers: { 'retry-after': '3', connection: 'close' } });
    checkOrigin(request, options);
    const query = request.url.indexOf('?');
    if (query >= 0 && request.url.length - query > QUERY_CHARS)
      throw new Problem('request.too_large', { detail: 'expected a query up to 2 KiB' });
    takeTokens(request, options);
    checkChange(request, options.credentials);
    done();
  });
}

/** The route that will answer, not the address as written: `/%61pi/` is the API too. */
function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? request.url.split('?', 1)[0] ?? '';
}

function checkOrigin(request: FastifyRequest, options: HttpOptions): void {
  const path = routeOf(request);
  const check = options.origin();
  const host = ANY_HOST.includes(path) ? null : hostRefused(request.headers, check);
  if (host !== null)
    throw new Problem(host, {
      detail: `expected ${check.hosts[0] ?? 'loopback'}, was ${(request.headers.host ?? 'nothing').slice(0, 100)}`,
    });
  if (!path.startsWith('/api/')) return;
  const origin = originRefused(request.headers, check);
  if (origin !== null) throw new Problem(origin);
}

/** Files of the app count for the address only; the API counts for the user too. */
function takeTokens(request: FastifyRequest, options: HttpOptions): void {
  const path = routeOf(request);
  if (ANY_HOST.includes(path) || ALWAYS.includes(path)) return;
  // Alerts are counted apart: however many come, the desk stays usable.
  const isSigned = request.routeOptions.config.role === 'signature';
  const address = options.perAddress.take(`${isSigned ? 'alert' : 'http'}:${request.ip}`);
  const user = path.startsWith('/api/') && !isSigned ? options.perUser.take('http:local') : 0;
  const waitMs = Math.max(address, user);
  if (waitMs > 0) throw new Problem('request.rate_limited', { headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) } });
}

/** What changes something needs the token of our own page, or that of the token file; a signed alert proves itself. */
function checkChange(request: FastifyRequest, credentials: Credentials): void {
  if (request.method === 'GET' || request.method === 'HEAD' || request.routeOptions.config.role === 'signature') return;
  const given = request.headers['x-wyckoff-token'];
  if (!sameToken(given, credentials.csrfToken) && !sameToken(given, credentials.localToken)) throw new Problem('auth.csrf');
}

function tellAnswers(app: FastifyInstance, options: HttpOptions): void {
  app.addHook('onSend', (request, reply, _payload, done) => {
    reply.headers({
      ...COMMON_HEADERS,
      'x-request-id': request.id,
      'server-timing': `total;dur=${reply.elapsedTime.toFixed(1)}`,
    });
    if (!reply.hasHeader('content-security-policy')) reply.header('content-security-policy', NO_DOCUMENT_POLICY);
    const account = options.ports.desk.series()?.account;
    // Nobody shall take play money for money, whatever part of the interface he looks at.
    if (account !== undefined) reply.header('account-kind', account.kind);
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { method, id: requestId } = request;
    options.onAnswered({
      requestId,
      method,
      route: request.routeOptions.url ?? 'unknown',
      status: reply.statusCode,
      ms: reply.elapsedTime,
    });
    done();
  });
  app.setErrorHandler((error, request, reply) => sendProblem(error, { request, reply, options }));
  app.setNotFoundHandler({ preHandler: [] }, (request, reply) => {
    const allowed = allowedMethods(request.url);
    const problem =
      allowed.length > 0
        ? new Problem('request.method', {
            detail: `expected ${allowed.join(' or ')}, was ${request.method}`,
            headers: { allow: allowed.join(', ') },
          })
        : new Problem('request.unknown_route', { detail: `expected a known address, was ${request.url.slice(0, 200)}` });
    return sendProblem(problem, { request, reply, options });
  });
}

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly options: HttpOptions;
}

function sendProblem(error: unknown, { request, reply, options }: Exchange): FastifyReply {
  const problem = asProblem(error);
  if (problem.code === 'server.internal') options.onFailure(error, request.id);
  else options.onRefused(problem.code);
  return reply
    .code(problem.status)
    .headers(problem.detail.headers ?? {})
    .type(PROBLEM_TYPE)
    .serializer((body: unknown) => JSON.stringify(body))
    .send(problemBody(problem, request.id));
}

/** Methods of the table at this address; a path parameter matches one segment. */
function allowedMethods(url: string): string[] {
  const path = url.split('?', 1)[0] ?? '';
  const at = Object.values(ROUTES).filter((route) => new RegExp(`^${route.path.replaceAll(/:[a-z]+/gi, '[^/]+')}$`).test(path));
  return [...new Set(at.map((route) => route.method))];
}

function mountRoutes(app: FastifyInstance, options: HttpOptions): void {
  const table = handlers(options.ports) as Readonly<Record<HandledRoute, (asked: Asked<HandledRoute>) => unknown>>;
  for (const [name, route] of Object.entries(ROUTES) as [HandledRoute, Route][]) {
    // It takes bytes instead of JSON and is mounted by itself.
    if (route.role === 'signature') continue;
    app.route({
      method: route.method,
      url: route.path,
      config: { role: route.role },
      handler: async (request, reply) => {
        const answer = await table[name](asked(route, request, options.stepUps));
        if (answer instanceof TextAnswer) return reply.type(answer.type).send(answer.text);
        if (answer instanceof ReplayedAnswer) return reply.header('idempotent-replay', 'true').send(answer.value);
        return answer;
      },
    });
  }
}

function asked(route: Route, request: FastifyRequest, stepUps: StepUps): Asked<HandledRoute> {
  if (route.body !== undefined) refuseDepth(request.body);
  return {
    query: route.query === undefined ? undefined : validated(route.query, request.query),
    body: route.body === undefined ? undefined : validated(route.body, request.body),
    params: request.params as Record<string, string>,
    version: route.marks?.includes('V') === true ? versionOf(request) : 0,
    key: route.marks?.includes('I') === true ? keyOf(request) : '',
    // Local mode: whoever may reach the port and holds the token is the one user.
    actor: (action: string) => ({
      user: 'local',
      role: 'admin',
      address: request.ip,
      requestId: request.id,
      steppedUp: stepUps.covers(request.headers['x-step-up'], action),
    }),
  } as Asked<HandledRoute>;
}

/** @throws Problem `request.version_missing` without `If-Match: "<version>"`. */
function versionOf(request: FastifyRequest): number {
  const match = /^"(\d{1,15})"$/.exec(request.headers['if-match'] ?? '');
  if (match?.[1] === undefined)
    throw new Problem('request.version_missing', {
      detail: 'expected If-Match: "<version>", was ' + given(request.headers['if-match']),
    });
  return Number(match[1]);
}

/** @throws Problem `request.key_missing` without a UUID. */
function keyOf(request: FastifyRequest): string {
  const key = request.headers['idempotency-key'];
  if (typeof key === 'string' && UUID.test(key)) return key.toLowerCase();
  throw new Problem('request.key_missing', { detail: 'expected a UUID, was ' + given(key) });
}

function given(header: string | string[] | undefined): string {
  return header === undefined ? 'nothing' : String(header).slice(0, 100);
}
