/** Rows and facts for the tests of the store. */
import { createBarColumns, type Account, type BarColumns, type Fact, type LedgerRow } from '@wyckoff/domain';
import type { NewFact } from '../changes.ts';
import type { JobRow, JobTradeRow } from '../jobs-store.ts';
import type { NotificationRow } from '../notices-store.ts';
import type { Commit, EngineRef, Series } from '../store.ts';
import type { CampaignRow, HaltRow, ReservationRow } from '../trading-store.ts';

export const DAY_MS = 86_400_000;

export const ACCOUNT: Account = {
  id: 'paper-1', kind: 'PAPER', currency: 'USD', startingMicros: 1e11, cashMicros: 1e11, equityMicros: 1e11, peakMicros: 1e11, drawdownRatio: 0,
  realisedMicros: 0, unrealisedMicros: 0, costsMicros: 0, heatRatio: 0, trades: 0, wins: 0, at: 0,
}; // prettier-ignore

export function columnsAt(times: readonly number[], close = 10): BarColumns {
  const columns = createBarColumns(times.length);
  for (const [i, time] of times.entries()) {
    columns.time[i] = time;
    columns.open[i] = columns.high[i] = columns.low[i] = columns.close[i] = close;
    columns.volume[i] = i;
  }
  columns.length = times.length;
  return columns;
}

export const upTo = (n: number, step = 10): number[] => Array.from({ length: n }, (_, i) => i * step);

export function refOf(series: Series): EngineRef {
  return { id: `paper:${series.symbol}:${series.timeframe}`, series };
}

function order(id: string, at: number, state: string) {
  return {
    id, clientId: `wx1-${id}`, signalId: `signal-${id}`, positionId: null, symbol: 'SPX', leg: 'ENTRY', intent: 'OPEN', side: 'BUY', type: 'LIMIT', state,
    qtyMicros: 1e6, filledQtyMicros: 0, limitPrice: 10, stopPrice: null, averagePrice: null, reason: null, createdAt: at, updatedAt: at, version: 1,
  }; // prettier-ignore
}

/** What one bar may say: a signal, its order, its fill, the position it opened. */
export function factsOfBar(bar: number, at: number): Fact[] {
  const id = `id-${String(bar).padStart(4, '0')}`;
  const fill = { orderId: id, n: 1, execId: `exec-${id}`, ts: at, qtyMicros: 1e6, price: 10.25, commissionMicros: 350_000 };
  const signal = { id: `signal-${id}`, symbol: 'SPX', pattern: 'SPRING', status: 'GENERATED', barTime: at, version: 1 };
  const position = {
    id: `position-${id}`,
    signalId: signal.id,
    symbol: 'SPX',
    status: 'OPEN',
    openedAt: at,
    closedAt: null,
    version: 1,
  };
  const facts: unknown[] = [
    { kind: 'signal.created', at, data: signal },
    { kind: 'signal.changed', at: at + 1, data: { ...signal, status: 'APPROVED', version: 2 } },
    { kind: 'order.changed', at, data: order(id, at, 'ACCEPTED') },
    { kind: 'order.filled', at, data: { fill, order: { ...order(id, at, 'FILLED'), version: 2 } } },
    { kind: 'position.opened', at, data: position },
  ];
  return facts as Fact[];
}

/** Bars `from + 1 .. to`, each of which says the five facts of `factsOfBar`. */
export function commitOf(engine: EngineRef, from: number, to: number): Commit {
  const bars = Array.from({ length: to - from }, (_, i) => from + i + 1);
  return {
    engine,
    from,
    to,
    barTime: to * DAY_MS,
    facts: bars.flatMap((bar) => factsOfBar(bar, bar * DAY_MS).map((fact) => ({ bar, fact }))),
    account: { ...ACCOUNT, at: to },
    equity: bars.map((bar) => ({ ts: bar * DAY_MS, equityMicros: 1e11 + bar, cashMicros: 1e11, heatRatio: 0.01 })),
  };
}

export function auditFact(type: string, data: unknown = {}): NewFact {
  return { at: 5, topic: 'trading', type, data, userId: 'local', actor: 'local', entity: 'x', requestId: 'r-1', audit: true };
}

export function ledgerRow(seq: number, amountMicros: number): LedgerRow {
  return { accountId: ACCOUNT.id, seq, at: seq, kind: 'PNL', amountMicros, refId: 'p-1' };
}

export function halt(id: string, kind: HaltRow['kind'] = 'DAILY_LOSS'): HaltRow {
  return { id, scope: 'all', kind, reason: 'down 3 %', actor: null, since: 7, until: null, results: null };
}

export function reservation(id: string, state: ReservationRow['state'] = 'HELD'): ReservationRow {
  return {
    id,
    accountId: ACCOUNT.id,
    signalId: `s-${id}`,
    campaignId: 'c-1',
    state,
    amounts: { tradeMicros: 5 },
    createdAt: 1,
    updatedAt: 2,
  };
}

