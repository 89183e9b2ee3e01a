/** Carries out the writes of a change inside its transaction; a row that changed meanwhile undoes all of it. */
import type { LedgerRow } from '@wyckoff/domain';
import { TIMEFRAME_MS, type Timeframe } from '@wyckoff/domain';
import { VersionConflict, type KillSwitchWrite, type SettingWrite, type Write } from '../changes.ts';
import type { AccountRow, AllocationRow, CampaignRow, HaltRow, ReservationRow } from '../trading-store.ts';
import type { NotificationRow } from '../notices-store.ts';
import type { SqlDialect } from './dialect.ts';
import { first, insertMany, run, type Work } from './work.ts';

export const KILL_SWITCH_ID = 'kill-switch';
export const LOCAL_USER = 'local';

/** JSON of what may be absent. */
export function jsonOrNull(value: unknown): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value);
}

export function* applyWrites(dialect: SqlDialect, writes: readonly Write[], now: number): Work<void> {
  for (const write of writes) yield* apply(dialect, write, now);
}

function apply(dialect: SqlDialect, write: Write, now: number): Work<void> {
  switch (write.kind) {
    case 'kill-switch':
      return setKillSwitch(dialect, write.state);
    case 'halt.began':
      return beginHalt(dialect, write.halt);
    case 'halt.ended':
      return endHalt(dialect, write);
    case 'ledger':
      return bookRows(dialect, write.rows);
    case 'reservation':
      return saveReservation(dialect, write.reservation);
    case 'allocation':
      return addAllocation(dialect, write.allocation);
    case 'campaign':
      return saveCampaign(dialect, write.campaign);
    case 'account':
      return saveAccount(dialect, write.account, now);
    case 'setting':
      return saveSetting(dialect, write.setting, now);
    case 'notification':
      return addNotification(write.notification, now);
    case 'symbol.renamed':
      return renameSymbol(dialect, write, now);
  }
}

function* setKillSwitch({ build: sql }: SqlDialect, state: KillSwitchWrite): Work<void> {
  const { level, reason, actor, at, activationId, results } = state;
  const row = { level, reason, actor, since: at, activation_id: activationId, results: jsonOrNull(results) };
  yield* run(
    sql
      .insertInto('halts')
      .values({ id: KILL_SWITCH_ID, scope: 'all', kind: 'KILL_SWITCH', until: null, ...row })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(row)),
  );
}

/** The same halt told twice is one. */
function* beginHalt({ build: sql }: SqlDialect, halt: HaltRow): Work<void> {
  const { id, scope, kind, reason, actor, since, until, results } = halt;
  const row = { id, scope, kind, level: null, reason, actor, since, until, activation_id: null, results: jsonOrNull(results) };
  yield* run(sql.insertInto('halts').values(row).onConflict((conflict) => conflict.column('id').doNothing())); // prettier-ignore
}

function* endHalt({ build: sql }: SqlDialect, { id, until, results }: Extract<Write, { kind: 'halt.ended' }>): Work<void> {
  const change = { until, ...(results !== undefined && { results: jsonOrNull(results) }) };
  yield* run(
    sql.updateTable('halts').set(change).where('id', '=', id).where('kind', '<>', 'KILL_SWITCH').where('until', 'is', null),
  );
}

/** Append-only and without a gap: the rows of each account must follow its last one. */
function* bookRows({ build: sql }: SqlDialect, rows: readonly LedgerRow[]): Work<void> {
  for (const [accountId, own] of Map.groupBy(rows, (row) => row.accountId)) {
    const newest = yield* first(
      sql.selectFrom('ledger').select('seq').where('account_id', '=', accountId).orderBy('seq', 'desc').limit(1),
    );
    let last = newest?.seq ?? 0;
    for (const row of own) {
      if (row.seq !== last + 1) throw new VersionConflict(`ledger of ${accountId}`, row.seq - 1, last);
      last = row.seq;
    }
  }
  yield* insertMany({
    table: 'ledger',
    columns: ['account_id', 'seq', 'at', 'kind', 'amount_micros', 'ref_id'],
    conflict: '',
    rows: rows.map(({ accountId, seq, at, kind, amountMicros, refId }) => [accountId, seq, at, kind, amountMicros, refId]),
  });
}

/** COMMITTED and RELEASED are terminal: what comes later about them is refused. */
function* saveReservation({ build: sql }: SqlDialect, reservation: ReservationRow): Work<void> {
  const { id, accountId, signalId, campaignId, state, amounts, createdAt, updatedAt } = reservation;
  const change = { state, amounts: JSON.stringify(amounts), updated_at: updatedAt };
  const changed = yield* run(
    sql
      .insertInto('reservations')
      .values({ id, account_id: accountId, signal_id: signalId, campaign_id: campaignId, created_at: createdAt, ...change })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(change).where('reservations.state', '=', 'HELD')),
  );
  if (changed === 0) throw new VersionConflict(`reservation ${id} (expected HELD, was terminal)`, 0, 1);
}

