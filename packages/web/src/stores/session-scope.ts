/** Everything a signed-in desk has open, made in one place and ended together: link, state, caches, clock. */
import type { ChartAnswer } from '@wyckoff/contracts';
import { LruTtlCache, type Scope } from '@wyckoff/bounded';
import { inject, type InjectionKey } from 'vue';
import { browserEnvironment, wakeOnReturn } from '../link/browser.ts';
import type { HttpClient } from '../link/http.ts';
import { Link } from '../link/link.ts';
import { TradingHttp } from '../link/trading-http.ts';
import { Toasts } from '../ui/toasts.ts';
import { BarStore } from './bar-store.ts';
import { DeskState } from './desk-state.ts';
import { copyParts, type DeskStore, Painter } from './desk-store.ts';

/** What the pages of a session share. */
export interface DeskSession {
  readonly scope: Scope;
  readonly http: HttpClient;
  /** Halting, deciding, managing: by plain HTTP, whether or not the stream is up. */
  readonly trading: TradingHttp;
  readonly toasts: Toasts;
  readonly link: Link;
  readonly state: DeskState;
  readonly bars: BarStore;
  /** C7: chart pages, 20 entries, 40 MB, 5 min. */
  readonly slices: LruTtlCache<string, ChartAnswer>;
}

export const DESK_SESSION: InjectionKey<DeskSession> = Symbol('desk-session');

/** The session of the page. @throws when used outside of one. */
export function useDeskSession(): DeskSession {
  const session = inject(DESK_SESSION);
  if (session === undefined)
    throw new Error('expected a page inside a desk session, was outside; provide DESK_SESSION in main.ts');
  return session;
}

const MINUTE_MS = 60_000;
const NUMBER_BYTES = 8;

function sliceBytes(answer: ChartAnswer): number {
  const overlays = answer.ranges.length * 2_048 + answer.events.length * 2_048 + answer.trades.length * 1_024;
  return answer.columns.t.length * 6 * NUMBER_BYTES + overlays + 512;
}

/** Opens the session's parts inside `scope`; disposing it closes the socket and empties every store. */
export function openDeskSession(options: {
  readonly scope: Scope;
  readonly http: HttpClient;
  readonly store: DeskStore;
  readonly contractHash: string;
}): DeskSession {
  const { scope, http, store } = options;
  const isVisible = (): boolean => document.visibilityState === 'visible';
  let heardAt: number | null = null;
  const painter = new Painter({
    scope,
    isVisible,
    paint: (parts) => copyParts(store, { state, link: () => link.status, heardAt: () => heardAt }, parts),
  });
  const state = new DeskState(scope, painter.changed);
  const toasts = new Toasts(scope);
  const slices = new LruTtlCache<string, ChartAnswer>({
    name: 'web.chart.slices',
    capacity: 20,
    ttlMs: 5 * MINUTE_MS,
    maxBytes: 40 * 1024 * 1024,
    sizeOf: sliceBytes,
    scope,
  });
  const link = new Link({
    environment: browserEnvironment(http),
    scope,
    tab: crypto.randomUUID(),
    contractHash: options.contractHash,
    sink: {
      reset: (topics, answer) => state.reset(topics, answer),
      fact: (row) => {
        heardAt = Date.now();
        state.fact(row);
        if (row.type === 'notification.created') toasts.show(row.data.notification);
      },
      value: (frame) => {
        heardAt = Date.now();
        state.value(frame);
      },
    },
    changed: () => painter.changed('link'),
    outdated: () => {
      store.outdated = true;
    },
  });
  scope.listen(document, 'visibilitychange', () => {
    if (isVisible()) painter.resume();
  });
  scope.interval(
    MINUTE_MS,
    () => {
      if (isVisible()) slices.sweep();
    },
    'slices-sweep',
  );
  scope.adopt('desk-store', () => emptyStore(store));
  wakeOnReturn(link.connection, scope);
  link.connection.wake();
  return { scope, http, trading: new TradingHttp(http), toasts, link, state, bars: new BarStore(scope), slices };
}

function emptyStore(store: DeskStore): void {
  store.events = [];
  store.ranges = [];
  store.signals = [];
  store.orders = [];
  store.positions = [];
  store.account = null;
  store.connections = [];
  store.facts = [];
  store.killSwitch = null;
  store.halts = [];
  store.approvals = [];
  store.campaigns = [];
  store.notifications = [];
  store.unread = 0;
  store.trading = null;
  store.lastPrice = null;
}
