/** What stands in the corner: at most 5 at a time and 3 per 10 s (L5); critical ones wait for room and stay until they are dismissed. */
import { BoundedQueue, type Release, type Scope } from '@wyckoff/bounded';
import { shallowRef, type ShallowRef } from 'vue';

/** What a toast says. */
export interface ToastText {
  readonly id: string;
  readonly priority: 'INFO' | 'WARNING' | 'CRITICAL';
  readonly title: string;
  readonly body: string;
}

const MOST = 5;
const PER_WINDOW = 3;
const WINDOW_MS = 10_000;
/** How long each stays; critical ones until dismissed. */
const STAY_MS = { INFO: 5_000, WARNING: 10_000, CRITICAL: null } as const;

export class Toasts {
  /** Oldest first. */
  readonly shown: ShallowRef<readonly ToastText[]> = shallowRef([]);
  /** How many had no room since the corner was last empty: they are in the list of notifications. */
  readonly hidden: ShallowRef<number> = shallowRef(0);
  readonly #scope: Scope;
  readonly #waiting: BoundedQueue<ToastText>;
  /** When the last ones came, oldest first. */
  #times: readonly number[] = [];
  #next: Release | undefined;

  constructor(scope: Scope) {
    this.#scope = scope;
    this.#waiting = new BoundedQueue({ name: 'web.toasts.waiting', capacity: 20, itemBytes: 2_048, policy: 'fifo', scope });
    scope.adopt('toasts', () => {
      this.shown.value = [];
      this.hidden.value = 0;
    });
  }

  show(toast: ToastText): void {
    if (this.shown.value.some((one) => one.id === toast.id)) return;
    if (this.#mayShow(toast)) this.#put(toast);
    else if (toast.priority === 'CRITICAL') this.#wait(toast);
    else this.hidden.value += 1;
  }

  dismiss(id: string): void {
    this.shown.value = this.shown.value.filter((one) => one.id !== id);
    if (this.shown.value.length === 0) this.hidden.value = 0;
  }

  dismissAll(): void {
    this.#waiting.clear();
    this.shown.value = [];
    this.hidden.value = 0;
  }

  #mayShow({ priority }: ToastText): boolean {
    if (this.#times.length >= PER_WINDOW && this.#scope.timers.now() - this.#times[0] < WINDOW_MS) return false;
    return this.shown.value.length < MOST || priority === 'CRITICAL';
  }

  /** A critical one takes the place of the oldest lesser one, or of the oldest of all. */
  #put(toast: ToastText): void {
    const { value } = this.shown;
    const leaving = value.length < MOST ? undefined : (value.find((one) => one.priority !== 'CRITICAL') ?? value[0]);
    this.shown.value = [...value.filter((one) => one !== leaving), toast];
    this.#times = [...this.#times, this.#scope.timers.now()].slice(-PER_WINDOW);
    const stay = STAY_MS[toast.priority];
    if (stay !== null) this.#scope.timeout(stay, () => this.dismiss(toast.id), 'toast');
  }

  #wait(toast: ToastText): void {
    this.#waiting.push(toast);
    const left = Math.max(0, (this.#times.at(0) ?? 0) + WINDOW_MS - this.#scope.timers.now());
    this.#next ??= this.#scope.timeout(left, () => this.#resume(), 'toast-next');
  }

  #resume(): void {
    this.#next = undefined;
    const toast = this.#waiting.shift();
    if (toast !== undefined) this.show(toast);
    const after = this.#waiting.shift();
    if (after !== undefined) this.show(after);
  }
}
