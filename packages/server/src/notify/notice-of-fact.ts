/** Which facts a trader is told of, and in which words (trading.md 10). */
import type { FactRow } from '@wyckoff/contracts';
import type { Notice } from './notification.ts';
import type { NotificationSettings } from './settings.ts';
import { codeWords, moneyWords, priceWords, unitWords } from './words.ts';

type RowOf<T extends FactRow['type']> = Extract<FactRow, { type: T }>;

export interface NoticeContext {
  readonly settings: NotificationSettings;
  readonly accountKind: 'PAPER' | 'LIVE' | 'REPLAY';
}

/** Null: nothing to say. Every notice says of which kind of account it speaks. */
export function noticeOfFact(fact: FactRow, { settings, accountKind }: NoticeContext): Notice | null {
  const notice = noticeFor(fact, settings);
  if (notice === null) return null;
  return { ...notice, body: `${notice.body} ${accountKind} account.`.trim(), data: { ...notice.data, account: accountKind } };
}

function noticeFor(fact: FactRow, settings: NotificationSettings): Notice | null {
  switch (fact.type) {
    case 'signal.created':
      return ofSignal(fact.data, settings.minConfidence);
    case 'order.filled':
      return ofFill(fact.data);
    case 'order.changed':
      return ofOrder(fact.data);
    case 'position.closed':
      return ofPosition(fact.data);
    case 'risk.limit':
      return ofLimit(fact.data);
    case 'halt.changed':
      return ofHalt(fact.data);
    case 'killswitch.changed':
      return ofKillSwitch(fact.data);
    case 'reconcile.difference':
      return ofDifference(fact.data);
    case 'trading.changed':
      return ofTrading(fact.data);
    default:
      return null;
  }
}

function ofSignal(signal: RowOf<'signal.created'>['data'], minConfidence: number): Notice | null {
  const { id, symbol, timeframe, pattern, direction, confidence, entryPrice, stopPrice, rMultiple, qtyMicros, riskMicros } =
    signal;
  if (signal.status === 'REJECTED' || confidence === null || confidence < minConfidence) return null;
  return {
    type: 'signal_created',
    key: id,
    title: `${pattern} ${direction} ${symbol} ${timeframe}, confidence ${Math.round(confidence)}`,
    body: `${unitWords(qtyMicros)} units, entry ${priceWords(entryPrice)}, stop ${priceWords(stopPrice)}, risk ${moneyWords(riskMicros)}, ${rMultiple === null ? 'R unknown' : `${rMultiple.toFixed(2)} R to the second target`}.`,
    confidence,
    signalId: id,
    data: { signalId: id, symbol, timeframe, pattern, direction },
  };
}

function ofFill({ fill, order }: RowOf<'order.filled'>['data']): Notice {
  const { symbol, side, leg } = order;
  const part =
    order.filledQtyMicros < order.qtyMicros ? ` (${unitWords(order.filledQtyMicros)} of ${unitWords(order.qtyMicros)})` : '';
  return {
    type: 'order_filled',
    key: `${order.id} ${fill.n}`,
    title: `${side === 'BUY' ? 'Bought' : 'Sold'} ${unitWords(fill.qtyMicros)} ${symbol} at ${priceWords(fill.price)}`,
    body: `Order ${leg}${part}${fill.commissionMicros === 0 ? '' : `, commission ${moneyWords(fill.commissionMicros)}`}.`,
    data: { orderId: order.id, symbol, leg },
  };
}

function ofOrder(order: RowOf<'order.changed'>['data']): Notice | null {
  if (order.state !== 'REJECTED' && order.state !== 'FAILED') return null;
  const { id, symbol, side, leg, reason } = order;
  return {
    type: 'order_rejected',
    key: id,
    title: `Order refused: ${side} ${symbol} (${leg})`,
    body: reason ?? 'No reason was given.',
    data: { orderId: id, symbol, leg },
  };
}

function ofPosition(position: RowOf<'position.closed'>['data']): Notice {
  const { id, symbol, direction, exitReason, r, avgExit, realisedMicros, costsMicros } = position;
  const isEmergency = exitReason === 'PROTECTION_FAILED';
  return {
    type: isEmergency ? 'protection_failed' : exitReason === 'INVALIDATED' ? 'emergency_exit' : 'position_closed',
    key: id,
    title: `${symbol} ${direction} closed${r === null ? '' : ` at ${r.toFixed(2)} R`}`,
    body: `Net ${moneyWords(realisedMicros - costsMicros)}, average exit ${priceWords(avgExit)}, reason: ${codeWords(exitReason ?? 'unknown')}.`,
    data: { positionId: id, symbol, direction },
  };
}

function ofLimit({ rule, state, value, limit }: RowOf<'risk.limit'>['data']): Notice | null {
  if (state === 'CLEARED') return null;
  const percent = (ratio: number): string => `${(ratio * 100).toFixed(2)} %`;
  return {
    type: state === 'WARNING' ? 'risk_warning' : 'risk_breached',
    key: rule,
    title: state === 'WARNING' ? `${rule} is near its limit` : `${rule} has reached its limit`,
    body: `It stands at ${percent(value)}, the limit is ${percent(limit)}.`,
    data: { rule },
  };
}

function ofHalt({ id, kind, scope, reason, until }: RowOf<'halt.changed'>['data']): Notice | null {
  if (until !== null) return null;
  return {
    type: kind === 'STALE' ? 'data_stale' : 'halt',
    key: id,
    title: `Entries are halted: ${codeWords(kind)} (${scope})`,
    body: `${reason} Exits go on.`,
    data: { kind, scope },
  };
}

function ofKillSwitch({ level, reason, by, activationId }: RowOf<'killswitch.changed'>['data']): Notice {
  return {
    type: 'kill_switch',
    key: `${level} ${activationId ?? ''}`,
    title: level === 'OFF' ? 'The kill switch is off again' : `Kill switch: ${level}`,
    body: `${reason === '' ? 'No reason given.' : reason} By ${by ?? 'the system'}.`,
    data: { level },
  };
}

/** Losers in a row switched automatic entries off: told when it happens, not with every later word about trading. */
function ofTrading({ breaker, reason, accountId }: RowOf<'trading.changed'>['data']): Notice | null {
  if (breaker.state !== 'OPEN' || reason !== 'TRADE_CLOSED') return null;
  return {
    type: 'risk_warning',
    key: `BREAKER ${accountId} ${breaker.openedDay ?? ''}`,
    title: `Automatic entries are off: ${breaker.losses} losers in a row`,
    body: 'The loss breaker is open until the next trading day, or until it is reset. Signals wait for approval.',
    data: { rule: 'BREAKER' },
  };
}

function ofDifference({ symbol, code, sentence, refId }: RowOf<'reconcile.difference'>['data']): Notice {
  return {
    type: code === 'UNPROTECTED' ? 'protection_failed' : 'reconciliation',
    key: `${code} ${refId}`,
    title: code === 'UNPROTECTED' ? `${symbol} has no stop` : `The broker differs: ${code} ${symbol}`,
    body: sentence,
    data: { symbol, code },
  };
}
