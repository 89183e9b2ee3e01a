/** What the trader was told: the 100 newest by id and how many are unread; older ones are pages of the store (H4). */
import type { FactRow, NotificationWire } from '@wyckoff/contracts';
import { LruTtlCache, type Scope } from '@wyckoff/bounded';

export type ReadFact = Extract<FactRow, { type: 'notification.read' }>['data'];

const HELD = 100;

export class NotificationBook {
  readonly #held: LruTtlCache<string, NotificationWire>;
  readonly #changed: () => void;
  #unread = 0;

  constructor(scope: Scope, changed: () => void) {
    this.#changed = changed;
    this.#held = new LruTtlCache({
      name: 'web.notifications',
      capacity: HELD,
      ttlMs: Infinity,
      itemBytes: 4_096,
      scope,
      clock: scope.timers,
    });
    scope.adopt('notification-book', () => {
      this.#unread = 0;
    });
  }

  /** Newest first. */
  get list(): readonly NotificationWire[] {
    return this.#held
      .keys()
      .flatMap((id) => this.#held.peek(id) ?? [])
      .sort(newest);
  }

  /** As the store counts them; after a snapshot, of those it held, until the store is asked. */
  get unread(): number {
    return this.#unread;
  }

  /** The newest, in any order. */
  reset(notifications: readonly NotificationWire[]): void {
    this.#fill([...notifications].sort(newest).slice(0, HELD));
    this.#unread = notifications.filter((one) => one.readAt === null).length;
    this.#changed();
  }

  created({ notification, unread }: { readonly notification: NotificationWire; readonly unread: number }): void {
    this.#held.set(notification.id, notification);
    this.#unread = unread;
    this.#changed();
  }

  /** Marks what was read, by this page or another one of the same trader. `at`: wall time. */
  read({ unread, ids, upToId }: ReadFact, at: number): void {
    const marked = this.list.map((one) => {
      const isRead = unread === 0 || ids?.includes(one.id) === true || (upToId !== undefined && one.id <= upToId);
      return isRead && one.readAt === null ? { ...one, readAt: at } : one;
    });
    this.#fill(marked);
    this.#unread = unread;
    this.#changed();
  }

  /** The count of the store. */
  counted(unread: number): void {
    if (unread === this.#unread) return;
    this.#unread = unread;
    this.#changed();
  }

  /** Oldest first into the cache: the oldest is the one that leaves. */
  #fill(newestFirst: readonly NotificationWire[]): void {
    this.#held.clear();
    for (const one of [...newestFirst].reverse()) this.#held.set(one.id, one);
  }
}

function newest(a: NotificationWire, b: NotificationWire): number {
  return b.createdAt - a.createdAt || (b.id < a.id ? -1 : 1);
}
