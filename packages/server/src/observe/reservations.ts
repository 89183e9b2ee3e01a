/** What comes and goes with clients and is not held in a structure of ours still counts in the proof at start-up. */
import type { Census, Scope } from '@wyckoff/bounded';
import type { Numbers } from '../settings.ts';

const MIB = 1024 * 1024;
/** One socket with its WebSocket, measured by bench/load.ts; the roster's entry is counted there. */
const SOCKET_BYTES = 10 * 1024;
const BODY_BYTES = 64 * 1024;
/** Page cache of the embedded store: writer and readers. */
const STORE_PAGES_BYTES = 16 * MIB;
/** One engine with its windows; one series today. */
const ENGINE_BYTES = 7 * MIB;

export function reserveTransient(census: Census, scope: Scope, numbers: Numbers): void {
  const sockets = Math.ceil(numbers['ws.maxConnections'] * 1.1);
  const reservations = [
    { name: 'server.ws.sockets', kind: 'registry', instances: sockets, bytesEach: SOCKET_BYTES },
    { name: 'server.http.bodies', kind: 'queue', instances: numbers['http.inFlight'], bytesEach: BODY_BYTES },
    { name: 'server.store.pages', kind: 'cache', instances: 1, bytesEach: STORE_PAGES_BYTES },
    { name: 'server.engines', kind: 'registry', instances: 1, bytesEach: ENGINE_BYTES },
  ] as const;
  for (const reservation of reservations) scope.adopt(`reserve ${reservation.name}`, census.reserve(reservation));
}
