/** One signal at the venue: what the engine ordered and what the venue said, on disk before anything follows from it. */
import { clientOrderId, orderIdOf } from '@wyckoff/domain';
import type { BrokerReport, EpochMs, Fill, QtyMicros } from '@wyckoff/domain';
import type { Broker } from './broker.ts';
import type { OrderLog, OutboxRow } from './order-log.ts';
import type { Next } from './next.ts';
import { Pursuit } from './pursuit.ts';
import type { OrderRouter } from './router.ts';
import { hearFill, hearOrder, isWorking, newSentOrder, restOf, type Heard, type Role, type SentOrder } from './sent-order.ts';
import { attachedId, ownerOfAttached, type OrderRequest, type VenueFill, type VenueOrder } from './venue-order.ts';
import {
  holdingOf,
  protectedQty,
  reportedAs,
  reportedLeg,
  targetsOf,
  type Holding,
  type WardExit,
  type WardPart,
  type WardState,
} from './ward-state.ts';
import type { DeskAlert } from './news.ts';

export interface WardPorts {
  readonly broker: Broker;
  readonly log: OrderLog;
  readonly router: (ward: Ward) => OrderRouter;
  readonly now: () => EpochMs;
  readonly isConnected: () => boolean;
  /** Millionths the venue holds for this ward; null: it could not be asked. */
  readonly held: (ward: Ward) => Promise<QtyMicros | null>;
  /** A fill was booked. */
  readonly booked: () => void;
  readonly tell: (row: OutboxRow) => Promise<void>;
  readonly alert: (code: DeskAlert, ward: Ward, sentence: string) => void;
  readonly unprotected: (ward: Ward, forMs: number) => void;
}

/** Spec 7.4: longer without a stop is worth a critical alert. */
const UNPROTECTED_MS = 2_000;

export class Ward {
  readonly #ports: WardPorts;
  readonly router: OrderRouter;
  #state: WardState;
  // bounded: entry, stops, targets and exits of one position, in all their revisions; a row of the order log each
  readonly #orders = new Map<string, SentOrder>();
  readonly #pursuit: Pursuit;
  #reports: BrokerReport[] = [];
  #unsaved: readonly SentOrder[] = [];
  #alarmed = false;
  /** Less than is open here: what the venue was found to hold; null: nobody had reason to ask. */
  #holds: QtyMicros | null = null;
  /** Something filled since it was asked. */
  #isHeldOld = false;
  #isBehind = false;

  constructor(ports: WardPorts, state: WardState, orders: readonly SentOrder[]) {
    this.#ports = ports;
    this.#state = state;
    // bounded: as above
    for (const order of orders) this.#orders.set(order.clientId, order);
    this.router = ports.router(this);
    this.#pursuit = new Pursuit(this, ports);
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
    const order = newSentOrder(request, { ...this.own('ENTRY', 'ENTRY'), intent: 'OPEN' });
    await this.save({ order, parts: [], oddities: [] });
  }

  /** The engine moved its stop; the leg is what it is called from now on. */
  async moveStop(leg: string, stopPrice: number): Promise<void> {
    const { stopLeg, signalId, done } = this.#state;
    const to = clientOrderId(signalId, leg);
    if (done || this.holding.openQtyMicros <= 0) {
      this.report({ kind: 'ended', clientId: to, state: 'REJECTED', reason: 'NO_POSITION' });
      return this.commit();
    }
    // A found position had none before.
    if (stopLeg === 'STOP.0') this.report({ kind: 'accepted', clientId: to });
    else this.report({ kind: 'replaced', clientId: clientOrderId(signalId, stopLeg), by: to });
    this.#state = { ...this.#state, stopLeg: leg, stopPrice };
    await this.commit();
  }

