/** What is done to one order of a ward: drafted, sent, asked for, cancelled until it is gone. */
import { clientOrderId } from '@wyckoff/domain';
import { isWorking, newSentOrder, type Role, type SentOrder } from './sent-order.ts';
import { venueErrorOf } from './venue-error.ts';
import type { OrderRequest } from './venue-order.ts';
import { AGAIN, type Next } from './next.ts';
import type { Ward, WardPorts } from './ward.ts';

/** A cancellation that shows no effect so long was lost. */
const CANCEL_AGAIN_MS = 1_000;

export class Hand {
  readonly #ward: Ward;
  readonly #ports: WardPorts;

  constructor(ward: Ward, ports: WardPorts) {
    this.#ward = ward;
    this.#ports = ports;
  }

  draft(of: {
    readonly role: Role;
    readonly leg: string;
    readonly id: string;
    readonly type: 'MARKET' | 'STOP' | 'LIMIT';
    readonly qtyMicros: number;
  }): SentOrder {
    const { signalId, symbol, side, tickSize, stopPrice } = this.#ward.state;
    const request: OrderRequest = {
      clientId: clientOrderId(signalId, of.id), symbol, side: side === 1 ? 'SELL' : 'BUY', type: of.type, qtyMicros: of.qtyMicros, limitPrice: null,
      stopPrice: of.type === 'STOP' ? stopPrice : null, tickSize, tif: of.type === 'MARKET' ? 'DAY' : 'GTC', attached: null,
    }; // prettier-ignore
    return newSentOrder(request, { ...this.#ward.own(of.role, of.leg), intent: 'CLOSE' });
  }

  /** Sends what was not sent, asks for what nobody answered for, and cancels again what should have gone by now. */
  async chase(order: SentOrder): Promise<void> {
    if (order.state === 'PENDING_NEW') await this.#ward.router.send(order);
    else if (order.state === 'CANCEL_PENDING') await this.cancel(order);
    else await this.#ward.router.settle(order);
  }

  async cancel(order: SentOrder): Promise<void> {
    if (order.state === 'PENDING_NEW') return this.endUnsent(order, 'CANCELLED');
    const at = this.#ports.now();
    if (order.state === 'CANCEL_PENDING' && at - order.updatedAt < CANCEL_AGAIN_MS) {
      await this.#ward.router.settle(order);
      return;
    }
    try {
      await this.#ports.broker.cancel(order.clientId);
    } catch (error) {
      // What has gone is settled by asking; what may not have been heard is asked again.
      if (venueErrorOf(error).kind === 'unsent') return;
    }
    const known = this.#ward.find(order.clientId) ?? order;
    if (isWorking(known))
      await this.#ward.save({ order: { ...known, state: 'CANCEL_PENDING', updatedAt: at }, parts: [], oddities: [] });
  }

  /** Cancels them all; null: they are gone. */
  async away(orders: readonly SentOrder[]): Promise<Next | null> {
    for (const order of orders) await this.cancel(order);
    return this.afterRefresh(orders);
  }

  async endUnsent(entry: SentOrder, reason: string): Promise<void> {
    const order: SentOrder = { ...entry, state: 'REJECTED', reason, updatedAt: this.#ports.now() };
    await this.#ward.save({ order, parts: [], oddities: [] });
  }

  async afterRefresh(orders: readonly SentOrder[]): Promise<Next | null> {
    for (const { clientId } of orders) {
      const order = this.#ward.find(clientId);
      if (order !== undefined && isWorking(order)) await this.#ward.router.settle(order);
    }
    return orders.some((order) => isWorking(this.#ward.find(order.clientId) ?? order)) ? AGAIN : null;
  }

  lastReason(role: Role): string {
    return (
      this.#ward.orders.filter((order) => order.role === role && order.reason !== null).at(-1)?.reason ?? 'no reason was given'
    );
  }
}
