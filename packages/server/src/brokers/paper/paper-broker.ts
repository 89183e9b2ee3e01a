/** The paper broker behind the port: the simulated broker of backtest and replay, met by bars, in process (trading.md 8.1, 8.3). */
import { LruTtlCache, type Scope } from '@wyckoff/bounded';
import { approveClosing, orderIdOf, SimulatedBroker } from '@wyckoff/domain';
import type { ApprovedOrder, Bar, BrokerReport, CostModel, EpochMs, Fill, Instruction, TradedInstrument } from '@wyckoff/domain';
import type { StreamState } from '../../venue/socket-state.ts';
import type { Broker, BrokerCapabilities, BrokerEvent, CloseReport } from '../broker.ts';
import { expectCleared, type Cleared } from '../clearance.ts';
import { isOnTick } from '../decimal.ts';
import { Listeners } from '../listeners.ts';
import { VenueError } from '../venue-error.ts';
import type { OrderRequest, VenueAccount, VenueFill, VenueOrder, VenuePosition } from '../venue-order.ts';

export interface PaperOptions {
  readonly scope: Scope;
  readonly instrument: TradedInstrument;
  readonly costs: CostModel;
  readonly cashMicros: number;
  /** Share of a bar's volume a fill may take, 0.01-1; default all. */
  readonly participationCap?: number;
  readonly now: () => EpochMs;
}

const CAPABILITIES: BrokerCapabilities = {
  bracket: true,
  oto: false,
  oco: false,
  replace: false,
  nativeStop: true,
  short: true,
  fractional: true,
  stream: true,
  clientIds: true,
};
const KEPT = 1_000;

export class PaperBroker implements Broker {
  readonly name = 'paper';
  readonly capabilities = CAPABILITIES;
  readonly #options: PaperOptions;
  readonly #simulated: SimulatedBroker;
  readonly #listeners = new Listeners<BrokerEvent>();
  readonly #orders: LruTtlCache<string, VenueOrder>;
  // bounded: the newest thousand
  #fills: readonly VenueFill[] = [];
  /** Open millionths by signal, signed. */
  // bounded: positions of one symbol; a flat one leaves
  readonly #open = new Map<string, number>();
  #cashMicros: number;
  #costMicros = 0;
  #last: number | null = null;
  #closings = 0;
  #state: StreamState = 'DISCONNECTED';