  /** What a stop or an order at market can be for: what is open, or less where the venue was found to hold less. */
  get heldQtyMicros(): QtyMicros {
    return Math.min(this.holding.openQtyMicros, this.#holds ?? Infinity);
  }

  /** Whether the venue had to be asked for what it holds. */
  get isShort(): boolean {
    return this.#holds !== null;
  }

  /** What it holds has to be asked again before anything is sized to it. */
  get isHeldOld(): boolean {
    return this.#isHeldOld;
  }

  get parts(): readonly WardPart[] {
    return this.#state.parts ?? [];
  }

  /** Asks what the venue holds after it refused; true: less than was thought. */
  async learnsHeld(): Promise<boolean> {
    const before = this.heldQtyMicros;
    const held = await this.#ports.held(this);
    if (held === null) return false;
    this.#holds = held < this.holding.openQtyMicros ? held : null;
    this.#isHeldOld = false;
    return this.heldQtyMicros < before;
  }

  /** A part leaves, at most what nothing else has claimed (7.1). */
  async leavePart(part: WardPart): Promise<void> {
    const { exit, done, cancelEntry } = this.#state;
    const others = this.parts.filter(({ withdrawn }) => withdrawn === null);
    const free = this.holding.openQtyMicros - others.reduce((sum, one) => sum + this.leftOf(one), 0);
    const qtyMicros = Math.min(part.qtyMicros, free);
    const { clientId, reason } = part;
    const isRung = this.#isRung(part);
    if (done || exit !== null || qtyMicros <= 0 || this.parts.some(({ leg }) => leg === part.leg)) {
      if (!isRung) this.report({ kind: 'ended', clientId, state: 'CANCELLED', reason: 'NO_POSITION' });
      return this.commit();
    }
    this.#state = { ...this.#state, parts: [...this.parts, { ...part, qtyMicros }], cancelEntry: cancelEntry ?? reason };
    if (!isRung) this.report({ kind: 'accepted', clientId });
    await this.commit();
  }

  /** An exit is called back: what it has not filled is the stop's again. Everything at market only by a person. */
  async withdraw(clientId: string, reason: string): Promise<void> {
    const { exit } = this.#state;
    const parts = this.parts.map((part) =>
      part.clientId === clientId && part.withdrawn === null ? { ...part, withdrawn: reason } : part,
    );
    const isAll = exit?.clientId === clientId && reason === 'USER';
    this.#state = { ...this.#state, parts, exit: isAll ? { ...exit, withdrawn: reason } : exit };
    await this.commit();
  }

  /** Orders that were sent for a part, oldest first. */
  ordersOf({ leg }: Pick<WardPart, 'leg'>): readonly SentOrder[] {
    return this.orders.filter((order) => order.leg === leg && (order.role === 'EXIT' || order.role === 'TARGET'));
  }

  /** What a part has yet to fill. */
  leftOf(part: WardPart): QtyMicros {
    return Math.max(0, part.qtyMicros - this.ordersOf(part).reduce((sum, order) => sum + order.filledQtyMicros, 0));
  }

  /** A part is over; the engine hears of it unless it was filled. A rung that the desk works is the engine's until it fills. */
  endPart(part: WardPart, as: { readonly state: 'CANCELLED' | 'EXPIRED' | 'REJECTED'; readonly reason: string } | null): void {
    this.#state = { ...this.#state, parts: this.parts.filter(({ leg }) => leg !== part.leg) };
    if (as !== null && !this.#isRung(part)) this.report({ kind: 'ended', clientId: part.clientId, ...as });
  }

  #isRung({ leg }: WardPart): boolean {
    return /^T[123]\./.test(leg);
  }

  async leave(exit: WardExit): Promise<void> {
    const under = this.#state.exit;
    // The desk is closing on its own: from now on it does so under the engine's name.
    if (under !== null && under.clientId === null && exit.clientId !== null && this.holding.openQtyMicros > 0) {
      this.#state = { ...this.#state, exit: { ...under, clientId: exit.clientId, engineLeg: exit.leg } };
      this.report({ kind: 'accepted', clientId: exit.clientId });
      return this.commit();
    }
    const isGoing = this.#intend(exit);
    if (exit.clientId !== null)
      this.report(
        isGoing
          ? { kind: 'accepted', clientId: exit.clientId }
          : { kind: 'ended', clientId: exit.clientId, state: 'CANCELLED', reason: 'NO_POSITION' },
      );
    await this.commit();
  }

  /** False: it is leaving already, or there is nothing to leave. Parts at market that were sent keep what they have claimed, the others give way. */
  #intend(exit: WardExit): boolean {
    const { exit: under, done, cancelEntry } = this.#state;
    const { openQtyMicros, entry } = this.holding;
    const isOver = done || (openQtyMicros <= 0 && (entry === null || !isWorking(entry)));
    if (isOver || under !== null) return false;
    const parts = this.parts.map((part) =>
      part.limitPrice === null && this.ordersOf(part).length > 0 ? part : { ...part, withdrawn: part.withdrawn ?? exit.reason },
    );
    this.#state = { ...this.#state, exit, parts, cancelEntry: cancelEntry ?? exit.reason };
    return true;
  }

