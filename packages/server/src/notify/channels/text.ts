/** A notification as plain text. */
import type { Notification } from '../notification.ts';

const MARKS = { INFO: 'Info', WARNING: 'Warning', CRITICAL: 'CRITICAL' } as const;

export function subjectOf({ priority, title }: Notification): string {
  return priority === 'INFO' ? `wyckoff: ${title}` : `wyckoff ${MARKS[priority]}: ${title}`;
}

/** Title, body, and when it was. */
export function textOf({ priority, title, body, createdAt }: Notification): string {
  return `${MARKS[priority]}: ${title}\n${body}\n${new Date(createdAt).toISOString()}`;
}
