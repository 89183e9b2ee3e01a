/** What brokers report becomes positions, moved stops and finished trades (trading.md 5.6, 6.3, 7). */
import type { Price } from '../bar/bar.ts';
import { protectiveLegs } from '../execution/bracket.ts';
import type { BrokerReport } from '../execution/instruction.ts';
import type { Fill, Order } from '../execution/order.ts';
import type { OrderAlert, OrderStep } from '../execution/order-machine.ts';
import { isTerminalOrder } from '../execution/order-state.ts';
import { idOf } from '../setup/digest.ts';
import { recapFill } from '../risk/fill-recap.ts';
import { riskOf } from '../trade/amount.ts';
import { clientOrderId, orderIdOf, rungOf } from '../trade/client-order-id.ts';
import { finishedTrade } from '../trade/finished-trade.ts';
import { feesOf, hasStop, positionOf, sideOf } from '../trade/open-position.ts';
import type { OpenPosition } from '../trade/open-position.ts';
import type { ExitReason } from '../trade/position.ts';
import type { BookFill } from '../trade/position-book.ts';
import { stopReasonOf, wantedStop } from '../trade/stop-moves.ts';
import type { Trade } from '../trade/trade.ts';
import { RESIZED, alignLegs, closingOf, createLeg, noteRungEnded, unclaimed } from './closing.ts';
import type { ExitDesk } from './exit-desk.ts';
import { campaignOf, instrumentOf, laneOf } from './floor.ts';
import type { Floor } from './floor.ts';
import type { LiveSignal } from './signal-book.ts';

/** Why the broker ended an entry that the engine itself had given up: the signal expires rather than being cancelled. */
const VOID_REASONS: ReadonlySet<string> = new Set(['INVALIDATED', 'TARGET_PASSED', 'SOURCE_FAILED', 'RANGE_ENDED', 'VALIDITY']);
/** A stop that ends so has a successor, or nothing left to protect. */
const STOP_SUCCEEDED: ReadonlySet<string> = new Set([
  'REPLACED',
  'OCO',
  'RESIZED',
  'POSITION_CLOSED',
  'END_OF_DATA',
  'REPLACE_REFUSED',
]);

/** So many refusals of stops and exits between two bars are answered with another stop; what comes after them with an exit (7.4). */
const STOP_TRIES = 6;
/** From here on a venue that refuses everything is not asked again before the next bar. */
const PROTECTION_TRIES = 9;

export class FillDesk {
  readonly #floor: Floor;
  readonly #exits: ExitDesk;
  readonly #onTrade: ((trade: Trade) => void) | null;
  #trades: number;

  constructor(floor: Floor, exits: ExitDesk, of: { readonly onTrade: ((trade: Trade) => void) | null; readonly trades: number }) {
    this.#floor = floor;
    this.#exits = exits;
    this.#onTrade = of.onTrade;
    this.#trades = of.trades;
  }

  /** Trades finished so far; the last sequence number. */
  get trades(): number {
    return this.#trades;
  }

  /** Everything a broker reported, in order; then stops follow the rungs that fired. */
  hear(reports: readonly BrokerReport[]): void {
    if (reports.length === 0) return;
    for (const report of reports) this.#one(report);
    this.raiseStops();
  }

