/** All certificates of one subject over one series, in slices. */
import type { BarColumns } from '../../bar/columns.ts';
import {
  appendOnly,
  chunks,
  determinism,
  mirror,
  poisonedFuture,
  prefix,
  repaintProbe,
  scale,
  snapshots,
  type Trial,
} from './certificates.ts';
import { fullReading } from './fact-hash.ts';
import { repaintReport, type RepaintRow } from './repaint-report.ts';
import { runSubject, type Slices } from './run-subject.ts';
import type { SubjectFactory } from './subject.ts';
import { CERTIFICATES, type Certificate, type CertificateName } from './verdict.ts';

export interface CertifyOptions {
  readonly factory: SubjectFactory;
  readonly columns: BarColumns;
  /** Of the cuts and of the garbage; default 1. */
  readonly seed?: number;
  /** Default all. */
  readonly only?: readonly CertificateName[];
}

export interface CertifyProgress {
  readonly certificate: CertificateName | 'reference' | 'repaint-report';
  /** Rows of the run in hand. */
  readonly rows: number;
}

export interface CertifyReport {
  readonly verdict: 'PASS' | 'FAIL' | 'NOT_RUN';
  readonly bars: number;
  readonly certificates: readonly Certificate[];
  readonly repaint: readonly RepaintRow[];
}

const RUNS: Readonly<Record<CertificateName, (trial: Trial) => Slices<Certificate>>> = {
  determinism,
  'append-only': appendOnly,
  prefix,
  'poisoned-future': poisonedFuture,
  'repaint-probe': repaintProbe,
  chunks,
  snapshot: snapshots,
  scale,
  mirror,
};

/** Advance it step by step to show progress and to stop between steps; the report is its return value. */
export function* certify(options: CertifyOptions): Generator<CertifyProgress, CertifyReport> {
  const { factory, columns, seed = 1, only = CERTIFICATES } = options;
  const expected = yield* named('reference', runSubject(factory.create(), columns, { reading: fullReading() }));
  const trial: Trial = { factory, columns, expected, seed };
  const certificates: Certificate[] = [];
  for (const name of CERTIFICATES) {
    if (only.includes(name)) certificates.push(yield* named(name, RUNS[name](trial)));
  }
  const repaint = yield* named('repaint-report', repaintReport(factory, columns));
  const failed = certificates.some((c) => c.verdict === 'FAIL') || repaint.some((row) => row.confirmedRepainted > 0);
  const ran = certificates.some((c) => c.verdict === 'PASS');
  return { verdict: failed ? 'FAIL' : ran ? 'PASS' : 'NOT_RUN', bars: columns.length, certificates, repaint };
}

/** Runs to the end without a look aside: for tests and small series. */
export function certifyAll(options: CertifyOptions): CertifyReport {
  const steps = certify(options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

function* named<T>(certificate: CertifyProgress['certificate'], slices: Slices<T>): Generator<CertifyProgress, T> {
  for (;;) {
    const step = slices.next();
    if (step.done === true) return step.value;
    yield { certificate, rows: step.value };
  }
}
