/** The states of a venue's stream and which may follow which (trading.md 9.3). */

export const STREAM_STATES = [
  'DISCONNECTED',
  'CONNECTING',
  'AUTHENTICATING',
  'CONNECTED',
  'DEGRADED',
  'RECONNECTING',
  'STOPPED',
] as const;
export type StreamState = (typeof STREAM_STATES)[number];

const NEXT: Readonly<Record<StreamState, readonly StreamState[]>> = {
  DISCONNECTED: ['CONNECTING', 'STOPPED'],
  CONNECTING: ['AUTHENTICATING', 'CONNECTED', 'RECONNECTING', 'STOPPED'],
  AUTHENTICATING: ['CONNECTED', 'RECONNECTING', 'STOPPED'],
  CONNECTED: ['DEGRADED', 'RECONNECTING', 'STOPPED'],
  DEGRADED: ['CONNECTED', 'RECONNECTING', 'STOPPED'],
  RECONNECTING: ['CONNECTING', 'STOPPED'],
  STOPPED: ['DISCONNECTED'],
};

/** STR-1. Whether a stream may go from one state to another. */
export function mayFollow(from: StreamState, to: StreamState): boolean {
  return NEXT[from].includes(to);
}
