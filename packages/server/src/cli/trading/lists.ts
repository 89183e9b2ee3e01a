/** `wyckoff signals`, `positions` and `orders`: what a running server holds, as a table or a line of JSON each. */
import type { OrderWire, PositionWire, SignalWire } from '@wyckoff/contracts';
import { Output } from '../output.ts';
import { figure, priceText, tableLines, timeText } from '../table.ts';
import { exitOf, ServerClient, type ServerOptions } from './server-client.ts';

export interface ListOptions extends ServerOptions {
  readonly status?: string;
  readonly symbol?: string;
  readonly limit?: string;
  readonly json?: boolean;
}

interface Page<T> {
  readonly items: readonly T[];
}

function query({ status, symbol, limit }: ListOptions): string {
  const params = new URLSearchParams({
    limit: limit ?? '50',
    ...(status !== undefined && { status }),
    ...(symbol !== undefined && { symbol }),
  });
  return params.toString();
}

async function items<T>(path: string, options: ListOptions): Promise<readonly T[]> {
  try {
    return (await new ServerClient(options).ask<Page<T>>(`${path}?${query(options)}`)).items;
  } catch (error) {
    throw exitOf(error);
  }
}

export async function listSignals(options: ListOptions): Promise<void> {
  const signals = await items<SignalWire>('/signals', options);
  const out = new Output();
  if (options.json === true) for (const signal of signals) out.json(signal);
  else {
    const head = ['time', 'symbol', 'tf', 'pattern', 'way', 'status', 'entry', 'stop', 'target', 'R', 'confidence', 'id'];
    const rows = signals.map((one) => [
      timeText(one.barTime), one.symbol, one.timeframe, one.pattern, one.direction.toLowerCase(),
      one.rejectCode === null ? one.status : `${one.status} ${one.rejectCode}`,
      priceText(one.entryPrice), priceText(one.stopPrice), one.targets.length === 0 ? '–' : priceText(one.targets[one.targets.length - 1]),
      figure(one.rMultiple, 2), figure(one.confidence, 0), one.id,
    ]); // prettier-ignore
    for (const line of tableLines(head, rows)) out.line(line);
  }
  out.flush();
}

export async function listPositions(options: ListOptions): Promise<void> {
  const positions = await items<PositionWire>('/positions', options);
  const out = new Output();
  if (options.json === true) for (const position of positions) out.json(position);
  else {
    const head = ['opened', 'symbol', 'way', 'status', 'quantity', 'entry', 'stop', 'last', 'R', 'exit', 'id'];
    const rows = positions.map((one) => [
      timeText(one.openedAt), one.symbol, one.direction.toLowerCase(), one.status, String(one.openQtyMicros / 1e6), priceText(one.avgEntry),
      priceText(one.stop), priceText(one.last), figure(one.r, 2), one.exitReason ?? '–', one.id,
    ]); // prettier-ignore
    for (const line of tableLines(head, rows)) out.line(line);
  }
  out.flush();
}

export async function listOrders(options: ListOptions): Promise<void> {
  const orders = await items<OrderWire>('/orders', options);
  const out = new Output();
  if (options.json === true) for (const order of orders) out.json(order);
  else {
    const head = ['made', 'symbol', 'side', 'type', 'leg', 'state', 'quantity', 'filled', 'price', 'average', 'id'];
    const rows = orders.map((one) => {
      const at = one.limitPrice ?? one.stopPrice;
      return [
        timeText(one.createdAt), one.symbol, one.side.toLowerCase(), one.type, one.leg, one.reason === null ? one.state : `${one.state} ${one.reason}`,
        String(one.qtyMicros / 1e6), String(one.filledQtyMicros / 1e6), at === null ? '–' : priceText(at), one.averagePrice === null ? '–' : priceText(one.averagePrice), one.id,
      ];
    }); // prettier-ignore
    for (const line of tableLines(head, rows)) out.line(line);
  }
  out.flush();
}
