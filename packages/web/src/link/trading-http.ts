/** What a trader may ask for by plain HTTP, with or without the stream: halting, deciding, exits, campaigns, notifications, settings. */
import type {
  CampaignWire,
  DecisionAnswer,
  ExitAnswer,
  HaltAnswer,
  NotificationsAnswer,
  OrderWire,
  SettingAnswer,
  SettingsAnswer,
  StopAnswer,
  TradingAction,
  TradingWire,
} from '@wyckoff/contracts';
import type { HttpClient } from './http.ts';

export interface HaltRequest {
  readonly level: 'STOP' | 'FLATTEN';
  readonly reason: string;
  readonly confirm?: 'FLATTEN' | undefined;
  readonly dryRun: boolean;
}

export interface DecisionRequest {
  readonly decision: 'approve' | 'reject';
  readonly qtyMicros?: number | undefined;
  readonly reason?: string | undefined;
  readonly dryRun: boolean;
}

/** All of it when no quantity is named. */
export interface ExitRequest {
  readonly qtyMicros?: number | undefined;
  readonly dryRun: boolean;
}

export type TestChannel = 'email' | 'webhook' | 'telegram';

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export class TradingHttp {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  state(signal: AbortSignal): Promise<TradingWire> {
    return this.#http.request('/trading', { signal });
  }

  halt(body: HaltRequest, signal: AbortSignal): Promise<HaltAnswer> {
    return this.#http.request('/trading/halt', { method: 'POST', body, signal });
  }

  /** What lets more risk in is confirmed afresh by its phrase; the rest ignores it. */
  async act(body: TradingAction, phrase: string, signal: AbortSignal): Promise<TradingWire> {
    const { action } = body;
    const headers = action === 'disableAutomation' ? {} : { 'x-step-up': await this.#stepUp(action, phrase, signal) };
    return this.#http.request('/trading/actions', { method: 'POST', body, headers, signal });
  }

  decide(signalId: string, body: DecisionRequest, signal: AbortSignal): Promise<DecisionAnswer> {
    return this.#http.request(`/signals/${encodeURIComponent(signalId)}/decision`, { method: 'POST', body, signal });
  }

  moveStop(
    position: { readonly id: string; readonly version: number },
    body: { readonly stop: number; readonly dryRun: boolean },
    signal: AbortSignal,
  ): Promise<StopAnswer> {
    const headers = { 'if-match': `"${String(position.version)}"` };
    return this.#http.request(`/positions/${encodeURIComponent(position.id)}`, { method: 'PATCH', body, headers, signal });
  }

  /** `key`: one per intended exit; sent again it closes nothing twice. */
  exit(of: { readonly id: string; readonly key: string }, body: ExitRequest, signal: AbortSignal): Promise<ExitAnswer> {
    const headers = { 'idempotency-key': of.key };
    return this.#http.request(`/positions/${encodeURIComponent(of.id)}/exit`, { method: 'POST', body, headers, signal });
  }

  cancelOrder(orderId: string, signal: AbortSignal): Promise<{ readonly order: OrderWire }> {
    return this.#http.request(`/orders/${encodeURIComponent(orderId)}`, { method: 'DELETE', signal });
  }

  /** Newest first, from a cursor on. */
  campaigns(cursor: string | undefined, signal: AbortSignal): Promise<Page<CampaignWire>> {
    return this.#http.request('/campaigns', { query: { limit: 50, cursor }, signal });
  }

  /** Newest first, from a cursor on. */
  notifications(cursor: string | undefined, signal: AbortSignal): Promise<NotificationsAnswer> {
    return this.#http.request('/notifications', { query: { limit: 100, cursor }, signal });
  }

  readNotifications(
    which: { readonly ids: readonly string[] } | { readonly upToId: string },
    signal: AbortSignal,
  ): Promise<{ readonly unread: number }> {
    return this.#http.request('/notifications/read', { method: 'POST', body: which, signal });
  }

  testNotification(
    channel: TestChannel,
    signal: AbortSignal,
  ): Promise<{ readonly delivered: boolean; readonly error: string | null }> {
    return this.#http.request('/notifications/test', { method: 'POST', body: { channel }, signal });
  }

  settings(signal: AbortSignal): Promise<SettingsAnswer> {
    return this.#http.request('/settings', { signal });
  }

  changeSetting(
    setting: { readonly key: string; readonly version: number },
    value: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<SettingAnswer> {
    const headers = { 'if-match': `"${String(setting.version)}"` };
    const body = { value, dryRun: false };
    return this.#http.request(`/settings/${encodeURIComponent(setting.key)}`, { method: 'PATCH', body, headers, signal });
  }

  async #stepUp(action: string, phrase: string, signal: AbortSignal): Promise<string> {
    const body = { action, phrase };
    const answer = await this.#http.request<{ readonly stepUpToken: string }>('/auth/step-up', { method: 'POST', body, signal });
    return answer.stepUpToken;
  }
}
