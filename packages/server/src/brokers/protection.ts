/** A position is never without a stop at the venue: which legs should work, and the next step towards them (trading.md 7.4). */
import { clientOrderId } from '@wyckoff/domain';
import type { Hand } from './hand.ts';
import { AGAIN, RESTS, type Next } from './next.ts';
import { hearOrder, isWorking, restOf, type Role, type SentOrder } from './sent-order.ts';
import { venueErrorOf } from './venue-error.ts';
import { ownerOfAttached } from './venue-order.ts';
import type { Ward, WardPorts } from './ward.ts';
import type { Parts } from './parts.ts';
import { OWN_EXIT, targetsOf, type Holding, type WardTarget } from './ward-state.ts';

const PROTECTION_TRIES = 3;
/** So long the engine has to order the way out before the desk takes it. */
const ENGINE_EXITS_MS = 1_000;

export class Protection {
  readonly #ward: Ward;
  readonly #ports: WardPorts;
  readonly #hand: Hand;
  readonly #parts: Parts;

  constructor(ward: Ward, ports: WardPorts, of: { readonly hand: Hand; readonly parts: Parts }) {
    this.#ward = ward;
    this.#ports = ports;
    this.#hand = of.hand;
    this.#parts = of.parts;
  }

  /** `holding.openQtyMicros`: what no part has claimed. The stop over that; targets and exits at a limit beside it once the entry has ended, where the venue has pairs. */
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
    if (openQtyMicros <= 0) return this.#noLegs(legs);
    if (this.#ward.state.failures >= PROTECTION_TRIES) return this.#giveUpProtection();
    const entryIsOver = entry === null || !isWorking(entry);
    const isPaired = this.#ward.state.targetPrices.length > 0 || this.#parts.paired.length > 0;
    if (entryIsOver && this.#ports.broker.capabilities.oco && (isPaired || legs.some(({ role }) => role === 'TARGET')))
      return this.#pairs(holding);
    return this.#singleStop(legs, openQtyMicros);
  }

  /** Everything is claimed, or the venue holds nothing. */
  async #noLegs(legs: readonly SentOrder[]): Promise<Next | null> {
    const working = legs.filter(({ clientId, armed }) => ownerOfAttached(clientId) === null || armed);
    return working.length === 0 ? RESTS : this.#hand.away(working);
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
    await this.#ward.leave({ leg: OWN_EXIT, clientId: null, reason: 'PROTECTION_FAILED' });
    return null;
  }

  async #singleStop(legs: readonly SentOrder[], openQtyMicros: number): Promise<Next | null> {
    const stops = legs.filter((order) => order.role === 'STOP' && order.armed);
    const [first, ...others] = stops;
    if (openQtyMicros <= 0) return stops.length === 0 ? RESTS : this.#hand.away(stops);
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
    // Sized to what is really there it is another order; one at a limit that is refused is told so, and is no stop that failed.
    if (order.state === 'REJECTED' && (await this.#ward.learnsHeld())) return null;
    if (failed && this.#parts.isOf(order)) return null;
    this.#ward.amend({ failures: failed ? this.#ward.state.failures + 1 : 0 });
    await this.#ward.commit();
    return failed ? { kind: 'again', afterMs: 100 } : null;
  }

  /** OCO pairs that add up to the position, exits at a limit before rungs; the single stop makes room for them, and has what no pair is for. */
  async #pairs(holding: Holding): Promise<Next | null> {
    const { legs, openQtyMicros, filledQtyMicros } = holding;
    const targets = this.#ward.state.targets ?? targetsOf(this.#ward.state, filledQtyMicros);
    if (this.#ward.state.targets === null) {
      this.#ward.amend({ targets });
      await this.#ward.commit();
    }
    const pairs = legs.filter((order) => order.role === 'TARGET');
    const rungs = pairs.filter((order) => !this.#parts.isOf(order));
    const limits = this.#parts.paired;
    // The position has become smaller than its rungs, or an exit at a limit needs room: the outermost goes, and comes again over what is left.
    const room = openQtyMicros - limits.reduce((sum, { leftQtyMicros }) => sum + leftQtyMicros, 0);
    const covered = rungs.reduce((sum, order) => sum + restOf(order), 0);
    const outermost = rungs.toSorted((a, b) => a.leg.localeCompare(b.leg)).at(-1);
    if (covered > Math.max(0, room) && outermost !== undefined) return this.#hand.away([outermost]);
    const guards = legs.filter((order) => order.role === 'STOP' && this.#ownerRole(order) !== 'TARGET' && order.armed);
    if (targets.length === 0) {
      const next = await this.#singleStop(guards, Math.max(0, room));
      if (next === null || next.kind === 'again') return next;
    }
    const missing = this.#missing(targets, pairs, openQtyMicros);
    if (missing.length > 0 && guards.length > 0 && targets.length > 0) return this.#hand.away(guards);
    const [wanted] = missing;
    if (wanted !== undefined) return this.#placePair(wanted);
    for (const order of legs) {
      if (order.role !== 'STOP' || order.stopPrice === this.#ward.state.stopPrice) continue;
      return this.#changeStop(order, { qtyMicros: order.qtyMicros, stopPrice: this.#ward.state.stopPrice });
    }
    return RESTS;
  }

  /** Exits at a limit, then rungs, without a working pair, over what no pair covers. */
  #missing(targets: readonly WardTarget[], pairs: readonly SentOrder[], openQtyMicros: number): readonly WardTarget[] {
    let free = openQtyMicros - pairs.reduce((sum, order) => sum + restOf(order), 0);
    const pick = (ones: readonly WardTarget[]): WardTarget[] =>
      ones.flatMap((target) => {
        const filled = this.#ward.orders.filter((order) => order.role === 'TARGET' && order.leg === target.leg);
        if (filled.some(isWorking)) return [];
        const done = filled.reduce((sum, order) => sum + order.filledQtyMicros, 0);
        const qtyMicros = Math.min(free, target.qtyMicros - done);
        if (qtyMicros <= 0) return [];
        free -= qtyMicros;
        return [{ ...target, qtyMicros }];
      });
    const limits = pick(this.#parts.paired);
    const out = pick(targets);
    // What no rung wants any more still needs its stop: the last one takes it.
    const outermost = out.pop();
    if (outermost !== undefined) return [...limits, ...out, { ...outermost, qtyMicros: outermost.qtyMicros + free }];
    const last = targets.at(-1);
    return free > 0 && last !== undefined ? [...limits, { ...last, qtyMicros: free }] : limits;
  }

  #placePair({ leg, price, qtyMicros }: WardTarget): Promise<Next | null> {
    const part = this.#parts.find(leg);
    const id = part === undefined ? `${leg.split('.')[0] ?? leg}.${this.#ward.state.revision + 1}` : this.#parts.idOf(part);
    const draft = this.#hand.draft({ role: 'TARGET', leg, id, type: 'LIMIT', qtyMicros });
    return this.#placeLeg({
      ...draft,
      limitPrice: price,
      tif: part?.tif ?? draft.tif,
      attached: { kind: 'OCO', stopPrice: this.#ward.state.stopPrice },
    });
  }

  #ownerRole(order: SentOrder): Role | null {
    const owner = ownerOfAttached(order.clientId);
    return owner === null ? null : (this.#ward.find(owner)?.role ?? null);
  }
}
