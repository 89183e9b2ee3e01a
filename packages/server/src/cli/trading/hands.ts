/** `wyckoff stop`, `exit` and `cancel`: a position or an order in hand, with what it would do before it is done. */
import { randomUUID } from 'node:crypto';
import type { ExitAnswer, OrderWire, PositionWire, StopAnswer } from '@wyckoff/contracts';
import { EXIT, Exit } from '../exit-codes.ts';
import { Output } from '../output.ts';
import { priceText } from '../table.ts';
import { exitOf, ServerClient, type ServerOptions } from './server-client.ts';
import { moneyText, orderLine, quantityText } from './words.ts';

export interface HandOptions extends ServerOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export interface ExitOptions extends HandOptions {
  readonly ratio?: number;
  readonly quantity?: number;
  readonly limit?: number;
  readonly key?: string;
}

async function say<T>(options: HandOptions, ask: (client: ServerClient) => Promise<T>, lines: (answer: T) => string[]): Promise<void> {
  let answer: T;
  try {
    answer = await ask(new ServerClient(options));
  } catch (error) {
    throw exitOf(error);
  }
  const out = new Output();
  if (options.json === true) out.json(answer);
  else for (const line of lines(answer)) out.line(line);
  out.flush();
} // prettier-ignore

/** @throws {Exit} when no open position has the id. */
async function openPosition(client: ServerClient, id: string): Promise<PositionWire> {
  const { items } = await client.ask<{ items: readonly PositionWire[] }>('/positions?status=OPEN&limit=200');
  const found = items.find((position) => position.id === id);
  if (found === undefined) throw new Exit(EXIT.refused, `expected an open position, was ${id}: "wyckoff positions --status OPEN" lists them`);
  return found;
} // prettier-ignore

/** Against the version that is read here: what changed meanwhile is refused. */
export async function moveStop(positionId: string, stop: number, options: HandOptions): Promise<void> {
  const { dryRun = false } = options;
  let before = 0;
  await say(
    options,
    async (client) => {
      const { version, stop: now } = await openPosition(client, positionId);
      before = now;
      const headers = { 'if-match': `"${version}"` };
      return await client.ask<StopAnswer>(`/positions/${encodeURIComponent(positionId)}`, { method: 'PATCH', headers, body: { stop, dryRun } }); // prettier-ignore
    },
    ({ position, riskBefore, riskAfter }) => [
      `${position.symbol} stop ${priceText(before)} -> ${priceText(dryRun ? stop : position.stop)}`,
      `risk ${moneyText(riskBefore)} -> ${moneyText(riskAfter)}`,
      dryRun ? 'Nothing was changed.' : 'Moved.',
    ],
  );
}

export async function exitPosition(positionId: string, options: ExitOptions): Promise<void> {
  const { ratio, quantity, limit, dryRun = false, key = randomUUID() } = options;
  const body = {
    dryRun,
    ...(ratio !== undefined && { ratio }),
    ...(quantity !== undefined && { qtyMicros: Math.floor(quantity * 1e6) }),
    ...(limit !== undefined && { type: 'LIMIT', limitPrice: limit }),
  };
  await say(
    options,
    (client) =>
      client.ask<ExitAnswer>(`/positions/${encodeURIComponent(positionId)}/exit`, {
        method: 'POST',
        headers: { 'idempotency-key': key },
        body,
      }),
    ({ order, qtyMicros, expectedMicros, remainingQtyMicros, remainingRiskMicros }) => [
      `${dryRun ? 'would close' : 'closing'} ${quantityText(qtyMicros)} units, about ${moneyText(expectedMicros)} before costs`,
      `stays open: ${quantityText(remainingQtyMicros)} units, risk ${moneyText(remainingRiskMicros)}`,
      ...(order === null || dryRun ? [] : [orderLine(order)]),
      dryRun ? 'Nothing was changed.' : `Ordered. The same again: --key ${key}`,
    ],
  );
}

export async function cancelOrder(orderId: string, options: HandOptions): Promise<void> {
  await say(
    options,
    (client) => client.ask<{ order: OrderWire }>(`/orders/${encodeURIComponent(orderId)}`, { method: 'DELETE' }),
    ({ order }) => [orderLine(order)],
  );
}
