/** The one table of HTTP routes: the server mounts exactly these (interface.md 1.1). */
import type * as z from 'zod';
import * as http from './http.ts';

export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly role: 'public' | 'viewer' | 'trader' | 'admin';
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly answer?: z.ZodType;
  readonly sentence: string;
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
  systemAction: {
    method: 'POST',
    path: '/api/v1/system/actions',
    role: 'admin',
    body: http.replayAction,
    answer: http.replayActionAnswer,
    sentence: 'Play, pause, step or change the speed of the replay.',
  },
  live: { method: 'GET', path: '/health/live', role: 'public', sentence: 'The process answers.' },
  ready: { method: 'GET', path: '/health/ready', role: 'public', sentence: 'Store reachable, engines started, not draining.' },
  health: { method: 'GET', path: '/health', role: 'viewer', answer: http.healthAnswer, sentence: 'Health in detail.' },
  metrics: { method: 'GET', path: '/metrics', role: 'viewer', sentence: 'Prometheus text.' },
} as const satisfies Record<string, Route>;
export type RouteName = keyof typeof ROUTES;
