/** Dead letters page by page for `GET /system/dead-letters`: oldest first, by key, payloads cut to what is shown (C6). */
import { SHOWN_PAYLOAD_BYTES, type DeadLettersAnswer, type DeadLetterWire } from '@wyckoff/contracts';
import type { Answer } from '../session/desk.ts';
import { decodeCursor, encodeCursor } from '../session/page-cursor.ts';
import type { DeadLetterRow, DeadLetterStore } from '../store/notices-store.ts';

export interface DeadLettersQuery {
  readonly topic?: string | undefined;
  /** 1..200 */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export type DeadLetterPage = (query: DeadLettersQuery) => Promise<Answer<DeadLettersAnswer>>;

export function deadLetterPage(store: DeadLetterStore): DeadLetterPage {
  return async ({ topic, limit, cursor }) => {
    const filters = `dead-letters ${topic ?? ''}`;
    const key = cursor === undefined ? undefined : decodeCursor(cursor, filters);
    if (key === null) return { ok: false, code: 'page.bad_cursor', detail: 'expected a cursor of these filters' };
    const rows = await store.deadLetters({ topic, limit, afterId: key?.id });
    const last = rows.at(-1);
    const nextCursor =
      last === undefined || rows.length < limit ? null : encodeCursor({ at: last.firstAt, id: last.id }, filters);
    return { ok: true, value: { items: rows.map(shown), nextCursor, total: await store.countDeadLetters() } };
  };
}

function shown({ id, topic, attempts, firstAt, lastAt, state, error, payload }: DeadLetterRow): DeadLetterWire {
  const text = JSON.stringify(payload);
  const bytes = Buffer.from(text);
  // A character of several bytes at the cut is left out as a whole.
  const part = bytes.length <= SHOWN_PAYLOAD_BYTES ? text : new TextDecoder().decode(bytes.subarray(0, SHOWN_PAYLOAD_BYTES), { stream: true }); // prettier-ignore
  return { id, topic, attempts, firstAt, lastAt, state, error, payload: part, payloadBytes: bytes.length };
}