  /** After T1 to the average entry, after T2 to T1, then trailing; never back (TR-6). It works from the next bar on. */
  raiseStops(): void {
    const { book, settings } = this.#floor;
    for (const position of book.positions) {
      if (position.exiting !== null) continue;
      const { tickSize } = instrumentOf(this.#floor, position);
      const wanted = wantedStop(position, { tickSize, trailing: settings.trailing });
      if (wanted !== null) this.moveStop(position, wanted);
    }
  }

  /** Towards profit only; the caller has judged it. Null: parts at market have claimed everything, only the price is kept. */
  moveStop(position: OpenPosition, price: Price): Order | null {
    const { risk, orders, tray, facts } = this.#floor;
    const { signalId, symbol, stop, direction } = position;
    const instrument = instrumentOf(this.#floor, position);
    // The simulated broker cuts its stop by itself.
    const openSteps = this.#isVenue ? unclaimed(this.#floor, position) : position.openSteps;
    if (openSteps === 0) {
      position.stop = price;
      return null;
    }
    // One that was found without a stop may get its first anywhere.
    const from = hasStop(position) ? stop : price;
    const open = { signalId, symbol, side: sideOf(direction), openSteps, stop: from };
    const order = risk.approveStop(open, position.stopRevision + 1, price);
    const record = orders.create(order.terms, instrument, position.id);
    const former = order.terms.replaces;
    // One that has ended cannot be replaced.
    if (former === null || !orders.isLiving(former)) tray.put({ kind: 'place', order });
    else tray.put({ kind: 'replace', clientId: former, order });
    position.stop = price;
    position.stopRevision += 1;
    position.version += 1;
    facts.tell('position.changed', positionOf(position, instrument));
    return record;
  }

  get #isVenue(): boolean {
    return this.#floor.settings.broker === 'venue';
  }

  /** At a venue legs are held by whoever sends them there: a target's order may have another revision by now, and take what another has left. */
  #named(report: BrokerReport): Order | undefined {
    const { orders, book } = this.#floor;
    const order = orders.find(report.clientId);
    if (order === undefined || !this.#isVenue || order.intent !== 'CLOSE') return order;
    const target = rungOf(order.leg);
    const isHeir = (one: Order): boolean => one.signalId === order.signalId && rungOf(one.leg) === target;
    const heir = target !== null && isTerminalOrder(order.state) ? (orders.living.find(isHeir) ?? order) : order;
    const kind = closingOf(heir);
    if (report.kind !== 'filled' || kind === 'TRIM' || kind === 'LIMIT' || orders.isBooked(heir, report.fill.execId)) return heir;
    const qtyMicros = heir.filledQtyMicros + report.fill.qtyMicros;
    const position = book.find(heir.signalId ?? '');
    const steps = report.fill.qtyMicros / book.instrumentOf(heir.symbol).lotStepMicros;
    if (qtyMicros <= heir.qtyMicros || position === undefined || steps > position.openSteps) return heir;
    return orders.report(heir, { kind: 'resized', clientId: heir.clientId, qtyMicros }).order;
  }

  #one(report: BrokerReport): void {
    const { orders } = this.#floor;
    const order = this.#named(report);
    if (order === undefined) {
      this.#unknown(report);
      return;
    }
    const wasOver = isTerminalOrder(order.state);
    const step = orders.report(order, report);
    if (step.alert !== null) this.#alert(order, step.alert);
    if (step.fill !== null) this.#filled(step, step.fill, report.kind === 'filled' ? (report.reason ?? null) : null);
    if (report.kind === 'replaced') {
      const next = orders.find(report.by);
      if (next !== undefined) orders.report(next, report);
    }
    if (report.kind === 'accepted' && order.intent === 'OPEN') this.#submitted(order);
    if (report.kind === 'ended' && !wasOver) this.#ended(step.order, report.reason);
  }

