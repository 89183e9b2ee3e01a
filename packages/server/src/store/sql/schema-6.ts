/** Schema 6: the position of a signal is found by a key; statistics of signals looked through all of them for each. */
import type { Migration } from './migrations.ts';

export const SCHEMA_6: Migration = {
  version: 6,
  name: 'positions by signal',
  statements: ['create index positions_by_signal on positions (signal_id) where signal_id is not null'],
};
