/** Reading again what may be read again: network errors, 429 and 5xx, three tries in a minute (trading.md 9.1). */
import type { Scope } from '@wyckoff/bounded';
import type { HttpAnswer, HttpClient, HttpRequest } from './http-client.ts';
import { HttpFailure } from './http-failure.ts';

export interface RetryOptions {
  readonly scope: Scope;
  /** 0 up to, not including, 1. */
  readonly random: () => number;
  /** Waits before the 2nd, 3rd ... try. Default 1, 2 and 4 s. */
  readonly delaysMs?: readonly number[] | undefined;
  /** In all; no further try begins after it. Default 60,000. */
  readonly withinMs?: number | undefined;
}

const DELAYS_MS = [1_000, 2_000, 4_000] as const;
const WITHIN_MS = 60_000;

/** A GET that is tried again. The last answer or failure comes through as it is. */
export async function retrying(
  client: HttpClient,
  request: Omit<HttpRequest, 'method' | 'body'>,
  options: RetryOptions,
): Promise<HttpAnswer> {
  const { scope, random, delaysMs = DELAYS_MS, withinMs = WITHIN_MS } = options;
  const endMs = scope.timers.now() + withinMs;
  for (let tried = 0; ; tried += 1) {
    const result = await attempt(client, request);
    const delayMs = delaysMs[tried];
    if (!isWorthRetrying(result) || delayMs === undefined) return orThrow(result);
    const asked = result instanceof HttpFailure ? 0 : (result.retryAfterMs ?? 0);
    const waitMs = Math.max(asked, delayMs * (0.5 + random() / 2));
    if (scope.timers.now() + waitMs > endMs) return orThrow(result);
    await scope.delay(waitMs, 'retry');
  }
}

async function attempt(client: HttpClient, request: Omit<HttpRequest, 'method' | 'body'>): Promise<HttpAnswer | HttpFailure> {
  try {
    return await client.request({ ...request, method: 'GET' });
  } catch (error) {
    if (error instanceof HttpFailure) return error;
    throw error;
  }
}

function isWorthRetrying(result: HttpAnswer | HttpFailure): boolean {
  if (result instanceof HttpFailure) return ['timeout', 'unreachable', 'reset'].includes(result.reason);
  return result.status === 429 || result.status >= 500;
}

function orThrow(result: HttpAnswer | HttpFailure): HttpAnswer {
  if (result instanceof HttpFailure) throw result;
  return result;
}
