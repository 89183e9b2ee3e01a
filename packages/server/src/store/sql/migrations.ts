/**
 * The schema in forward-only steps, embedded and the same for both databases; `{words}` become the types of the dialect. A step runs once, in one
 * transaction. The version is the file's `user_version` in SQLite, the table `schema_version` in PostgreSQL.
 */

import { SCHEMA_2 } from './schema-2.ts';
import { SCHEMA_3 } from './schema-3.ts';
import { SCHEMA_4 } from './schema-4.ts';
import { SCHEMA_5 } from './schema-5.ts';
import { SCHEMA_6 } from './schema-6.ts';

/** Marks a file as ours: "WYKF". */
export const APPLICATION_ID = 0x57594b46;

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly statements: readonly string[];
  /** What only one of the databases needs, after those. */
  readonly sqlite?: readonly string[] | undefined;
  readonly postgres?: readonly string[] | undefined;
}

export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: 'the first line',
    statements: [
      `create table meta (
        id {int} primary key check (id = 1),
        epoch text not null,
        created_at {ts} not null
      ) {strict}`,
      `create table symbols (
        id {rowid},
        symbol {id} not null unique,
        asset_class text not null check (asset_class in ('STOCK','CRYPTO','FOREX','INDEX','FUTURE')),
        name text not null,
        source text not null,
        synthetic {bool:synthetic},
        time_zone text not null,
        currency text not null,
        tick_size {px} not null check (tick_size > 0),
        unit text not null,
        updated_at {ts} not null
      ) {strict}`,
      `create table bars (
        symbol_id {int} not null,
        tf {int} not null,
        ts {ts} not null,
        o {px} not null,
        h {px} not null,
        l {px} not null,
        c {px} not null,
        v {px} not null,
        flags {int} not null default 0,
        primary key (symbol_id, tf, ts)
      ) {keyed}`,
      `create table coverage (
        symbol_id {int} not null references symbols (id),
        tf {int} not null,
        from_ts {ts} not null,
        to_ts {ts} not null,
        provider text not null,
        bars {int} not null,
        gaps {int} not null,
        quality {px} not null,
        hash {bytes} not null,
        updated_at {ts} not null,
        primary key (symbol_id, tf, from_ts)
      ) {strict}`,
      `create table accounts (
        id {id} primary key,
        kind text not null check (kind in ('PAPER','LIVE','REPLAY','BACKTEST')),
        currency text not null,
        data {json:data},
        started_at {ts} not null,
        version {int} not null
      ) {strict}`,
      `create table engines (
        id {id} primary key,
        symbol_id {int} not null references symbols (id),
        tf {int} not null,
        account_id {id} not null references accounts (id),
        position {int} not null check (position >= 0),
        bar_ts {ts},
        updated_at {ts} not null
      ) {strict}`,
      `create table facts (
        seq {ts} primary key,
        at {ts} not null,
        engine {id} not null,
        bar {int} not null,
        topic text not null,
        type text not null,
        entity {id},
        data {jsontext},
        stored_at {ts} not null
      ) {strict}`,
      'create index facts_by_topic on facts (topic, seq)',
      'create index facts_by_entity on facts (entity, seq) where entity is not null',
      'create index facts_by_bar on facts (engine, bar, seq)',
      `create table ranges (
        id {id} primary key,
        symbol_id {int} not null references symbols (id),
        tf {int} not null,
        range_id {int} not null,
        state text not null,
        start_ts {ts} not null,
        end_ts {ts},
        data {jsontext}
      ) {strict}`,
      'create index ranges_by_start on ranges (symbol_id, tf, start_ts)',
      'create index ranges_newest on ranges (start_ts, id)',
      `create table events (
        symbol_id {int} not null references symbols (id),
        tf {int} not null,
        id {id} not null,
        range_id {int} not null,
        hypothesis {int} not null,
        kind text not null,
        status text not null,
        event_ts {ts} not null,
        confirm_ts {ts} not null,
        confidence {int},
        tradeable {int} not null,
        data {jsontext},
        primary key (symbol_id, tf, id)
      ) {strict}`,
      'create index events_by_time on events (symbol_id, tf, event_ts)',
      'create index events_newest on events (confirm_ts, id)',
      `create table signals (
        id {id} primary key,
        symbol_id {int} not null references symbols (id),
        tf {int} not null,
        symbol {id} not null,
        pattern text not null,
        status text not null,
        bar_ts {ts} not null,
        created_at {ts} not null,
        version {int} not null,
        data {jsontext}
      ) {strict}`,
      'create index signals_newest on signals (created_at, id)',
      'create index signals_by_status on signals (status, created_at, id)',
      'create index signals_by_symbol on signals (symbol, created_at, id)',
      `create table orders (
        id {id} primary key,
        client_id {id} not null unique,
        account_id {id} not null references accounts (id),
        signal_id {id},
        position_id {id},
        symbol_id {int} not null references symbols (id),
        intent text not null,
        state text not null,
        created_at {ts} not null,
        updated_at {ts} not null,
        version {int} not null,
        data {jsontext}
      ) {strict}`,
      'create index orders_newest on orders (created_at, id)',
      `create table fills (
        order_id {id} not null references orders (id) on delete cascade,
        n {int} not null,
        exec_id {id} not null,
        ts {ts} not null,
        qty_micros {ts} not null,
        price {px} not null,
        commission_micros {ts} not null,
        data {jsontext},
        primary key (order_id, n),
        unique (order_id, exec_id)
      ) {strict}`,
      `create table positions (
        id {id} primary key,
        account_id {id} not null references accounts (id),
        signal_id {id},
        symbol_id {int} not null references symbols (id),
        symbol {id} not null,
        status text not null check (status in ('OPEN','CLOSED')),
        opened_at {ts} not null,
        closed_at {ts},
        version {int} not null,
        data {jsontext}
      ) {strict}`,
      'create index positions_newest on positions (opened_at, id)',
      'create index positions_by_status on positions (status, opened_at, id)',
      'create index positions_by_symbol on positions (symbol, opened_at, id)',
      `create table equity_points (
        account_id {id} not null references accounts (id) on delete cascade,
        ts {ts} not null,
        equity_micros {ts} not null,
        cash_micros {ts} not null,
        heat {px} not null,
        primary key (account_id, ts)
      ) {keyed}`,
      `create table halts (
        id {id} primary key,
        scope text not null,
        kind text not null,
        level text,
        reason text not null,
        actor text,
        since {ts} not null,
        until {ts}
      ) {strict}`,
      `create table blobs (
        owner_kind text not null check (owner_kind in ('JOB','ENGINE')),
        owner_id {id} not null,
        part {id} not null,
        n {int} not null,
        bytes {bytes} not null,
        created_at {ts} not null,
        primary key (owner_kind, owner_id, part, n)
      ) {strict}`,
      `create table settings (
        user_id {id} not null,
        key {id} not null,
        value {json:value},
        version {int} not null,
        updated_at {ts} not null,
        updated_by text not null,
        primary key (user_id, key)
      ) {strict}`,
    ],
  },
  SCHEMA_2,
  SCHEMA_3,
  SCHEMA_4,
  SCHEMA_5,
  SCHEMA_6,
];

/** The newest schema this program knows. */
export const SCHEMA_VERSION = Math.max(...MIGRATIONS.map((migration) => migration.version));
