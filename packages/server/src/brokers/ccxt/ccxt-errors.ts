/** ccxt's classes of errors in the words the router decides by: what is not certain to have been refused may have happened. */
import { VenueError, type VenueFailure } from '../venue-error.ts';

/** The nearest class of an error's line that is listed wins. */
const KINDS: Readonly<Record<string, VenueFailure>> = {
  OrderNotFound: 'gone',
  DuplicateOrderId: 'duplicate',
  InsufficientFunds: 'refused',
  InvalidOrder: 'refused',
  AuthenticationError: 'refused',
  PermissionDenied: 'refused',
  BadSymbol: 'refused',
  ArgumentsRequired: 'refused',
  BadRequest: 'refused',
  NotSupported: 'refused',
  MarketClosed: 'refused',
  RateLimitExceeded: 'unsent',
  DDoSProtection: 'unsent',
  OnMaintenance: 'unknown',
  NetworkError: 'unknown',
};

export function ccxtError(what: string, error: unknown): VenueError {
  if (error instanceof VenueError) return error;
  const text = `${what}: ${error instanceof Error ? error.message.slice(0, 200) : String(error)}`;
  for (let at: unknown = error; typeof at === 'object' && at !== null; at = Object.getPrototypeOf(at)) {
    const name = (at as { constructor?: { name?: string } }).constructor?.name ?? '';
    const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
    if (kind !== undefined) return new VenueError(kind, text);
  }
  return new VenueError('unknown', text);
}
