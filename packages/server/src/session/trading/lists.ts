/** Orders, campaigns and accounts as pages: newest first by key (interface.md 2.1, 2.2). */
import type { accountsAnswer, campaign, campaignsAnswer, ordersAnswer } from '@wyckoff/contracts';
import { LruTtlCache, type Scope } from '@wyckoff/bounded';
import type { PageKey, Store } from '../../store/store.ts';
import type { TradeSums } from '../../store/entity-store.ts';
import type { CampaignRow } from '../../store/trading-store.ts';
import type { Account } from '@wyckoff/domain';
import type { Answer } from '../desk.ts';
import { decodeCursor, encodeCursor } from '../page-cursor.ts';
import type { ListQuery } from '../trading-desk.ts';
import { trackRecordOf } from './track-record.ts';

type Out<S extends { readonly _zod: { readonly output: unknown } }> = S['_zod']['output'];

const LIST_LIMIT = 200;
const SUMS_TTL_MS = 60_000;
const NO_TRADES: TradeSums = { trades: 0, sumR: 0, sumSquaresR: 0, maxDrawdownRatio: 0, startedAt: null };

export interface ListParts {
  readonly scope: Scope;
  readonly store: Store;
}

export class TradingLists {
  readonly #parts: ListParts;
  readonly #sums: LruTtlCache<string, TradeSums>;

  constructor(parts: ListParts) {
    this.#parts = parts;
    const { scope } = parts;
    this.#sums = new LruTtlCache({
      name: 'server.session.track-records',
      capacity: 50,
      ttlMs: SUMS_TTL_MS,
      itemBytes: 256,
      scope,
      clock: scope.timers,
    });
  }

  async orders(query: ListQuery): Promise<Answer<Out<typeof ordersAnswer>>> {
    const { store } = this.#parts;
    if (query.id !== undefined) {
      const order = await store.orderById(query.id);
      const fills = order === null ? [] : await store.fillsOf([order.id]);
      return { ok: true, value: { items: order === null ? [] : [{ ...order, fills: [...fills] }], nextCursor: null } };
    }
    const { status: state, symbol, account: accountId } = query;
    const rows = await pageOf('orders', query, [state, symbol, accountId], (below, limit) =>
      store.orders({ state, symbol, accountId, below, limit }),
    );
    if (!rows.ok) return rows;
    const fills = await store.fillsOf(rows.value.items.map((order) => order.id));
    const items = rows.value.items.map((order) => ({
      ...order,
      fills: fills.filter((fill) => fill.orderId === order.id).slice(-100),
    }));
    return { ok: true, value: { items, nextCursor: rows.value.nextCursor } };
  }

  async campaigns(query: ListQuery): Promise<Answer<Out<typeof campaignsAnswer>>> {
    const { store } = this.#parts;
    if (query.id !== undefined) {
      const row = await store.campaign(query.id);
      return { ok: true, value: { items: row === null ? [] : [campaignOf(row)], nextCursor: null } };
    }
    const { status, symbol } = query;
    const rows = await pageOf('campaigns', query, [status, symbol], (below, limit) =>
      store.campaigns({ status, symbol, below, limit }),
    );
    if (!rows.ok) return rows;
    return { ok: true, value: { items: rows.value.items.map(campaignOf), nextCursor: rows.value.nextCursor } };
  }

  async accounts(query: {
    readonly kind?: string | undefined;
    readonly archived?: boolean | undefined;
  }): Promise<Out<typeof accountsAnswer>> {
    const rows = await this.#parts.store.accounts(query);
    const items = await Promise.all(
      rows.map(async ({ broker = 'paper', archivedAt = null, ...account }) => ({
        ...account,
        broker,
        archivedAt,
        trackRecord: await this.trackRecord(account.id, account.at),
      })),
    );
    return { items, nextCursor: null };
  }

  /** Of going live: a live account is judged by the paper accounts beside it that were not reset, the best one; others by themselves. */
  async eligibility(account: Account): Promise<ReturnType<typeof trackRecordOf>> {
    const own = await this.trackRecord(account.id, account.at);
    if (account.kind !== 'LIVE') return own;
    const papers = await this.#parts.store.accounts({ kind: 'PAPER' });
    const records = await Promise.all(papers.map(({ id, at }) => this.trackRecord(id, at)));
    const best = records.find(({ eligible }) => eligible) ?? [...records].sort((a, b) => b.trades - a.trades).at(0);
    return best ?? { ...trackRecordOf(account.id, NO_TRADES, 0) };
  }

  /** `at`: pipeline time of the account, so that a replay's days are the market's. */
  async trackRecord(accountId: string, at: number): Promise<ReturnType<typeof trackRecordOf>> {
    const known = this.#sums.get(accountId);
    const sums = known ?? (await this.#parts.store.tradeSums(accountId));
    if (known === undefined) this.#sums.set(accountId, sums);
    return trackRecordOf(accountId, sums, at);
  }
}

/** A campaign as it was told; the row keeps all of it. */
export function campaignOf(row: CampaignRow): Out<typeof campaign> {
  return row.data as Out<typeof campaign>;
}

async function pageOf<T>(
  list: string,
  query: ListQuery,
  filters: readonly (string | undefined)[],
  read: (below: PageKey | undefined, limit: number) => Promise<readonly { readonly item: T; readonly key: PageKey }[]>,
): Promise<Answer<{ items: T[]; nextCursor: string | null }>> {
  const name = `${list} ${JSON.stringify(filters)}`;
  const below = query.cursor === undefined ? undefined : decodeCursor(query.cursor, name);
  if (below === null) return { ok: false, code: 'page.bad_cursor', detail: 'expected a cursor of this list with these filters' };
  const limit = Math.min(query.limit, LIST_LIMIT);
  const rows = await read(below, Math.min(limit + 1, LIST_LIMIT));
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const more = rows.length > limit || (limit === LIST_LIMIT && rows.length === LIST_LIMIT);
  return {
    ok: true,
    value: { items: items.map((row) => row.item), nextCursor: more && last !== undefined ? encodeCursor(last.key, name) : null },
  };
}
