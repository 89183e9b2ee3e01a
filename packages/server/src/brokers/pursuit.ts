/** What of a ward should be at the venue is compared with what is, and the next step taken; asked again, it goes on from there. */
import { clientOrderId } from '@wyckoff/domain';
import { Hand } from './hand.ts';
import { AGAIN, RESTS, type Next } from './next.ts';
import { Parts } from './parts.ts';
import { Protection } from './protection.ts';
import { isWorking, type SentOrder } from './sent-order.ts';
import { attachedId, ownerOfAttached } from './venue-order.ts';
import type { Ward, WardPorts } from './ward.ts';
import { reportedAs, targetsOf, type Holding, type WardExit } from './ward-state.ts';

const EXIT_RETRY_MS = 2_000;
/** What went on unwritten is written as soon as that can be done. */
const WRITE_AGAIN_MS = 1_000;

export class Pursuit {
  readonly #ward: Ward;
  readonly #ports: WardPorts;
  readonly #hand: Hand;
  readonly #parts: Parts;
  readonly #protection: Protection;
  // bounded: two per order with a stop of its own
  readonly #looked = new Set<string>();

  constructor(ward: Ward, ports: WardPorts) {
    this.#ward = ward;
    this.#ports = ports;
    this.#hand = new Hand(ward, ports);
    this.#parts = new Parts(ward, ports, this.#hand);
    this.#protection = new Protection(ward, ports, { hand: this.#hand, parts: this.#parts });
  }

  /** The next steps, until the venue has to speak. */
  async run(): Promise<Next> {
    for (let step = 0; step < 32; step += 1) {
      const next = await this.#step();
      if (next !== null) return this.#ward.isBehind && next.kind !== 'again' ? { kind: 'again', afterMs: WRITE_AGAIN_MS } : next;
    }
    return AGAIN;
  }

