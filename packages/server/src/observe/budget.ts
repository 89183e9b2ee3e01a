/** The proof at start-up: the sum of all bounds must fit the declared memory, else the server does not start (memory.md 1). */
import type { Census } from '@wyckoff/bounded';

/** Measured: runtime, code, HTTP server, store library, idle. */
export const BARE_PROCESS_BYTES = 72 * 1024 * 1024;
const MIB = 1024 * 1024;

export interface BudgetProof {
  readonly fits: boolean;
  readonly budgetBytes: number;
  readonly sumBytes: number;
  readonly rows: readonly { readonly name: string; readonly bytes: number }[];
  /** Names that did not say their worst case. */
  readonly undeclared: readonly string[];
}

export function proveBudget(census: Census, budgetMb: number): BudgetProof {
  const { totalBytes, rows, undeclared } = census.declared();
  const sumBytes = totalBytes + BARE_PROCESS_BYTES;
  const budgetBytes = budgetMb * MIB;
  const all = [{ name: 'the bare process', bytes: BARE_PROCESS_BYTES }, ...rows].sort((a, b) => b.bytes - a.bytes);
  return {
    fits: sumBytes <= budgetBytes,
    budgetBytes,
    sumBytes,
    rows: all.map(({ name, bytes }) => ({ name, bytes })),
    undeclared,
  };
}

/** The table, largest first. */
export function budgetTable(proof: BudgetProof): string {
  const line = (name: string, bytes: number): string => `${name.padEnd(44)} ${(bytes / MIB).toFixed(2).padStart(9)} MiB`;
  return [
    ...proof.rows.map((row) => line(row.name, row.bytes)),
    line('sum of all bounds', proof.sumBytes),
    line('memory.budgetMb', proof.budgetBytes),
  ].join('\n');
}

/** Ends the start with exit code 3. */
export class BudgetExceeded extends Error {
  readonly proof: BudgetProof;

  constructor(proof: BudgetProof) {
    super(
      `config.budget  memory.budgetMb  expected at least ${Math.ceil(proof.sumBytes / MIB)}, was ${proof.budgetBytes / MIB}: ` +
        `raise it or lower the largest bounds\n${budgetTable(proof)}`,
    );
    this.name = 'BudgetExceeded';
    this.proof = proof;
  }
}
