/** Notifications and dead letters: keyed by time-ordered ids, counted by aggregate (H4, C6). */
import type { Selectable } from 'kysely';
import type { DeadLetterRow, DeadLetterStore, NotificationRow, NotificationStore } from '../notices-store.ts';
import type { Gate } from './gate.ts';
import type { DeadLettersTable, NotificationsTable } from './tables.ts';
import { all, first, run } from './work.ts';

const LIST_LIMIT = 200;
const ERROR_LENGTH = 2_000;
const PAYLOAD_BYTES = 64 * 1024;

export function noticeStore(gate: Gate, now: () => number): NotificationStore & DeadLetterStore {
  const { build: sql } = gate.dialect;
  const unread = (userId: string) =>
    sql
      .selectFrom('notifications')
      .select((q) => q.fn.countAll<number>().as('n'))
      .where('user_id', '=', userId)
      .where('read_at', 'is', null);

  return {
    notifications: async ({ userId, unread: onlyUnread = false, type, belowId, limit }) => {
      let page = sql.selectFrom('notifications').selectAll().where('user_id', '=', userId);
      if (onlyUnread) page = page.where('read_at', 'is', null);
      if (type !== undefined) page = page.where('type', '=', type);
      if (belowId !== undefined) page = page.where('id', '<', belowId);
      const query = page.orderBy('id', 'desc').limit(Math.min(limit, LIST_LIMIT));
      return (await gate.query('notifications', () => all(query))).map(notificationOf);
    },

    unreadNotifications: async (userId) => (await gate.query('unread', () => first(unread(userId))))?.n ?? 0,

    markNotificationsRead: async (userId, which, at) =>
      await gate.transaction('mark read', function* () {
        const mark = sql
          .updateTable('notifications')
          .set({ read_at: at })
          .where('user_id', '=', userId)
          .where('read_at', 'is', null);
        if ('upToId' in which) yield* run(mark.where('id', '<=', which.upToId));
        else if (which.ids.length > 0) yield* run(mark.where('id', 'in', which.ids.slice(0, LIST_LIMIT)));
        return (yield* first(unread(userId)))?.n ?? 0;
      }),

    saveDeadLetter: async (letter) => {
      const { id } = letter;
      const change = columnsOf(letter);
      const query = sql
        .insertInto('dead_letters')
        .values({ id, ...change, stored_at: now() })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(change));
      await gate.query('save dead letter', () => run(query));
    },

    changeDeadLetter: async (letter) => {
      const query = sql.updateTable('dead_letters').set(columnsOf(letter)).where('id', '=', letter.id);
      await gate.query('change dead letter', () => run(query));
    },

    retryDeadLetters: async ({ topics, ids }) => {
      if (topics.length === 0 || ids?.length === 0) return 0;
      let mark = sql
        .updateTable('dead_letters')
        .set({ state: 'RETRYING' })
        .where('topic', 'in', [...topics]);
      if (ids !== undefined) mark = mark.where('id', 'in', ids.slice(0, LIST_LIMIT));
      return await gate.query('retry dead letters', () => run(mark));
    },

    deadLetters: async ({ topic, afterId, limit }) => {
      let page = sql.selectFrom('dead_letters').selectAll();
      if (topic !== undefined) page = page.where('topic', '=', topic);
      if (afterId !== undefined) page = page.where('id', '>', afterId);
      const query = page.orderBy('id').limit(Math.min(limit, LIST_LIMIT));
      return (await gate.query('dead letters', () => all(query))).map(letterOf);
    },

    countDeadLetters: async () => {
      const query = sql.selectFrom('dead_letters').select((q) => q.fn.countAll<number>().as('n'));
      return (await gate.query('count dead letters', () => first(query)))?.n ?? 0;
    },

    removeDeadLetters: async (which) => {
      const remove = sql.deleteFrom('dead_letters');
      if (which === 'all') return await gate.query('remove dead letters', () => run(remove));
      if ('topic' in which) return await gate.query('remove dead letters', () => run(remove.where('topic', '=', which.topic)));
      if (which.ids.length === 0) return 0;
      return await gate.query('remove dead letters', () => run(remove.where('id', 'in', which.ids.slice(0, LIST_LIMIT))));
    },
  };
}

function columnsOf(letter: DeadLetterRow) {
  const { id, topic, attempts, firstAt, lastAt, state } = letter;
  const payload = JSON.stringify(letter.payload ?? null);
  if (Buffer.byteLength(payload) > PAYLOAD_BYTES)
    throw new RangeError(
      `dead letter ${id}: expected a payload of at most ${PAYLOAD_BYTES} bytes, was ${Buffer.byteLength(payload)}`,
    );
  const error = letter.error.slice(0, ERROR_LENGTH);
  return { topic, payload, error, attempts, first_at: firstAt, last_at: lastAt, state };
}

function notificationOf(row: Selectable<NotificationsTable>): NotificationRow {
  const { id, type, title, body } = row;
  const priority = row.priority as NotificationRow['priority'];
  const times = { createdAt: row.created_at, readAt: row.read_at };
  return { id, userId: row.user_id, type, priority, title, body, data: JSON.parse(row.data) as unknown, ...times };
}

function letterOf(row: Selectable<DeadLettersTable>): DeadLetterRow {
  const { id, topic, error, attempts } = row;
  const state = row.state as DeadLetterRow['state'];
  return {
    id,
    topic,
    payload: JSON.parse(row.payload) as unknown,
    error,
    attempts,
    firstAt: row.first_at,
    lastAt: row.last_at,
    state,
  };
}