  /** One step; null: look again at once. */
  async #step(): Promise<Next | null> {
    await this.#ward.flush();
    if (this.#ward.state.done) return { kind: 'done' };
    const holding = this.#ward.holding;
    const { entry } = holding;
    if (entry !== null && isWorking(entry)) {
      const next = await this.#pursueEntry(entry);
      if (next !== null && holding.openQtyMicros <= 0) return next;
    }
    if (!this.#ports.isConnected() && holding.filledQtyMicros > 0) return { kind: 'again', afterMs: EXIT_RETRY_MS };
    if (await this.#learnsAttached()) return null;
    if (holding.openQtyMicros <= 0) return this.#flat(holding);
    if (this.#ward.isHeldOld) {
      await this.#ward.learnsHeld();
      if (this.#ward.isHeldOld) return { kind: 'again', afterMs: EXIT_RETRY_MS };
    }
    this.#ward.clock();
    const next = await this.#parts.settle();
    if (next !== null) return next;
    // What filled meanwhile may have been the last.
    if (this.#ward.holding.openQtyMicros !== holding.openQtyMicros) return null;
    const { exit } = this.#ward.state;
    return exit === null ? this.#pursueParts(this.#ward.holding) : this.#pursueExit(this.#ward.holding, exit);
  }

  /**
   * The stop that travels with an order is known by asking for the order: once when nobody has seen it yet, and once when the entry has
   * filled, for only then it is armed. A second stop beside it would be refused.
   */
  async #learnsAttached(): Promise<boolean> {
    for (const order of this.#ward.orders) {
      const { clientId, attached, state, brokerId } = order;
      if (attached === null || brokerId === null || state === 'PENDING_NEW' || state === 'REJECTED' || state === 'FAILED')
        continue;
      const stop = this.#ward.find(attachedId(clientId));
      const isFilled = attached.kind === 'OTO' && state === 'FILLED';
      const question = `${clientId} ${isFilled}`;
      if (this.#looked.has(question) || (stop !== undefined && (stop.armed || !isFilled || !isWorking(stop)))) continue;
      if (!(await this.#ward.router.look(order))) return false;
      // bounded: two per order with a stop of its own
      this.#looked.add(question);
      return true;
    }
    return false;
  }

  /** Null: it is not the entry that has to be waited for. */
  async #pursueEntry(entry: SentOrder): Promise<Next | null> {
    if (entry.state === 'PENDING_NEW') {
      if (this.#ward.state.cancelEntry !== null) await this.#hand.endUnsent(entry, this.#ward.state.cancelEntry);
      else await this.#ward.router.send(entry);
      return AGAIN;
    }
    if (entry.uncertain || entry.state === 'SUBMITTED') {
      await this.#ward.router.settle(entry);
      return { kind: 'again', afterMs: 1_000 };
    }
    if (this.#ward.state.cancelEntry === null) return RESTS;
    await this.#hand.cancel(entry);
    return AGAIN;
  }

  /** Nothing is open: whatever would still open or close something has to go. */
  async #flat(holding: Holding): Promise<Next | null> {
    const rest = [...holding.legs, ...holding.exits].filter((order) => order.armed || !this.#goesWithOwner(order));
    if (rest.length === 0) return this.#finish(holding);
    for (const order of rest) await this.#hand.cancel(order);
    return this.#hand.afterRefresh(rest);
  }

  /** The stop of an entry that nothing came of ends with it; of one cancelled after a part was filled it may stay. */
  #goesWithOwner({ clientId }: SentOrder): boolean {
    const owner = ownerOfAttached(clientId);
    const parent = owner === null ? undefined : this.#ward.find(owner);
    return owner !== null && (parent === undefined || isWorking(parent) || parent.filledQtyMicros === 0);
  }

  async #finish(holding: Holding): Promise<Next> {
    const { entry, filledQtyMicros } = holding;
    if (entry !== null && isWorking(entry)) return RESTS;
    const { signalId, stopLeg, targets, exit } = this.#ward.state;
    if (filledQtyMicros > 0) {
      const ended = (clientId: string): void => this.#ward.report({ kind: 'ended', clientId, state: 'CANCELLED', reason: 'OCO' });
      const filledBy = (clientId: string): number =>
        this.#ward.orders
          .filter((order) => order.role !== 'ENTRY' && reportedAs(this.#ward.state, order) === clientId)
          .reduce((sum, one) => sum + one.filledQtyMicros, 0);
      const stop = clientOrderId(signalId, stopLeg);
      if (filledBy(stop) === 0) ended(stop);
      for (const { leg, qtyMicros } of targets ?? targetsOf(this.#ward.state, filledQtyMicros))
        if (filledBy(clientOrderId(signalId, leg)) < qtyMicros) ended(clientOrderId(signalId, leg));
      if (exit?.clientId != null && filledBy(exit.clientId) === 0) ended(exit.clientId);
      for (const part of this.#ward.parts)
        this.#ward.endPart(part, this.#ward.leftOf(part) > 0 ? { state: 'CANCELLED', reason: 'OCO' } : null);
    }
    this.#ward.amend({ done: true });
    await this.#ward.commit();
    return { kind: 'done' };
  }

  /** The stop over what no part has claimed, and only then the parts. */
  async #pursueParts(holding: Holding): Promise<Next | null> {
    const openQtyMicros = Math.max(0, this.#ward.heldQtyMicros - this.#parts.claimedQtyMicros);
    const next = await this.#protection.next({ ...holding, openQtyMicros });
    return next === null || next.kind === 'again' ? next : this.#parts.pursue();
  }

  /** Legs away first, for the venue does not sell the same share twice; then everything at market that no part has claimed there. */
  async #pursueExit(holding: Holding, exit: WardExit): Promise<Next | null> {
    const ofExit = this.#ward.orders.filter((order) => order.role === 'EXIT' && order.leg === exit.leg);
    const working = ofExit.find(isWorking);
    if (exit.withdrawn !== undefined) return this.#callBack(exit, working);
    if (working !== undefined) {
      if (working.state === 'PENDING_NEW') await this.#ward.router.send(working);
      else await this.#ward.router.settle(working);
      return isWorking(this.#ward.find(working.clientId) ?? working) ? { kind: 'again', afterMs: 500 } : null;
    }
    if (holding.legs.length > 0) return this.#hand.away(holding.legs);
    const left = this.#ward.heldQtyMicros - this.#parts.workingQtyMicros;
    if (left <= 0) return this.#parts.workingQtyMicros > 0 ? this.#parts.look() : RESTS;
    const refused = ofExit.length;
    if (refused > 0 && refused % 3 === 0)
      this.#ports.alert('EXIT_REFUSED', this.#ward, `the way out was refused ${refused} times: ${this.#hand.lastReason('EXIT')}`);
    const id = refused === 0 ? exit.leg : `${exit.leg}/${refused + 1}`;
    const order = this.#hand.draft({ role: 'EXIT', leg: exit.leg, id, type: 'MARKET', qtyMicros: left });
    await this.#ward.save({ order, parts: [], oddities: [] });
    const sent = await this.#ward.router.send(order);
    if (sent.state === 'REJECTED' && (await this.#ward.learnsHeld())) return null;
    return refused >= 3 ? { kind: 'again', afterMs: EXIT_RETRY_MS * 2 ** Math.min(5, refused - 3) } : null;
  }

  /** A person wants to stay after all: what has not been filled is under its stop again. */
  async #callBack(exit: WardExit, working: SentOrder | undefined): Promise<Next | null> {
    const next = working === undefined ? null : await this.#hand.away([working]);
    if (next !== null) return next;
    if (exit.clientId !== null)
      this.#ward.report({ kind: 'ended', clientId: exit.clientId, state: 'CANCELLED', reason: exit.withdrawn ?? 'USER' });
    this.#ward.amend({ exit: null });
    await this.#ward.commit();
    return null;
  }
}