function* addAllocation({ build: sql }: SqlDialect, allocation: AllocationRow): Work<void> {
  const { id, campaignId, signalId, leg, shareRatio, usedRatio, rebalanced, binding, reason, at } = allocation;
  const place = { id, campaign_id: campaignId, signal_id: signalId, leg };
  const row = { ...place, share: shareRatio, used: usedRatio, rebalanced: rebalanced ? 1 : 0, binding, reason, at };
  yield* run(sql.insertInto('allocations').values(row).onConflict((conflict) => conflict.column('id').doNothing())); // prettier-ignore
}

function* saveCampaign({ build: sql }: SqlDialect, campaign: CampaignRow): Work<void> {
  const { id, accountId, symbol, timeframe, rangeAt, direction, label, createdAt, version } = campaign;
  const change = {
    status: campaign.status,
    phase: campaign.phase,
    budget_micros: campaign.budgetMicros,
    used_micros: campaign.usedMicros,
    closed_at: campaign.closedAt,
    close_reason: campaign.closeReason,
    version,
    data: JSON.stringify(campaign.data ?? null),
  };
  const tf = TIMEFRAME_MS[timeframe as Timeframe] / 60_000;
  const key = { id, account_id: accountId, label, symbol, tf, range_ts: rangeAt, direction, created_at: createdAt };
  const changed = yield* run(
    version === 1
      ? sql.insertInto('campaigns').values({ ...key, ...change }).onConflict((conflict) => conflict.doNothing())
      : sql.updateTable('campaigns').set(change).where('id', '=', id).where('version', '=', version - 1),
  ); // prettier-ignore
  if (changed === 1) return;
  const stored = yield* first(sql.selectFrom('campaigns').select('version').where('id', '=', id));
  throw new VersionConflict(`campaign ${id}`, version - 1, stored?.version ?? null);
}

function* saveAccount({ build: sql }: SqlDialect, account: AccountRow, now: number): Work<void> {
  const { userId, broker, archivedAt, ...data } = account;
  const place = { user_id: userId ?? LOCAL_USER, broker: broker ?? 'paper', archived_at: archivedAt ?? null };
  const change = { ...place, data: JSON.stringify(data) };
  yield* run(
    sql
      .insertInto('accounts')
      .values({ id: account.id, kind: account.kind, currency: account.currency, started_at: now, version: 1, ...change })
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet(({ eb }) => ({ ...change, version: eb('accounts.version', '+', 1) })),
      ),
  );
}

function* saveSetting({ build: sql }: SqlDialect, setting: SettingWrite, now: number): Work<void> {
  const { userId, key, value, expected, by } = setting;
  const stored = yield* first(sql.selectFrom('settings').select('version').where('user_id', '=', userId).where('key', '=', key));
  const was = stored?.version ?? 0;
  if (expected !== null && expected !== was) throw new VersionConflict(`setting ${key}`, expected, stored?.version ?? null);
  const change = { value: JSON.stringify(value ?? null), version: was + 1, updated_at: now, updated_by: by };
  yield* run(
    sql
      .insertInto('settings')
      .values({ user_id: userId, key, ...change })
      .onConflict((conflict) => conflict.columns(['user_id', 'key']).doUpdateSet(change)),
  );
}

function* addNotification(notification: NotificationRow, now: number): Work<void> {
  const { id, userId, type, priority, title, body, data, readAt, createdAt } = notification;
  yield* insertMany({
    table: 'notifications',
    columns: ['id', 'user_id', 'type', 'priority', 'title', 'body', 'data', 'read_at', 'created_at', 'stored_at'],
    conflict: 'on conflict (id) do nothing',
    rows: [[id, userId, type, priority, title, body, JSON.stringify(data ?? null), readAt, createdAt, now]],
  });
}

function* renameSymbol(
  { build: sql }: SqlDialect,
  { from, to }: Extract<Write, { kind: 'symbol.renamed' }>,
  now: number,
): Work<void> {
  const taken = yield* first(sql.selectFrom('symbols').select('id').where('symbol', '=', to));
  if (taken !== undefined) throw new VersionConflict(`symbol ${to} (expected a free name)`, 0, 1);
  const changed = yield* run(sql.updateTable('symbols').set({ symbol: to, updated_at: now }).where('symbol', '=', from));
  if (changed === 0) throw new VersionConflict(`symbol ${from}`, 1, null);
}
