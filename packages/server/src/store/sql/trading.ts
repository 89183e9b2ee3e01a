/** Reads of money and safety; they are never cached. */
import { TIMEFRAME_MS, type Timeframe, type LedgerKind, type LedgerRow, type Order } from '@wyckoff/domain';
import { sql as raw, type Selectable } from 'kysely';
import { HALT_KINDS, type AccountRow, type CampaignRow, type HaltKind, type HaltRow, type KillSwitch, type KillSwitchLevel, type ReservationRow, type ReservationState, type TradingStore } from '../trading-store.ts'; // prettier-ignore
import type { Gate } from './gate.ts';
import type { AllocationsTable, CampaignsTable, HaltsTable, ReservationsTable } from './tables.ts';
import { all, first } from './work.ts';
import { KILL_SWITCH_ID } from './writes.ts';

const HALTS_LIMIT = 1_000;
const LIST_LIMIT = 200;
const WORKING_LIMIT = 10_000;
/** As text, not as parameters: only so does SQLite know that the partial index fits. */
const WORKING = "('PENDING_NEW','SUBMITTED','ACCEPTED','PARTIALLY_FILLED','CANCEL_PENDING')";

/** A flag that is not known counts as STOP. */
function unreadable(reason: string): KillSwitch {
  return { level: 'STOP', readable: false, reason, actor: null, at: null, activationId: null, results: null };
}

