/** What a restored store leaves behind: it goes on from an older place, so nobody may take its numbers or its cached pages for the old ones. */

export interface NewLife {
  readonly sql: string;
  /** The one parameter it has, if any. */
  readonly takes: 'epoch' | null;
}

/** In the dialect both databases share; the parameter is `?`. */
export const NEW_LIFE: readonly NewLife[] = [
  // Clients and replicas that hold the journal of this epoch start over.
  { sql: 'update meta set epoch = ? where id = 1', takes: 'epoch' },
  // The cache makes a new one when it finds none.
  { sql: "delete from settings where user_id = '' and key = 'cache.epoch'", takes: null },
];
