/** Notifications as HTTP asks for them: pages of the store, reading marks, and a real test message. */
import type { NotificationsAnswer } from '@wyckoff/contracts';
import type { Change } from '../store/changes.ts';
import type { NotificationStore } from '../store/notices-store.ts';
import { decodeCursor, encodeCursor } from '../session/page-cursor.ts';
import type { Answer } from '../session/desk.ts';
import type { Notifier } from './notifier.ts';
import type { ChannelName } from './routing.ts';

export interface NoticesQuery {
  readonly unread?: 'true' | undefined;
  readonly type?: string | undefined;
  /** 1..200 */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface NoticesDeskParts {
  readonly store: NotificationStore;
  readonly userId: string;
  readonly notifier: Notifier;
  readonly record: (change: Change) => Promise<unknown>;
  readonly wallClock: () => number;
}

export class NoticesDesk {
  readonly #parts: NoticesDeskParts;

  constructor(parts: NoticesDeskParts) {
    this.#parts = parts;
  }

  async page(query: NoticesQuery): Promise<Answer<NotificationsAnswer>> {
    const { store, userId } = this.#parts;
    const filters = `notifications ${query.unread ?? ''} ${query.type ?? ''}`;
    const key = query.cursor === undefined ? undefined : decodeCursor(query.cursor, filters);
    if (key === null) return { ok: false, code: 'page.bad_cursor', detail: 'expected a cursor of these filters' };
    const rows = await store.notifications({
      userId,
      limit: query.limit,
      ...(query.unread === 'true' && { unread: true }),
      ...(query.type !== undefined && { type: query.type }),
      ...(key !== undefined && { belowId: key.id }),
    });
    const items = rows.map(({ id, type, priority, title, body, data, createdAt, readAt }) => ({
      id, type, priority, title, body, data, createdAt, readAt,
    })); // prettier-ignore
    const last = rows.at(-1);
    const nextCursor =
      last === undefined || rows.length < query.limit ? null : encodeCursor({ at: last.createdAt, id: last.id }, filters);
    return { ok: true, value: { items, nextCursor, unread: await store.unreadNotifications(userId) } };
  }

  /** Answers how many are unread now; other pages of the same user hear of it. */
  async read(which: { readonly ids: readonly string[] } | { readonly upToId: string }): Promise<{ readonly unread: number }> {
    const { store, userId, record, wallClock } = this.#parts;
    const at = wallClock();
    const unread = await store.markNotificationsRead(userId, which, at);
    const data = { unread, ...which };
    await record({ facts: [{ at, topic: 'notifications', type: 'notification.read', data, userId, actor: userId }], writes: [] });
    return { unread };
  }

  async test(channel: ChannelName): Promise<{ readonly delivered: boolean; readonly error: string | null }> {
    const delivery = await this.#parts.notifier.test(channel);
    if (delivery === null)
      return { delivered: false, error: `${channel} is not set up: its address, or its secret in the environment, is missing` };
    return delivery.outcome === 'delivered' ? { delivered: true, error: null } : { delivered: false, error: delivery.error };
  }
}
