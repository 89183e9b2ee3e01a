/** One question to a provider by HTTP: its JSON, or a fault in the words of our table. */
import type { Scope, StopSignal } from '@wyckoff/bounded';
import type { HttpAnswer, HttpClient } from '../../venue/http-client.ts';
import { HttpFailure } from '../../venue/http-failure.ts';
import { retrying } from '../../venue/retrying.ts';
import { ProviderFault, type ProviderFaultCode } from './provider-fault.ts';

export interface Question {
  /** Who is asked, for messages. */
  readonly provider: string;
  readonly client: HttpClient;
  readonly scope: Scope;
  /** With its query. */
  readonly path: string;
  readonly random: () => number;
  readonly signal?: StopSignal | undefined;
}

/** Characters of an answer that are quoted. */
const QUOTED = 120;

/** @throws ProviderFault */
export async function ask(question: Question): Promise<HttpAnswer & { readonly json: unknown }> {
  const { provider, client, scope, path, random, signal } = question;
  const answer = await retrying(client, { path, signal }, { scope, random }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw error instanceof HttpFailure ? new ProviderFault('DATA_UNAVAILABLE', `${provider}: ${error.message}`) : error;
  });
  signal?.throwIfAborted();
  const fault = faultOf(answer.status);
  const where = `${provider} ${path.split('?')[0] ?? ''}`;
  if (fault !== null)
    throw new ProviderFault(fault, `${where}: expected status 200, was ${answer.status} ${quoted(answer.text)}`);
  if (answer.json === undefined) throw new ProviderFault('DATA_MALFORMED', `${where}: expected JSON, was ${quoted(answer.text)}`);
  return answer;
}

function faultOf(status: number): ProviderFaultCode | null {
  if (status === 200) return null;
  if (status === 401 || status === 403) return 'DATA_REFUSED';
  if (status === 429 || status === 418) return 'DATA_LIMITED';
  if (status === 400 || status === 404 || status === 422) return 'DATA_UNKNOWN';
  return status >= 500 ? 'DATA_UNAVAILABLE' : 'DATA_MALFORMED';
}

function quoted(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return JSON.stringify(line.length > QUOTED ? `${line.slice(0, QUOTED)}…` : line);
}
