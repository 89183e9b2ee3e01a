/** One signal at the venue: what should be there is compared with what is, and the next step taken; asked again, it goes on from there. */
import { clientOrderId, orderIdOf } from '@wyckoff/domain';
import type { BrokerReport, EpochMs, Fill } from '@wyckoff/domain';
import type { Broker } from './broker.ts';
import type { OrderLog, OutboxRow } from './order-log.ts';
import type { OrderRouter } from './router.ts';
import { hearFill, hearOrder, isWorking, newSentOrder, restOf, type Heard, type Role, type SentOrder } from './sent-order.ts';
import { venueErrorOf } from './venue-error.ts';
import { attachedId, ownerOfAttached, type OrderRequest, type VenueFill, type VenueOrder } from './venue-order.ts';
import {
  holdingOf,
  protectedQty,
  OWN_EXIT,
  reportedAs,
  reportedLeg,
  targetsOf,
  type Holding,
  type WardExit,
  type WardState,
} from './ward-state.ts';
import type { DeskAlert } from './news.ts';

export interface WardPorts {
  readonly broker: Broker;
  readonly log: OrderLog;
  readonly router: (ward: Ward) => OrderRouter;
  readonly now: () => EpochMs;
  readonly isConnected: () => boolean;
  readonly tell: (row: OutboxRow) => Promise<void>;
  readonly alert: (code: DeskAlert, ward: Ward, sentence: string) => void;
  readonly unprotected: (ward: Ward, forMs: number) => void;
}

/** `done`: leaves memory. `wait`: until the venue says something. `again`: look again after so long. */
export type Next = { readonly kind: 'done' | 'wait' } | { readonly kind: 'again'; readonly afterMs: number };

const AGAIN: Next = { kind: 'again', afterMs: 250 };
const RESTS: Next = { kind: 'wait' };
const PROTECTION_TRIES = 3;
const EXIT_RETRY_MS = 2_000;
const ENGINE_EXITS_MS = 1_000;
/** A cancellation that shows no effect so long was lost. */
const CANCEL_AGAIN_MS = 1_000;
/** Spec 7.4: longer without a stop is worth a critical alert. */
const UNPROTECTED_MS = 2_000;

export class Ward {
  readonly #ports: WardPorts;
  readonly #router: OrderRouter;
  #state: WardState;
  // bounded: entry, stops, targets and exits of one position, in all their revisions; a row of the order log each
  readonly #orders = new Map<string, SentOrder>();
  // bounded: as above
  readonly #looked = new Set<string>();
  #reports: BrokerReport[] = [];
  #unsaved: readonly SentOrder[] = [];
  #alarmed = false;

  constructor(ports: WardPorts, state: WardState, orders: readonly SentOrder[]) {
    this.#ports = ports;
    this.#state = state;
    // bounded: as above
    for (const order of orders) this.#orders.set(order.clientId, order);
    this.#router = ports.router(this);
  }

  get state(): WardState {
    return this.#state;
  }