  async cancelEntry(reason: string): Promise<void> {
    if (this.#state.cancelEntry !== null) return;
    this.#state = { ...this.#state, cancelEntry: reason };
    await this.commit();
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
    await this.commit();
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
    const { leg } = met;
    await this.leavePart({
      leg, clientId: clientOrderId(signalId, leg), reason: leg, qtyMicros, limitPrice: null, tif: 'DAY', withdrawn: null,
    }); // prettier-ignore
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
      await this.router.settle(order).then(() => undefined);
    }
    // A stop that hangs on an order that has ended is asked for by its own id.
    for (const order of this.orders) {
      const owner = ownerOfAttached(order.clientId);
      if (owner === null || !isWorking(order) || isWorking(this.#orders.get(owner) ?? order)) continue;
      await this.router.settle(order).then(() => undefined);
    }
  }

  /** The venue holds less than our orders there add up to, and the account has booked that: a closing nobody sent makes up for it. */
  async correct(toQtyMicros: QtyMicros): Promise<void> {
    const { signalId, symbol, side, tickSize, revision } = this.#state;
    const gone = this.holding.openQtyMicros - toQtyMicros;
    if (gone <= 0) return;
    const request: OrderRequest = {
      clientId: clientOrderId(signalId, `CORRECTION.${revision + 1}`), symbol, side: side === 1 ? 'SELL' : 'BUY', type: 'MARKET', qtyMicros: gone,
      limitPrice: null, stopPrice: null, tickSize, tif: 'DAY', attached: null,
    }; // prettier-ignore
    const order = newSentOrder(request, { ...this.own('EXIT', 'CORRECTION'), intent: 'CLOSE' });
    const booked: SentOrder = { ...order, state: 'FILLED', booked: [[0, gone]], filledQtyMicros: gone, reason: 'CORRECTION' };
    this.#state = { ...this.#state, revision: revision + 1 };
    this.#holds = null;
    this.#isHeldOld = false;
    await this.save({ order: booked, parts: [], oddities: [] });
  }

  /** The next steps, until the venue has to speak. */
  pursue(): Promise<Next> {
    return this.#pursuit.run();
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
    if (parts.length > 0) this.#ports.booked();
    // Whether what the venue was found to hold counted these already, only the venue knows.
    if (parts.length > 0 && this.#holds !== null) this.#isHeldOld = true;
    for (const part of parts) {
      const clientId = reportedAs(this.#state, order);
      const n = (this.#state.told[clientId] ?? 0) + 1;
      this.#state = { ...this.#state, told: { ...this.#state.told, [clientId]: n } };
      const fill: Fill = {
        orderId: orderIdOf(this.#state.signalId, reportedLeg(this.#state, order)), n, execId: part.execId, ts: part.at, qtyMicros: part.qtyMicros,
        price: part.price, grossPrice: part.price, commissionMicros: part.commissionMicros, slippageMicros: 0, impactMicros: 0,
      }; // prettier-ignore
      // What the desk left on its own stands under another order's name: it says why.
      const { exit } = this.#state;
      const reason = order.role === 'EXIT' && order.leg === exit?.leg && exit.clientId === null ? exit.reason : null;
      const isOwn = reason === 'FLATTEN' || reason === 'PROTECTION_FAILED';
      this.report({ kind: 'filled', clientId, fill, ...(isOwn && { reason }) });
    }
    this.#reportEntryEnded(order, before);
    this.clock();
    await this.commit([order]);
  }

  /** What every order of this ward has in common. */
  own(role: Role, leg: string): { signalId: string; role: Role; leg: string; gate: null; at: EpochMs } {
    return { signalId: this.#state.signalId, role, leg, gate: null, at: this.#ports.now() };
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
    const order = known ?? newSentOrder(request, { ...this.own('STOP', 'STOP'), intent: 'CLOSE' });
    const asSaid = stop.stopPrice === null ? order : { ...order, stopPrice: stop.stopPrice, qtyMicros: stop.qtyMicros };
    await this.save(hearOrder(asSaid, stop, this.#ports.now()));
  }

  /** Begins, and ends, the time a position has no stop. */
  clock(): void {
    const { legs, exits } = this.holding;
    const openQtyMicros = this.heldQtyMicros;
    const leaving = exits.reduce((sum, order) => sum + restOf(order), 0);
    const now = this.#ports.now();
    const isBare = openQtyMicros > 0 && protectedQty(legs) + leaving < openQtyMicros;
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

  #reportAccepted(order: SentOrder): void {
    const works = order.state === 'ACCEPTED' || order.state === 'PARTIALLY_FILLED' || order.state === 'FILLED';
    if (order.role !== 'ENTRY' || this.#state.accepted || !works) return;
    this.#state = { ...this.#state, accepted: true };
    this.report({ kind: 'accepted', clientId: order.clientId, ...(order.brokerId !== null && { brokerId: order.brokerId }) });
  }

  #reportEntryEnded(order: SentOrder, before: SentOrder | undefined): void {
    if (order.role !== 'ENTRY') return;
    if (order.uncertain && order.reason !== null && before?.reason == null)
      this.report({ kind: 'uncertain', clientId: order.clientId, reason: order.reason });
    const { state } = order;
    if (before?.state === state || (state !== 'CANCELLED' && state !== 'EXPIRED' && state !== 'REJECTED' && state !== 'FAILED'))
      return;
    if (before !== undefined && !isWorking(before)) return;
    const asked = this.#state.cancelEntry;
    const reason = asked ?? order.reason ?? state;
    this.report({
      kind: 'ended',
      clientId: order.clientId,
      state: asked === 'VALIDITY' && state === 'CANCELLED' ? 'EXPIRED' : state,
      reason,
    });
    if (state === 'REJECTED' || state === 'FAILED')
      this.#ports.alert(state === 'FAILED' ? 'ORDER_FAILED' : 'ORDER_REJECTED', this, `${order.clientId}: ${reason}`);
  }

  /** Goes out with the next commit. */
  report(report: BrokerReport): void {
    // bounded: emptied by the commit that follows
    this.#reports.push(report);
  }

  /** Changes what is not an order; on disk with the next commit. */
  amend(change: Partial<WardState>): void {
    this.#state = { ...this.#state, ...change };
  }

  /** What an earlier commit could not write. */
  async flush(): Promise<void> {
    if (this.#isBehind || this.#reports.length > 0 || this.#unsaved.length > 0) await this.commit();
  }

  /** Something is not on disk yet. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  async commit(orders: readonly SentOrder[] = []): Promise<void> {
    const reports = this.#reports;
    const unsaved = [...this.#unsaved.filter((one) => !orders.some((order) => order.clientId === one.clientId)), ...orders];
    this.#reports = [];
    this.#unsaved = unsaved;
    this.#isBehind = true;
    try {
      const row = await this.#ports.log.save({ orders: unsaved, ward: this.#state, reports, at: this.#ports.now() });
      this.#unsaved = [];
      this.#isBehind = false;
      if (row !== null) await this.#ports.tell(row);
    } catch (error) {
      // What could not be written goes with the next that can be.
      // bounded: by the commit that succeeds next
      this.#reports = [...reports, ...this.#reports];
      // A store that is away does not keep a position open under FLATTEN: the names of its orders are the same after a crash (7.6).
      if (this.#state.exit?.leg.startsWith('FLATTEN.') !== true) throw error;
      this.#ports.alert(
        'DESK_ERROR',
        this,
        `FLATTEN goes on unwritten: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}
