/**
 * What works to close a position never adds up to more than is open (trading.md 7.1, 7.4). Parts at market (TRIM) have claimed theirs; over the
 * rest stand, as one group of which each takes from the others, the stop, the targets, exits at a limit and an exit of everything. The simulated
 * broker keeps this by itself; at a venue the quantities of the legs are kept here.
 */
import type { Order } from '../execution/order.ts';
import { LEG, clientOrderId, orderIdOf, rungOf } from '../trade/client-order-id.ts';
import { recutLadder } from '../trade/ladder.ts';
import { qtyOf } from '../trade/amount.ts';
import { hasStop } from '../trade/open-position.ts';
import type { OpenPosition } from '../trade/open-position.ts';
import { instrumentOf } from './floor.ts';
import type { Floor } from './floor.ts';

/** Why a leg ended that has nothing left to stand for; wanted again, it works under the next revision (7.2). */
export const RESIZED = 'RESIZED';

/** STOP, an order at a target, a part at market, one at a limit, or everything at market. */
type Closing = 'STOP' | 'RUNG' | 'TRIM' | 'LIMIT' | 'ALL';

export function closingOf(order: Order): Closing {
  if (order.leg.startsWith('STOP.')) return 'STOP';
  if (rungOf(order.leg) !== null) return 'RUNG';
  if (order.type !== 'MARKET') return 'LIMIT';
  return order.leg.startsWith('TRIM.') ? 'TRIM' : 'ALL';
}

/** Working closing orders of a kind, oldest first; one that was asked to go does not count. */
export function closers(floor: Floor, position: OpenPosition, kind: Closing): readonly Order[] {
  return floor.orders.living.filter(
    (order) =>
      order.signalId === position.signalId &&
      order.intent === 'CLOSE' &&
      closingOf(order) === kind &&
      (order.state !== 'CANCEL_PENDING' || kind === 'TRIM' || kind === 'ALL'),
  );
}

/** Whole steps that an order may still fill. */
function restSteps(floor: Floor, order: Order): number {
  const { lotStepMicros } = floor.book.instrumentOf(order.symbol);
  return Math.max(0, Math.ceil((order.qtyMicros - order.filledQtyMicros) / lotStepMicros));
}

function sumOf(floor: Floor, orders: readonly Order[]): number {
  return orders.reduce((sum, order) => sum + restSteps(floor, order), 0);
}

/** Open steps that no part at market has claimed: what the stop stands for, and the most an exit may take. */
export function unclaimed(floor: Floor, position: OpenPosition): number {
  return Math.max(0, position.openSteps - sumOf(floor, closers(floor, position, 'TRIM')));
}

/** Steps that orders at market may still take. */
export function claimedAtMarket(floor: Floor, position: OpenPosition): number {
  return sumOf(floor, closers(floor, position, 'TRIM')) + sumOf(floor, closers(floor, position, 'ALL'));
}

/** Open steps that nothing at market and no other limit has claimed: the most an exit at a limit may take. */
export function unoffered(floor: Floor, position: OpenPosition): number {
  const limits = sumOf(floor, closers(floor, position, 'LIMIT'));
  const free = unclaimed(floor, position) - sumOf(floor, closers(floor, position, 'ALL'));
  return Math.max(0, free - limits);
}

/** Exits at a limit make room for what goes at market: all of them, or as many as it takes, the newest first. */
export function withdrawLimits(floor: Floor, position: OpenPosition, room: number): void {
  let offered = sumOf(floor, closers(floor, position, 'LIMIT'));
  for (const order of [...closers(floor, position, 'LIMIT')].reverse()) {
    if (offered <= room) return;
    offered -= restSteps(floor, order);
    floor.orders.askCancel(order);
    floor.tray.put({ kind: 'cancel', clientId: order.clientId, reason: 'EXITING' });
  }
}

