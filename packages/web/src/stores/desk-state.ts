/**
 * What the tab holds of the journal: bounded collections, by id, newest first (web.md 9). The replica writes here; the page reads copies
 * that are made once per frame.
 */
import type {
  AccountWire,
  ConnectionWire,
  DetectionEventWire,
  FactRow,
  OrderWire,
  PositionWire,
  RangeWire,
  SignalWire,
  SnapshotAnswer,
} from '@wyckoff/contracts';
import { LruTtlCache, Ring, type Scope } from '@wyckoff/bounded';
import type { SnapshotTopic } from '../link/environment.ts';
import type { EventFrame, ReplicaSink } from '../link/replica.ts';
import { NotificationBook } from './notification-book.ts';
import { TradingBook } from './trading-book.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export type PhaseFact = Extract<FactRow, { type: 'phase.changed' }>['data'];

/** An event with the series it belongs to, as it came. */
export interface HeldEvent {
  readonly symbol: string;
  readonly timeframe: string;
  readonly event: DetectionEventWire;
}

/** Parts of the state that are painted together. */
export const PARTS = [
  'events', 'ranges', 'signals', 'orders', 'positions', 'account', 'connections', 'facts', 'link', 'trading', 'approvals', 'campaigns', 'notifications',
] as const; // prettier-ignore
export type Part = (typeof PARTS)[number];

/** Orders in these states work no more. */
const FINISHED: readonly OrderWire['state'][] = ['FILLED', 'CANCELLED', 'REJECTED', 'EXPIRED', 'FAILED'];
export const isFinished = (order: Pick<OrderWire, 'state'>): boolean => FINISHED.includes(order.state);

export class DeskState implements ReplicaSink {
  readonly trading: TradingBook;
  readonly notifications: NotificationBook;
  readonly #events: LruTtlCache<string, HeldEvent>;
  readonly #ranges: LruTtlCache<string, RangeWire>;
  readonly #phases: LruTtlCache<string, PhaseFact>;
  readonly #signals: LruTtlCache<string, SignalWire>;
  readonly #openPositions: LruTtlCache<string, PositionWire>;
  readonly #closedPositions: LruTtlCache<string, PositionWire>;
  readonly #workingOrders: LruTtlCache<string, OrderWire>;
  readonly #finishedOrders: LruTtlCache<string, OrderWire>;
  readonly #connections: LruTtlCache<string, ConnectionWire>;
  readonly #facts: Ring<FactRow>;
  readonly #changed: (part: Part) => void;
  #account: AccountWire | null = null;

  constructor(scope: Scope, changed: (part: Part) => void) {
    this.#changed = changed;
    const cache = <V extends object>(
      name: string,
      bound: { readonly capacity: number; readonly itemBytes: number; readonly ttlMs?: number },
    ): LruTtlCache<string, V> => new LruTtlCache<string, V>({ ttlMs: Infinity, ...bound, name, scope, clock: scope.timers });
    this.#events = cache('web.analysis.events', { capacity: 500, itemBytes: 2_048 });
    this.#ranges = cache('web.analysis.ranges', { capacity: 200, itemBytes: 4_096 });
    this.#phases = cache('web.analysis.phases', { capacity: 200, itemBytes: 512 });
    // H7: a replay's signals are years old in pipeline time; what expires is how long ago they came here.
    this.#signals = cache('web.signals', { capacity: 100, itemBytes: 8_192, ttlMs: DAY_MS });
    this.#openPositions = cache('web.positions', { capacity: 150, itemBytes: 1_024 });
    this.#closedPositions = cache('web.positions.recent', { capacity: 50, itemBytes: 1_024 });
    this.#workingOrders = cache('web.orders', { capacity: 150, itemBytes: 1_024 });
    this.#finishedOrders = cache('web.orders.recent', { capacity: 50, itemBytes: 1_024 });
    this.#connections = cache('web.connections', { capacity: 20, itemBytes: 512 });
    this.#facts = new Ring({ name: 'web.facts.follow', capacity: 500, itemBytes: 8_192, scope });
    this.trading = new TradingBook(scope, changed);
    this.notifications = new NotificationBook(scope, () => changed('notifications'));
    scope.interval(HOUR_MS, () => this.expire(), 'signals-expiry');
    scope.adopt('desk-state', () => {
      this.#account = null;
    });
  }

