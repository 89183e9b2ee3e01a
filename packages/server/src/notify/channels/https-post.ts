/** One POST over HTTPS: time-out by the caller's signal, body always read and bounded, the answer as a delivery. */
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Delivery } from '../channel.ts';
import { isPublicAddress, publicLookup } from './public-address.ts';

/** Of an error answer, for the receipt. */
const MAX_ANSWER_BYTES = 2_048;

export interface PostOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
  /** For servers of the own network: plain HTTP and private addresses. Never from user settings. */
  readonly trusted?: boolean;
}

/** Never rejects. 404 and 410: the address is gone; 429 and 5xx are worth another try, other 4xx are not. */
export async function httpsPost(url: string, options: PostOptions): Promise<Delivery> {
  const target = URL.canParse(url) ? new URL(url) : null;
  const refusal = options.trusted === true ? null : refusalOf(target);
  if (target === null || refusal !== null) return { outcome: 'gone', error: refusal ?? 'not an address' };
  try {
    return await exchanged(target, options);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { outcome: 'failed', error: options.signal.aborted ? 'no answer in time' : text };
  }
}

async function exchanged(target: URL, { headers, body, signal, trusted }: PostOptions): Promise<Delivery> {
  const bytes = Buffer.from(body);
  const settings: RequestOptions = {
    method: 'POST',
    headers: { ...headers, 'content-length': bytes.length, 'user-agent': 'wyckoff' },
    signal,
    agent: false,
    ...(trusted === true ? {} : { lookup: publicLookup }),
  };
  const call = (target.protocol === 'https:' ? httpsRequest : httpRequest)(target, settings);
  // bounded: one, of a request that ends here; what goes wrong after the answer began is thrown by the answer
  call.on('error', () => undefined);
  call.end(bytes);
  const [answer] = (await once(call, 'response')) as [IncomingMessage];
  answer.setEncoding('utf8');
  let text = '';
  for await (const part of answer as AsyncIterable<string>)
    if (text.length < MAX_ANSWER_BYTES) text += part.slice(0, MAX_ANSWER_BYTES - text.length);
  return deliveryOf(answer.statusCode ?? 0, text, answer.headers['retry-after']);
}

function refusalOf(target: URL | null): string | null {
  if (target === null) return 'expected an https address';
  if (target.protocol !== 'https:') return `expected an https address, was ${target.protocol}`;
  const host = target.hostname.replace(/^\[|\]$/g, '');
  return isIP(host) !== 0 && !isPublicAddress(host) ? `expected a public address, was ${host}` : null;
}

function deliveryOf(status: number, text: string, retryAfter: string | undefined): Delivery {
  if (status >= 200 && status < 300) return { outcome: 'delivered' };
  const error = `HTTP ${status}: ${text.slice(0, 200)}`;
  if (status !== 429 && status < 500) return { outcome: status === 404 || status === 410 ? 'gone' : 'failed', error };
  const seconds = Number(retryAfter);
  return Number.isFinite(seconds) && seconds > 0
    ? { outcome: 'failed', error, retryAfterMs: seconds * 1_000 }
    : { outcome: 'failed', error };
}
