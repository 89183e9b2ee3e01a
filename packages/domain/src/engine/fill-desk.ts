/** What brokers report becomes positions, moved stops and finished trades (trading.md 6.3, 7). */
import type { Price } from '../bar/bar.ts';
import type { BrokerReport } from '../execution/instruction.ts';
import type { Fill, Order } from '../execution/order.ts';
import { clientOrderId, orderIdOf } from '../trade/client-order-id.ts';
import { finishedTrade } from '../trade/finished-trade.ts';
import { cutLadder } from '../trade/ladder.ts';
import { positionOf, sideOf } from '../trade/open-position.ts';
import type { OpenPosition } from '../trade/open-position.ts';
import type { ExitReason } from '../trade/position.ts';
import type { BookFill } from '../trade/position-book.ts';
import type { Trade } from '../trade/trade.ts';
import type { Floor } from './floor.ts';
import type { LiveSignal } from './signal-book.ts';

/** Why the broker ended an entry that the engine itself had given up: the signal expires rather than being cancelled. */
const VOID_REASONS: ReadonlySet<string> = new Set(['INVALIDATED', 'TARGET_PASSED', 'SOURCE_FAILED', 'RANGE_ENDED']);

export class FillDesk {
  readonly #floor: Floor;
  readonly #onTrade: ((trade: Trade) => void) | null;
  #trades: number;

  constructor(floor: Floor, onTrade: ((trade: Trade) => void) | null, trades = 0) {
    this.#floor = floor;
    this.#onTrade = onTrade;
    this.#trades = trades;
  }

  /** Trades finished so far; the last sequence number. */
  get trades(): number {
    return this.#trades;
  }

  /** Everything a broker reported since the last bar, in order; then stops follow the rungs that fired. */
  hear(reports: readonly BrokerReport[]): void {
    for (const report of reports) this.#one(report);
    if (reports.length > 0) for (const position of this.#floor.book.positions) this.#raiseStop(position);
  }

  #one(report: BrokerReport): void {
    const order = this.#floor.orders.find(report.clientId);
    if (order === undefined) throw new RangeError(`report ${report.kind}: expected a living order, was ${report.clientId}`);
    if (report.kind === 'accepted') this.#accepted(order);
    else if (report.kind === 'ended') this.#ended(order, report);
    else if (report.kind === 'filled') this.#filled(order, report.fill);
  }

