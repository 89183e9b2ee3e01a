/** Schema 5: facts and ledger only grow. The databases themselves refuse to change or delete a row of them, but for facts that leave by age. */
import type { Migration } from './migrations.ts';

const REFUSED = 'rows are never changed or deleted here, but by retention (wyckoff db retention)';

/** Rows of facts may leave while `meta.retaining` is 1: set and taken back inside the transaction of a batch of retention. */
export const SCHEMA_5: Migration = {
  version: 5,
  name: 'append-only',
  statements: ['alter table meta add column retaining {int} not null default 0'],
  sqlite: [
    `create trigger facts_unchanged before update on facts begin select raise(abort, 'facts: ${REFUSED}'); end`,
    `create trigger facts_kept before delete on facts when coalesce((select retaining from meta where id = 1), 0) <> 1
      begin select raise(abort, 'facts: ${REFUSED}'); end`,
    `create trigger ledger_unchanged before update on ledger begin select raise(abort, 'ledger: ${REFUSED}'); end`,
    `create trigger ledger_kept before delete on ledger begin select raise(abort, 'ledger: ${REFUSED}'); end`,
  ],
  postgres: [
    // It holds for every role, the owner of the tables too.
    `create function wyckoff_append_only() returns trigger language plpgsql as $$
      begin
        if tg_op = 'DELETE' and tg_table_name = 'facts' then
          if (select retaining from meta where id = 1) = 1 then return old; end if;
        end if;
        raise exception '%: ${REFUSED}', tg_table_name using errcode = 'integrity_constraint_violation';
      end $$`,
    ...['facts', 'ledger'].flatMap((table) => [
      `create trigger ${table}_kept before update or delete on ${table} for each row execute function wyckoff_append_only()`,
      `create trigger ${table}_not_emptied before truncate on ${table} for each statement execute function wyckoff_append_only()`,
    ]),
  ],
};