  constructor(options: PaperOptions) {
    this.#options = options;
    this.#cashMicros = options.cashMicros;
    const { instrument, costs, scope, participationCap = null } = options;
    this.#simulated = new SimulatedBroker({ instrument, costs, participationCap });
    this.#orders = new LruTtlCache({
      name: `${scope.name}.orders`,
      capacity: KEPT,
      ttlMs: 365 * 86_400_000,
      itemBytes: 512,
      scope,
    });
  }

  get state(): StreamState {
    return this.#state;
  }

  onEvent(listener: (event: BrokerEvent) => void): () => void {
    return this.#listeners.add(listener);
  }

  connect(): Promise<void> {
    this.#enter('CONNECTED');
    return Promise.resolve();
  }

  disconnect(): Promise<void> {
    this.#enter('DISCONNECTED');
    return Promise.resolve();
  }

  /** A closed bar: orders meet it, and what happens is told. */
  meet(bar: Bar): void {
    this.#last = bar.close;
    for (const report of this.#simulated.meet(bar)) this.#hear(report);
  }

  async place(order: Cleared): Promise<VenueOrder> {
    expectCleared(order);
    const { request } = order;
    this.#expectConnected();
    if (request.attached !== null) throw new VenueError('refused', `${request.clientId}: the paper broker keeps brackets itself`);
    for (const price of [request.limitPrice, request.stopPrice])
      if (price !== null && !isOnTick(price, request.tickSize))
        throw new VenueError('held', `${request.clientId}: expected a price on the tick, was ${price}`);
    await order.spend();
    if (this.#orders.get(request.clientId) !== undefined)
      throw new VenueError('duplicate', `${request.clientId}: this client id is known already`);
    const instruction: Instruction = { kind: 'place', order: this.#approvedOf(order) };
    const { symbol, side, type, qtyMicros, limitPrice, stopPrice, clientId } = request;
    const view: VenueOrder = {
      clientId, brokerId: `paper ${clientId}`, symbol, side, type, state: 'ACCEPTED', flag: null, qtyMicros, filledQtyMicros: 0, averagePrice: null,
      limitPrice, stopPrice, reason: null, at: this.#options.now(), armed: true, attached: null,
    }; // prettier-ignore
    this.#orders.set(clientId, view);
    this.#simulated.take(instruction);
    return view;
  }

  placeOco(order: Cleared): Promise<VenueOrder> {
    return this.place(order);
  }

  replace(clientId: string): Promise<VenueOrder> {
    return Promise.reject(new VenueError('refused', `${clientId}: the paper broker replaces nothing; cancel and place`));
  }

  async cancel(clientId: string): Promise<void> {
    this.#expectConnected();
    const order = this.#orders.get(clientId);
    if (order === undefined) throw new VenueError('gone', `${clientId}: the venue knows no such order`);
    this.#simulated.take({ kind: 'cancel', clientId, reason: 'CANCELLED' });
    // What a paper broker is asked it does at once; the report comes with the next bar and says the same.
    if (order.state === 'ACCEPTED' || order.state === 'PARTIALLY_FILLED') this.#put({ ...order, state: 'CANCELLED' });
    await Promise.resolve();
  }

  async getOrder(clientId: string): Promise<VenueOrder | null> {
    this.#expectConnected();
    return Promise.resolve(this.#orders.get(clientId) ?? null);
  }

  async openOrders(): Promise<readonly VenueOrder[]> {
    this.#expectConnected();
    const { working } = this.#simulated.state();
    const orders = working.map(({ terms }) => this.#orders.get(terms.clientId));
    return Promise.resolve(orders.filter((order) => order !== undefined && order.state !== 'CANCELLED') as VenueOrder[]);
  }

  async fillsSince(since: EpochMs): Promise<readonly VenueFill[]> {
    this.#expectConnected();
    return Promise.resolve(this.#fills.filter((fill) => fill.at >= since));
  }

  async positions(): Promise<readonly VenuePosition[]> {
    this.#expectConnected();
    const qtyMicros = this.#netQty();
    const { symbol } = this.#options.instrument;
    return Promise.resolve(qtyMicros === 0 ? [] : [{ symbol, qtyMicros, averagePrice: null, marketPrice: this.#last }]);
  }

  async account(): Promise<VenueAccount> {
    this.#expectConnected();
    const cashMicros = this.#cashMicros - this.#costMicros;
    const equityMicros = cashMicros + Math.round(this.#netQty() * (this.#last ?? 0));
    return Promise.resolve({ id: 'paper', currency: 'USD', cashMicros, equityMicros, blocked: false });
  }

  /** Market orders that the next bar meets. */
  async closeAll(): Promise<readonly CloseReport[]> {
    for (const order of await this.openOrders()) await this.cancel(order.clientId);
    const reports: CloseReport[] = [];
    for (const [signalId, qtyMicros] of this.#open) {
      const { symbol, tickSize } = this.#options.instrument;
      const request: OrderRequest = {
        clientId: `paper-close-${(this.#closings += 1)}`, symbol, side: qtyMicros > 0 ? 'SELL' : 'BUY', type: 'MARKET', qtyMicros: Math.abs(qtyMicros),
        limitPrice: null, stopPrice: null, tickSize, tif: 'GTC', attached: null,
      }; // prettier-ignore
      this.#simulated.take({ kind: 'place', order: this.#closing(request, signalId) });
      reports.push({ symbol, state: 'CLOSING', sentence: 'A market order waits for the next bar.' });
    }
    return reports;
  }

  #approvedOf(order: Cleared): ApprovedOrder {
    const { request, opens, approved, signalId } = order;
    if (approved !== null) return approved;
    if (opens) throw new VenueError('held', `${request.clientId}: expected an order the risk desk approved, was none`);
    return this.#closing(request, signalId ?? '');
  }

  #closing(request: OrderRequest, signalId: string): ApprovedOrder {
    const { clientId, symbol, side, type, qtyMicros, limitPrice, stopPrice, tif } = request;
    const leg = `EXIT.${(this.#closings += 1)}`;
    return approveClosing({
      orderId: orderIdOf(signalId, leg), clientId, signalId, symbol, leg, intent: 'CLOSE', side, type, limitPrice, stopPrice, tif, validBars: null,
      steps: qtyMicros / this.#options.instrument.lotStepMicros, protection: null, reason: 'MANUAL', replaces: null,
    }); // prettier-ignore
  }

  #hear(report: BrokerReport): void {
    const order = this.#orders.get(report.clientId);
    if (report.kind === 'filled') this.#filled(report.clientId, report.fill);
    else if (report.kind === 'ended' && order !== undefined && report.state !== 'FAILED' && order.state !== 'FILLED')
      this.#put({ ...order, state: report.state, reason: report.reason });
  }

  #filled(clientId: string, fill: Fill): void {
    const { instrument, now } = this.#options;
    const order = this.#orders.get(clientId);
    const side = order?.side ?? 'SELL';
    const signed = side === 'BUY' ? fill.qtyMicros : -fill.qtyMicros;
    this.#book(clientId, signed);
    this.#cashMicros -= Math.round(signed * fill.price);
    this.#costMicros += fill.commissionMicros;
    const filledQtyMicros = (order?.filledQtyMicros ?? 0) + fill.qtyMicros;
    const told: VenueFill = {
      execId: fill.execId, clientId, brokerId: `paper ${clientId}`, symbol: instrument.symbol, side, qtyMicros: fill.qtyMicros,
      cumQtyMicros: filledQtyMicros, price: fill.price, commissionMicros: fill.commissionMicros, at: now(),
    }; // prettier-ignore
    // bounded: the newest thousand
    this.#fills = [...this.#fills.slice(-(KEPT - 1)), told];
    this.#listeners.tell({ kind: 'fill', fill: told });
    if (order === undefined) return;
    const averagePrice = ((order.averagePrice ?? 0) * order.filledQtyMicros + fill.price * fill.qtyMicros) / filledQtyMicros;
    const state = filledQtyMicros === order.qtyMicros ? 'FILLED' : 'PARTIALLY_FILLED';
    this.#put({ ...order, filledQtyMicros, averagePrice, state });
  }

  /** Which position a fill belongs to: one of an entry to its own, one that closes to the first that is open the other way. */
  #book(clientId: string, signed: number): void {
    const other = [...this.#open].find(([, qty]) => Math.sign(qty) === -Math.sign(signed));
    const key = other?.[0] ?? this.#signalOf(clientId);
    const qty = (this.#open.get(key) ?? 0) + signed;
    if (qty === 0) this.#open.delete(key);
    else this.#open.set(key, qty); // bounded: as at its declaration
  }

  #signalOf(clientId: string): string {
    return (
      this.#simulated.state().brackets.find((bracket) => bracket.openSteps > 0 && !this.#open.has(bracket.signalId))?.signalId ??
      clientId
    );
  }

  #netQty(): number {
    let sum = 0;
    for (const qty of this.#open.values()) sum += qty;
    return sum;
  }

  #put(order: VenueOrder): void {
    const next = { ...order, at: this.#options.now() };
    this.#orders.set(order.clientId, next);
    this.#listeners.tell({ kind: 'order', order: next });
  }

  #expectConnected(): void {
    if (this.#state !== 'CONNECTED') throw new VenueError('unsent', 'paper: expected to be connected, was not');
  }

  #enter(state: StreamState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#listeners.tell({ kind: 'link', state, error: null });
  }
}
