/** Statistics of an account's signals: aggregates of the store with their intervals, kept for five minutes (trading.md 4.7). */
import type { FunnelWire, StatisticsAnswer } from '@wyckoff/contracts';
import { LruTtlCache, type Scope } from '@wyckoff/bounded';
import { newYorkDay, newYorkInstant } from '@wyckoff/domain';
import type { FunnelRow, StatisticGroup, StatisticsStore } from '../../store/statistics-store.ts';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;
const TTL_MS = 5 * 60_000;
const CAPACITY = 50;
/** Groups of 200 rows, with their JSON. */
const ITEM_BYTES = 128 * 1024;
/** Two-sided 95 %. */
const Z = 1.96;
/** Closed trades below which ratios say nothing. */
const ENOUGH = 20;

export interface StatisticsRequest {
  readonly accountId: string;
  /** Time of the account: a replay's is that of its bars. */
  readonly now: number;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly groupBy: StatisticGroup;
}

export class Statistics {
  readonly #store: StatisticsStore;
  readonly #wallClock: () => number;
  readonly #answers: LruTtlCache<string, StatisticsAnswer>;

  constructor({ scope, store, wallClock }: { scope: Scope; store: StatisticsStore; wallClock: () => number }) {
    this.#store = store;
    this.#wallClock = wallClock;
    this.#answers = new LruTtlCache({
      name: 'server.session.statistics',
      capacity: CAPACITY,
      ttlMs: TTL_MS,
      itemBytes: ITEM_BYTES,
      scope,
      clock: scope.timers,
    });
  }

  async of(request: StatisticsRequest): Promise<StatisticsAnswer> {
    const { accountId, from, to, groupBy } = request;
    // What was asked for, not what it came to: "the last 30 days" is one question for five minutes.
    const key = `${accountId} ${groupBy} ${from ?? ''} ${to ?? ''}`;
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const answer = await this.#compute(request);
    this.#answers.set(key, answer);
    return answer;
  }

  async #compute({ accountId, now, groupBy, ...span }: StatisticsRequest): Promise<StatisticsAnswer> {
    const to = span.to ?? now + 1;
    const from = span.from ?? Math.max(0, to - DEFAULT_DAYS * DAY_MS);
    const period = { accountId, from, to };
    const [all, groups, refusals, [total, today, week, month]] = await Promise.all([
      this.#store.funnels(period, null),
      this.#store.funnels(period, groupBy),
      this.#store.refusals(period),
      this.#store.signalCounts(accountId, startsOf(now)),
    ]);
    return {
      accountId,
      from,
      to,
      groupBy,
      computedAt: this.#wallClock(),
      counts: { total, today, week, month },
      overall: funnelOf(all.at(0) ?? NOTHING),
      groups: groups.map(funnelOf),
      refusals: refusals.map((row) => ({ ...row })),
    };
  }
}

const NOTHING: FunnelRow = {
  name: 'all', candidates: 0, generated: 0, approved: 0, executed: 0, closed: 0, profitable: 0, confidence: null, nConfidence: 0, plannedR: null, nPlannedR: 0,
  r: null, nR: 0, gainsMicros: 0, lossesMicros: 0,
}; // prettier-ignore

function funnelOf(row: FunnelRow): FunnelWire {
  const { name, candidates, generated, approved, executed, closed, profitable, gainsMicros, lossesMicros } = row;
  return {
    name,
    candidates,
    generated,
    approved,
    executed,
    closed,
    profitable,
    winRatio: closed === 0 ? null : profitable / closed,
    winInterval: wilson(profitable, closed),
    enough: closed >= ENOUGH,
    confidence: { value: row.confidence, n: row.nConfidence },
    plannedR: { value: row.plannedR, n: row.nPlannedR },
    r: { value: row.r, n: row.nR },
    pnlMicros: gainsMicros + lossesMicros,
    profitFactor: lossesMicros === 0 ? null : gainsMicros / -lossesMicros,
  };
}

/** Between what the true share of winners lies in 95 of 100 cases; null over nothing. */
export function wilson(wins: number, n: number): { readonly from: number; readonly to: number } | null {
  if (n === 0) return null;
  const p = wins / n;
  const square = Z * Z;
  const centre = (p + square / (2 * n)) / (1 + square / n);
  const half = (Z * Math.sqrt((p * (1 - p) + square / (4 * n)) / n)) / (1 + square / n);
  return { from: Math.max(0, centre - half), to: Math.min(1, centre + half) };
}

/** When the trading day, the week and the month of an instant began: at 00:00 New York. */
export function startsOf(now: number): readonly [today: number, week: number, month: number] {
  const day = newYorkDay(now);
  const date = new Date(day * DAY_MS);
  const sinceMonday = (date.getUTCDay() + 6) % 7;
  return [newYorkInstant(day, 0), newYorkInstant(day - sinceMonday, 0), newYorkInstant(day - date.getUTCDate() + 1, 0)];
}