  /** A leg the broker cut anew is known by its name; anything else is nobody's. */
  #unknown(report: BrokerReport): void {
    if (report.kind === 'resized' || report.kind === 'ended' || report.kind === 'accepted') {
      for (const position of this.#floor.book.positions) {
        const leg = protectiveLegs(position).find(({ leg: name }) => clientOrderId(position.signalId, name) === report.clientId);
        if (leg !== undefined) {
          this.#createLegs(position);
          this.#one(report);
          return;
        }
      }
    }
    const sentence = `The broker reports ${report.kind} of an order nobody here knows.`;
    this.#floor.facts.tell('reconcile.difference', {
      accountId: this.#floor.accountId, symbol: '', code: 'UNKNOWN_ORDER', sentence, refId: report.clientId,
    }); // prettier-ignore
  }

  #alert(order: Order, { code, sentence }: OrderAlert): void {
    const { facts, accountId, halts } = this.#floor;
    facts.tell('reconcile.difference', { accountId, symbol: order.symbol, code, sentence, refId: order.clientId });
    if (code !== 'CONFLICT') halts.set('RECONCILE', { symbol: order.symbol, on: true, reason: sentence, actor: null });
  }

  #submitted(order: Order): void {
    const live = this.#floor.signals.find(order.signalId ?? '');
    if (live?.signal.status === 'APPROVED') this.#floor.signals.move(live.signal.id, 'SUBMITTED');
  }

  #ended(order: Order, reason: string): void {
    if (order.intent === 'CLOSE') this.#closerEnded(order, reason);
    else this.#entryEnded(order, reason);
  }

  /** What was not filled is given back; unfilled altogether, the signal ends with it. */
  #entryEnded(order: Order, reason: string): void {
    const { signals, risk, halts } = this.#floor;
    const signalId = order.signalId ?? '';
    const live = signals.find(signalId);
    if (order.state === 'REJECTED' || order.state === 'FAILED') halts.command({ kind: 'refused' });
    const held = risk.reserved(signalId);
    risk.release(signalId);
    if (live === undefined) return;
    this.#giveBack(live, held);
    if (order.filledQtyMicros > 0) return;
    const { campaignId } = live.plan;
    campaignOf(this.#floor, campaignId)?.lane.campaigns.unfilled(campaignId, signalId);
    const ended = order.state === 'FAILED' ? 'REJECTED' : order.state;
    const status = VOID_REASONS.has(reason) ? 'EXPIRED' : (ended as 'REJECTED' | 'EXPIRED' | 'CANCELLED');
    signals.move(signalId, status, { code: reason, text: `The entry ended: ${reason}.` });
  }

  /** An exit that came to nothing may be tried again; a stop that is gone is no protection. */
  #closerEnded(order: Order, reason: string): void {
    const position = this.#floor.book.find(order.signalId ?? '');
    if (position === undefined) return;
    if (order.state === 'REJECTED' || order.state === 'FAILED') position.refusals = (position.refusals ?? 0) + 1;
    if (closingOf(order) === 'RUNG' && reason === RESIZED) noteRungEnded(this.#floor, order);
    if (closingOf(order) === 'STOP') {
      if (reason === 'REPLACE_REFUSED') this.#stopStays(position);
      else if (!STOP_SUCCEEDED.has(reason)) this.#exits.leave(position, 'PROTECTION_FAILED');
    }
    this.#settle(position);
  }

  /** What was claimed and not filled, or filled by another, changes hands: legs, exits and parts fit what is open again (7.4). */
  #settle(position: OpenPosition): void {
    if (position.openSteps === 0) return;
    this.#exits.released(position);
    if (alignLegs(this.#floor, position)) return;
    const { refusals = 0 } = position;
    if (refusals <= STOP_TRIES) this.moveStop(position, position.stop);
    else if (refusals <= PROTECTION_TRIES) this.#exits.leave(position, 'PROTECTION_FAILED');
    else this.#tellBare(position, refusals);
  }

  /** Nobody can protect or close it now: a person must know before the next bar tries again. */
  #tellBare({ symbol, id }: OpenPosition, refusals: number): void {
    const { facts, accountId } = this.#floor;
    const sentence = `The position has neither stop nor exit: ${refusals} of them were refused since the last bar. The next bar closes it at market.`;
    facts.tell('reconcile.difference', { accountId, symbol, code: 'UNPROTECTED', sentence, refId: id });
  }

  /** The broker kept the former stop. */
  #stopStays(position: OpenPosition): void {
    const { orders, facts } = this.#floor;
    const inForce = orders.living.find((order) => order.signalId === position.signalId && order.leg.startsWith('STOP.'));
    if (inForce?.stopPrice == null || inForce.stopPrice === position.stop) return;
    position.stop = inForce.stopPrice;
    position.version += 1;
    facts.tell('position.changed', positionOf(position, instrumentOf(this.#floor, position)));
  }

  #filled(step: OrderStep, fill: Fill, because: ExitReason | null): void {
    const { order } = step;
    const instrument = this.#floor.book.instrumentOf(order.symbol);
    const steps = Math.floor(fill.qtyMicros / instrument.lotStepMicros);
    const { price, ts, commissionMicros, slippageMicros, impactMicros, orderId } = fill;
    const booked: BookFill = { steps, price, ts, commissionMicros, slippageMicros, impactMicros, orderId };
    if (order.intent === 'OPEN') this.#opened(order, booked);
    else this.#closed(order, booked, because);
  }

  /** The first part opens a position, later ones add to it; one that comes too late finds the plan of its ended signal. */
  #opened(order: Order, fill: BookFill): void {
    const { book, signals, facts } = this.#floor;
    const signalId = order.signalId ?? '';
    const live = signals.find(signalId);
    if (live === undefined) {
      this.#openedLate(order, fill);
      return;
    }
    const former = book.find(signalId);
    const instrument = book.instrumentOf(order.symbol);
    const lane = laneOf(this.#floor, order.symbol, live.signal.timeframe);
    let position = former;
    if (position === undefined) position = book.open(live.plan, fill, lane.tracker.atr);
    else book.add(position, fill);
    this.#takeOver(live, position, fill);
    if (former === undefined) this.#begun(live, position);
    else facts.tell('position.changed', positionOf(position, instrument));
    this.#createLegs(position);
    this.#settle(position);
    if (position.exiting !== null) this.#exits.leavePart(position, { steps: fill.steps, limitPrice: null, reason: 'TRIM' });
    else if (this.#floor.settings.broker === 'venue') this.#recap(position, fill, live);
  }

  /** A fill nobody waits for any more is booked, under a name of its own, with a stop, and kept for a person to decide on (7.1). */
  #openedLate(order: Order, fill: BookFill): void {
    const { book, signals, facts } = this.#floor;
    const live = signals.ended(order.signalId ?? '');
    if (live === undefined) {
      this.#alert(order, { code: 'OVERFILL', sentence: 'An entry was filled whose signal ended long ago; nothing was booked.' });
      return;
    }
    this.#consume(live.signal.id, fill.steps);
    const signalId = idOf('late', order.clientId, order.filledQtyMicros);
    const position = book.open({ ...live.plan, signalId, origin: 'MANUAL', targets: [] }, fill, null);
    facts.tell('position.opened', positionOf(position, instrumentOf(this.#floor, position)));
    position.stopRevision = 0;
    this.moveStop(position, position.initialStop);
  }

  /** The position's own risk takes the place of what was reserved; the campaign counts what is really at risk. */
  #takeOver(live: LiveSignal, position: OpenPosition, fill: BookFill): void {
    const { risk, book } = this.#floor;
    const { id } = live.signal;
    const before = risk.reserved(id);
    this.#consume(id, fill.steps);
    const real = riskOf(book.instrumentOf(position.symbol), [fill.price, position.initialStop], fill.steps);
    this.#giveBack(live, before - risk.reserved(id) - real);
    const { campaignId, initialRiskMicros } = position;
    campaignOf(this.#floor, campaignId)?.lane.campaigns.filled(campaignId, { signalId: id, riskMicros: initialRiskMicros });
  }

  /** What was filled is not reserved any more. */
  #consume(signalId: string, steps: number): void {
    const { risk } = this.#floor;
    const held = risk.held.find((row) => row.id === signalId);
    if (held !== undefined) risk.filled(signalId, Math.min(steps, held.unfilledSteps));
  }

  #begun(live: LiveSignal, position: OpenPosition): void {
    const { signals, facts } = this.#floor;
    const { status, id } = live.signal;
    if (status === 'APPROVED') signals.move(id, 'SUBMITTED');
    if (status === 'APPROVED' || status === 'SUBMITTED') signals.move(id, 'FILLED');
    facts.tell('position.opened', positionOf(position, instrumentOf(this.#floor, position)));
  }

  /** The broker took the bracket together with its entry; each leg is an order of its own from now on. */
  #createLegs(position: OpenPosition): void {
    for (const { leg, type, price, steps } of protectiveLegs(position)) {
      if (this.#floor.orders.find(clientOrderId(position.signalId, leg)) !== undefined) continue;
      createLeg(this.#floor, position, { leg, type, price, steps });
    }
  }

  /** A venue has filled it already: what risks more than was reserved is closed at once (5.6). */
  #recap(position: OpenPosition, fill: BookFill, live: LiveSignal): void {
    const before = { value: position.entrySum - fill.price * fill.steps, steps: position.initialSteps - fill.steps };
    const { keep, excess } = recapFill({
      instrument: instrumentOf(this.#floor, position),
      side: sideOf(position.direction),
      price: fill.price,
      stop: position.initialStop,
      steps: fill.steps,
      reservedMicros: live.signal.riskMicros,
      before,
      where: 'live',
    });
    if (excess === 0) return;
    if (keep === 0 && position.openSteps === fill.steps) this.#exits.leave(position, 'TRIM');
    else this.#exits.leavePart(position, { steps: excess, limitPrice: null, reason: 'TRIM' });
  }

  #closed(order: Order, fill: BookFill, because: ExitReason | null): void {
    const { book } = this.#floor;
    const position = book.find(order.signalId ?? '');
    const open = position?.openSteps ?? 0;
    if (fill.steps > open) {
      const sentence = `A closing order filled ${fill.steps} steps where ${open} were open.`;
      this.#alert(order, { code: 'OVERFILL', sentence });
    }
    if (position === undefined || open === 0) return;
    const instrument = instrumentOf(this.#floor, position);
    const reason = because ?? exitReasonOf(order, position, instrument.tickSize);
    const target = rungOf(order.leg);
    const rung = target === null ? {} : { rung: { target, fired: order.state === 'FILLED' } };
    book.close(position, { ...fill, steps: Math.min(fill.steps, open), ...rung }, reason);
    if (position.openSteps > 0) this.#reduced(position);
    else this.#finished(position, reason);
  }

  /** The broker holds less than the book: what is gone was closed there. */
  closedElsewhere(position: OpenPosition, of: { readonly steps: number; readonly price: Price }): void {
    const { at } = this.#floor.facts;
    const free = { commissionMicros: 0, slippageMicros: 0, impactMicros: 0 };
    this.#floor.book.close(position, { ...of, ...free, ts: at, orderId: position.id }, 'BROKER');
    if (position.openSteps > 0) this.#reduced(position);
    else this.#finished(position, 'BROKER');
  }

  #reduced(position: OpenPosition): void {
    const { facts, signals } = this.#floor;
    facts.tell('position.changed', positionOf(position, instrumentOf(this.#floor, position)));
    if (signals.find(position.signalId)?.signal.status === 'FILLED') signals.move(position.signalId, 'PARTIALLY_CLOSED');
    this.#settle(position);
  }

  #finished(position: OpenPosition, reason: ExitReason): void {
    const { facts, signals, halts, trading } = this.#floor;
    const instrument = instrumentOf(this.#floor, position);
    facts.tell('position.closed', positionOf(position, instrument));
    this.#exits.dropRest(position);
    this.#exits.dropLegs(position);
    signals.move(position.signalId, signalStateAfter(reason));
    campaignOf(this.#floor, position.campaignId)?.lane.campaigns.closed(position, instrument);
    halts.closedPosition(position);
    trading.closedTrade(position.realisedMicros - feesOf(position));
    this.#flattened(position, reason);
    this.#trades += 1;
    const { timeframe } = laneOf(this.#floor, position.symbol, position.timeframe);
    this.#onTrade?.(finishedTrade(position, instrument, { seq: this.#trades, timeframe }));
  }

  /** Whatever closed the last of it: FLATTEN has nothing left to wait for (7.6). */
  #flattened({ id: positionId, symbol, signalId }: OpenPosition, reason: ExitReason): void {
    const { trading, accountId } = this.#floor;
    const isAwaited = trading.now.kill.results.some((row) => row.positionId === positionId && row.state !== 'CLOSED');
    if (reason !== 'FLATTEN' && !isAwaited) return;
    const orderId = orderIdOf(signalId, `FLATTEN.${trading.now.kill.activationId ?? ''}`);
    trading.flattened({
      accountId,
      positionId,
      symbol,
      orderId,
      state: 'CLOSED',
      sentence: reason === 'FLATTEN' ? 'Closed at market.' : `Closed: ${reason}.`,
    });
  }

  /** The campaign counts what is really at risk; the rest of a reservation goes back. */
  #giveBack(live: LiveSignal, riskMicros: number): void {
    if (riskMicros !== 0)
      campaignOf(this.#floor, live.plan.campaignId)?.lane.campaigns.giveBack(live.plan.campaignId, live.plan.leg, riskMicros);
  }
}

function exitReasonOf(order: Order, position: OpenPosition, tickSize: number): ExitReason {
  const rung = rungOf(order.leg);
  if (rung !== null) return `T${rung}`;
  if (order.leg.startsWith('STOP.')) return stopReasonOf(position, tickSize);
  return (order.reason as ExitReason | null) ?? position.exiting ?? 'BROKER';
}

function signalStateAfter(reason: ExitReason): 'STOPPED' | 'TARGET_HIT' | 'CLOSED' {
  if (reason === 'STOP' || reason === 'BREAKEVEN' || reason === 'TRAIL') return 'STOPPED';
  return reason === 'T1' || reason === 'T2' || reason === 'T3' ? 'TARGET_HIT' : 'CLOSED';
}
