/** One request at a time of one component: a newer one ends the older, leaving ends both (L3); what failed is kept as words. */
import { onScopeDispose, shallowRef, type ShallowRef } from 'vue';
import { isAbort, problemOf, type ProblemView } from './http.ts';

export interface Request {
  readonly busy: Readonly<ShallowRef<boolean>>;
  readonly problem: ShallowRef<ProblemView | null>;
  /** The answer; null when it failed (see `problem`) or nobody wants it any more. */
  readonly run: <T>(ask: (signal: AbortSignal) => Promise<T>) => Promise<T | null>;
  /** Ends what is under way and forgets what failed. */
  readonly stop: () => void;
}

export function useRequest(): Request {
  const busy = shallowRef(false);
  const problem = shallowRef<ProblemView | null>(null);
  let current: AbortController | null = null;
  const stop = (): void => {
    current?.abort();
    current = null;
    busy.value = false;
    problem.value = null;
  };
  onScopeDispose(stop);
  return {
    busy,
    problem,
    stop,
    run: async (ask) => {
      stop();
      const own = new AbortController();
      current = own;
      busy.value = true;
      try {
        const answer = await ask(own.signal);
        return own.signal.aborted ? null : answer;
      } catch (error) {
        if (!own.signal.aborted && !isAbort(error)) problem.value = problemOf(error);
        return null;
      } finally {
        if (current === own) {
          current = null;
          busy.value = false;
        }
      }
    },
  };
}
