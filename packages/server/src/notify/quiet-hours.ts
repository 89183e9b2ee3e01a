/** Hours in which nothing but the critical leaves the house; New York time. */
import { newYorkHour, type EpochMs } from '@wyckoff/domain';
import type { NotificationSettings } from './settings.ts';

/** True from `from` on and before `to`; a span over midnight wraps. Equal ends: never quiet. */
export function isQuiet({ enabled, from, to }: NotificationSettings['quietHours'], at: EpochMs): boolean {
  if (!enabled) return false;
  const now = newYorkHour(at);
  const begin = hoursOf(from);
  const end = hoursOf(to);
  return begin <= end ? now >= begin && now < end : now >= begin || now < end;
}

function hoursOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return hours + minutes / 60;
}
