/** What the page of dead letters asks for: pages of them, another try, or to be rid of them. */
import { type DeadLettersAnswer, STEP_UP_PHRASES } from '@wyckoff/contracts';
import type { HttpClient } from '../../link/http.ts';

type Http = Pick<HttpClient, 'request'>;

/** One by id, or all of what is shown. */
export type WhichLetters = { readonly ids: readonly string[] } | { readonly topic: string } | { readonly all: true };

export function askLetters(
  http: Http,
  query: { readonly topic: string | undefined; readonly cursor: string | undefined },
  signal: AbortSignal,
): Promise<DeadLettersAnswer> {
  return http.request('/system/dead-letters', { query: { limit: 20, ...query }, signal });
}

export function retryLetters(http: Http, which: WhichLetters, signal: AbortSignal): Promise<{ readonly count: number }> {
  return http.request('/system/actions', { method: 'POST', body: { action: 'retryDeadLetters', ...which }, signal });
}

/** Discarded for good, so confirmed afresh by its phrase. */
export async function purgeLetters(http: Http, which: WhichLetters, signal: AbortSignal): Promise<{ readonly count: number }> {
  const action = 'purgeDeadLetters';
  const confirm = { action, phrase: STEP_UP_PHRASES[action] };
  const answer = await http.request<{ readonly stepUpToken: string }>('/auth/step-up', { method: 'POST', body: confirm, signal });
  const headers = { 'x-step-up': answer.stepUpToken };
  return await http.request('/system/actions', { method: 'POST', body: { action, ...which }, headers, signal });
}
