/** A position is never without a stop at the venue: which legs should work, and the next step towards them (trading.md 7.4). */
import { clientOrderId } from '@wyckoff/domain';
import type { Hand } from './hand.ts';
import { AGAIN, RESTS, type Next } from './next.ts';
import { hearOrder, isWorking, restOf, type Role, type SentOrder } from './sent-order.ts';
import { venueErrorOf } from './venue-error.ts';
import { ownerOfAttached } from './venue-order.ts';
import type { Ward, WardPorts } from './ward.ts';
import { OWN_EXIT, targetsOf, type Holding, type WardState } from './ward-state.ts';

const PROTECTION_TRIES = 3;
/** So long the engine has to order the way out before the desk takes it. */
const ENGINE_EXITS_MS = 1_000;

export class Protection {
  readonly #ward: Ward;
  readonly #ports: WardPorts;
  readonly #hand: Hand;

  constructor(ward: Ward, ports: WardPorts, hand: Hand) {
    this.#ward = ward;
    this.#ports = ports;
    this.#hand = hand;
  }

  /** The stop over what is open; targets beside it once the entry has ended, where the venue has pairs. */
  async next(holding: Holding): Promise<Next | null> {
    const { entry, legs, openQtyMicros } = holding;
    const stuck = legs.filter(
      (order) =>
        order.state === 'PENDING_NEW' || order.uncertain || order.state === 'SUBMITTED' || order.state === 'CANCEL_PENDING',
    );
    if (stuck.length > 0) {
      for (const order of stuck) await this.#hand.chase(order);
      const open = stuck.some(({ clientId, state }) => this.#ward.find(clientId)?.state === state);
      return open ? AGAIN : null;
    }
    // A found position has none before a person gives it one; a stop at no price would be refused, and the position sold for it.
    if (!(this.#ward.state.stopPrice > 0)) return RESTS;
    if (this.#ward.state.failures >= PROTECTION_TRIES) return this.#giveUpProtection();
    const entryIsOver = entry === null || !isWorking(entry);
    if (entryIsOver && this.#ports.broker.capabilities.oco && this.#ward.state.targetPrices.length > 0)
      return this.#pairs(holding);
    return this.#singleStop(legs, openQtyMicros);
  }

  /** The engine orders the way out when it hears that its stop is gone; should it not, the desk takes it a second later. */
  async #giveUpProtection(): Promise<Next | null> {
    if (this.#ward.state.failures === PROTECTION_TRIES) {
      const { signalId, stopLeg } = this.#ward.state;
      this.#ports.alert(
        'PROTECTION_FAILED',
        this.#ward,
        `no stop could be placed: ${this.#hand.lastReason('STOP')}; the position is closed at market`,
      );
      this.#ward.report({
        kind: 'ended',
        clientId: clientOrderId(signalId, stopLeg),
        state: 'REJECTED',
        reason: 'PROTECTION_FAILED',
      });
      this.#ward.amend({ failures: PROTECTION_TRIES + 1 });
      await this.#ward.commit();
      return { kind: 'again', afterMs: ENGINE_EXITS_MS };
    }
    await this.#ward.leave({ leg: OWN_EXIT, clientId: null, reason: 'PROTECTION_FAILED', qtyMicros: null });
    return null;
  }

  async #singleStop(legs: readonly SentOrder[], openQtyMicros: number): Promise<Next | null> {
    const stops = legs.filter((order) => order.role === 'STOP' && order.armed);
    const [first, ...others] = stops;
    if (first === undefined) return this.#placeStop(openQtyMicros);
    // An attached stop that armed while a guard stood: one of both is too many.
    if (others.length > 0) {
      for (const order of others) await this.#hand.cancel(order);
      return this.#hand.afterRefresh(others);
    }
    if (restOf(first) === openQtyMicros && first.stopPrice === this.#ward.state.stopPrice) return RESTS;
    return this.#changeStop(first, { qtyMicros: openQtyMicros + first.filledQtyMicros, stopPrice: this.#ward.state.stopPrice });
  }

  async #changeStop(order: SentOrder, to: { readonly qtyMicros: number; readonly stopPrice: number }): Promise<Next | null> {
    const { broker, now } = this.#ports;
    if (!broker.capabilities.replace || order.filledQtyMicros > 0) {
      await this.#hand.cancel(order);
      return this.#hand.afterRefresh([order]);
    }
    try {
      const view = await broker.replace(order.clientId, { ...to, tickSize: this.#ward.state.tickSize });
      const changed = { ...order, ...to };
      await this.#ward.save(hearOrder(changed, { ...view, attached: null }, now()));
      return null;
    } catch (error) {
      const { kind } = venueErrorOf(error);
      await this.#ward.router.settle(order);
      if (kind === 'refused' || kind === 'gone') {
        await this.#hand.cancel(order);
        return this.#hand.afterRefresh([order]);
      }
      return AGAIN;
    }
  }

  async #placeStop(openQtyMicros: number): Promise<Next | null> {
    const order = this.#hand.draft({
      role: 'STOP',
      leg: 'STOP',
      id: `STOP.${this.#ward.state.revision + 1}`,
      type: 'STOP',
      qtyMicros: openQtyMicros,
    });
    return this.#placeLeg(order);
  }

  async #placeLeg(draft: SentOrder): Promise<Next | null> {
    this.#ward.amend({ revision: this.#ward.state.revision + 1 });
    await this.#ward.save({ order: draft, parts: [], oddities: [] });
    const order = await this.#ward.router.send(draft);
    const failed = ['REJECTED', 'FAILED', 'PENDING_NEW'].includes(order.state);
    this.#ward.amend({ failures: failed ? this.#ward.state.failures + 1 : 0 });
    await this.#ward.commit();
    return failed ? { kind: 'again', afterMs: 100 } : null;
  }

  /** OCO pairs that add up to the position; the single stop makes room for them. */
  async #pairs(holding: Holding): Promise<Next | null> {
    const targets = this.#ward.state.targets ?? targetsOf(this.#ward.state, holding.filledQtyMicros);
    if (this.#ward.state.targets === null) {
      this.#ward.amend({ targets });
      await this.#ward.commit();
    }
    const pairs = holding.legs.filter((order) => order.role === 'TARGET');
    const guards = holding.legs.filter((order) => order.role === 'STOP' && this.#ownerRole(order) !== 'TARGET' && order.armed);
    // The position has become smaller than its pairs: the outermost goes, and comes again over what is left.
    const covered = pairs.reduce((sum, order) => sum + restOf(order), 0);
    const outermost = pairs.toSorted((a, b) => a.leg.localeCompare(b.leg)).at(-1);
    if (covered > holding.openQtyMicros && outermost !== undefined) {
      await this.#hand.cancel(outermost);
      return this.#hand.afterRefresh([outermost]);
    }
    const missing = this.#missing(targets, pairs, holding.openQtyMicros);
    if (missing.length > 0 && guards.length > 0) {
      for (const order of guards) await this.#hand.cancel(order);
      return this.#hand.afterRefresh(guards);
    }
    const [wanted] = missing;
    if (wanted !== undefined) return this.#placePair(wanted);
    for (const order of holding.legs) {
      if (order.role !== 'STOP' || order.stopPrice === this.#ward.state.stopPrice) continue;
      return this.#changeStop(order, { qtyMicros: order.qtyMicros, stopPrice: this.#ward.state.stopPrice });
    }
    return RESTS;
  }

  /** Rungs without a working pair, over what no pair covers. */
  #missing(
    targets: NonNullable<WardState['targets']>,
    pairs: readonly SentOrder[],
    openQtyMicros: number,
  ): NonNullable<WardState['targets']> {
    let free = openQtyMicros - pairs.reduce((sum, order) => sum + restOf(order), 0);
    const out: { leg: string; price: number; qtyMicros: number }[] = [];
    for (const target of targets) {
      const filled = this.#ward.orders.filter((order) => order.role === 'TARGET' && order.leg === target.leg);
      if (filled.some(isWorking)) continue;
      const done = filled.reduce((sum, order) => sum + order.filledQtyMicros, 0);
      const qtyMicros = Math.min(free, target.qtyMicros - done);
      if (qtyMicros <= 0) continue;
      free -= qtyMicros;
      out.push({ ...target, qtyMicros });
    }
    // What no rung wants any more still needs its stop: the last one takes it.
    const outermost = out.pop();
    if (outermost !== undefined) return [...out, { ...outermost, qtyMicros: outermost.qtyMicros + free }];
    const last = targets.at(-1);
    return free > 0 && last !== undefined ? [{ ...last, qtyMicros: free }] : [];
  }

  #placePair(target: NonNullable<WardState['targets']>[number]): Promise<Next | null> {
    const id = `${target.leg.split('.')[0] ?? target.leg}.${this.#ward.state.revision + 1}`;
    const draft = this.#hand.draft({ role: 'TARGET', leg: target.leg, id, type: 'LIMIT', qtyMicros: target.qtyMicros });
    return this.#placeLeg({
      ...draft,
      limitPrice: target.price,
      attached: { kind: 'OCO', stopPrice: this.#ward.state.stopPrice },
    });
  }

  #ownerRole(order: SentOrder): Role | null {
    const owner = ownerOfAttached(order.clientId);
    return owner === null ? null : (this.#ward.find(owner)?.role ?? null);
  }
}