  #accepted(order: Order): void {
    this.#floor.orders.accepted(order);
    if (order.intent === 'OPEN' && order.signalId !== null) this.#floor.signals.move(order.signalId, 'SUBMITTED');
  }

  #ended(order: Order, report: Extract<BrokerReport, { readonly kind: 'ended' }>): void {
    this.#floor.orders.ended(order, report.state, report.reason);
    const live = order.signalId === null ? undefined : this.#floor.signals.find(order.signalId);
    const isUnfilled = live?.signal.status === 'APPROVED' || live?.signal.status === 'SUBMITTED';
    if (order.intent === 'CLOSE' || live === undefined || !isUnfilled) return;
    this.#giveBack(live, this.#floor.risk.reserved(live.signal.id));
    this.#floor.risk.release(live.signal.id);
    const ended = report.state === 'FAILED' ? 'REJECTED' : report.state;
    const status = VOID_REASONS.has(report.reason) ? 'EXPIRED' : ended;
    this.#floor.signals.move(live.signal.id, status, { code: report.reason, text: `The entry ended: ${report.reason}.` });
  }

  #filled(order: Order, fill: Fill): void {
    this.#floor.orders.filled(order, fill);
    const { instrument } = this.#floor;
    const steps = fill.qtyMicros / instrument.lotStepMicros;
    const { price, ts, commissionMicros, slippageMicros, impactMicros, orderId } = fill;
    const booked: BookFill = { steps, price, ts, commissionMicros, slippageMicros, impactMicros, orderId };
    if (order.intent === 'OPEN') this.#opened(order, booked);
    else this.#closed(order, booked);
  }

  #opened(order: Order, fill: BookFill): void {
    const { book, signals, risk, campaigns, facts, instrument, tracker } = this.#floor;
    const live = signals.find(order.signalId ?? '');
    if (live === undefined) throw new RangeError(`fill of ${order.clientId}: expected a living signal, was none`);
    const position = book.open(live.plan, fill, tracker.atr);
    this.#giveBack(live, risk.reserved(live.signal.id) - position.initialRiskMicros);
    risk.release(live.signal.id);
    campaigns.filled(position.campaignId);
    signals.move(live.signal.id, 'FILLED');
    facts.tell('position.opened', positionOf(position, instrument));
    this.#createLegs(position);
  }

  /** The broker took the bracket together with its entry; from now on each leg is an order of its own. */
  #createLegs(position: OpenPosition): void {
    this.#createLeg(position, { leg: 'STOP.1', type: 'STOP', price: position.initialStop, steps: position.initialSteps });
    for (const rung of cutLadder(position.initialSteps, position.targets))
      this.#createLeg(position, { leg: `T${rung.target}.1`, type: 'LIMIT', price: rung.price, steps: rung.steps });
  }

  #createLeg(
    position: OpenPosition,
    of: { readonly leg: string; readonly type: 'STOP' | 'LIMIT'; readonly price: Price; readonly steps: number },
  ): void {
    const { orders, instrument } = this.#floor;
    const { signalId } = position;
    const terms = {
      orderId: orderIdOf(signalId, of.leg),
      clientId: clientOrderId(signalId, of.leg),
      signalId,
      symbol: instrument.symbol,
      leg: of.leg,
      intent: 'CLOSE',
      side: position.direction === 'LONG' ? 'SELL' : 'BUY',
      type: of.type,
      steps: of.steps,
      limitPrice: of.type === 'LIMIT' ? of.price : null,
      stopPrice: of.type === 'STOP' ? of.price : null,
      reason: null,
    } as const;
    orders.accepted(orders.create(terms, position.id));
  }

  #closed(order: Order, fill: BookFill): void {
    const { book, facts, instrument } = this.#floor;
    const position = book.find(order.signalId ?? '');
    if (position === undefined) throw new RangeError(`fill of ${order.clientId}: expected an open position, was none`);
    const reason = exitReasonOf(order, position);
    if (order.type === 'LIMIT') position.rungsDone = position.targets.lastIndexOf(order.limitPrice ?? NaN) + 1;
    book.close(position, fill, reason);
    if (position.openSteps > 0) {
      this.#reduced(position);
      return;
    }
    facts.tell('position.closed', positionOf(position, instrument));
    this.#floor.signals.move(position.signalId, signalStateAfter(reason));
    this.#trades += 1;
    this.#onTrade?.(finishedTrade(position, instrument, { seq: this.#trades, timeframe: this.#floor.timeframe }));
  }

  #reduced(position: OpenPosition): void {
    const { facts, signals, instrument } = this.#floor;
    facts.tell('position.changed', positionOf(position, instrument));
    if (signals.find(position.signalId)?.signal.status === 'FILLED') signals.move(position.signalId, 'PARTIALLY_CLOSED');
  }

  /** After T1 to the average entry, after T2 to T1; never back (TR-6). It works from the next bar on. */
  #raiseStop(position: OpenPosition): void {
    if (position.rungsDone === 0 || position.exiting !== null) return;
    const wanted = position.rungsDone >= 2 ? (position.targets[0] ?? position.entryPrice) : position.entryPrice;
    const side = sideOf(position.direction);
    if (side * (wanted - position.stop) <= 0) return;
    const { risk, orders, tray, facts, instrument } = this.#floor;
    const { signalId, openSteps, stop } = position;
    const order = risk.approveStop({ signalId, symbol: instrument.symbol, side, openSteps, stop }, position.stopRevision + 1, wanted);
    orders.create(order.terms, position.id);
    tray.put({ kind: 'place', order });
    position.stop = wanted;
    position.stopRevision += 1;
    position.version += 1;
    facts.tell('position.changed', positionOf(position, instrument));
  }

  /** The campaign counts what is really at risk; the rest of a reservation goes back. */
  #giveBack(live: LiveSignal, riskMicros: number): void {
    this.#floor.campaigns.giveBack(live.plan.campaignId, live.plan.leg, riskMicros);
  }
}

function exitReasonOf(order: Order, position: OpenPosition): ExitReason {
  if (order.type === 'LIMIT') return `T${Number(order.leg[1])}` as ExitReason;
  if (order.type === 'MARKET') return position.exiting ?? 'BROKER';
  if (position.stop === position.initialStop) return 'STOP';
  return position.stop === position.entryPrice ? 'BREAKEVEN' : 'TRAIL';
}

function signalStateAfter(reason: ExitReason): 'STOPPED' | 'TARGET_HIT' | 'CLOSED' {
  if (reason === 'STOP' || reason === 'BREAKEVEN' || reason === 'TRAIL') return 'STOPPED';
  return reason === 'T1' || reason === 'T2' || reason === 'T3' ? 'TARGET_HIT' : 'CLOSED';
}
