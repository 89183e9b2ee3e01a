/** Opaque cursors of pages: the key of the last item and the filters it belongs to, so that a cursor of other filters is noticed. */
import type { PageKey } from '../store/store.ts';

const VERSION = 1;

/** `filters` is any text that names the list and its filters. */
export function encodeCursor(key: PageKey, filters: string): string {
  return Buffer.from(JSON.stringify([VERSION, key.at, key.id, filters])).toString('base64url');
}

/** The key; null when it is no cursor of these filters. */
export function decodeCursor(cursor: string, filters: string): PageKey | null {
  try {
    const parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown;
    if (!Array.isArray(parts) || parts.length !== 4) return null;
    const [version, at, id, of] = parts as unknown[];
    if (version !== VERSION || of !== filters || typeof at !== 'number' || !Number.isFinite(at) || typeof id !== 'string')
      return null;
    return { at, id };
  } catch {
    return null;
  }
}
