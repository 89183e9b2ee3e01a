/** One clock for every age on the page: it ticks once a second while the tab is visible (web.md 2.2). */
import { inject, shallowRef, type InjectionKey, type ShallowRef } from 'vue';

/** Wall time in epoch milliseconds, renewed each second. */
export type SharedClock = Readonly<ShallowRef<number>>;

export const CLOCK: InjectionKey<SharedClock> = Symbol('clock');

/** The page's clock. @throws when used outside the desk. */
export function useNow(): SharedClock {
  return inject(CLOCK, () => shallowRef(Date.now()), true);
}
