/** What a run makes of what its engine said: facts with their author, values for those who watch. */
import type { Account, BarColumns, EpochMs, Fact, Position } from '@wyckoff/domain';
import type { EquityPoint, PendingFact, Series } from '../store/store.ts';
import type { ConflatedValue } from './desk.ts';
import type { InputBy } from './trading/account-run.ts';

/** Changes of what is owned, owed or allowed are audited; what a detector saw is not (trading.md 11). */
const UNAUDITED: ReadonlySet<Fact['kind']> = new Set([
  'event.changed',
  'phase.changed',
  'range.changed',
  'risk.limit',
  'input.clock',
]);

/** Every fact with who caused it. */
export function attributed(pending: readonly PendingFact[], { actor, requestId }: InputBy): readonly PendingFact[] {
  return pending.map(({ bar, fact }) => {
    const audit = !UNAUDITED.has(fact.kind);
    const entity = subjectOf(fact);
    return { bar, fact, actor, requestId, audit, ...(entity !== null && { entity }) };
  });
}

/** What a command or an approval is about; facts with an id of their own say it themselves. */
function subjectOf(fact: Fact): string | null {
  if (fact.kind === 'approval.changed') return fact.data.signalId;
  if (fact.kind !== 'input.command') return null;
  const { command } = fact.data;
  if ('signalId' in command) return command.signalId;
  if ('positionId' in command) return command.positionId;
  if ('orderId' in command) return command.orderId;
  return 'campaignId' in command ? command.campaignId : null;
}

export function equityOf(ts: EpochMs, account: Account): EquityPoint {
  return { ts, equityMicros: account.equityMicros, cashMicros: account.cashMicros, heatRatio: account.heatRatio };
}

/** Account and marks of the open positions. */
export function reportValues(account: Account, openPositions: readonly Position[]): ConflatedValue[] {
  const marks = openPositions.map((position) => ({
    topic: 'positions',
    key: position.id,
    ts: position.lastAt,
    type: 'position.marked' as const,
    data: { ...position, targets: [...position.targets] },
  }));
  return [{ topic: 'account', key: account.id, ts: account.at, type: 'account.updated', data: { ...account } }, ...marks];
}

export function barValue({ symbol, timeframe }: Series, columns: BarColumns, row: number): ConflatedValue {
  const ts = columns.time[row];
  const data = {
    symbol,
    timeframe,
    ts,
    o: columns.open[row],
    h: columns.high[row],
    l: columns.low[row],
    c: columns.close[row],
    v: columns.volume[row],
  };
  return { topic: `bars:${symbol}:${timeframe}`, key: `${symbol}|${timeframe}|${ts}`, ts, type: 'bar.closed', data };
}
