/** A notification: what a trader is told of, how urgent it is, and within which bounds (trading.md 10). */
import type { EpochMs } from '@wyckoff/domain';

export const PRIORITY_OF = {
  signal_created: 'INFO',
  queue_expiring: 'INFO',
  order_filled: 'INFO',
  position_closed: 'INFO',
  order_rejected: 'WARNING',
  risk_warning: 'WARNING',
  data_stale: 'WARNING',
  provider_down: 'WARNING',
  job_failed: 'WARNING',
  emergency_exit: 'CRITICAL',
  risk_breached: 'CRITICAL',
  halt: 'CRITICAL',
  kill_switch: 'CRITICAL',
  reconciliation: 'CRITICAL',
  protection_failed: 'CRITICAL',
} as const;

export type Priority = 'INFO' | 'WARNING' | 'CRITICAL';
export type NotificationType = keyof typeof PRIORITY_OF;

/** Characters. */
export const MAX_TITLE = 200;
export const MAX_BODY = 1_000;

/** What is to be said; equal `type` and `key` within 60 s are one notification. */
export interface Notice {
  readonly type: NotificationType;
  readonly key: string;
  readonly title: string;
  readonly body: string;
  /** Of a signal: 0 to 100; decides whether it is mailed. */
  readonly confidence?: number;
  /** The signal it announces: dropped once that is no longer open. */
  readonly signalId?: string;
  readonly data: Readonly<Record<string, string | number | boolean | null>>;
}

export interface Notification {
  readonly id: string;
  readonly type: NotificationType;
  readonly priority: Priority;
  /** At most 200 characters. */
  readonly title: string;
  /** At most 1,000 characters. */
  readonly body: string;
  readonly data: Notice['data'];
  /** Wall clock. */
  readonly createdAt: EpochMs;
  readonly readAt: EpochMs | null;
}

/** Makes a notification of a notice: texts cut to their bounds, the cut shown by an ellipsis. */
export function notificationOf(notice: Notice, id: string, createdAt: EpochMs): Notification {
  const { type, data } = notice;
  return {
    id,
    type,
    priority: PRIORITY_OF[type],
    title: shortened(notice.title, MAX_TITLE),
    body: shortened(notice.body, MAX_BODY),
    data,
    createdAt,
    readAt: null,
  };
}

function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
