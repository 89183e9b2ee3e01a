/** Where bars, ranges and records are lost: what each gate refused, and what only that gate stood in the way of. */
import type { DetectionEvent, EventKind, Funnel, ReasonCode } from '@wyckoff/domain';
import type { Output } from './output.ts';
import type { Rules } from './rules.ts';
import { tableLines } from './table.ts';

/** One gate. Counts may overlap: a record can be stopped by several. */
export interface GateRow {
  readonly gate: ReasonCode;
  /** Near misses and candidates that never became a record. */
  readonly refused: number;
  /** Records that stood but may not trade because of it, perhaps among other reasons. */
  readonly stopped: number;
  /** Of those, the ones nothing else stood in the way of: what opening this gate alone would let through. */
  readonly alone: number;
  /** `refused` and `stopped` by kind. */
  readonly refusedByKind: Readonly<Partial<Record<EventKind, number>>>;
  readonly stoppedByKind: Readonly<Partial<Record<EventKind, number>>>;
}

/** Counts the records that a single gate stopped; the funnel counts the rest itself. */
export class GateTally {
  readonly #alone = new Map<ReasonCode, number>();

  hear({ tradeable, status, reasons }: DetectionEvent): void {
    if (tradeable || reasons.length !== 1 || (status !== 'confirmed' && status !== 'direct')) return;
    // bounded: one entry per reason code
    this.#alone.set(reasons[0], (this.#alone.get(reasons[0]) ?? 0) + 1);
  }

  /** The gate that stops most records first. */
  rows(funnel: Funnel): GateRow[] {
    const { refused, gated } = funnel;
    const gates = new Set([...codesOf(refused), ...codesOf(gated)]);
    return [...gates]
      .map((gate) => {
        const refusedByKind = byKind(refused, gate);
        const stoppedByKind = byKind(gated, gate);
        const alone = this.#alone.get(gate) ?? 0;
        return { gate, refused: sum(refusedByKind), stopped: sum(stoppedByKind), alone, refusedByKind, stoppedByKind };
      })
      .sort((a, b) => b.stopped - a.stopped || b.refused - a.refused);
  }
}

type Counts = Funnel['refused'];

function codesOf(counts: Counts): ReasonCode[] {
  return Object.values(counts).flatMap((row) => Object.keys(row) as ReasonCode[]);
}

function byKind(counts: Counts, gate: ReasonCode): Partial<Record<EventKind, number>> {
  const rows = Object.entries(counts) as [EventKind, Readonly<Partial<Record<ReasonCode, number>>>][];
  return Object.fromEntries(rows.flatMap(([kind, row]) => (row[gate] === undefined ? [] : [[kind, row[gate]]])));
}

function sum(counts: Readonly<Partial<Record<EventKind, number>>>): number {
  return Object.values(counts).reduce((total, n) => total + n, 0);
}

export function printFunnelJson(
  output: Output,
  funnel: Funnel,
  how: { readonly gates: readonly GateRow[]; readonly rules: Rules },
): void {
  output.json({ funnel, gates: how.gates, rules: how.rules.name, rulesHash: how.rules.hash });
}

/** Three tables: stages, kinds, gates. */
export function printFunnelTables(output: Output, funnel: Funnel, gates: readonly GateRow[]): void {
  const { bars, seeds, formedByEvent, formedByStructure, active, broken, failedBreaks } = funnel;
  const ranges = formedByEvent + formedByStructure;
  const confirmed = sum(funnel.confirmed);
  const stages: [string, number, number | null][] = [
    ['bars', bars, null],
    ['climax candidates', seeds, bars],
    ['ranges', ranges, null],
    ['  begun by a climax', formedByEvent, seeds],
    ['  begun by two levels', formedByStructure, ranges],
    ['ranges that became active', active, ranges],
    ['ranges broken', broken, active],
    ['breaks that failed', failedBreaks, broken],
    ['records', confirmed, null],
    ['tradeable records', sum(funnel.tradeable), confirmed],
  ];
  const share = (n: number, of: number | null): string => (of === null || of === 0 ? '' : `${((100 * n) / of).toFixed(1)}%`);
  for (const line of tableLines(['stage', 'count', 'share'], stages.map(([stage, n, of]) => [stage, String(n), share(n, of)]))) output.line(line); // prettier-ignore
  output.line('');
  const kinds = [...new Set([...Object.keys(funnel.confirmed), ...Object.keys(funnel.refused), ...Object.keys(funnel.gated)])] as EventKind[]; // prettier-ignore
  const rows = kinds.map((kind) => [
    kind,
    String(Object.values(funnel.refused[kind] ?? {}).reduce((total, n) => total + n, 0)),
    String(funnel.confirmed[kind] ?? 0),
    String(funnel.tradeable[kind] ?? 0),
    worst(funnel.refused[kind]),
    worst(funnel.gated[kind]),
  ]);
  for (const line of tableLines(['event', 'refused', 'confirmed', 'tradeable', 'refused most by', 'not tradeable most by'], rows)) output.line(line); // prettier-ignore
  output.line('');
  const gateRows = gates.map((row) => [
    row.gate,
    String(row.refused),
    String(row.stopped),
    String(row.alone),
    kindsText(row.refusedByKind),
    kindsText(row.stoppedByKind),
  ]);
  for (const line of tableLines(['gate', 'refused', 'not tradeable', 'by it alone', 'refused kinds', 'kinds not tradeable'], gateRows)) output.line(line); // prettier-ignore
  output.line('');
  output.line('PS, PSY, SC, BC, AR, ST and UT mark the structure and never trade: they count as WRONG_PHASE.');
}

function worst(of: Readonly<Partial<Record<string, number>>> | undefined): string {
  return sorted(of ?? {}).slice(0, 3).map(([code, n]) => `${code} ${n}`).join(', '); // prettier-ignore
}

function kindsText(of: Readonly<Partial<Record<string, number>>>): string {
  return sorted(of).map(([kind, n]) => `${kind} ${n}`).join(' '); // prettier-ignore
}

function sorted(of: Readonly<Partial<Record<string, number>>>): [string, number][] {
  return Object.entries(of).map(([name, n]): [string, number] => [name, n ?? 0]).sort((a, b) => b[1] - a[1]); // prettier-ignore
}