/** At a venue the legs follow what is open and what is claimed of it; a stop that has to come back is the caller's to place (false). */
export function alignLegs(floor: Floor, position: OpenPosition): boolean {
  if (floor.settings.broker !== 'venue' || position.openSteps === 0) return true;
  fitParts(floor, position);
  const cover = unclaimed(floor, position);
  withdrawLimits(floor, position, cover);
  for (const kind of ['STOP', 'ALL'] as const) for (const order of closers(floor, position, kind)) resize(floor, order, cover);
  alignRungs(floor, position, Math.max(0, cover - sumOf(floor, closers(floor, position, 'LIMIT'))));
  return !isBare(floor, position);
}

/** At a venue: something of it is neither under a stop nor on its way out. One that was found without a stop has none. */
export function isBare(floor: Floor, position: OpenPosition): boolean {
  if (floor.settings.broker !== 'venue' || !hasStop(position) || unclaimed(floor, position) === 0) return false;
  return closers(floor, position, 'STOP').length === 0 && closers(floor, position, 'ALL').length === 0;
}

/** A stop or a target took what a part at market had claimed: the newest part gives way. */
function fitParts(floor: Floor, position: OpenPosition): void {
  let claimed = sumOf(floor, closers(floor, position, 'TRIM'));
  for (const order of [...closers(floor, position, 'TRIM')].reverse()) {
    if (claimed <= position.openSteps) return;
    const steps = restSteps(floor, order);
    const keep = Math.max(0, steps - (claimed - position.openSteps));
    claimed -= steps - keep;
    resize(floor, order, keep);
  }
}

function alignRungs(floor: Floor, position: OpenPosition, openSteps: number): void {
  const wanted = recutLadder({ ...position, openSteps }, position.targets);
  const working = closers(floor, position, 'RUNG');
  for (const order of working) resize(floor, order, wanted.find(({ target }) => target === rungOf(order.leg))?.steps ?? 0);
  for (const { target, price, steps } of wanted) {
    if (working.some((order) => rungOf(order.leg) === target)) continue;
    const leg = LEG.target(target, position.rungRevisions?.[target - 1] ?? 1);
    if (floor.orders.find(clientOrderId(position.signalId, leg)) === undefined)
      createLeg(floor, position, { leg, type: 'LIMIT', price, steps });
  }
}

/** A leg that the broker holds with the position; told as accepted, for nobody sends it. */
export function createLeg(
  floor: Floor,
  position: OpenPosition,
  of: { readonly leg: string; readonly type: 'STOP' | 'LIMIT'; readonly price: number; readonly steps: number },
): void {
  const { orders } = floor;
  const { signalId, symbol, direction } = position;
  const { leg, type, price, steps } = of;
  const clientId = clientOrderId(signalId, leg);
  const terms = {
    orderId: orderIdOf(signalId, leg),
    clientId,
    signalId,
    symbol,
    leg,
    intent: 'CLOSE',
    side: direction === 'LONG' ? 'SELL' : 'BUY',
    type,
    steps,
    limitPrice: type === 'LIMIT' ? price : null,
    stopPrice: type === 'STOP' ? price : null,
    reason: null,
  } as const;
  const order = orders.create(terms, instrumentOf(floor, position), position.id);
  orders.report(order, { kind: 'accepted', clientId });
}

/** So many steps from now on; none left: it ends, and a target's next order has the next revision. */
function resize(floor: Floor, order: Order, rest: number): void {
  const { orders } = floor;
  const { clientId } = order;
  const qtyMicros = order.filledQtyMicros + qtyOf(floor.book.instrumentOf(order.symbol), rest);
  if (qtyMicros === order.qtyMicros) return;
  if (rest > 0) {
    orders.report(order, { kind: 'resized', clientId, qtyMicros });
    return;
  }
  floor.tray.put({ kind: 'cancel', clientId, reason: RESIZED });
  orders.report(order, { kind: 'ended', clientId, state: 'CANCELLED', reason: RESIZED });
  noteRungEnded(floor, order);
}

/** A target whose order ended for want of quantity may get another: under the next revision. */
export function noteRungEnded(floor: Floor, order: Order): void {
  const target = rungOf(order.leg);
  const position = floor.book.find(order.signalId ?? '');
  if (target === null || position === undefined) return;
  const revisions = [...(position.rungRevisions ?? position.targets.map(() => 1))];
  revisions[target - 1] = (revisions[target - 1] ?? 1) + 1;
  position.rungRevisions = revisions;
}
