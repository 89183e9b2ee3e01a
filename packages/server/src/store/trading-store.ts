/** The store's side of money and safety: halts, ledger, reservations, allocations, campaigns, accounts, working orders. */
import type { Account, EpochMs, LedgerRow, Order } from '@wyckoff/domain';
import type { PageKey } from './store.ts';

export type KillSwitchLevel = 'OFF' | 'STOP' | 'FLATTEN';

/** The persisted flag. `readable: false` means that the store could not say: it counts as STOP. */
export interface KillSwitch {
  readonly level: KillSwitchLevel;
  readonly readable: boolean;
  readonly reason: string;
  readonly actor: string | null;
  /** When it was set; null before it was ever used. */
  readonly at: EpochMs | null;
  readonly activationId: string | null;
  readonly results: unknown;
}

export const HALT_KINDS = ['DAILY_LOSS', 'DRAWDOWN', 'STALE', 'RECONCILE', 'EQUITY_UNKNOWN', 'REJECTS', 'MEMORY'] as const;
export type HaltKind = (typeof HALT_KINDS)[number];

/** An automatic halt (trading.md 5.7); in force while `until` is null. */
export interface HaltRow {
  readonly id: string;
  /** `all`, `account:<id>`, `class:<CLASS>` or `symbol:<SYMBOL>`, at most 64 characters. */
  readonly scope: string;
  readonly kind: HaltKind;
  readonly reason: string;
  readonly actor: string | null;
  readonly since: EpochMs;
  readonly until: EpochMs | null;
  readonly results?: unknown;
}

export type ReservationState = 'HELD' | 'COMMITTED' | 'RELEASED';

/** What an accepted signal holds of every limit (trading.md 5.6). Saved again with each change of state or amount; terminal ones are refused. */
export interface ReservationRow {
  readonly id: string;
  readonly accountId: string;
  readonly signalId: string;
  readonly campaignId: string;
  readonly state: ReservationState;
  /** Trade, share, campaign, buckets, class, heat, notional, margin, in micros. */
  readonly amounts: unknown;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
}

/** One decision about a campaign's share (trading.md 6.2). */
export interface AllocationRow {
  readonly id: string;
  readonly campaignId: string;
  readonly signalId: string;
  readonly leg: string;
  readonly shareRatio: number;
  readonly usedRatio: number;
  readonly rebalanced: boolean;
  /** The limit that bound, at most 24 characters. */
  readonly binding: string;
  readonly reason: string | null;
  readonly at: EpochMs;
}

/** One row per campaign; `data` holds the rest of it as the wire knows it. */
export interface CampaignRow {
  readonly id: string;
  readonly accountId: string;
  readonly symbol: string;
  readonly timeframe: string;
  /** Start of its range: with account, symbol, timeframe and direction its unique key. */
  readonly rangeAt: EpochMs;
  readonly direction: 'LONG' | 'SHORT';
  readonly label: string;
  readonly status: string;
  readonly phase: string | null;
  readonly budgetMicros: number;
  readonly usedMicros: number;
  readonly createdAt: EpochMs;
  readonly closedAt: EpochMs | null;
  readonly closeReason: string | null;
  /** 1 when new; the stored one must be one lower. */
  readonly version: number;
  readonly data: unknown;
}

/** An account as the desk lists it. */
export interface AccountRow extends Account {
  readonly userId?: string | undefined;
  /** Adapter: `paper`, `alpaca`, `ccxt:<venue>`; default `paper`. */
  readonly broker?: string | undefined;
  readonly archivedAt?: EpochMs | null | undefined;
}

export interface LedgerSum {
  readonly accountId: string;
  readonly rows: number;
  readonly lastSeq: number;
  readonly cashMicros: number;
}

export interface TradingStore {
  /** Never rejects: what cannot be read within 500 ms, is missing or is malformed is STOP with `readable: false` (trading.md 7.6). */
  killSwitch(): Promise<KillSwitch>;
  /** Halts in force, at most 1,000. Rejects when they cannot be read: the caller counts that as halted. */
  haltsInForce(): Promise<readonly HaltRow[]>;
  /** Oldest first, at most `limit` (1..10,000), of one account after row `seq`. */
  ledgerAfter(accountId: string, seq: number, limit: number): Promise<readonly LedgerRow[]>;
  /** By aggregate over the account's rows. */
  ledgerSum(accountId: string): Promise<LedgerSum>;
  heldReservations(accountId: string): Promise<readonly ReservationRow[]>;
  reservationOf(signalId: string): Promise<ReservationRow | null>;
  allocationsOf(campaignId: string): Promise<readonly AllocationRow[]>;
  campaign(id: string): Promise<CampaignRow | null>;
  campaigns(query: {
    readonly accountId?: string | undefined;
    readonly symbol?: string | undefined;
    readonly status?: string | undefined;
    readonly below?: PageKey | undefined;
    readonly limit: number;
  }): Promise<readonly { readonly item: CampaignRow; readonly key: PageKey }[]>;
  /** Newest first, at most 200. */
  accounts(query?: {
    readonly kind?: string | undefined;
    readonly archived?: boolean | undefined;
  }): Promise<readonly AccountRow[]>;
  orders(query: {
    readonly accountId?: string | undefined;
    readonly symbol?: string | undefined;
    readonly state?: string | undefined;
    readonly below?: PageKey | undefined;
    readonly limit: number;
  }): Promise<readonly { readonly item: Order; readonly key: PageKey }[]>;
  /** Orders that are not terminal, at most 10,000, oldest first. */
  workingOrders(accountId: string): Promise<readonly Order[]>;
  orderByClientId(clientId: string): Promise<Order | null>;
}
