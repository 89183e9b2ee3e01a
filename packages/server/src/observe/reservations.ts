/** What comes and goes with clients and is not held in a structure of ours still counts in the proof at start-up. */
import type { Census, Scope } from '@wyckoff/bounded';
import type { Numbers } from '../settings.ts';

const MIB = 1024 * 1024;
/** One socket with its WebSocket, measured by bench/load.ts; the roster's entry is counted there. */
const SOCKET_BYTES = 10 * 1024;
const BODY_BYTES = 64 * 1024;
/** Page cache of the embedded store: writer and readers. */
const STORE_PAGES_BYTES = 16 * MIB;
/** One engine with its windows and its first series. */
const ENGINE_BYTES = 7 * MIB;
/** Each further series: its detector and those above it, its lane (220 to 230 KiB measured), and up to 1,024 bars that wait for their instant. */
const SERIES_BYTES = 280 * 1024;

/** `series`: on the account. */
export function reserveTransient(census: Census, scope: Scope, of: { readonly numbers: Numbers; readonly series: number }): void {
  const { numbers, series } = of;
  const sockets = Math.ceil(numbers['ws.maxConnections'] * 1.1);
  const reservations = [
    { name: 'server.ws.sockets', kind: 'registry', instances: sockets, bytesEach: SOCKET_BYTES },
    { name: 'server.http.bodies', kind: 'queue', instances: numbers['http.inFlight'], bytesEach: BODY_BYTES },
    { name: 'server.store.pages', kind: 'cache', instances: 1, bytesEach: STORE_PAGES_BYTES },
    { name: 'server.engines', kind: 'registry', instances: 1, bytesEach: ENGINE_BYTES },
    ...(series > 1
      ? [{ name: 'server.engines.series', kind: 'registry', instances: series - 1, bytesEach: SERIES_BYTES } as const]
      : []),
  ] as const;
  for (const reservation of reservations) scope.adopt(`reserve ${reservation.name}`, census.reserve(reservation));
}
