/** The schema in forward-only steps, embedded. The version of a file is its `user_version`; a step runs once, in one transaction. */

/** Marks a file as ours: "WYKF". */
export const APPLICATION_ID = 0x57594b46;

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly statements: readonly string[];
}

export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: 'the first line',
    statements: [
      `create table meta (
        id integer primary key check (id = 1),
        epoch text not null,
        created_at integer not null
      ) strict`,
      `create table symbols (
        id integer primary key,
        symbol text not null unique,
        asset_class text not null check (asset_class in ('STOCK','CRYPTO','FOREX','INDEX','FUTURE')),
        name text not null,
        source text not null,
        synthetic integer not null check (synthetic in (0, 1)),
        time_zone text not null,
        currency text not null,
        tick_size real not null check (tick_size > 0),
        unit text not null,
        updated_at integer not null
      ) strict`,
      `create table bars (
        symbol_id integer not null,
        tf integer not null,
        ts integer not null,
        o real not null,
        h real not null,
        l real not null,
        c real not null,
        v real not null,
        flags integer not null default 0,
        primary key (symbol_id, tf, ts)
      ) strict, without rowid`,
      `create table coverage (
        symbol_id integer not null references symbols (id),
        tf integer not null,
        from_ts integer not null,
        to_ts integer not null,
        provider text not null,
        bars integer not null,
        gaps integer not null,
        quality real not null,
        hash blob not null,
        updated_at integer not null,
        primary key (symbol_id, tf, from_ts)
      ) strict`,
      `create table accounts (
        id text primary key,
        kind text not null check (kind in ('PAPER','LIVE','REPLAY','BACKTEST')),
        currency text not null,
        data text not null check (json_valid(data)),
        started_at integer not null,
        version integer not null
      ) strict`,
      `create table engines (
        id text primary key,
        symbol_id integer not null references symbols (id),
        tf integer not null,
        account_id text not null references accounts (id),
        position integer not null check (position >= 0),
        bar_ts integer,
        updated_at integer not null
      ) strict`,
      `create table facts (
        seq integer primary key,
        at integer not null,
        engine text not null,
        bar integer not null,
        topic text not null,
        type text not null,
        entity text,
        data text not null,
        stored_at integer not null
      ) strict`,
      'create index facts_by_topic on facts (topic, seq)',
      'create index facts_by_entity on facts (entity, seq) where entity is not null',
      'create index facts_by_bar on facts (engine, bar, seq)',
      `create table ranges (
        id text primary key,
        symbol_id integer not null references symbols (id),
        tf integer not null,
        range_id integer not null,
        state text not null,
        start_ts integer not null,
        end_ts integer,
        data text not null
      ) strict`,
      'create index ranges_by_start on ranges (symbol_id, tf, start_ts)',
      'create index ranges_newest on ranges (start_ts, id)',
      `create table events (
        symbol_id integer not null references symbols (id),
        tf integer not null,
        id text not null,
        range_id integer not null,
        hypothesis integer not null,
        kind text not null,
        status text not null,
        event_ts integer not null,
        confirm_ts integer not null,
        confidence integer,
        tradeable integer not null,
        data text not null,
        primary key (symbol_id, tf, id)
      ) strict`,
      'create index events_by_time on events (symbol_id, tf, event_ts)',
      'create index events_newest on events (confirm_ts, id)',
      `create table signals (
        id text primary key,
        symbol_id integer not null references symbols (id),
        tf integer not null,
        symbol text not null,
        pattern text not null,
        status text not null,
        bar_ts integer not null,
        created_at integer not null,
        version integer not null,
        data text not null
      ) strict`,
      'create index signals_newest on signals (created_at, id)',
      'create index signals_by_status on signals (status, created_at, id)',
      'create index signals_by_symbol on signals (symbol, created_at, id)',
      `create table orders (
        id text primary key,
        client_id text not null unique,
        account_id text not null references accounts (id),
        signal_id text,
        position_id text,
        symbol_id integer not null references symbols (id),
        intent text not null,
        state text not null,
        created_at integer not null,
        updated_at integer not null,
        version integer not null,
        data text not null
      ) strict`,
      'create index orders_newest on orders (created_at, id)',
      `create table fills (
        order_id text not null references orders (id) on delete cascade,
        n integer not null,
        exec_id text not null,
        ts integer not null,
        qty_micros integer not null,
        price real not null,
        commission_micros integer not null,
        data text not null,
        primary key (order_id, n),
        unique (order_id, exec_id)
      ) strict`,
      `create table positions (
        id text primary key,
        account_id text not null references accounts (id),
        signal_id text,
        symbol_id integer not null references symbols (id),
        symbol text not null,
        status text not null check (status in ('OPEN','CLOSED')),
        opened_at integer not null,
        closed_at integer,
        version integer not null,
        data text not null
      ) strict`,
      'create index positions_newest on positions (opened_at, id)',
      'create index positions_by_status on positions (status, opened_at, id)',
      'create index positions_by_symbol on positions (symbol, opened_at, id)',
      `create table equity_points (
        account_id text not null references accounts (id) on delete cascade,
        ts integer not null,
        equity_micros integer not null,
        cash_micros integer not null,
        heat real not null,
        primary key (account_id, ts)
      ) strict, without rowid`,
      `create table halts (
        id text primary key,
        scope text not null,
        kind text not null,
        level text,
        reason text not null,
        actor text,
        since integer not null,
        until integer
      ) strict`,
      `create table blobs (
        owner_kind text not null check (owner_kind in ('JOB','ENGINE')),
        owner_id text not null,
        part text not null,
        n integer not null,
        bytes blob not null,
        created_at integer not null,
        primary key (owner_kind, owner_id, part, n)
      ) strict`,
      `create table settings (
        user_id text not null,
        key text not null,
        value text not null check (json_valid(value)),
        version integer not null,
        updated_at integer not null,
        updated_by text not null,
        primary key (user_id, key)
      ) strict`,
    ],
  },
];

/** The newest schema this program knows. */
export const SCHEMA_VERSION = Math.max(...MIGRATIONS.map((migration) => migration.version));
