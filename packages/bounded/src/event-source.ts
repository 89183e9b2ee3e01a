/** Listening in the same way on what the browser calls an `EventTarget` and Node an `EventEmitter`. */
import type { Release } from './clock.ts';

type Handler = (...args: unknown[]) => void;

interface TargetLike {
  addEventListener(event: string, handler: Handler): void;
  removeEventListener(event: string, handler: Handler): void;
}

interface EmitterLike {
  on(event: string, handler: Handler): unknown;
  off(event: string, handler: Handler): unknown;
}

/** Anything that can be listened on, and not listened on again. */
export type EventSource = TargetLike | EmitterLike;

/** Adds a listener; the returned function removes exactly that one. */
export function subscribe<A extends unknown[]>(source: EventSource, event: string, handler: (...args: A) => void): Release {
  // A function of its own: the platform ignores a handler that is added twice, and the first removal would take both.
  const own = ((...args: A): void => handler(...args)) as unknown as Handler;
  // What is both, as the sockets of `ws` are, is an emitter first: its target side knows four events and wraps them.
  if (!('on' in source)) {
    source.addEventListener(event, own);
    return () => source.removeEventListener(event, own);
  }
  source.on(event, own);
  return () => void source.off(event, own);
}
