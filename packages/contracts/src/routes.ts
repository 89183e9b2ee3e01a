/** The one table of HTTP routes: the server mounts exactly these (interface.md 1.1). */
import type * as z from 'zod';
import * as bars from './bars.ts';
import { deadLettersAnswer, deadLettersQuery } from './dead-letters.ts';
import { systemAction, systemActionAnswer } from './system-action.ts';
import * as http from './http.ts';
import { statisticsAnswer, statisticsQuery } from './statistics.ts';
import * as notices from './notifications.ts';
import * as trading from './trading-state.ts';
import { webhookAlert, webhookAnswer } from './webhook.ts';

export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** `signature`: whoever signs the body with the secret of the webhook. */
  readonly role: 'public' | 'signature' | 'viewer' | 'trader' | 'admin';
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly answer?: z.ZodType;
  readonly sentence: string;
  /** V: a change names the version it is about, as `If-Match: "3"`. I: it carries an `Idempotency-Key`. */
  readonly marks?: readonly ('V' | 'I')[];
}

export const ROUTES = {
  session: {
    method: 'GET',
    path: '/api/v1/auth/session',
    role: 'public',
    answer: http.sessionAnswer,
    sentence: 'What the app needs to boot.',
  },
  chart: {
    method: 'GET',
    path: '/api/v1/chart',
    role: 'viewer',
    query: http.chartQuery,
    answer: http.chartAnswer,
    sentence: 'Bars and overlays of a window.',
  },
  bars: {
    method: 'GET',
    path: '/api/v1/bars',
    role: 'viewer',
    query: bars.barsQuery,
    answer: bars.barsAnswer,
    sentence: 'Bars of a series by pages.',
  },
  symbols: {
    method: 'GET',
    path: '/api/v1/symbols',
    role: 'viewer',
    query: bars.symbolsQuery,
    answer: bars.symbolsAnswer,
    sentence: 'Instruments, and which bars of them there are.',
  },
  snapshot: {
    method: 'GET',
    path: '/api/v1/snapshot',
    role: 'viewer',
    query: http.snapshotQuery,
    answer: http.snapshotAnswer,
    sentence: 'The bounded state a replica starts from.',
  },
  signals: {
    method: 'GET',
    path: '/api/v1/signals',
    role: 'viewer',
    query: http.signalsQuery,
    answer: http.signalsAnswer,
    sentence: 'Signals, newest first.',
  },
  positions: {
    method: 'GET',
    path: '/api/v1/positions',
    role: 'viewer',
    query: http.positionsQuery,
    answer: http.positionsAnswer,
    sentence: 'Positions, newest first.',
  },
  signal: {
    method: 'GET',
    path: '/api/v1/signals/:id',
    role: 'viewer',
    answer: http.signalAnswer,
    sentence: 'One signal with its chain and its life.',
  },
  decision: {
    method: 'POST',
    path: '/api/v1/signals/:id/decision',
    role: 'trader',
    body: http.decisionBody,
    answer: http.decisionAnswer,
    sentence: 'Approve or reject a signal that waits.',
  },
  moveStop: {
    method: 'PATCH',
    path: '/api/v1/positions/:id',
    role: 'trader',
    marks: ['V'],
    body: http.stopBody,
    answer: http.stopAnswer,
    sentence: 'Move a stop; only towards less risk.',
  },
  exitPosition: {
    method: 'POST',
    path: '/api/v1/positions/:id/exit',
    role: 'trader',
    marks: ['I'],
    body: http.exitBody,
    answer: http.exitAnswer,
    sentence: 'Close a position or a part of it.',
  },
  orders: {
    method: 'GET',
    path: '/api/v1/orders',
    role: 'viewer',
    query: http.ordersQuery,
    answer: http.ordersAnswer,
    sentence: 'Orders with their fills, newest first.',
  },
  cancelOrder: {
    method: 'DELETE',
    path: '/api/v1/orders/:id',
    role: 'trader',
    answer: http.orderAnswer,
    sentence: 'Cancel an entry that works.',
  },
  campaigns: {
    method: 'GET',
    path: '/api/v1/campaigns',
    role: 'viewer',
    query: http.campaignsQuery,
    answer: http.campaignsAnswer,
    sentence: 'Campaigns, newest first.',
  },
  changeCampaign: {
    method: 'PATCH',
    path: '/api/v1/campaigns/:id',
    role: 'trader',
    marks: ['V'],
    body: http.campaignBody,
    answer: http.campaignAnswer,
    sentence: 'Cancel a campaign with a reason.',
  },
  accounts: {
    method: 'GET',
    path: '/api/v1/accounts',
    role: 'viewer',
    query: http.accountsQuery,
    answer: http.accountsAnswer,
    sentence: 'Accounts with their track record.',
  },
  risk: {
    method: 'GET',
    path: '/api/v1/risk',
    role: 'viewer',
    answer: http.riskAnswer,
    sentence: 'Heat and every limit with its use.',
  },
  statistics: {
    method: 'GET',
    path: '/api/v1/signals/statistics',
    role: 'viewer',
    query: statisticsQuery,
    answer: statisticsAnswer,
    sentence: 'What became of the signals: funnel, winners with their interval, refusals.',
  },
  trading: {
    method: 'GET',
    path: '/api/v1/trading',
    role: 'viewer',
    answer: trading.tradingAnswer,
    sentence: 'Whether and how the system may trade.',
  },
  halt: {
    method: 'POST',
    path: '/api/v1/trading/halt',
    role: 'trader',
    body: trading.haltBody,
    answer: trading.haltAnswer,
    sentence: 'Stop opening orders, or close everything.',
  },
  tradingAction: {
    method: 'POST',
    path: '/api/v1/trading/actions',
    role: 'trader',
    body: trading.tradingAction,
    answer: trading.tradingAnswer,
    sentence: 'Resume, automation, modes, resets: what lets more risk in is confirmed afresh.',
  },
  stepUp: {
    method: 'POST',
    path: '/api/v1/auth/step-up',
    role: 'viewer',
    body: trading.stepUpBody,
    answer: trading.stepUpAnswer,
    sentence: 'Confirm one kind of action for five minutes.',
  },
  notifications: {
    method: 'GET',
    path: '/api/v1/notifications',
    role: 'viewer',
    query: notices.notificationsQuery,
    answer: notices.notificationsAnswer,
    sentence: 'What a trader was told, newest first, and how much of it is unread.',
  },
  readNotifications: {
    method: 'POST',
    path: '/api/v1/notifications/read',
    role: 'viewer',
    body: notices.readNotificationsBody,
    answer: notices.readNotificationsAnswer,
    sentence: 'Mark notifications as read.',
  },
  testNotification: {
    method: 'POST',
    path: '/api/v1/notifications/test',
    role: 'trader',
    body: notices.testNotificationBody,
    answer: notices.testNotificationAnswer,
    sentence: 'Send one real message by a channel.',
  },
  settings: {
    method: 'GET',
    path: '/api/v1/settings',
    role: 'viewer',
    answer: http.settingsAnswer,
    sentence: 'Settings with their defaults and versions.',
  },
  changeSetting: {
    method: 'PATCH',
    path: '/api/v1/settings/:key',
    role: 'trader',
    marks: ['V'],
    body: http.settingBody,
    answer: http.settingAnswer,
    sentence: 'Change one setting by a merge patch.',
  },
  webhook: {
    method: 'POST',
    path: '/api/v1/tradingview/webhook',
    role: 'signature',
    body: webhookAlert,
    answer: webhookAnswer,
    sentence: 'A signed alert becomes a signal in the approval queue.',
  },
  facts: {
    method: 'GET',
    path: '/api/v1/facts',
    role: 'viewer',
    query: http.factsQuery,
    answer: http.factsAnswer,
    sentence: 'The numbered record of what happened.',
  },
  equity: {
    method: 'GET',
    path: '/api/v1/accounts/:id/equity',
    role: 'viewer',
    answer: http.equityAnswer,
    sentence: 'Equity over time.',
  },
  memory: {
    method: 'GET',
    path: '/api/v1/system/memory',
    role: 'viewer',
    answer: http.memoryAnswer,
    sentence: 'The census of every bounded structure.',
  },
  deadLetters: {
    method: 'GET',
    path: '/api/v1/system/dead-letters',
    role: 'admin',
    query: deadLettersQuery,
    answer: deadLettersAnswer,
    sentence: 'What failed three times and is tried again by itself, oldest first.',
  },
  systemAction: {
    method: 'POST',
    path: '/api/v1/system/actions',
    role: 'admin',
    body: systemAction,
    answer: systemActionAnswer,
    sentence: 'Play, pause, step or change the speed of the replay; try dead letters again, or discard them; let a held bar in.',
  },
  live: { method: 'GET', path: '/health/live', role: 'public', sentence: 'The process answers.' },
  ready: { method: 'GET', path: '/health/ready', role: 'public', sentence: 'Store reachable, engines started, not draining.' },
  health: { method: 'GET', path: '/health', role: 'viewer', answer: http.healthAnswer, sentence: 'Health in detail.' },
  databaseHealth: {
    method: 'GET',
    path: '/health/database',
    role: 'viewer',
    answer: http.databaseHealth,
    sentence: 'The gate to the database: connections, waiters, the longest hold and its holder.',
  },
  metrics: { method: 'GET', path: '/metrics', role: 'viewer', sentence: 'Prometheus text.' },
} as const satisfies Record<string, Route>;
export type RouteName = keyof typeof ROUTES;
