/** Who may ask: the checks of host, origin and site that hold for HTTP and for the upgrade to the socket (interface.md 6.2). */
import type { IncomingHttpHeaders } from 'node:http';
import type { ProblemCode } from '@wyckoff/contracts';

export interface OriginCheck {
  /** Hosts with port under which this server is reached. */
  readonly hosts: readonly string[];
}

/** Loopback names with the port that was bound. */
export function loopbackHosts(port: number): OriginCheck {
  const hosts = ['127.0.0.1', 'localhost', '[::1]'].map((host) => `${host}:${port}`);
  return { hosts: port === 80 ? [...hosts, '127.0.0.1', 'localhost', '[::1]'] : hosts };
}

/** Stops DNS rebinding: a foreign name that resolves to loopback is not served. */
export function hostRefused(headers: IncomingHttpHeaders, check: OriginCheck): ProblemCode | null {
  return check.hosts.includes((headers.host ?? '').toLowerCase()) ? null : 'auth.host';
}

/** A page of another site may neither read nor change anything. Documents may be opened from a link anywhere. */
export function originRefused(headers: IncomingHttpHeaders, check: OriginCheck): ProblemCode | null {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return 'auth.origin';
  const origin = headers.origin;
  if (origin === undefined) return null;
  return check.hosts.some((host) => origin === `http://${host}` || origin === `https://${host}`) ? null : 'auth.origin';
}