export function campaign(id: string, version = 1): CampaignRow {
  return {
    id, accountId: ACCOUNT.id, symbol: 'SPX', timeframe: '1d', rangeAt: id.length, direction: 'LONG', label: 'SPX-1D-1970-01-01-L', status: 'ACTIVE', phase: 'C',
    budgetMicros: 5e9, usedMicros: 2e9, createdAt: 1, closedAt: null, closeReason: null, version, data: { entries: [1, 2] },
  }; // prettier-ignore
}

export function notification(n: number, userId = 'local'): NotificationRow {
  const id = `n-${String(n).padStart(6, '0')}`;
  return {
    id,
    userId,
    type: 'halt',
    priority: 'CRITICAL',
    title: 'Halted',
    body: 'Down 3 %',
    data: { n },
    createdAt: n,
    readAt: null,
  };
}

export function job(n: number, key = `key-${n}`): JobRow {
  return {
    id: `j-${String(n).padStart(6, '0')}`, userId: 'local', kind: 'backtest', status: 'QUEUED', params: { symbols: ['SPX'] }, idempotencyKey: key, done: 0, total: 10,
    heartbeatAt: null, problem: null, summary: null, manifest: { seed: 1 }, createdAt: n, startedAt: null, finishedAt: null,
  }; // prettier-ignore
}

export function trade(n: number): JobTradeRow {
  return {
    n, symbol: 'SPX', timeframe: '1d', pattern: 'SPRING', direction: 'LONG', campaign: 'SPX-1D', leg: 'F', confidence: 88, entryAt: n * DAY_MS, entry: 100.25,
    qtyMicros: 7e6, initialStop: 97.5, exitAt: (n + 5) * DAY_MS, exit: 108.125, reason: 'T1', grossMicros: 55_125_000, commissionMicros: 350_000,
    slippageMicros: 10, impactMicros: 0, borrowMicros: 0, netMicros: 54_774_990, grossR: 2.86, netR: null, mfeR: 3.1, maeR: -0.2, bars: 5,
  }; // prettier-ignore
}

/** One signal a day from day 0 on, and what became of each: refused by every stage, waiting, approved, open, won, lost, flat. */
export function judgedSignals(n: number) {
  return Array.from({ length: n }, (_, i) => {
    const at = i * DAY_MS;
    const id = `judged-${String(i).padStart(3, '0')}`;
    const fate = (['chain', 'risk', 'user', 'gate', 'waiting', 'approved', 'open', 'won', 'won', 'lost', 'flat'] as const)[i % 11];
    const refusal = { chain: ['VOLUME', 'VOL_HIGH'], risk: ['RISK', 'RK_HEAT'], user: ['DECISION', 'USER'], gate: ['GATE', 'HALTED'] } as const;
    const [stage, rejectCode] = fate in refusal ? refusal[fate as keyof typeof refusal] : [null, null];
    const isGenerated = fate !== 'chain' && fate !== 'risk';
    const isExecuted = ['open', 'won', 'lost', 'flat'].includes(fate);
    const net = { won: 7_000_000_000 + i, lost: -3_000_000_000 - i, flat: 0 }[fate as string] ?? null;
    const r = net === null ? null : net / 2e9;
    const confidence = i % 5 === 0 ? null : 70 + (i % 20);
    const pattern = i % 3 === 0 ? 'SPRING' : 'LPS';
    const phase = i % 7 === 0 ? null : 'C';
    const status = stage !== null ? 'REJECTED' : isExecuted ? 'FILLED' : fate === 'waiting' ? 'PENDING' : 'APPROVED';
    const chain = fate === 'chain' ? [{ stage: 'PHASE', result: 'PASS' }, { stage, result: 'FAIL' }] : [];
    const created = { id, symbol: 'SPX', pattern, phase, status: isGenerated ? 'GENERATED' : status, barTime: at, version: 1, confidence, rMultiple: 2.5, rejectCode, chain };
    const position = {
      id: `of-${id}`, signalId: id, symbol: 'SPX', status: net === null ? 'OPEN' : 'CLOSED', openedAt: at, closedAt: net === null ? null : at, version: 1,
      realisedMicros: (net ?? 0) + 5_000_000, costsMicros: 5_000_000, r,
    };
    const facts = [
      { kind: 'signal.created', at, data: created },
      ...(isGenerated ? [{ kind: 'signal.changed', at, data: { ...created, status, version: 2 } }] : []),
      ...(isExecuted ? [{ kind: net === null ? 'position.opened' : 'position.closed', at, data: position }] : []),
    ] as unknown as Fact[];
    const reserved = isExecuted || fate === 'approved' || fate === 'gate' ? { ...reservation(id), signalId: id } : null;
    return { at, facts, reserved, pattern, phase, stage, isGenerated, isExecuted, net, r, confidence };
  }); // prettier-ignore
}