  /** Records, oldest first. */
  get events(): readonly HeldEvent[] {
    return values(this.#events).reverse();
  }

  get ranges(): readonly RangeWire[] {
    return values(this.#ranges).sort((a, b) => a.startTime - b.startTime);
  }

  /** The last step of a hypothesis of a range, when it happened while this tab listened. */
  lastPhaseStep(range: RangeWire, hypothesis: 1 | -1): PhaseFact | null {
    return this.#phases.peek(phaseKey({ ...range, hypothesis })) ?? null;
  }

  /** Newest first. */
  get signals(): readonly SignalWire[] {
    return values(this.#signals).sort((a, b) => b.barTime - a.barTime);
  }

  /** Open ones first, each newest first. */
  get positions(): readonly PositionWire[] {
    const newest = (a: PositionWire, b: PositionWire): number => b.openedAt - a.openedAt;
    return [...values(this.#openPositions).sort(newest), ...values(this.#closedPositions).sort(newest)];
  }

  /** Working ones first, each newest first. */
  get orders(): readonly OrderWire[] {
    const newest = (a: OrderWire, b: OrderWire): number => b.updatedAt - a.updatedAt;
    return [...values(this.#workingOrders).sort(newest), ...values(this.#finishedOrders).sort(newest)];
  }

  get account(): AccountWire | null {
    return this.#account;
  }

  get connections(): readonly ConnectionWire[] {
    return values(this.#connections).sort((a, b) => a.name.localeCompare(b.name));
  }

  /** Newest first. */
  get facts(): readonly FactRow[] {
    return this.#facts.toArray().reverse();
  }

  /** Lets signals go that came more than a day ago. */
  expire(): void {
    if (this.#signals.sweep() > 0) this.#changed('signals');
  }

  reset(topics: readonly SnapshotTopic[], answer: SnapshotAnswer): void {
    if (topics.includes('analysis')) this.#resetAnalysis(answer);
    if (topics.includes('signals')) {
      this.#signals.clear();
      for (const signal of [...(answer.signals ?? [])].reverse()) this.#signals.set(signal.id, signal);
      this.#changed('signals');
    }
    if (topics.includes('orders')) {
      this.#workingOrders.clear();
      this.#finishedOrders.clear();
      for (const order of [...(answer.orders ?? [])].reverse()) this.#putOrder(order);
    }
    if (topics.includes('positions')) {
      this.#openPositions.clear();
      this.#closedPositions.clear();
      for (const position of [...(answer.positions ?? [])].reverse()) this.#putPosition(position);
      this.#changed('positions');
    }
    if (answer.trading !== undefined) this.trading.reset(answer.trading);
    if (answer.campaigns !== undefined) this.trading.resetCampaigns(answer.campaigns);
    if (answer.notifications !== undefined) this.notifications.reset(answer.notifications);
    if (topics.includes('account')) this.#putAccount(answer.account ?? null);
    for (const connection of answer.connections ?? []) this.#putConnection(connection);
  }

  /** Older facts read from the store, so that the journal does not begin empty. Ascending. */
  remember(rows: readonly FactRow[]): void {
    const held = this.#facts.toArray();
    const oldest = held.at(0)?.seq ?? Infinity;
    this.#facts.clear();
    for (const row of [...rows.filter((one) => one.seq < oldest), ...held].slice(-this.#facts.capacity)) this.#facts.push(row);
    this.#changed('facts');
  }

  fact(row: FactRow): void {
    this.#facts.push(row);
    this.#changed('facts');
    switch (row.type) {
      case 'event.changed':
        this.#putEvent(row.data);
        return;
      case 'phase.changed':
        this.#phases.set(phaseKey(row.data), row.data);
        this.#changed('ranges');
        return;
      case 'range.changed':
        this.#ranges.set(row.data.id, row.data);
        this.#changed('ranges');
        return;
      case 'signal.created':
      case 'signal.changed':
        this.#putSignal(row.data);
        return;
      case 'order.changed':
        this.#putOrder(row.data);
        return;
      case 'order.filled':
        this.#putOrder(row.data.order);
        return;
      case 'position.opened':
      case 'position.changed':
      case 'position.closed':
        this.#putPosition(row.data);
        return;
      case 'notification.created':
        this.notifications.created(row.data);
        return;
      case 'notification.read':
        this.notifications.read(row.data, row.at);
        return;
      default:
        this.trading.fact(row);
    }
  }

  value(frame: EventFrame): void {
    if (frame.type === 'account.updated') this.#putAccount(frame.data as AccountWire);
    if (frame.type === 'connection.changed') this.#putConnection(frame.data as ConnectionWire);
    if (frame.type === 'position.marked') this.#mark(frame.data as PositionWire);
  }

  #resetAnalysis(answer: SnapshotAnswer): void {
    this.#events.clear();
    this.#ranges.clear();
    for (const range of answer.analysis?.ranges ?? []) this.#ranges.set(range.id, range);
    const events = [...(answer.analysis?.events ?? [])].sort((a, b) => a.event.confirmTime - b.event.confirmTime);
    for (const held of events) this.#putEvent(held);
    this.#changed('events');
    this.#changed('ranges');
  }

  #putEvent(held: HeldEvent): void {
    const { symbol, timeframe, event } = held;
    this.#events.set(`${symbol}|${timeframe}|${event.id}|${event.status}`, held);
    this.#changed('events');
  }

  #putSignal(signal: SignalWire): void {
    if (isOlder(signal, this.#signals.peek(signal.id))) return;
    this.#signals.set(signal.id, signal);
    this.#changed('signals');
  }

  #putOrder(order: OrderWire): void {
    if (isOlder(order, this.#workingOrders.peek(order.id) ?? this.#finishedOrders.peek(order.id))) return;
    this.#workingOrders.delete(order.id);
    this.#finishedOrders.delete(order.id);
    (isFinished(order) ? this.#finishedOrders : this.#workingOrders).set(order.id, order);
    this.#changed('orders');
  }

  #putPosition(position: PositionWire): void {
    if (isOlder(position, this.#openPositions.peek(position.id) ?? this.#closedPositions.peek(position.id))) return;
    this.#openPositions.delete(position.id);
    this.#closedPositions.delete(position.id);
    (position.status === 'CLOSED' ? this.#closedPositions : this.#openPositions).set(position.id, position);
    this.#changed('positions');
  }

  /** A mark is a value, not a fact: it never opens, closes or rolls back a position. */
  #mark(position: PositionWire): void {
    const known = this.#openPositions.peek(position.id);
    if (known === undefined || position.status !== 'OPEN' || position.version < known.version || position.lastAt < known.lastAt)
      return;
    this.#openPositions.set(position.id, position);
    this.#changed('positions');
  }

  #putAccount(account: AccountWire | null): void {
    if (account !== null && this.#account?.id === account.id && account.at < this.#account.at) return;
    this.#account = account;
    this.#changed('account');
  }

  #putConnection(connection: ConnectionWire): void {
    this.#connections.set(connection.name, connection);
    this.#changed('connections');
  }
}

function values<V extends object>(cache: LruTtlCache<string, V>): V[] {
  return cache.keys().flatMap((key) => cache.peek(key) ?? []);
}

function phaseKey(of: {
  readonly symbol: string;
  readonly timeframe: string;
  readonly rangeId: number;
  readonly hypothesis: 1 | -1;
}): string {
  return `${of.symbol}|${of.timeframe}|${String(of.rangeId)}|${String(of.hypothesis)}`;
}

/** A younger version is already here: facts carry whole states, so the older one has nothing to add. */
function isOlder(one: { readonly version: number }, known: { readonly version: number } | undefined): boolean {
  return known !== undefined && one.version < known.version;
}
