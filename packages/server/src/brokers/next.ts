/** What a ward waits for after its steps. */

/** `done`: leaves memory. `wait`: until the venue says something. `again`: look again after so long. */
export type Next = { readonly kind: 'done' | 'wait' } | { readonly kind: 'again'; readonly afterMs: number };

export const AGAIN: Next = { kind: 'again', afterMs: 250 };
export const RESTS: Next = { kind: 'wait' };