  get orders(): readonly SentOrder[] {
    return [...this.#orders.values()];
  }

  get holding(): Holding {
    return holdingOf(this.orders);
  }

  find(clientId: string): SentOrder | undefined {
    return this.#orders.get(clientId);
  }

  /** Persists the entry; `pursue` sends it. */
  async enter(request: OrderRequest): Promise<void> {
    const order = newSentOrder(request, { ...this.#own('ENTRY', 'ENTRY'), intent: 'OPEN' });
    await this.save({ order, parts: [], oddities: [] });
  }

  /** The engine moved its stop; the leg is what it is called from now on. */
  async moveStop(leg: string, stopPrice: number): Promise<void> {
    const { stopLeg, signalId, done } = this.#state;
    const to = clientOrderId(signalId, leg);
    if (done || this.holding.openQtyMicros <= 0) {
      this.#report({ kind: 'ended', clientId: to, state: 'REJECTED', reason: 'NO_POSITION' });
      return this.#commit([]);
    }
    this.#report({ kind: 'replaced', clientId: clientOrderId(signalId, stopLeg), by: to });
    this.#state = { ...this.#state, stopLeg: leg, stopPrice };
    await this.#commit([]);
  }

  async leave(exit: WardExit): Promise<void> {
    const { openQtyMicros } = this.holding;
    const under = this.#state.exit;
    // The desk is closing on its own: from now on it does so under the engine's name.
    if (under !== null && under.clientId === null && exit.clientId !== null && openQtyMicros > 0) {
      this.#state = { ...this.#state, exit: { ...under, clientId: exit.clientId, engineLeg: exit.leg } };
      this.#report({ kind: 'accepted', clientId: exit.clientId });
      return this.#commit([]);
    }
    if (under !== null || this.#state.done || openQtyMicros <= 0) {
      if (exit.clientId !== null)
        this.#report({ kind: 'ended', clientId: exit.clientId, state: 'CANCELLED', reason: 'NO_POSITION' });
      return this.#commit([]);
    }
    this.#state = { ...this.#state, exit, cancelEntry: this.#state.cancelEntry ?? exit.reason };
    if (exit.clientId !== null) this.#report({ kind: 'accepted', clientId: exit.clientId });
    await this.#commit([]);
  }

  async cancelEntry(reason: string): Promise<void> {
    if (this.#state.cancelEntry !== null) return;
    this.#state = { ...this.#state, cancelEntry: reason };
    await this.#commit([]);
  }

  /** A bar of its symbol closed: an entry that was to work so long has had its time. */
  async age(): Promise<void> {
    const { barsLeft } = this.#state;
    const { entry } = this.holding;
    if (barsLeft === null || entry === null || !isWorking(entry)) return;
    this.#state = {
      ...this.#state,
      barsLeft: barsLeft - 1,
      ...(barsLeft <= 1 && { cancelEntry: this.#state.cancelEntry ?? 'VALIDITY' }),
    };
    await this.#commit([]);
  }

  /** Where the venue has no pairs: a price that met a rung takes it at market, and the stop is laid over the rest. */
  async priced(reach: { readonly high: number; readonly low: number }): Promise<void> {
    const { side, exit, targetPrices, signalId } = this.#state;
    const { entry, filledQtyMicros, openQtyMicros } = this.holding;
    const rests = this.#ports.broker.capabilities.oco || exit !== null || openQtyMicros <= 0 || targetPrices.length === 0;
    if (rests || (entry !== null && isWorking(entry))) return;
    const taken = (leg: string): number =>
      this.orders
        .filter((order) => order.role === 'EXIT' && order.leg === leg)
        .reduce((sum, order) => sum + order.filledQtyMicros, 0);
    const met = targetsOf(this.#state, filledQtyMicros).find(
      ({ leg, price, qtyMicros }) => (side === 1 ? reach.high >= price : reach.low <= price) && taken(leg) < qtyMicros,
    );
    if (met === undefined) return;
    const qtyMicros = met.qtyMicros - taken(met.leg);
    this.#state = {
      ...this.#state,
      exit: { leg: met.leg, clientId: clientOrderId(signalId, met.leg), reason: met.leg, qtyMicros },
    };
    await this.#commit([]);
  }

  async hear(view: VenueOrder): Promise<void> {
    const order = this.#orders.get(view.clientId);
    if (order !== undefined) await this.save(hearOrder(order, view, this.#ports.now()));
    if (view.attached !== null) await this.#hearAttached(view, view.attached);
  }

  async hearFill(fill: VenueFill): Promise<void> {
    const order = fill.clientId === null ? undefined : this.#orders.get(fill.clientId);
    if (order !== undefined) await this.save(hearFill(order, fill, this.#ports.now()));
  }

  /** Asks the venue for every working order; those it denies are settled. */
  async refresh(): Promise<void> {
    for (const order of this.orders) {
      if (!isWorking(order) || order.state === 'PENDING_NEW' || ownerOfAttached(order.clientId) !== null) continue;
      await this.#router.settle(order).then(() => undefined);
    }
    // A stop that hangs on an order that has ended is asked for by its own id.
    for (const order of this.orders) {
      const owner = ownerOfAttached(order.clientId);
      if (owner === null || !isWorking(order) || isWorking(this.#orders.get(owner) ?? order)) continue;
      await this.#router.settle(order).then(() => undefined);
    }
  }

  /** Everything that is known of an order goes through here: record, reports and ward in one transaction. */
  async save(heard: Heard): Promise<void> {
    const { order, parts, oddities } = heard;
    const before = this.#orders.get(order.clientId);
    const wasOver = before !== undefined && !isWorking(before);
    // bounded: as above
    this.#orders.set(order.clientId, order);
    for (const sentence of oddities) this.#ports.alert('ODD_NEWS', this, `${order.clientId}: ${sentence}`);
    if (parts.length > 0 && wasOver && before.state !== 'FILLED')
      this.#ports.alert('LATE_FILL', this, `${order.clientId} was ${before.state} and filled all the same; it is booked.`);
    this.#reportAccepted(order);
    for (const part of parts) {
      const clientId = reportedAs(this.#state, order);
      const n = (this.#state.told[clientId] ?? 0) + 1;
      this.#state = { ...this.#state, told: { ...this.#state.told, [clientId]: n } };
      const fill: Fill = {
        orderId: orderIdOf(this.#state.signalId, reportedLeg(this.#state, order)), n, execId: part.execId, ts: part.at, qtyMicros: part.qtyMicros,
        price: part.price, grossPrice: part.price, commissionMicros: part.commissionMicros, slippageMicros: 0, impactMicros: 0,
      }; // prettier-ignore
      this.#report({ kind: 'filled', clientId, fill });
    }
    this.#reportEntryEnded(order, before);
    this.#clock();
    await this.#commit([order]);
  }

  /** The next steps, until the venue has to speak. */
  async pursue(): Promise<Next> {
    for (let step = 0; step < 32; step += 1) {
      const next = await this.#step();
      if (next !== null) return next;
    }
    return AGAIN;
  }

  /** One step; null: look again at once. */
  async #step(): Promise<Next | null> {
    if (this.#reports.length > 0 || this.#unsaved.length > 0) await this.#commit([]);
    if (this.#state.done) return { kind: 'done' };
    const holding = this.holding;
    const { entry } = holding;
    if (entry !== null && isWorking(entry)) {
      const next = await this.#pursueEntry(entry);
      if (next !== null && holding.openQtyMicros <= 0) return next;
    }
    if (!this.#ports.isConnected() && holding.filledQtyMicros > 0) return { kind: 'again', afterMs: EXIT_RETRY_MS };
    if (await this.#learnsAttached()) return null;
    if (holding.openQtyMicros <= 0) return this.#flat(holding);
    this.#clock();
    return this.#state.exit !== null ? this.#pursueExit(holding) : this.#protect(holding);
  }

  /**
   * The stop that travels with an order is known by asking for the order: once when nobody has seen it yet, and once when the entry has
   * filled, for only then it is armed. A second stop beside it would be refused.
   */
  async #learnsAttached(): Promise<boolean> {
    for (const order of this.orders) {
      const { clientId, attached, state, brokerId } = order;
      if (attached === null || brokerId === null || state === 'PENDING_NEW' || state === 'REJECTED' || state === 'FAILED')
        continue;
      const stop = this.#orders.get(attachedId(clientId));
      const isFilled = attached.kind === 'OTO' && state === 'FILLED';
      const question = `${clientId} ${isFilled}`;
      if (this.#looked.has(question) || (stop !== undefined && (stop.armed || !isFilled || !isWorking(stop)))) continue;
      if (!(await this.#router.look(order))) return false;
      // bounded: two per order with a stop of its own
      this.#looked.add(question);
      return true;
    }
    return false;
  }

  /** Null: it is not the entry that has to be waited for. */
  async #pursueEntry(entry: SentOrder): Promise<Next | null> {
    if (entry.state === 'PENDING_NEW') {
      if (this.#state.cancelEntry !== null) await this.#endUnsent(entry, this.#state.cancelEntry);
      else await this.#router.send(entry);
      return AGAIN;
    }
    if (entry.uncertain || entry.state === 'SUBMITTED') {
      await this.#router.settle(entry);
      return { kind: 'again', afterMs: 1_000 };
    }
    if (this.#state.cancelEntry === null) return RESTS;
    await this.#cancel(entry);
    return AGAIN;
  }

  async #endUnsent(entry: SentOrder, reason: string): Promise<void> {
    const order: SentOrder = { ...entry, state: 'REJECTED', reason, updatedAt: this.#ports.now() };
    await this.save({ order, parts: [], oddities: [] });
  }

  /** Nothing is open: whatever would still open or close something has to go. */
  async #flat(holding: Holding): Promise<Next | null> {
    const rest = [...holding.legs, ...holding.exits].filter((order) => !this.#isChild(order) || order.armed);
    if (rest.length === 0) return this.#finish(holding);
    for (const order of rest) await this.#cancel(order);
    return this.#afterRefresh(rest);
  }

  async #afterRefresh(orders: readonly SentOrder[]): Promise<Next | null> {
    for (const { clientId } of orders) {
      const order = this.#orders.get(clientId);
      if (order !== undefined && isWorking(order)) await this.#router.settle(order);
    }
    return orders.some((order) => isWorking(this.#orders.get(order.clientId) ?? order)) ? AGAIN : null;
  }

  async #finish(holding: Holding): Promise<Next> {
    const { entry, filledQtyMicros } = holding;
    if (entry !== null && isWorking(entry)) return RESTS;
    const { signalId, stopLeg, targets, exit } = this.#state;
    if (filledQtyMicros > 0) {
      const ended = (clientId: string): void => this.#report({ kind: 'ended', clientId, state: 'CANCELLED', reason: 'OCO' });
      const filledBy = (clientId: string): number =>
        this.orders
          .filter((order) => order.role !== 'ENTRY' && reportedAs(this.#state, order) === clientId)
          .reduce((sum, one) => sum + one.filledQtyMicros, 0);
      const stop = clientOrderId(signalId, stopLeg);
      if (filledBy(stop) === 0) ended(stop);
      for (const { leg, qtyMicros } of targets ?? targetsOf(this.#state, filledQtyMicros))
        if (filledBy(clientOrderId(signalId, leg)) < qtyMicros) ended(clientOrderId(signalId, leg));
      if (exit?.clientId != null && filledBy(exit.clientId) === 0) ended(exit.clientId);
    }
    this.#state = { ...this.#state, done: true };
    await this.#commit([]);
    return { kind: 'done' };
  }

  /** Legs away first, for the venue does not sell the same share twice; then everything at market. */
  async #pursueExit(holding: Holding): Promise<Next | null> {
    if (holding.exits.length > 0) {
      const [exit] = holding.exits;
      if (exit === undefined) return RESTS;
      if (exit.state === 'PENDING_NEW') await this.#router.send(exit);
      else await this.#router.settle(exit);
      return isWorking(this.#orders.get(exit.clientId) ?? exit) ? { kind: 'again', afterMs: 500 } : null;
    }
    if (holding.legs.length > 0) {
      for (const leg of holding.legs) await this.#cancel(leg);
      return this.#afterRefresh(holding.legs);
    }
    const { exit } = this.#state;
    const ofExit = this.orders.filter((order) => order.role === 'EXIT' && order.leg === exit?.leg);
    const left =
      exit?.qtyMicros == null ? Infinity : exit.qtyMicros - ofExit.reduce((sum, order) => sum + order.filledQtyMicros, 0);
    if (left <= 0) {
      this.#state = { ...this.#state, exit: null };
      await this.#commit([]);
      return null;
    }
    const refused = ofExit.length;
    if (refused > 0 && refused % 3 === 0)
      this.#ports.alert('EXIT_REFUSED', this, `the way out was refused ${refused} times: ${this.#lastReason('EXIT')}`);
    const leg = refused === 0 ? (exit?.leg ?? 'EXIT.1') : `${exit?.leg ?? 'EXIT.1'}/${refused + 1}`;
    const order = this.#draft({
      role: 'EXIT',
      leg: exit?.leg ?? 'EXIT.1',
      id: leg,
      type: 'MARKET',
      qtyMicros: Math.min(left, holding.openQtyMicros),
    });
    await this.save({ order, parts: [], oddities: [] });
    await this.#router.send(order);
    return refused >= 3 ? { kind: 'again', afterMs: EXIT_RETRY_MS * 2 ** Math.min(5, refused - 3) } : null;
  }

  /** The stop over what is open; targets beside it once the entry has ended, where the venue has pairs. */
  async #protect(holding: Holding): Promise<Next | null> {
    const { entry, legs, openQtyMicros } = holding;
    const stuck = legs.filter(
      (order) =>
        order.state === 'PENDING_NEW' || order.uncertain || order.state === 'SUBMITTED' || order.state === 'CANCEL_PENDING',
    );
    if (stuck.length > 0) {
      for (const order of stuck) await this.#chase(order);
      const open = stuck.some(({ clientId, state }) => this.#orders.get(clientId)?.state === state);
      return open ? AGAIN : null;
    }
    if (this.#state.failures >= PROTECTION_TRIES) return this.#giveUpProtection();
    const entryIsOver = entry === null || !isWorking(entry);
    if (entryIsOver && this.#ports.broker.capabilities.oco && this.#state.targetPrices.length > 0) return this.#pairs(holding);
    return this.#singleStop(legs, openQtyMicros);
  }

  /** The engine orders the way out when it hears that its stop is gone; should it not, the desk takes it a second later. */
  async #giveUpProtection(): Promise<Next | null> {
    if (this.#state.failures === PROTECTION_TRIES) {
      const { signalId, stopLeg } = this.#state;
      this.#ports.alert(
        'PROTECTION_FAILED',
        this,
        `no stop could be placed: ${this.#lastReason('STOP')}; the position is closed at market`,
      );
      this.#report({ kind: 'ended', clientId: clientOrderId(signalId, stopLeg), state: 'REJECTED', reason: 'PROTECTION_FAILED' });
      this.#state = { ...this.#state, failures: PROTECTION_TRIES + 1 };
      await this.#commit([]);
      return { kind: 'again', afterMs: ENGINE_EXITS_MS };
    }
    await this.leave({ leg: OWN_EXIT, clientId: null, reason: 'PROTECTION_FAILED', qtyMicros: null });
    return null;
  }

  async #singleStop(legs: readonly SentOrder[], openQtyMicros: number): Promise<Next | null> {
    const stops = legs.filter((order) => order.role === 'STOP' && order.armed);
    const [first, ...others] = stops;
    if (first === undefined) return this.#placeStop(openQtyMicros);
    // An attached stop that armed while a guard stood: one of both is too many.
    if (others.length > 0) {
      for (const order of others) await this.#cancel(order);
      return this.#afterRefresh(others);
    }
    if (restOf(first) === openQtyMicros && first.stopPrice === this.#state.stopPrice) return RESTS;
    return this.#changeStop(first, { qtyMicros: openQtyMicros + first.filledQtyMicros, stopPrice: this.#state.stopPrice });
  }

  async #changeStop(order: SentOrder, to: { readonly qtyMicros: number; readonly stopPrice: number }): Promise<Next | null> {
    const { broker, now } = this.#ports;
    if (!broker.capabilities.replace || order.filledQtyMicros > 0) {
      await this.#cancel(order);
      return this.#afterRefresh([order]);
    }
    try {
      const view = await broker.replace(order.clientId, { ...to, tickSize: this.#state.tickSize });
      const changed = { ...order, ...to };
      await this.save(hearOrder(changed, { ...view, attached: null }, now()));
      return null;
    } catch (error) {
      const { kind } = venueErrorOf(error);
      await this.#router.settle(order);
      if (kind === 'refused' || kind === 'gone') {
        await this.#cancel(order);
        return this.#afterRefresh([order]);
      }
      return AGAIN;
    }
  }

  async #placeStop(openQtyMicros: number): Promise<Next | null> {
    const order = this.#draft({
      role: 'STOP',
      leg: 'STOP',
      id: `STOP.${this.#state.revision + 1}`,
      type: 'STOP',
      qtyMicros: openQtyMicros,
    });
    return this.#placeLeg(order);
  }

  async #placeLeg(draft: SentOrder): Promise<Next | null> {
    this.#state = { ...this.#state, revision: this.#state.revision + 1 };
    await this.save({ order: draft, parts: [], oddities: [] });
    const order = await this.#router.send(draft);
    const failed = ['REJECTED', 'FAILED', 'PENDING_NEW'].includes(order.state);
    this.#state = { ...this.#state, failures: failed ? this.#state.failures + 1 : 0 };
    await this.#commit([]);
    return failed ? { kind: 'again', afterMs: 100 } : null;
  }

  /** OCO pairs that add up to the position; the single stop makes room for them. */
  async #pairs(holding: Holding): Promise<Next | null> {
    const targets = this.#state.targets ?? targetsOf(this.#state, holding.filledQtyMicros);
    if (this.#state.targets === null) {
      this.#state = { ...this.#state, targets };
      await this.#commit([]);
    }
    const pairs = holding.legs.filter((order) => order.role === 'TARGET');
    const guards = holding.legs.filter(
      (order) => order.role === 'STOP' && ownerRole(this.#orders, order) !== 'TARGET' && order.armed,
    );
    const missing = this.#missing(targets, pairs, holding.openQtyMicros);
    if (missing.length > 0 && guards.length > 0) {
      for (const order of guards) await this.#cancel(order);
      return this.#afterRefresh(guards);
    }
    const [wanted] = missing;
    if (wanted !== undefined) return this.#placePair(wanted);
    for (const order of holding.legs) {
      if (order.role !== 'STOP' || order.stopPrice === this.#state.stopPrice) continue;
      return this.#changeStop(order, { qtyMicros: order.qtyMicros, stopPrice: this.#state.stopPrice });
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
      const filled = this.orders.filter((order) => order.role === 'TARGET' && order.leg === target.leg);
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
    const id = `${target.leg.split('.')[0] ?? target.leg}.${this.#state.revision + 1}`;
    const draft = this.#draft({ role: 'TARGET', leg: target.leg, id, type: 'LIMIT', qtyMicros: target.qtyMicros });
    return this.#placeLeg({ ...draft, limitPrice: target.price, attached: { kind: 'OCO', stopPrice: this.#state.stopPrice } });
  }

  #draft(of: {
    readonly role: Role;
    readonly leg: string;
    readonly id: string;
    readonly type: 'MARKET' | 'STOP' | 'LIMIT';
    readonly qtyMicros: number;
  }): SentOrder {
    const { signalId, symbol, side, tickSize, stopPrice } = this.#state;
    const request: OrderRequest = {
      clientId: clientOrderId(signalId, of.id), symbol, side: side === 1 ? 'SELL' : 'BUY', type: of.type, qtyMicros: of.qtyMicros, limitPrice: null,
      stopPrice: of.type === 'STOP' ? stopPrice : null, tickSize, tif: of.type === 'MARKET' ? 'DAY' : 'GTC', attached: null,
    }; // prettier-ignore
    return newSentOrder(request, { ...this.#own(of.role, of.leg), intent: 'CLOSE' });
  }

  #own(role: Role, leg: string): { signalId: string; role: Role; leg: string; gate: null; at: EpochMs } {
    return { signalId: this.#state.signalId, role, leg, gate: null, at: this.#ports.now() };
  }

  /** Sends what was not sent, asks for what nobody answered for, and cancels again what should have gone by now. */
  async #chase(order: SentOrder): Promise<void> {
    if (order.state === 'PENDING_NEW') await this.#router.send(order);
    else if (order.state === 'CANCEL_PENDING') await this.#cancel(order);
    else await this.#router.settle(order);
  }

  async #cancel(order: SentOrder): Promise<void> {
    if (order.state === 'PENDING_NEW') return this.#endUnsent(order, 'CANCELLED');
    const at = this.#ports.now();
    if (order.state === 'CANCEL_PENDING' && at - order.updatedAt < CANCEL_AGAIN_MS) {
      await this.#router.settle(order);
      return;
    }
    try {
      await this.#ports.broker.cancel(order.clientId);
    } catch (error) {
      // What has gone is settled by asking; what may not have been heard is asked again.
      if (venueErrorOf(error).kind === 'unsent') return;
    }
    const known = this.#orders.get(order.clientId) ?? order;
    if (isWorking(known))
      await this.save({ order: { ...known, state: 'CANCEL_PENDING', updatedAt: at }, parts: [], oddities: [] });
  }

  /** The stop that travels with an order gets a record when the venue first shows it. */
  async #hearAttached(parent: VenueOrder, stop: VenueOrder): Promise<void> {
    const owner = this.#orders.get(parent.clientId);
    if (owner === undefined) return;
    const known = this.#orders.get(attachedId(parent.clientId));
    const request: OrderRequest = {
      clientId: attachedId(parent.clientId), symbol: stop.symbol, side: stop.side, type: 'STOP', qtyMicros: stop.qtyMicros, limitPrice: null,
      stopPrice: stop.stopPrice, tickSize: owner.tickSize, tif: owner.tif, attached: null,
    }; // prettier-ignore
    const order = known ?? newSentOrder(request, { ...this.#own('STOP', 'STOP'), intent: 'CLOSE' });
    const asSaid = stop.stopPrice === null ? order : { ...order, stopPrice: stop.stopPrice, qtyMicros: stop.qtyMicros };
    await this.save(hearOrder(asSaid, stop, this.#ports.now()));
  }

  #isChild(order: SentOrder): boolean {
    return ownerOfAttached(order.clientId) !== null;
  }

  /** Begins, and ends, the time a position has no stop. */
  #clock(): void {
    const { openQtyMicros, legs, exits } = this.holding;
    const now = this.#ports.now();
    const isBare = openQtyMicros > 0 && exits.length === 0 && protectedQty(legs) < openQtyMicros;
    const since = this.#state.unprotectedSince;
    if (isBare) {
      this.#state = { ...this.#state, unprotectedSince: since ?? now };
      if (since !== null && now - since > UNPROTECTED_MS && !this.#alarmed) {
        this.#alarmed = true;
        this.#ports.alert('UNPROTECTED', this, `without its stop for ${now - since} ms`);
      }
    } else if (since !== null) {
      this.#alarmed = false;
      this.#state = { ...this.#state, unprotectedSince: null, unprotectedMs: Math.max(this.#state.unprotectedMs, now - since) };
      this.#ports.unprotected(this, now - since);
    }
  }

  #lastReason(role: Role): string {
    return this.orders.filter((order) => order.role === role && order.reason !== null).at(-1)?.reason ?? 'no reason was given';
  }

  #reportAccepted(order: SentOrder): void {
    const works = order.state === 'ACCEPTED' || order.state === 'PARTIALLY_FILLED' || order.state === 'FILLED';
    if (order.role !== 'ENTRY' || this.#state.accepted || !works) return;
    this.#state = { ...this.#state, accepted: true };
    this.#report({ kind: 'accepted', clientId: order.clientId, ...(order.brokerId !== null && { brokerId: order.brokerId }) });
  }

  #reportEntryEnded(order: SentOrder, before: SentOrder | undefined): void {
    if (order.role !== 'ENTRY') return;
    if (order.uncertain && order.reason !== null && before?.reason == null)
      this.#report({ kind: 'uncertain', clientId: order.clientId, reason: order.reason });
    const { state } = order;
    if (before?.state === state || (state !== 'CANCELLED' && state !== 'EXPIRED' && state !== 'REJECTED' && state !== 'FAILED'))
      return;
    if (before !== undefined && !isWorking(before)) return;
    const asked = this.#state.cancelEntry;
    const reason = asked ?? order.reason ?? state;
    this.#report({
      kind: 'ended',
      clientId: order.clientId,
      state: asked === 'VALIDITY' && state === 'CANCELLED' ? 'EXPIRED' : state,
      reason,
    });
    if (state === 'REJECTED' || state === 'FAILED')
      this.#ports.alert(state === 'FAILED' ? 'ORDER_FAILED' : 'ORDER_REJECTED', this, `${order.clientId}: ${reason}`);
  }

  #report(report: BrokerReport): void {
    // bounded: emptied by the commit that follows
    this.#reports.push(report);
  }

  async #commit(orders: readonly SentOrder[]): Promise<void> {
    const reports = this.#reports;
    const unsaved = [...this.#unsaved.filter((one) => !orders.some((order) => order.clientId === one.clientId)), ...orders];
    this.#reports = [];
    this.#unsaved = unsaved;
    try {
      const row = await this.#ports.log.save({ orders: unsaved, ward: this.#state, reports, at: this.#ports.now() });
      this.#unsaved = [];
      if (row !== null) await this.#ports.tell(row);
    } catch (error) {
      // What could not be written goes with the next that can be.
      // bounded: by the commit that succeeds next
      this.#reports = [...reports, ...this.#reports];
      throw error;
    }
  }
}

function ownerRole(orders: ReadonlyMap<string, SentOrder>, order: SentOrder): Role | null {
  const owner = ownerOfAttached(order.clientId);
  return owner === null ? null : (orders.get(owner)?.role ?? null);
}