/** `deadline` resolves after 500 ms: a flag that takes longer to read counts as unreadable. */
export function tradingStore(gate: Gate, deadline: () => Promise<void>): TradingStore {
  const { build: sql } = gate.dialect;

  const readKillSwitch = async (): Promise<KillSwitch> => {
    try {
      const row = await gate.query('kill switch', () =>
        first(sql.selectFrom('halts').selectAll().where('id', '=', KILL_SWITCH_ID)),
      );
      return row === undefined ? unreadable('the flag is missing from the store') : killSwitchOf(row);
    } catch (error) {
      return unreadable(`the flag cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  };

  return {
    killSwitch: async () =>
      await Promise.race([readKillSwitch(), deadline().then(() => unreadable('the flag could not be read within 500 ms'))]),

    haltsInForce: async () => {
      const query = sql
        .selectFrom('halts')
        .selectAll()
        .where('until', 'is', null)
        .where('kind', '<>', 'KILL_SWITCH')
        .orderBy('scope')
        .orderBy('id')
        .limit(HALTS_LIMIT);
      return (await gate.query('halts in force', () => all(query))).map(haltOf);
    },

    ledgerAfter: async (accountId, seq, limit) => {
      const query = sql.selectFrom('ledger').selectAll().where('account_id', '=', accountId).where('seq', '>', seq);
      const rows = await gate.query('ledger', () => all(query.orderBy('seq').limit(Math.min(limit, WORKING_LIMIT))));
      return rows.map((row): LedgerRow => ({
        accountId: row.account_id,
        seq: row.seq,
        at: row.at,
        kind: row.kind as LedgerKind,
        amountMicros: row.amount_micros,
        refId: row.ref_id ?? '',
      }));
    },

    ledgerSum: async (accountId) => {
      const query = sql
        .selectFrom('ledger')
        .select((q) => [
          q.fn.countAll<number>().as('rows'),
          q.fn.max('seq').as('last_seq'),
          // PostgreSQL adds bigints up to a numeric.
          q.cast<number>(q.fn.sum('amount_micros'), gate.dialect.kind === 'sqlite' ? 'integer' : 'bigint').as('cash'),
        ])
        .where('account_id', '=', accountId);
      const row = await gate.query('ledger sum', () => first(query));
      return { accountId, rows: row?.rows ?? 0, lastSeq: row?.last_seq ?? 0, cashMicros: row?.cash ?? 0 };
    },

    heldReservations: async (accountId) => {
      const query = sql
        .selectFrom('reservations')
        .selectAll()
        .where('account_id', '=', accountId)
        .where(raw<boolean>`state = 'HELD'`);
      return (await gate.query('held reservations', () => all(query.orderBy('id').limit(HALTS_LIMIT)))).map(reservationOf);
    },

    reservationOf: async (signalId) => {
      const row = await gate.query('reservation', () =>
        first(sql.selectFrom('reservations').selectAll().where('signal_id', '=', signalId)),
      );
      return row === undefined ? null : reservationOf(row);
    },

    allocationsOf: async (campaignId) => {
      const query = sql
        .selectFrom('allocations')
        .selectAll()
        .where('campaign_id', '=', campaignId)
        .orderBy('at')
        .orderBy('id')
        .limit(HALTS_LIMIT);
      return (await gate.query('allocations', () => all(query))).map(allocationOf);
    },

    campaign: async (id) => {
      const row = await gate.query('campaign', () => first(sql.selectFrom('campaigns').selectAll().where('id', '=', id)));
      return row === undefined ? null : campaignOf(row);
    },

    campaigns: async ({ accountId, symbol, status, below, limit }) => {
      let page = sql.selectFrom('campaigns').selectAll();
      if (accountId !== undefined) page = page.where('account_id', '=', accountId);
      if (symbol !== undefined) page = page.where('symbol', '=', symbol);
      if (status !== undefined) page = page.where('status', '=', status);
      if (below !== undefined) page = page.where((q) => q.eb(q.refTuple('created_at', 'id'), '<', q.tuple(below.at, below.id)));
      const query = page.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(Math.min(limit, LIST_LIMIT));
      const rows = await gate.query('campaigns', () => all(query));
      return rows.map((row) => ({ item: campaignOf(row), key: { at: row.created_at, id: row.id } }));
    },

    accounts: async ({ kind, archived = false } = {}) => {
      let page = sql.selectFrom('accounts').selectAll();
      if (kind !== undefined) page = page.where('kind', '=', kind);
      if (!archived) page = page.where('archived_at', 'is', null);
      const rows = await gate.query('accounts', () =>
        all(page.orderBy('started_at', 'desc').orderBy('id', 'desc').limit(LIST_LIMIT)),
      );
      return rows.map((row): AccountRow => {
        const data = JSON.parse(row.data) as AccountRow;
        return { ...data, userId: row.user_id, broker: row.broker, archivedAt: row.archived_at };
      });
    },

    orders: async ({ accountId, symbol, state, below, limit }) => {
      let page = sql.selectFrom('orders').select(['orders.created_at', 'orders.id', 'orders.data']);
      if (accountId !== undefined) page = page.where('account_id', '=', accountId);
      if (symbol !== undefined)
        page = page.where('symbol_id', '=', sql.selectFrom('symbols').select('symbols.id').where('symbols.symbol', '=', symbol));
      if (state !== undefined) page = page.where('state', '=', state);
      if (below !== undefined)
        page = page.where((q) => q.eb(q.refTuple('orders.created_at', 'orders.id'), '<', q.tuple(below.at, below.id)));
      const query = page.orderBy('orders.created_at', 'desc').orderBy('orders.id', 'desc').limit(Math.min(limit, LIST_LIMIT));
      const rows = await gate.query('orders', () => all(query));
      return rows.map((row) => ({ item: JSON.parse(row.data) as Order, key: { at: row.created_at, id: row.id } }));
    },

    workingOrders: async (accountId) => {
      const query = sql
        .selectFrom('orders')
        .select('data')
        .where('account_id', '=', accountId)
        .where(raw<boolean>`state in ${raw.raw(WORKING)}`);
      const rows = await gate.query('working orders', () => all(query.orderBy('created_at').orderBy('id').limit(WORKING_LIMIT)));
      return rows.map((row) => JSON.parse(row.data) as Order);
    },

    orderByClientId: async (clientId) => {
      const row = await gate.query('order by client id', () =>
        first(sql.selectFrom('orders').select('data').where('client_id', '=', clientId)),
      );
      return row === undefined ? null : (JSON.parse(row.data) as Order);
    },
  };
}

const LEVELS: readonly string[] = ['OFF', 'STOP', 'FLATTEN'] satisfies KillSwitchLevel[];

function killSwitchOf(row: Selectable<HaltsTable>): KillSwitch {
  if (row.level === null || !LEVELS.includes(row.level)) return unreadable(`the flag says "${row.level ?? ''}"`);
  return {
    level: row.level as KillSwitchLevel,
    readable: true,
    reason: row.reason,
    actor: row.actor,
    at: row.activation_id === null ? null : row.since,
    activationId: row.activation_id,
    results: parsed(row.results),
  };
}

function parsed(text: string | null): unknown {
  return text === null ? null : (JSON.parse(text) as unknown);
}

function haltOf(row: Selectable<HaltsTable>): HaltRow {
  const kind = HALT_KINDS.find((known): known is HaltKind => known === row.kind);
  // A kind that a newer program wrote still halts; it is shown as the widest one.
  return { id: row.id, scope: row.scope, kind: kind ?? 'EQUITY_UNKNOWN', reason: row.reason, actor: row.actor, since: row.since, until: row.until, results: parsed(row.results) }; // prettier-ignore
}

function reservationOf(row: Selectable<ReservationsTable>): ReservationRow {
  return {
    id: row.id,
    accountId: row.account_id,
    signalId: row.signal_id,
    campaignId: row.campaign_id,
    state: row.state as ReservationState,
    amounts: parsed(row.amounts),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function allocationOf(row: Selectable<AllocationsTable>) {
  const { id, leg, binding, reason, at } = row;
  const shares = { shareRatio: row.share, usedRatio: row.used, rebalanced: row.rebalanced === 1 };
  return { id, campaignId: row.campaign_id, signalId: row.signal_id, leg, ...shares, binding, reason, at };
}

function campaignOf(row: Selectable<CampaignsTable>): CampaignRow {
  return {
    id: row.id,
    accountId: row.account_id,
    symbol: row.symbol,
    timeframe: timeframeOf(row.tf),
    rangeAt: row.range_ts,
    direction: row.direction as CampaignRow['direction'],
    label: row.label,
    status: row.status,
    phase: row.phase,
    budgetMicros: row.budget_micros,
    usedMicros: row.used_micros,
    createdAt: row.created_at,
    closedAt: row.closed_at,
    closeReason: row.close_reason,
    version: row.version,
    data: parsed(row.data),
  };
}

export function timeframeOf(minutes: number): string {
  const found = (Object.keys(TIMEFRAME_MS) as Timeframe[]).find((timeframe) => TIMEFRAME_MS[timeframe] === minutes * 60_000);
  if (found === undefined) throw new Error(`store: expected minutes of a timeframe, was ${minutes}`);
  return found;
}
