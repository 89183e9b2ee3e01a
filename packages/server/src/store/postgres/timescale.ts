/** Bars as a hypertable: chunks of seven days, compressed after thirty, by symbol and timeframe (interface.md 4.3). */

const DAY_MS = 86_400_000;

export function hypertableStatements(): readonly string[] {
  return [
    `select create_hypertable('bars', 'ts', chunk_time_interval => ${7 * DAY_MS}, migrate_data => true, if_not_exists => true)`,
    // Time is an integer, so TimescaleDB must be told what now is.
    `create or replace function wyckoff_now_ms() returns bigint language sql stable as $$ select (extract(epoch from now()) * 1000)::bigint $$`,
    `select set_integer_now_func('bars', 'wyckoff_now_ms', replace_if_exists => true)`,
    `alter table bars set (timescaledb.compress, timescaledb.compress_segmentby = 'symbol_id, tf', timescaledb.compress_orderby = 'ts')`,
    `select add_compression_policy('bars', compress_after => ${30 * DAY_MS}::bigint, if_not_exists => true)`,
  ];
}
