/** How often a kind's early word is taken back: confirmed records never, candidates as often as shown here. */
import { BarCursor, type BarColumns } from '../../bar/columns.ts';
import { EVENT_KINDS, type EventKind } from '../../wyckoff/event.ts';
import { share } from '../accuracy/wilson.ts';
import { SLICE, type Slices } from './run-subject.ts';
import type { SubjectFactory } from './subject.ts';

export interface RepaintRow {
  readonly kind: EventKind;
  readonly confirmed: number;
  /** Confirmed records that were said again, changed or dated back: must be 0. */
  readonly confirmedRepainted: number;
  /** Candidates shown, by identity. */
  readonly provisional: number;
  /** Candidates that came to nothing, moved to another bar or took another name. */
  readonly withdrawn: number;
  /** withdrawn / provisional. */
  readonly repaintRate: number | null;
  /** confirmBar - eventBar of the confirmed records, median. */
  readonly medianLagBars: number | null;
}

const LONGEST_LAG = 128;

class KindCount {
  confirmed = 0;
  repainted = 0;
  provisional = 0;
  /** Candidates confirmed later under their own identity. */
  kept = 0;
  readonly lags = new Uint32Array(LONGEST_LAG + 1);
}

export function* repaintReport(factory: SubjectFactory, columns: BarColumns): Slices<RepaintRow[]> {
  const subject = factory.create({ emitCandidates: true });
  const cursor = new BarCursor(columns);
  const counts = new Map<EventKind, KindCount>(EVENT_KINDS.map((kind) => [kind, new KindCount()]));
  // Two small strings per record of one series.
  const said = new Set<string>();
  const shown = new Set<string>();
  for (let row = 0; row < columns.length; row++) {
    for (const record of subject.onBar(cursor.at(row))) {
      const count = counts.get(record.kind);
      if (count === undefined) continue;
      if (record.status === 'candidate' && !shown.has(record.id)) {
        shown.add(record.id);
        count.provisional += 1;
      }
      if (record.status !== 'confirmed') continue;
      count.confirmed += 1;
      if (said.has(record.id) || record.confirmBar !== subject.bars - 1) count.repainted += 1;
      if (shown.has(record.id) && !said.has(record.id)) count.kept += 1;
      said.add(record.id);
      count.lags[Math.min(LONGEST_LAG, Math.max(0, record.confirmBar - record.eventBar))] += 1;
    }
    if (row % SLICE === SLICE - 1) yield row + 1;
  }
  return [...counts].filter(([, count]) => count.confirmed + count.provisional > 0).map(([kind, count]) => rowOf(kind, count));
}

function rowOf(kind: EventKind, count: KindCount): RepaintRow {
  // A candidate that moved to another bar or took another name was taken back too.
  const withdrawn = count.provisional - count.kept;
  return {
    kind,
    confirmed: count.confirmed,
    confirmedRepainted: count.repainted,
    provisional: count.provisional,
    withdrawn,
    repaintRate: share(withdrawn, count.provisional),
    medianLagBars: median(count.lags, count.confirmed),
  };
}

function median(lags: Uint32Array, total: number): number | null {
  if (total === 0) return null;
  let seen = 0;
  const middle = lags.findIndex((count) => 2 * (seen += count) >= total);
  return middle;
}
