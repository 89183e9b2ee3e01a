/** Does anything at bar i depend on a later bar? Executed, never assumed (backtesting.md 8, level `quick`). */
import { createBarColumns } from '../bar/columns.ts';
import type { BarColumns } from '../bar/columns.ts';
import { FactHash } from './hasher.ts';

const MOST_BARS = 200_000;
const KEPT = 20;

/** What is examined: told row by row over columns it may look at, it tells every fact it makes. */
export type Subject = (columns: BarColumns, tell: (fact: object) => void) => { step(row: number): number };

export interface LookAheadReport {
  readonly level: 'quick' | 'off';
  /** Row at which the truncated run ended. */
  readonly cut: number;
  readonly barsCompared: number;
  readonly factsCompared: number;
  /** The first 20. */
  readonly mismatches: readonly {
    readonly run: 'sealed' | 'truncated';
    readonly bar: number;
    readonly main: number;
    readonly other: number;
  }[];
  readonly mismatchCount: number;
  /** Only an executed comparison of at least one bar can say PASS. */
  readonly verdict: 'PASS' | 'FAIL' | 'NOT_RUN';
}

interface Walk {
  readonly hashes: Int32Array;
  readonly facts: number;
}

/** Compares the main run with a sealed one, whose future is poison, and a truncated one, whose future is missing. */
export function checkLookAhead(columns: BarColumns, subject: Subject, seed = 1): LookAheadReport {
  const bars = Math.min(columns.length, MOST_BARS);
  if (bars === 0)
    return { level: 'quick', cut: 0, barsCompared: 0, factsCompared: 0, mismatches: [], mismatchCount: 0, verdict: 'NOT_RUN' };
  const cut = Math.max(1, Math.floor(bars * (0.3 + 0.4 * unit(seed))));
  const main = walk(columns, subject, { bars, prepare: () => undefined });
  const sealedColumns = poisoned(columns, bars);
  const sealed = walk(sealedColumns, subject, { bars, prepare: (row) => copyRow(columns, sealedColumns, row) });
  const truncated = walk(truncate(columns, cut), subject, { bars: cut, prepare: () => undefined });
  const found = new Mismatches();
  found.compare('sealed', main, sealed);
  found.compare('truncated', main, truncated);
  return {
    level: 'quick',
    cut,
    barsCompared: sealed.hashes.length + truncated.hashes.length,
    factsCompared: sealed.facts + truncated.facts,
    mismatches: found.first,
    mismatchCount: found.count,
    verdict: found.count === 0 ? 'PASS' : 'FAIL',
  };
}

/** A running hash per bar: at most 800 KB for the most bars that are compared. */
function walk(
  columns: BarColumns,
  subject: Subject,
  of: { readonly bars: number; readonly prepare: (row: number) => void },
): Walk {
  const hash = new FactHash();
  let facts = 0;
  const run = subject(columns, (fact) => {
    facts += 1;
    hash.text(JSON.stringify(fact));
  });
  const hashes = new Int32Array(of.bars);
  for (let row = 0; row < of.bars; row += 1) {
    of.prepare(row);
    hash.integer(run.step(row));
    hashes[row] = hash.value;
  }
  return { hashes, facts };
}

/** The first twenty, and how many there were. */
class Mismatches {
  count = 0;
  first: LookAheadReport['mismatches'] = [];

  compare(run: 'sealed' | 'truncated', main: Walk, other: Walk): void {
    for (let bar = 0; bar < other.hashes.length; bar += 1) {
      if (main.hashes[bar] === other.hashes[bar]) continue;
      this.count += 1;
      // bounded: at most KEPT
      if (this.first.length < KEPT) this.first = [...this.first, { run, bar, main: main.hashes[bar], other: other.hashes[bar] }];
    }
  }
}

/** Every slot holds poison until its bar is delivered: x 0.5 and x 2 in turn, volume x 10; the length is not known. */
function poisoned(columns: BarColumns, bars: number): BarColumns {
  const out = createBarColumns(bars);
  for (let row = 0; row < bars; row += 1) {
    const factor = row % 2 === 0 ? 0.5 : 2;
    out.time[row] = columns.time[row];
    for (const field of ['open', 'high', 'low', 'close'] as const) out[field][row] = columns[field][row] * factor;
    out.volume[row] = columns.volume[row] * 10;
  }
  return out;
}

function copyRow(from: BarColumns, to: BarColumns, row: number): void {
  for (const field of ['time', 'open', 'high', 'low', 'close', 'volume'] as const) to[field][row] = from[field][row];
  to.length = row + 1;
}

function truncate(columns: BarColumns, bars: number): BarColumns {
  const out = createBarColumns(bars);
  for (let row = 0; row < bars; row += 1) copyRow(columns, out, row);
  return out;
}

/** One number in [0, 1) from a seed. */
function unit(seed: number): number {
  let t = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b);
  t ^= t >>> 13;
  t = Math.imul(t, 0xc2b2ae35);
  return ((t ^ (t >>> 16)) >>> 0) / 2 ** 32;
}
