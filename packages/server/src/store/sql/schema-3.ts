/** Schema 3: what was sent to venues and what they said, kept until the engine has it (trading.md 7.2). */
import type { Migration } from './migrations.ts';

export const SCHEMA_3: Migration = {
  version: 3,
  name: 'orders at venues',
  statements: [
    `create table venue_orders (
      account_id {id} not null,
      client_id {id} not null,
      signal_id {id} not null,
      data {json:data},
      primary key (account_id, client_id)
    ) {strict}`,
    'create index venue_orders_by_signal on venue_orders (account_id, signal_id, client_id)',
    `create table venue_wards (
      account_id {id} not null,
      signal_id {id} not null,
      done {bool:done},
      data {json:data},
      primary key (account_id, signal_id)
    ) {strict}`,
    'create index venue_wards_open on venue_wards (account_id, signal_id) where not ({is:done})',
    `create table venue_outbox (
      account_id {id} not null,
      seq {ts} not null,
      at {ts} not null,
      confirmed {bool:confirmed},
      reports {json:reports},
      primary key (account_id, seq)
    ) {strict}`,
    'create index venue_outbox_waiting on venue_outbox (account_id, seq) where not ({is:confirmed})',
  ],
};
