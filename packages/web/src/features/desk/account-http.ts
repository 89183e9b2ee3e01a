/** What the tabs about the account ask for: limits with their use, what they are set to, statistics. */
import {
  type RiskAnswer,
  type SettingAnswer,
  type SettingsAnswer,
  type StatisticsAnswer,
  STEP_UP_PHRASES,
} from '@wyckoff/contracts';
import type { HttpClient } from '../../link/http.ts';

type Http = Pick<HttpClient, 'request'>;

export function askRisk(http: Http, signal: AbortSignal): Promise<RiskAnswer> {
  return http.request('/risk', { signal });
}

export function askStatistics(http: Http, groupBy: StatisticsAnswer['groupBy'], signal: AbortSignal): Promise<StatisticsAnswer> {
  return http.request('/signals/statistics', { query: { groupBy }, signal });
}

/** Changes limits of the version that is read here; `raises`: confirmed afresh by its phrase. */
export async function changeLimits(
  http: Http,
  change: { readonly value: Readonly<Record<string, number>>; readonly reason: string; readonly raises: boolean },
  signal: AbortSignal,
): Promise<SettingAnswer> {
  const { items } = await http.request<SettingsAnswer>('/settings', { signal });
  const version = items.find(({ key }) => key === 'risk')?.version ?? 0;
  const headers: Record<string, string> = { 'if-match': `"${String(version)}"` };
  if (change.raises) {
    const body = { action: 'raiseRisk', phrase: STEP_UP_PHRASES.raiseRisk };
    const answer = await http.request<{ readonly stepUpToken: string }>('/auth/step-up', { method: 'POST', body, signal });
    headers['x-step-up'] = answer.stepUpToken;
  }
  const body = { value: change.value, reason: change.reason };
  return await http.request('/settings/risk', { method: 'PATCH', body, headers, signal });
}

/** How long a signal waits for a person, minutes. */
export interface Approvals {
  readonly minutes: number;
  readonly version: number;
}

export async function askApprovals(http: Http, signal: AbortSignal): Promise<Approvals> {
  const { items } = await http.request<SettingsAnswer>('/settings', { signal });
  const found = items.find(({ key }) => key === 'approvals');
  return { minutes: (found?.value as { readonly minutes: number } | undefined)?.minutes ?? 5, version: found?.version ?? 0 };
}

/** Holds for what begins to wait from now on. */
export function changeApprovals(http: Http, { minutes, version }: Approvals, signal: AbortSignal): Promise<SettingAnswer> {
  const headers = { 'if-match': `"${String(version)}"` };
  return http.request('/settings/approvals', { method: 'PATCH', body: { value: { minutes } }, headers, signal });
}
