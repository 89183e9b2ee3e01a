/**
 * The few things this package takes from its host, typed by hand so that it compiles with the libraries of Node, of the browser,
 * and of neither (the domain imports it without timers in reach).
 */
interface PlainAbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** The platform's `AbortSignal`, where its type is known. */
export type StopSignal = typeof globalThis extends { AbortSignal: { prototype: infer Known } } ? Known : PlainAbortSignal;

/** The platform's `AbortController`, as far as it is used here. */
export interface StopController {
  readonly signal: StopSignal;
  abort(reason?: unknown): void;
}

interface Host {
  readonly performance: { now(): number };
  readonly AbortController: new () => StopController;
  setTimeout(run: () => void, delayMs: number): unknown;
  clearTimeout(handle: unknown): void;
  readonly requestAnimationFrame?: (run: (timeMs: number) => void) => number;
  readonly cancelAnimationFrame?: (handle: number) => void;
}

export const host = globalThis as unknown as Host;

/** Calls `run` once when the signal aborts; the returned function takes the listener off again (signals may live long). */
export function onAbort(signal: StopSignal, run: () => void): () => void {
  signal.addEventListener('abort', run);
  return () => signal.removeEventListener('abort', run);
}
