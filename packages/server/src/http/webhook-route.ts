/** `POST /tradingview/webhook`: the one route that takes its body as bytes, because the bytes are what is signed (trading.md 8.4). */
import type { Timers } from '@wyckoff/bounded';
import { ROUTES, type WebhookAlert } from '@wyckoff/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Actor, TradingDesk } from '../session/trading-desk.ts';
import type { WebhookGuard } from '../webhook/webhook-guard.ts';
import { Problem } from './problem.ts';
import { refuseDepth, validated } from './validation.ts';

const BODY_BYTES = 16 * 1024;
/** Whoever sent the alert is told within a second; what takes longer goes on by itself. */
const ANSWER_MS = 800;

export interface WebhookPorts {
  readonly guard: WebhookGuard;
  readonly timers: Timers;
  readonly desk: Pick<TradingDesk, 'alert' | 'alertId'>;
}

export function mountWebhook(app: FastifyInstance, ports: WebhookPorts): void {
  const { method, path, role } = ROUTES.webhook;
  app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
    scope.route({
      method,
      url: path,
      bodyLimit: BODY_BYTES,
      config: { role },
      handler: (request, reply) => take(request, reply, ports),
    });
    done();
  });
}

async function take(request: FastifyRequest, reply: FastifyReply, { guard, timers, desk }: WebhookPorts): Promise<FastifyReply> {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const signature = text(request.headers['x-signature']).toLowerCase();
  guard.check({ timestamp: text(request.headers['x-timestamp']), signature, body });
  const alert = { ...read(body), signature };
  const by: Actor = { user: 'webhook', role: 'trader', address: request.ip, requestId: request.id, steppedUp: false };
  const { answer, repeated } = guard.once(signature, alert.symbol, () => desk.alert(alert, by));
  const told = await inTime(answer, timers);
  if (told?.ok === false) throw new Problem(told.code, { detail: told.detail });
  if (repeated) reply.header('idempotent-replay', 'true');
  const sentence = 'The alert is being worked on; see the signals.';
  return reply.code(202).send(told?.value ?? { signalId: desk.alertId(signature), status: null, code: null, sentence });
}

/** @throws Problem `request.malformed`, `request.invalid` */
function read(body: Buffer): WebhookAlert {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new Problem('request.malformed');
  }
  refuseDepth(value);
  return validated(ROUTES.webhook.body, value) as WebhookAlert;
}

/** Null: not within the second. */
async function inTime<T>(answer: Promise<T>, timers: Timers): Promise<T | null> {
  let release = (): void => undefined;
  const late = new Promise<null>((resolve) => {
    release = timers.after(ANSWER_MS, () => resolve(null));
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    release();
  }
}

function text(header: string | string[] | undefined): string {
  return typeof header === 'string' ? header : '';
}
