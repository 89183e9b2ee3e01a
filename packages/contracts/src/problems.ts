/** Every error an outsider can see: one row of one table (interface.md 2.3). */
import * as z from 'zod';

export const PROBLEMS = {
  'request.malformed': [400, 'The body is not valid JSON.', 'Send UTF-8 JSON.'],
  'request.invalid': [422, 'A field has a wrong value.', 'Correct the fields listed in `issues`.'],
  'request.too_large': [413, 'The request is larger than 1 MiB.', 'Send less, or import the file with the CLI.'],
  'request.unsupported_type': [415, 'The content type is not JSON.', 'Set `Content-Type: application/json`.'],
  'request.unknown_route': [404, 'There is no such address.', 'See the list of routes in the documentation.'],
  'request.method': [405, 'The address does not take this method.', 'Use one from the `Allow` header.'],
  'request.rate_limited': [429, 'Too many requests.', 'Wait for `Retry-After` seconds.'],
  'page.bad_cursor': [400, 'The cursor does not fit these filters.', 'Start from the first page.'],
  'auth.origin': [403, 'The request does not come from this application.', 'Open the application at its own address.'],
  'auth.host': [421, 'The host name is not served here.', 'Use an address from `server.publicUrl` or loopback.'],
  'auth.csrf': [403, 'The anti-forgery token is missing or old.', 'Read `/auth/session` again.'],
  'resource.not_found': [404, 'It does not exist, or it is not yours.', 'Check the id.'],
  'resource.limit': [409, 'The limit for this kind of thing is reached.', 'Remove one, or raise the limit named in `limit`.'],
  'symbol.unknown': [422, 'The symbol is not known.', 'Choose one of `suggestions`.'],
  'data.missing': [422, 'There are not enough bars for this.', 'Download or import the span in `missing`.'],
  'store.busy': [503, 'No database connection became free within 5 s.', 'Retry after `Retry-After`.'],
  'store.unavailable': [503, 'The database cannot be reached.', 'See `/health/database`.'],
  'store.full': [507, 'The disk is full.', 'Free space; trading entries are paused.'],
  'server.busy': [503, 'Too many requests are in flight.', 'Retry after `Retry-After`.'],
  'server.shedding': [503, 'The server is saving memory.', 'Retry after `Retry-After`; see the memory page.'],
  'server.stopping': [503, 'The server is shutting down.', 'Retry in a few seconds.'],
  'server.internal': [500, 'Something failed that should not.', 'Report the request id.'],
} as const satisfies Record<string, readonly [number, string, string]>;
export type ProblemCode = keyof typeof PROBLEMS;

/** RFC 9457. */
export const problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.string(),
  detail: z.string().optional(),
  remedy: z.string(),
  requestId: z.string(),
});
