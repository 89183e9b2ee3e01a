/** Monotonic time and timers behind one small port, so that a virtual clock can drive everything in tests and simulations. */
import { host } from './host.ts';

/** Monotonic milliseconds; only differences mean anything, and the wall clock's jumps do not show. */
export interface Clock {
  now(): number;
}

/** Takes a timer, listener or other registration back; calling it again does nothing. */
export type Release = () => void;

/** A clock that can also call back later. */
export interface Timers extends Clock {
  /** Runs `run` once, not before `delayMs` have passed; the returned function cancels it. */
  after(delayMs: number, run: () => void): Release;
}

/** Above this a platform timer overflows and fires at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** The host's own clock and timers. Timers keep the process alive until cancelled: a forgotten one is seen, not hidden by `unref`. */
export const systemTimers: Timers = {
  now: () => host.performance.now(),
  after(delayMs, run) {
    let leftMs = Math.max(0, delayMs);
    let handle: unknown;
    const arm = (): void => {
      const stepMs = Math.min(leftMs, LONGEST_TIMEOUT_MS);
      leftMs -= stepMs;
      handle = host.setTimeout(leftMs > 0 ? arm : run, stepMs);
    };
    arm();
    return () => host.clearTimeout(handle);
  },
};

/** Resolves after the other work that is due now had its turn. */
export function yieldTurn(timers: Timers = systemTimers): Promise<void> {
  return new Promise((resolve) => {
    timers.after(0, resolve);
  });
}
