/** The store's side of notifications (H4) and dead letters (C6). */
import type { EpochMs } from '@wyckoff/domain';

export interface NotificationRow {
  /** Time-ordered (UUID v7): the newest has the greatest. */
  readonly id: string;
  readonly userId: string;
  readonly type: string;
  readonly priority: 'INFO' | 'WARNING' | 'CRITICAL';
  /** At most 200 characters. */
  readonly title: string;
  /** At most 1,000 characters. */
  readonly body: string;
  readonly data: unknown;
  readonly createdAt: EpochMs;
  readonly readAt: EpochMs | null;
}

export interface NotificationStore {
  /** Newest first, at most `limit` (1..200). */
  notifications(query: {
    readonly userId: string;
    readonly unread?: boolean | undefined;
    readonly type?: string | undefined;
    readonly belowId?: string | undefined;
    readonly limit: number;
  }): Promise<readonly NotificationRow[]>;
  /** By COUNT on an index. */
  unreadNotifications(userId: string): Promise<number>;
  /** By id (at most 200) or all up to one; answers how many are unread now. */
  markNotificationsRead(
    userId: string,
    which: { readonly ids: readonly string[] } | { readonly upToId: string },
    at: EpochMs,
  ): Promise<number>;
}

export interface DeadLetterRow {
  /** Time-ordered (UUID v7). */
  readonly id: string;
  readonly topic: string;
  /** JSON, at most 64 KiB. */
  readonly payload: unknown;
  /** At most 2,000 characters; a longer one is cut. */
  readonly error: string;
  readonly attempts: number;
  readonly firstAt: EpochMs;
  readonly lastAt: EpochMs;
  readonly state: 'WAITING' | 'RETRYING';
}

export interface DeadLetterStore {
  /** Adds it, or replaces the one of the same id. */
  saveDeadLetter(letter: DeadLetterRow): Promise<void>;
  /** Oldest first, at most `limit` (1..200). */
  deadLetters(query: {
    readonly topic?: string | undefined;
    readonly afterId?: string | undefined;
    readonly limit: number;
  }): Promise<readonly DeadLetterRow[]>;
  countDeadLetters(): Promise<number>;
  /** Replaces the one of the same id; one that has left meanwhile stays away. */
  changeDeadLetter(letter: DeadLetterRow): Promise<void>;
  /** To be tried at the next look: of these topics all, or (at most 200) by id. Answers how many. */
  retryDeadLetters(which: { readonly topics: readonly string[]; readonly ids?: readonly string[] | undefined }): Promise<number>;
  /** After a retry went through, or for good: answers how many left. */
  removeDeadLetters(which: { readonly ids: readonly string[] } | { readonly topic: string } | 'all'): Promise<number>;
}
