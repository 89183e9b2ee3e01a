/** What of a ward should be at the venue is compared with what is, and the next step taken; asked again, it goes on from there. */
import { clientOrderId } from '@wyckoff/domain';
import { Hand } from './hand.ts';
import { AGAIN, RESTS, type Next } from './next.ts';
import { Protection } from './protection.ts';
import { isWorking, type SentOrder } from './sent-order.ts';
import { attachedId, ownerOfAttached } from './venue-order.ts';
import type { Ward, WardPorts } from './ward.ts';
import { reportedAs, targetsOf, type Holding } from './ward-state.ts';

const EXIT_RETRY_MS = 2_000;
/** What went on unwritten is written as soon as that can be done. */
const WRITE_AGAIN_MS = 1_000;

export class Pursuit {
  readonly #ward: Ward;
  readonly #ports: WardPorts;
  readonly #hand: Hand;
  readonly #protection: Protection;
  // bounded: two per order with a stop of its own
  readonly #looked = new Set<string>();

  constructor(ward: Ward, ports: WardPorts) {
    this.#ward = ward;
    this.#ports = ports;
    this.#hand = new Hand(ward, ports);
    this.#protection = new Protection(ward, ports, this.#hand);
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
    this.#ward.clock();
    return this.#ward.state.exit !== null ? this.#pursueExit(holding) : this.#protection.next(holding);
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
    const rest = [...holding.legs, ...holding.exits].filter((order) => ownerOfAttached(order.clientId) === null || order.armed);
    if (rest.length === 0) return this.#finish(holding);
    for (const order of rest) await this.#hand.cancel(order);
    return this.#hand.afterRefresh(rest);
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
    }
    this.#ward.amend({ done: true });
    await this.#ward.commit();
    return { kind: 'done' };
  }

  /** Legs away first, for the venue does not sell the same share twice; then everything at market. */
  async #pursueExit(holding: Holding): Promise<Next | null> {
    if (holding.exits.length > 0) {
      const [exit] = holding.exits;
      if (exit === undefined) return RESTS;
      if (exit.state === 'PENDING_NEW') await this.#ward.router.send(exit);
      else await this.#ward.router.settle(exit);
      return isWorking(this.#ward.find(exit.clientId) ?? exit) ? { kind: 'again', afterMs: 500 } : null;
    }
    if (holding.legs.length > 0) {
      for (const leg of holding.legs) await this.#hand.cancel(leg);
      return this.#hand.afterRefresh(holding.legs);
    }
    const { exit } = this.#ward.state;
    const ofExit = this.#ward.orders.filter((order) => order.role === 'EXIT' && order.leg === exit?.leg);
    const left =
      exit?.qtyMicros == null ? Infinity : exit.qtyMicros - ofExit.reduce((sum, order) => sum + order.filledQtyMicros, 0);
    if (left <= 0) {
      this.#ward.amend({ exit: null });
      await this.#ward.commit();
      return null;
    }
    const refused = ofExit.length;
    if (refused > 0 && refused % 3 === 0)
      this.#ports.alert('EXIT_REFUSED', this.#ward, `the way out was refused ${refused} times: ${this.#hand.lastReason('EXIT')}`);
    const leg = refused === 0 ? (exit?.leg ?? 'EXIT.1') : `${exit?.leg ?? 'EXIT.1'}/${refused + 1}`;
    const order = this.#hand.draft({
      role: 'EXIT',
      leg: exit?.leg ?? 'EXIT.1',
      id: leg,
      type: 'MARKET',
      qtyMicros: Math.min(left, holding.openQtyMicros),
    });
    await this.#ward.save({ order, parts: [], oddities: [] });
    await this.#ward.router.send(order);
    return refused >= 3 ? { kind: 'again', afterMs: EXIT_RETRY_MS * 2 ** Math.min(5, refused - 3) } : null;
  }
}
