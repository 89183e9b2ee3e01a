/** The certificates: each runs the subject in a way that must change nothing, and says where it did (detection.md 11, backtesting.md 8). */
import { BarCursor, type BarColumns } from '../../bar/columns.ts';
import type { DetectionEvent, EventKind } from '../../wyckoff/event.ts';
import { createRandom } from '../synthetic/random.ts';
import { compareRuns } from './compare.ts';
import { fullReading, scaleFreeReading } from './fact-hash.ts';
import { POISONS, poisonedColumns, reveal } from './poison.ts';
import { runSubject, SLICE, type Slices } from './run-subject.ts';
import type { Subject, SubjectFactory } from './subject.ts';
import { MIRROR_BASE, mirrored, onGrid, pieceOf, scaled } from './transformed.ts';
import { Ledger, type Certificate } from './verdict.ts';

export interface Trial {
  readonly factory: SubjectFactory;
  readonly columns: BarColumns;
  /** Facts of the reference run, one number per bar. */
  readonly expected: Float64Array;
  readonly seed: number;
}

const reference = (trial: Trial): { create: () => Subject; columns: BarColumns; reading: typeof fullReading } => ({
  create: () => trial.factory.create(),
  columns: trial.columns,
  reading: fullReading,
});

/** The same bars again give the same facts. */
export function* determinism(trial: Trial): Slices<Certificate> {
  const ledger = new Ledger('determinism');
  const was = yield* runSubject(trial.factory.create(), trial.columns, { reading: fullReading() });
  compareRuns(ledger, { what: 'second run', expected: trial.expected, was, reference: reference(trial) });
  return ledger.certificate();
}

/** P10: a record leaves at its confirmBar, lies not after it, is not said twice, and a follow-up follows something. */
export function* appendOnly(trial: Trial): Slices<Certificate> {
  const ledger = new Ledger('append-only');
  const subject = trial.factory.create();
  const cursor = new BarCursor(trial.columns);
  // One small string per record; the records of one series.
  const said = new Set<string>();
  let facts = 0;
  for (let row = 0; row < trial.columns.length; row++) {
    for (const record of subject.onBar(cursor.at(row))) {
      facts += 1;
      const fault = appendFault(record, subject.bars - 1, said);
      if (fault !== null)
        ledger.mismatch(row, `${record.kind} ${record.status}`, () => ({ expected: fault, was: JSON.stringify(record) }));
      said.add(keyOf(record));
    }
    if (row % SLICE === SLICE - 1) yield row + 1;
  }
  ledger.compared(trial.columns.length, facts);
  return ledger.certificate();
}

const FOLLOW_UPS: readonly string[] = ['failed', 'held', 'repeat', 'direct'];

function keyOf(record: DetectionEvent): string {
  return record.status === 'repeat' ? `${record.id}:repeat:${record.confirmBar}` : `${record.id}:${record.status}`;
}

function appendFault(record: DetectionEvent, bar: number, said: ReadonlySet<string>): string | null {
  if (record.confirmBar !== bar) return `confirmBar ${bar}, the bar it leaves`;
  if (record.eventBar > record.confirmBar) return 'eventBar at or before confirmBar';
  if (said.has(keyOf(record))) return 'said once';
  if (FOLLOW_UPS.includes(record.status) && !said.has(`${record.id}:confirmed`)) return 'an earlier confirmed record with its id';
  return null;
}

const CUTS = 10;

/** P1: a run that ends at a random bar says the same up to there. */
export function* prefix(trial: Trial): Slices<Certificate> {
  const ledger = new Ledger('prefix');
  const random = createRandom(trial.seed, 1);
  for (let i = 0; i < CUTS && trial.columns.length > 0; i++) {
    const cut = random.integer(1, trial.columns.length);
    const was = yield* runSubject(trial.factory.create(), pieceOf(trial.columns, 0, cut), { reading: fullReading() });
    compareRuns(ledger, { what: `cut after bar ${cut - 1}`, expected: trial.expected, was, reference: reference(trial) });
  }
  return ledger.certificate();
}

/** At every bar all later rows are false: garbage, tenfold, reversed. What the subject says may not notice. */
export function* poisonedFuture(trial: Trial): Slices<Certificate> {
  const ledger = new Ledger('poisoned-future');
  for (const poison of POISONS) {
    const columns = poisonedColumns(trial.columns, poison, trial.seed);
    const deliver = (row: number): { columns: BarColumns; row: number } => {
      reveal(columns, trial.columns, row);
      return { columns, row };
    };
    const was = yield* runSubject(trial.factory.create(), columns, {
      reading: fullReading(),
      rows: trial.columns.length,
      deliver,
    });
    compareRuns(ledger, { what: poison, expected: trial.expected, was, reference: reference(trial) });
  }
  return ledger.certificate();
}

const PROBE_BARS = 8;

