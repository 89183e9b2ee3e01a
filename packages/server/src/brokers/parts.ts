/** Parts of a position on their way out beside its stop: at market, or at a limit; together never more than is open (trading.md 7.1, 7.4). */
import type { QtyMicros } from '@wyckoff/domain';
import type { Hand } from './hand.ts';
import { AGAIN, RESTS, type Next } from './next.ts';
import { isWorking, restOf, type SentOrder } from './sent-order.ts';
import type { Ward, WardPorts } from './ward.ts';
import type { WardPart, WardTarget } from './ward-state.ts';

/** So often a part at market is refused before it goes back under the stop. */
const PART_TRIES = 3;
const LOOK_AGAIN_MS = 500;

export class Parts {
  readonly #ward: Ward;
  readonly #ports: WardPorts;
  readonly #hand: Hand;

  constructor(ward: Ward, ports: WardPorts, hand: Hand) {
    this.#ward = ward;
    this.#ports = ports;
    this.#hand = hand;
  }

  find(leg: string): WardPart | undefined {
    return this.#ward.parts.find((part) => part.leg === leg);
  }

  isOf(order: SentOrder): boolean {
    return this.find(order.leg) !== undefined;
  }

  /** Exits at a limit that the venue holds in a pair with their part of the stop. */
  get paired(): readonly (WardTarget & { readonly leftQtyMicros: QtyMicros })[] {
    return this.#ward.parts.flatMap((part) => {
      const { leg, limitPrice: price, qtyMicros, withdrawn } = part;
      if (price === null || withdrawn !== null || !this.#isPaired(part)) return [];
      return [{ leg, price, qtyMicros, leftQtyMicros: this.#ward.leftOf(part) }];
    });
  }

  /** What parts have claimed for themselves: the stop is over the rest. */
  get claimedQtyMicros(): QtyMicros {
    return this.#ward.parts.filter((part) => !this.#isPaired(part)).reduce((sum, part) => sum + this.#ward.leftOf(part), 0);
  }

  /** The name of its next order at the venue: the engine's own first. */
  idOf(part: WardPart): string {
    const sent = this.#ward.ordersOf(part).length;
    return sent === 0 ? part.leg : `${part.leg}/${sent + 1}`;
  }

  /** Parts that were called back go, those that are over leave, all together fit what is open. Null: nothing has to be waited for. */
  async settle(): Promise<Next | null> {
    for (const part of this.#ward.parts) {
      const working = this.#ward.ordersOf(part).filter(isWorking);
      if (part.withdrawn !== null && working.length > 0) {
        const next = await this.#hand.away(working);
        if (next !== null) return next;
      }
      if (!this.#ward.ordersOf(part).some(isWorking)) await this.#judge(part);
    }
    return this.#fit();
  }

  /** What claims its own quantity is sent once the legs have made room for it. */
  async pursue(): Promise<Next | null> {
    let isWaiting = false;
    for (const part of this.#ward.parts) {
      if (this.#isPaired(part)) continue;
      const working = this.#ward.ordersOf(part).find(isWorking);
      if (working === undefined) {
        await this.#send(part);
        return null;
      }
      const rests =
        part.limitPrice !== null && working.state !== 'PENDING_NEW' && working.state !== 'SUBMITTED' && !working.uncertain;
      if (rests) continue;
      await this.#hand.chase(working);
      if (!isWorking(this.#ward.find(working.clientId) ?? working)) return null;
      isWaiting = true;
    }
    return isWaiting ? { kind: 'again', afterMs: LOOK_AGAIN_MS } : RESTS;
  }

  /** No order works for it: filled, called back, ended by the venue, or still to be sent. */
  async #judge(part: WardPart): Promise<void> {
    const { withdrawn, limitPrice } = part;
    const { exit } = this.#ward.state;
    const orders = this.#ward.ordersOf(part);
    const last = orders.at(-1);
    const refused = orders.filter(({ state }) => state !== 'FILLED').length;
    if (this.#ward.leftOf(part) === 0) this.#ward.endPart(part, null);
    else if (withdrawn !== null) this.#ward.endPart(part, { state: 'CANCELLED', reason: withdrawn });
    // Whatever it has not filled leaves with the rest.
    else if (exit !== null) this.#ward.endPart(part, { state: 'CANCELLED', reason: exit.reason });
    else if (last !== undefined && limitPrice !== null) {
      const state = last.state === 'CANCELLED' || last.state === 'EXPIRED' ? last.state : 'REJECTED';
      this.#ward.endPart(part, { state, reason: last.reason ?? last.state });
    } else if (refused >= PART_TRIES) {
      const reason = this.#hand.lastReason('EXIT');
      this.#ports.alert(
        'EXIT_REFUSED',
        this.#ward,
        `${part.leg} was refused ${refused} times and is under the stop again: ${reason}`,
      );
      this.#ward.endPart(part, { state: 'REJECTED', reason });
    } else return;
    await this.#ward.commit();
  }

  /** Something else took what they had claimed: the newest gives way. */
  async #fit(): Promise<Next | null> {
    let over = this.#ward.parts.reduce((sum, part) => sum + this.#ward.leftOf(part), 0) - this.#ward.heldQtyMicros;
    for (const part of [...this.#ward.parts].reverse()) {
      if (over <= 0) return null;
      const left = this.#ward.leftOf(part);
      const working = this.#ward.ordersOf(part).filter(isWorking);
      const next = await this.#hand.away(working);
      if (next !== null) return next;
      over -= left;
      const keep = part.limitPrice === null ? Math.max(0, -over) : 0;
      const parts = this.#ward.parts.map((one) =>
        one.leg === part.leg ? { ...one, qtyMicros: one.qtyMicros - left + keep } : one,
      );
      if (keep > 0) this.#ward.amend({ parts });
      else this.#ward.endPart(part, { state: 'CANCELLED', reason: 'RESIZED' });
      await this.#ward.commit();
    }
    return null;
  }

  async #send(part: WardPart): Promise<void> {
    const type = part.limitPrice === null ? 'MARKET' : 'LIMIT';
    const { leg, limitPrice, tif } = part;
    const draft = this.#hand.draft({ role: 'EXIT', leg, id: this.idOf(part), type, qtyMicros: this.#ward.leftOf(part) });
    await this.#ward.save({ order: { ...draft, limitPrice, tif }, parts: [], oddities: [] });
    await this.#ward.router.send(this.#ward.find(draft.clientId) ?? draft);
  }

  /** An order that works says how it was sent. */
  #isPaired(part: WardPart): boolean {
    const working = this.#ward.ordersOf(part).find(isWorking);
    if (working !== undefined) return working.role === 'TARGET';
    const { stopPrice, side } = this.#ward.state;
    const { limitPrice, tif } = part;
    const lasts = tif === 'DAY' || tif === 'GTC';
    return (
      limitPrice !== null && lasts && this.#ports.broker.capabilities.oco && stopPrice > 0 && side * (limitPrice - stopPrice) > 0
    );
  }

  /** Millionths that orders of parts may still take at market while everything leaves. */
  get workingQtyMicros(): QtyMicros {
    return this.#ward.parts
      .flatMap((part) => this.#ward.ordersOf(part).filter(isWorking))
      .reduce((sum, order) => sum + restOf(order), 0);
  }

  /** Asks what became of them. */
  async look(): Promise<Next | null> {
    const working = this.#ward.parts.flatMap((part) => this.#ward.ordersOf(part).filter(isWorking));
    for (const order of working) await this.#hand.chase(order);
    return working.some(({ clientId }) => this.#ward.find(clientId)?.state === 'FILLED') ? null : AGAIN;
  }
}
