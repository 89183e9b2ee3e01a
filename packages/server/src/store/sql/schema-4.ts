/** Schema 4: gaps that nobody judged are no zero. What was written before said 0 of every series. */
import type { Migration } from './migrations.ts';

export const SCHEMA_4: Migration = {
  version: 4,
  name: 'unjudged gaps',
  statements: ['alter table coverage drop column gaps', 'alter table coverage add column gaps {int}'],
};
