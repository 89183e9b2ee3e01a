/** What the facts of a run say by themselves: replayed, checked against the tables, compared with the engine (TR-7, TR-2, TR-12). */
import { CAMPAIGN_TRANSITIONS } from '../../campaign/campaign.ts';
import type { CampaignState } from '../../campaign/campaign.ts';
import { ORDER_TRANSITIONS } from '../../execution/order-state.ts';
import type { Order, OrderState } from '../../execution/order.ts';
import { SIGNAL_TRANSITIONS } from '../../setup/signal-state.ts';
import type { SignalState } from '../../setup/signal.ts';
import type { Position } from '../../trade/position.ts';
import type { Fact, ReservationFact } from '../fact.ts';

/** A step that no table lists, or a state the facts do not explain. */
export class FactError extends Error {}

export class FactLedger {
  readonly signals = new Map<string, SignalState>();
  readonly orders = new Map<string, Order>();
  readonly campaigns = new Map<string, CampaignState>();
  readonly reservations = new Map<string, ReservationFact>();
  readonly positions = new Map<string, Position>();
  cash = 0;
  /** Opening orders made so far. */
  opened = 0;

  hear(fact: Fact): void {
    switch (fact.kind) {
      case 'signal.created':
      case 'signal.changed': {
        const { id, status } = fact.data;
        const former = this.signals.get(id);
        if (former === undefined) expectOneOf('signal', status, ['GENERATED', 'REJECTED']);
        else if (fact.kind === 'signal.created') throw new FactError(`signal ${id} was created twice`);
        else expectOneOf(`signal ${id} after ${former}`, status, SIGNAL_TRANSITIONS[former]);
        // bounded: one life of a test
        this.signals.set(id, status);
        return;
      }
      case 'order.changed':
      case 'order.filled':
        this.#order(fact.kind === 'order.filled' ? fact.data.order : fact.data, fact.kind === 'order.filled');
        return;
      case 'campaign.changed': {
        const { id, status } = fact.data;
        const former = this.campaigns.get(id);
        if (former !== undefined && former !== status)
          expectOneOf(`campaign ${id} after ${former}`, status, CAMPAIGN_TRANSITIONS[former]);
        if (former !== undefined && CAMPAIGN_TRANSITIONS[former].length === 0 && former !== status)
          throw new FactError('a campaign came back');
        // bounded: one life of a test
        this.campaigns.set(id, status);
        return;
      }
      case 'reservation.changed': {
        const { id, state } = fact.data;
        const former = this.reservations.get(id)?.state;
        if (former === undefined) expectOneOf('reservation', state, ['HELD']);
        else if (former !== 'HELD') throw new FactError(`reservation ${id}: ${former} is terminal, was followed by ${state}`);
        // bounded: one life of a test
        this.reservations.set(id, fact.data);
        return;
      }
      case 'position.opened':
      case 'position.changed':
      case 'position.closed':
        // bounded: one life of a test
        this.positions.set(fact.data.id, fact.data);
        return;
      case 'ledger.booked':
        this.cash += fact.data.amountMicros;
        return;
      default:
    }
  }

  get held(): readonly ReservationFact[] {
    return [...this.reservations.values()].filter(({ state }) => state === 'HELD');
  }

  #order(order: Order, isFill: boolean): void {
    const former = this.orders.get(order.id);
    if (former === undefined) {
      expectOneOf('order', order.state, ['PENDING_NEW']);
      if (order.intent === 'OPEN') this.opened += 1;
      for (const other of this.orders.values())
        if (other.clientId === order.clientId) throw new FactError(`two orders are called ${order.clientId}`);
    } else if (isFill || former.state !== order.state) {
      const isLate = isFill && former.state === order.state && ORDER_TRANSITIONS[former.state].length === 0;
      if (!isLate) expectOneOf(`order ${order.leg} after ${former.state}`, order.state, ORDER_TRANSITIONS[former.state]);
    }
    // bounded: one life of a test
    this.orders.set(order.id, order);
  }

  /** Orders that are not terminal. */
  get working(): readonly Order[] {
    const isOver = (state: OrderState): boolean => ORDER_TRANSITIONS[state].length === 0;
    return [...this.orders.values()].filter(({ state }) => !isOver(state));
  }
}

function expectOneOf<T extends string>(what: string, was: T, allowed: readonly T[]): void {
  if (!allowed.includes(was)) throw new FactError(`${what}: expected one of ${allowed.join(', ')}, was ${was}`);
}