/** At every bar a copy lives through eight false bars: nothing it says then may lie in the past, and the past may not change. */
export function* repaintProbe(trial: Trial): Slices<Certificate> {
  const ledger = new Ledger('repaint-probe');
  const { columns, factory } = trial;
  const futures = POISONS.map((poison) => new BarCursor(poisonedColumns(columns, poison, trial.seed + 1)));
  const subject = factory.create();
  const cursor = new BarCursor(columns);
  const reading = fullReading();
  let facts = 0;
  for (let row = 0; row < columns.length; row++) {
    const text = reading(subject, subject.onBar(cursor.at(row)));
    if (text !== '') facts += 1;
    const bytes = subject.snapshot();
    const now = subject.bars - 1;
    futures.forEach((future, i) => {
      const copy = factory.restore(bytes);
      for (let ahead = 1; ahead <= PROBE_BARS && row + ahead < columns.length; ahead++) {
        for (const record of copy.onBar(future.at(row + ahead))) {
          if (record.confirmBar > now) continue;
          ledger.mismatch(row, POISONS[i], () => ({
            expected: `no record of bar ${now} or before`,
            was: JSON.stringify(record),
          }));
        }
      }
    });
    if (row % 64 === 63) yield row + 1;
  }
  ledger.compared(columns.length, facts);
  return ledger.certificate();
}

const CHUNKS = [1, 7, 64, 1000] as const;

/** Bars in pieces of any size say the same as in one. */
export function* chunks(trial: Trial): Slices<Certificate> {
  const ledger = new Ledger('chunks');
  for (const size of CHUNKS) {
    let piece = pieceOf(trial.columns, 0, 0);
    const deliver = (row: number): { columns: BarColumns; row: number } => {
      const from = row - (row % size);
      if (row === from) piece = pieceOf(trial.columns, from, Math.min(trial.columns.length, from + size));
      return { columns: piece, row: row - from };
    };
    const was = yield* runSubject(trial.factory.create(), trial.columns, { reading: fullReading(), deliver });
    compareRuns(ledger, { what: `pieces of ${size}`, expected: trial.expected, was, reference: reference(trial) });
  }
  return ledger.certificate();
}

const SNAPSHOT_EVERY = 97;

/** P2: stopped and continued from its bytes after every 97th bar it says the same, and its bytes come back unchanged. */
export function* snapshots(trial: Trial): Slices<Certificate> {
  const ledger = new Ledger('snapshot');
  const replace = (subject: Subject, row: number): Subject => {
    if (row % SNAPSHOT_EVERY !== SNAPSHOT_EVERY - 1) return subject;
    const bytes = subject.snapshot();
    const restored = trial.factory.restore(bytes);
    const again = restored.snapshot();
    if (!sameBytes(bytes, again)) {
      ledger.mismatch(row, 'bytes', () => ({ expected: `${bytes.length} bytes again`, was: `${again.length} bytes, different` }));
    }
    return restored;
  };
  const was = yield* runSubject(trial.factory.create(), trial.columns, { reading: fullReading(), replace });
  compareRuns(ledger, { what: `every ${SNAPSHOT_EVERY}th bar`, expected: trial.expected, was, reference: reference(trial) });
  return ledger.certificate();
}

const SCALES = [
  { price: 1000, volume: 0.001 },
  { price: 0.01, volume: 100 },
] as const;

/** P5: another unit of price or volume changes no identity, status or confidence (powers of ten, because of the box step). */
export function* scale(trial: Trial): Slices<Certificate> {
  const ledger = new Ledger('scale');
  const expected = yield* runSubject(trial.factory.create(), trial.columns, { reading: scaleFreeReading() });
  for (const factor of SCALES) {
    const was = yield* runSubject(trial.factory.create(), scaled(trial.columns, factor), { reading: scaleFreeReading() });
    compareRuns(ledger, {
      what: `prices x ${factor.price}, volumes x ${factor.volume}`,
      expected,
      was,
      reference: { ...reference(trial), reading: scaleFreeReading },
    });
  }
  return ledger.certificate();
}

const MIRRORED: Readonly<Partial<Record<EventKind, EventKind>>> = {
  PS: 'PSY', PSY: 'PS', SC: 'BC', BC: 'SC', SPRING: 'UTAD', UTAD: 'SPRING', SOS: 'SOW', SOW: 'SOS', LPS: 'LPSY', LPSY: 'LPS',
}; // prettier-ignore

const plain = (_: Subject, records: readonly DetectionEvent[]): string => mirrorText(records, false);
const flipped = (_: Subject, records: readonly DetectionEvent[]): string => mirrorText(records, true);

function mirrorText(records: readonly DetectionEvent[], flip: boolean): string {
  const lines = records.map((record) => {
    const kind = flip ? (MIRRORED[record.kind] ?? record.kind) : record.kind;
    const hypothesis = flip ? -record.hypothesis : record.hypothesis;
    return `${kind}:${hypothesis}:${record.status}:${record.eventBar}:${record.confirmBar}`;
  });
  // Inside a bar accumulation comes first, which the mirror turns round.
  return lines.sort().join('|');
}

/** P6: upside down, with the test parameters, accumulation becomes distribution and nothing else changes. */
export function* mirror(trial: Trial): Slices<Certificate> {
  const ledger = new Ledger('mirror');
  const options = { mirrorBase: MIRROR_BASE };
  const grid = onGrid(trial.columns);
  const create = (): Subject => trial.factory.create(options);
  const expected = yield* runSubject(create(), grid, { reading: plain });
  const was = yield* runSubject(create(), mirrored(grid), { reading: flipped });
  compareRuns(ledger, { what: 'upside down', expected, was, reference: { create, columns: grid, reading: () => plain } });
  return ledger.certificate();
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
