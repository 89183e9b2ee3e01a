/** Why a venue did not do what it was asked, in the one word the router decides by. */

/**
 * `refused`: it said no. `unsent`: it cannot have heard of it. `unknown`: nobody knows, ask by client id. `duplicate`: it knows the client id
 * already. `gone`: no such order. `held`: the clearance was not given or no longer holds.
 */
export const VENUE_FAILURES = ['refused', 'unsent', 'unknown', 'duplicate', 'gone', 'held'] as const;
export type VenueFailure = (typeof VENUE_FAILURES)[number];

export class VenueError extends Error {
  readonly kind: VenueFailure;

  constructor(kind: VenueFailure, text: string) {
    super(text);
    this.name = 'VenueError';
    this.kind = kind;
  }
}

/** The failure as the router sees it: what is no VenueError is a defect and counts as `unknown`. */
export function venueErrorOf(error: unknown): VenueError {
  if (error instanceof VenueError) return error;
  return new VenueError('unknown', error instanceof Error ? error.message : String(error));
}
