/** What the page reads: copies of the desk's state as shallow refs, renewed at most once per animation frame, not at all while hidden. */
import type {
  AccountWire,
  ApprovalWire,
  CampaignWire,
  ConnectionWire,
  FactRow,
  KillSwitchWire,
  NotificationWire,
  OrderWire,
  PositionWire,
  RangeWire,
  SessionAnswer,
  SignalWire,
} from '@wyckoff/contracts';
import type { Release, Scope } from '@wyckoff/bounded';
import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import type { LinkStatus } from '../link/link.ts';
import { type DeskState, type HeldEvent, type Part, PARTS } from './desk-state.ts';
import type { AccountTrading, HaltFact } from './trading-book.ts';

/** The series the desk speaks of. */
export type DeskSeries = NonNullable<SessionAnswer['desk']>;

export const useDeskStore = defineStore('desk', () => {
  const session = shallowRef<SessionAnswer | null>(null);
  const link = shallowRef<LinkStatus | null>(null);
  const outdated = shallowRef(false);
  /** The server's wall clock minus this one's, ms: deadlines are the server's. */
  const clockOffset = shallowRef(0);
  const events = shallowRef<readonly HeldEvent[]>([]);
  const ranges = shallowRef<readonly RangeWire[]>([]);
  const signals = shallowRef<readonly SignalWire[]>([]);
  const orders = shallowRef<readonly OrderWire[]>([]);
  const positions = shallowRef<readonly PositionWire[]>([]);
  const account = shallowRef<AccountWire | null>(null);
  const connections = shallowRef<readonly ConnectionWire[]>([]);
  const facts = shallowRef<readonly FactRow[]>([]);
  const killSwitch = shallowRef<KillSwitchWire | null>(null);
  const halts = shallowRef<readonly HaltFact[]>([]);
  const approvals = shallowRef<readonly ApprovalWire[]>([]);
  const campaigns = shallowRef<readonly CampaignWire[]>([]);
  const notifications = shallowRef<readonly NotificationWire[]>([]);
  const unread = shallowRef(0);
  /** How the account of the desk trades. */
  const trading = shallowRef<AccountTrading | null>(null);
  /** Wall time of the last frame of the feed, for its age. */
  const heardAt = shallowRef<number | null>(null);
  /** The last bar, from chart page or stream. */
  const lastPrice = shallowRef<{ readonly price: number; readonly previous: number | null; readonly time: number } | null>(null);

  /** Symbol and timeframe of another series of the account; null: the desk's own. */
  const chosen = shallowRef<string | null>(null);
  const series = computed<DeskSeries | null>(() => {
    const desk = session.value?.desk ?? null;
    return desk && { ...desk, ...desk.others?.find((one) => `${one.symbol} ${one.timeframe}` === chosen.value) };
  });
  const feed = computed(() => connections.value.find((one) => one.kind === 'FEED') ?? null);

  return {
    session, link, outdated, clockOffset, events, ranges, signals, orders, positions, account, connections, facts, heardAt, lastPrice, chosen, series, feed,
    killSwitch, halts, approvals, campaigns, notifications, unread, trading,
  }; // prettier-ignore
});
export type DeskStore = ReturnType<typeof useDeskStore>;

/** Where copies are made from. */
export interface DeskSources {
  readonly state: DeskState;
  readonly link: () => LinkStatus;
  /** Wall time of the last message; null before the first. */
  readonly heardAt: () => number | null;
}

/** Copies the parts that changed into the store. */
export function copyParts(store: DeskStore, { state, link, heardAt }: DeskSources, parts: ReadonlySet<Part>): void {
  store.heardAt = heardAt();
  if (parts.has('link')) store.link = link();
  if (parts.has('events')) store.events = state.events;
  if (parts.has('ranges')) store.ranges = state.ranges;
  if (parts.has('signals')) store.signals = state.signals;
  if (parts.has('orders')) store.orders = state.orders;
  if (parts.has('positions')) store.positions = state.positions;
  if (parts.has('account')) store.account = state.account;
  if (parts.has('connections')) store.connections = state.connections;
  if (parts.has('facts')) store.facts = state.facts;
  copyTrading(store, state, parts);
}

function copyTrading(store: DeskStore, { trading, notifications }: DeskState, parts: ReadonlySet<Part>): void {
  if (parts.has('trading')) {
    store.killSwitch = trading.killSwitch;
    store.halts = trading.halts;
    store.trading = trading.accounts.at(0) ?? null;
  }
  if (parts.has('approvals')) store.approvals = trading.approvals;
  if (parts.has('campaigns')) store.campaigns = trading.campaigns;
  if (parts.has('notifications')) {
    store.notifications = notifications.list;
    store.unread = notifications.unread;
  }
}

/** Gathers what changed and hands it over once per frame; nothing while the tab is hidden, everything once it is seen again. */
export class Painter {
  readonly #scope: Scope;
  readonly #paint: (parts: ReadonlySet<Part>) => void;
  readonly #isVisible: () => boolean;
  /** Parts that changed since the last paint: at most those of `PARTS`. */
  #dirty = new Set<Part>();
  #frame: Release | undefined;

  constructor(options: {
    readonly scope: Scope;
    readonly isVisible: () => boolean;
    readonly paint: (parts: ReadonlySet<Part>) => void;
  }) {
    this.#scope = options.scope;
    this.#paint = options.paint;
    this.#isVisible = options.isVisible;
  }

  /** Marks a part as changed. */
  readonly changed = (part: Part): void => {
    // bounded: by the names in PARTS.
    this.#dirty.add(part);
    this.#plan();
  };

  /** The tab is looked at again. */
  resume(): void {
    // bounded: by the names in PARTS.
    for (const part of PARTS) this.#dirty.add(part);
    this.#plan();
  }

  #plan(): void {
    if (this.#frame !== undefined || !this.#isVisible() || this.#scope.state !== 'open') return;
    this.#frame = this.#scope.frame(() => {
      this.#frame = undefined;
      const parts = this.#dirty;
      this.#dirty = new Set();
      this.#paint(parts);
    }, 'paint');
  }
}
