/** A row of checks as a person may read it: every check that ran, in order, and the first that failed (trading.md 4.5, 4.6). */
import type { Refusal } from '../setup/refusal.ts';

export interface GateCheck {
  /** What was asked, such as `KILL_SWITCH` or `RK_HEAT`. */
  readonly code: string;
  readonly passed: boolean;
  readonly value: number | null;
  readonly limit: number | null;
  /** Empty when it passed. */
  readonly sentence: string;
}

export interface Gate {
  readonly allowed: boolean;
  /** In the order of the table; what stands after the first failure was not asked. */
  readonly checks: readonly GateCheck[];
}

/** One line of a table: what it is called when it passes, and what it says when it does not. */
export interface CheckRow {
  readonly code: string;
  readonly ask: () => Refusal | null;
}

export interface Walked extends Gate {
  /** The first failure; null when all passed. */
  readonly refusal: Refusal | null;
}

/** Asks the rows in order and stops at the first failure. A check that throws fails closed (`CHECK_ERROR`). */
export function walk(rows: readonly CheckRow[]): Walked {
  const checks: GateCheck[] = [];
  for (const { code, ask } of rows) {
    const refusal = asked(code, ask);
    if (refusal !== null) {
      const { code: failed, measured: value, limit, sentence } = refusal;
      return { allowed: false, checks: [...checks, { code: failed, passed: false, value, limit, sentence }], refusal };
    }
    checks.push({ code, passed: true, value: null, limit: null, sentence: '' });
  }
  return { allowed: true, checks, refusal: null };
}

function asked(code: string, ask: () => Refusal | null): Refusal | null {
  try {
    return ask();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { code: 'CHECK_ERROR', measured: null, limit: null, sentence: `The check ${code} itself failed: ${why}` };
  }
}
