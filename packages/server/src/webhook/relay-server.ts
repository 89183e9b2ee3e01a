/** Takes alerts at a secret path from addresses that may send them: the only part of the product a stranger may reach (trading.md 8.4). */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { TaskRefusedError, type Scope } from '@wyckoff/bounded';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { TokenBuckets } from '../http/token-buckets.ts';
import type { Relay, Relayed } from './relay.ts';

/** From where TradingView says it sends its alerts. */
export const TRADINGVIEW_ADDRESSES = ['52.89.214.238', '34.212.75.30', '54.218.53.128', '52.32.178.7'] as const;
/** Shortest secret path: 32 random bytes in base64url. */
export const PATH_CHARS = 43;

const BODY_BYTES = 16 * 1024;
const PER_ADDRESS_AND_MINUTE = 120;
/** TradingView gives up after three seconds. */
const ANSWER_MS = 2_000;

export interface RelayServerOptions {
  readonly scope: Scope;
  readonly relay: Relay;
  /** At least `PATH_CHARS` characters, without slashes. */
  readonly path: string;
  /** Addresses that may send; empty: all may. */
  readonly allowed: readonly string[];
  /** Whether a proxy in front says in `X-Forwarded-For` from whom it has the request. */
  readonly behindProxy: boolean;
  readonly onRelayed: (relayed: Relayed, alert: unknown) => void;
  readonly onRefused: (why: string, address: string) => void;
}

export interface RelayServer {
  /** Resolves with the port. */
  listen(host: string, port: number): Promise<number>;
}

export function relayServer(options: RelayServerOptions): RelayServer {
  const { scope } = options;
  const app = Fastify({
    bodyLimit: BODY_BYTES,
    requestTimeout: 10_000,
    keepAliveTimeout: 5_000,
    trustProxy: options.behindProxy ? (_address: string, hop: number) => hop === 0 : false,
  });
  const buckets = new TokenBuckets({ name: 'relay.addresses', scope, clock: scope.timers, perMinute: PER_ADDRESS_AND_MINUTE });
  takeAnyText(app);
  app.post('/:path', (request, reply) => take(request, reply, { ...options, buckets }));
  scope.adopt('relay http', () => app.close());
  return {
    listen: async (host, port) => {
      await app.listen({ host, port });
      return (app.server.address() as AddressInfo).port;
    },
  };
}

/** TradingView sends `text/plain` for what is not valid JSON, and JSON otherwise; what it is, is decided here. */
function takeAnyText(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
}

async function take(
  request: FastifyRequest,
  reply: FastifyReply,
  options: RelayServerOptions & { readonly buckets: TokenBuckets },
): Promise<FastifyReply> {
  const { scope, relay, path, allowed, buckets, onRefused, onRelayed } = options;
  const refuse = (status: number, why: string): FastifyReply => {
    onRefused(why, request.ip);
    return reply.code(status).send({ error: why });
  };
  if (buckets.take(request.ip) > 0) return refuse(429, 'too many requests');
  if (!isSame((request.params as { path: string }).path, path)) return refuse(404, 'there is nothing here');
  if (allowed.length > 0 && !allowed.includes(request.ip)) return refuse(403, 'this address may not send alerts');
  const alert = parsed(request.body);
  if (alert === undefined) return refuse(400, 'expected a JSON object, such as {"symbol":"AAPL","side":"buy","stop":180.5}');
  try {
    const task = relay.take(alert);
    const relayed = task.finished.then((outcome) => {
      const result: Relayed =
        outcome.kind === 'done' ? outcome.value : { delivered: false, reason: 'the relay was stopped, or failed', tries: 0 };
      onRelayed(result, alert);
      return result;
    });
    const told = await Promise.race([relayed, scope.delay(ANSWER_MS, 'answer').then(() => null)]);
    if (told === null)
      return await reply.code(202).send({ relayed: false, note: 'kept; it is tried again until the server has it' });
    return await reply.code(told.delivered ? told.status : 502).send(told.delivered ? told.answer : { error: told.reason });
  } catch (error) {
    if (error instanceof TaskRefusedError) return refuse(503, 'too many alerts are under way');
    throw error;
  }
}

function parsed(body: unknown): unknown {
  try {
    const value: unknown = JSON.parse(typeof body === 'string' ? body : '');
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** In constant time, whatever the lengths. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
