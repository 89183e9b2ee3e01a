/** How long to wait before the next try (M1): 1, 2, 4 ... 30 s with full jitter, and what a close code demands on top. */
import { CLOSE } from '@wyckoff/contracts';

const BASE_MS = 1_000;
const LONGEST_MS = 30_000;
/** Busy servers and slow links are left alone at least this long. */
const LEAST_BUSY_MS = 5_000;

/** Upper end of the wait before try `attempt` (0, 1, 2 ...). */
export function ceilingMs(attempt: number): number {
  return Math.min(LONGEST_MS, BASE_MS * 2 ** Math.min(attempt, 5));
}

/** What the client does after a close. */
export type Verdict =
  | { readonly kind: 'retry'; readonly leastMs: number; readonly fixedMs?: number }
  | { readonly kind: 'renew' }
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'replaced' };

/** Reads a close code (interface.md 3.5); `slowCloses` counts 4429 within the last 5 min, this one included. */
export function verdictOf(code: number, slowCloses: number): Verdict {
  switch (code) {
    case CLOSE.busy:
      return { kind: 'retry', leastMs: LEAST_BUSY_MS };
    case CLOSE.protocolAbuse:
      return { kind: 'retry', leastMs: 0, fixedMs: LONGEST_MS };
    case CLOSE.slowConsumer:
      return slowCloses >= 3 ? { kind: 'retry', leastMs: 0, fixedMs: LONGEST_MS } : { kind: 'retry', leastMs: LEAST_BUSY_MS };
    case CLOSE.tokenExpired:
      return { kind: 'renew' };
    case CLOSE.forbidden:
      return { kind: 'forbidden' };
    case CLOSE.replaced:
      return { kind: 'replaced' };
    default:
      return { kind: 'retry', leastMs: 0 };
  }
}

/** The wait itself: anywhere between nothing and the ceiling, so that a crowd of clients spreads out. */
export function delayMs(
  verdict: Extract<Verdict, { kind: 'retry' }>,
  tries: { readonly attempt: number; readonly random: number },
): number {
  if (verdict.fixedMs !== undefined) return verdict.fixedMs;
  return Math.max(verdict.leastMs, Math.round(tries.random * ceilingMs(tries.attempt)));
}
