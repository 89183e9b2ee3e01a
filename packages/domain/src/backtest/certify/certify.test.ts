/** The certificates pass the honest detector and find every cheat out. */
import { describe, expect, it } from 'vitest';
import type { BarColumns } from '../../bar/columns.ts';
import type { Bar } from '../../bar/bar.ts';
import { createDetector, restoreDetector } from '../../wyckoff/detector.ts';
import type { DetectionEvent, EventKind } from '../../wyckoff/event.ts';
import { drawSeries } from '../synthetic/series.ts';
import { certify, certifyAll, type CertifyReport } from './certify.ts';
import type { Poison } from './poison.ts';
import type { Subject, SubjectFactory } from './subject.ts';
import { CERTIFICATES, type CertificateName } from './verdict.ts';

const columns: BarColumns = drawSeries({ schematic: 'all', seed: 5, number: 1, bars: 700, noise: 'moderate' }).columns;

/** What a small, honest detector remembers: the last seven lows and highs. Cheats change one thing in it. */
class Swings implements Subject {
  bars = 0;
  readonly revision = 0;
  protected readonly lows = new Float64Array(7).fill(NaN);
  protected readonly highs = new Float64Array(7).fill(NaN);

  onBar(bar: Bar): readonly DetectionEvent[] {
    this.bars += 1;
    this.lows.copyWithin(0, 1);
    this.lows[6] = bar.low;
    this.highs.copyWithin(0, 1);
    this.highs[6] = bar.high;
    return this.judge(bar);
  }

  protected judge(bar: Bar): DetectionEvent[] {
    if (!(bar.high > 0)) return [];
    const now = this.bars - 1;
    const others = [0, 1, 2, 4, 5, 6];
    const records: DetectionEvent[] = [];
    if (others.every((i) => this.lows[3] < this.lows[i])) records.push(said('SPRING', now - 3, now));
    if (others.every((i) => this.highs[3] > this.highs[i])) records.push(said('UTAD', now - 3, now));
    return records;
  }

  snapshot(): Uint8Array {
    return new Uint8Array(Float64Array.from([this.bars, ...this.lows, ...this.highs]).buffer);
  }

  load(bytes: Uint8Array): this {
    const state = new Float64Array(bytes.slice().buffer);
    this.bars = state[0];
    this.lows.set(state.subarray(1, 8));
    this.highs.set(state.subarray(8, 15));
    return this;
  }

  view(): { range: null } {
    return { range: null };
  }

  transitions(): [] {
    return [];
  }
}

function said(kind: EventKind, eventBar: number, confirmBar: number): DetectionEvent {
  const hypothesis = kind === 'UTAD' ? -1 : 1;
  return {
    id: `1:${kind}:${eventBar}`,
    kind,
    status: 'confirmed',
    hypothesis,
    eventBar,
    confirmBar,
    confidence: null,
  } as unknown as DetectionEvent;
}

const factoryOf = (make: () => Swings): SubjectFactory => ({ create: make, restore: (bytes) => make().load(bytes) });
const failures = (report: CertifyReport): CertificateName[] =>
  report.certificates.filter((c) => c.verdict === 'FAIL').map((c) => c.certificate);
const caughtBy = (make: () => Swings): CertificateName[] => failures(certifyAll({ factory: factoryOf(make), columns }));

/** The way a cheat has: the bar it is handed is a cursor over columns. */
interface Peeking extends Bar {
  readonly row: number;
  at(row: number): Peeking;
}

function peeking(bar: Bar): Peeking {
  if (!('at' in bar && 'row' in bar)) throw new Error('expected a cursor over columns');
  return bar as Peeking;
}

class ReadsNextClose extends Swings {
  protected override judge(bar: Bar): DetectionEvent[] {
    const cursor = peeking(bar);
    const { row, close } = cursor;
    const next = cursor.at(row + 1).close;
    cursor.at(row);
    return next > close * 1.01 ? [said('SOS', this.bars - 1, this.bars - 1)] : [];
  }
}

class UsesUnconfirmedPivot extends Swings {
  // Says at once what only three later bars could show.
  protected override judge(bar: Bar): DetectionEvent[] {
    const cursor = peeking(bar);
    const { row, low } = cursor;
    const ahead = [1, 2, 3].every((d) => !(cursor.at(row + d).low < low));
    cursor.at(row);
    return ahead && [3, 4, 5].every((i) => this.lows[i] > low) ? [said('SPRING', this.bars - 1, this.bars - 1)] : [];
  }
}

class DatesBack extends Swings {
  protected override judge(bar: Bar): DetectionEvent[] {
    return super.judge(bar).map((record) => ({ ...record, confirmBar: record.eventBar }));
  }
}

class UnfinishedWeek extends Swings {
  // Closes of a week are known on Friday only.
  protected override judge(bar: Bar): DetectionEvent[] {
    const cursor = peeking(bar);
    const { row } = cursor;
    const weekClose = cursor.at(row + (4 - (row % 5))).close;
    const weekOpen = cursor.at(row - (row % 5)).open;
    cursor.at(row);
    return row % 5 === 0 && weekClose > weekOpen * 1.02 ? [said('SOS', this.bars - 1, this.bars - 1)] : [];
  }
}

let wallClock = 0;
class WallState extends Swings {
  protected override judge(bar: Bar): DetectionEvent[] {
    wallClock += 1;
    return wallClock % 97 === 0 ? [said('PS', this.bars - 1, this.bars - 1)] : super.judge(bar);
  }
}

class FixedPrice extends Swings {
  protected override judge(bar: Bar): DetectionEvent[] {
    return bar.close > 100 ? super.judge(bar) : [];
  }
}

class SeesPieces extends Swings {
  protected override judge(bar: Bar): DetectionEvent[] {
    return peeking(bar).row < 5 ? [] : super.judge(bar);
  }
}

class Forgets extends Swings {
  override load(bytes: Uint8Array): this {
    super.load(bytes);
    this.highs.fill(NaN);
    return this;
  }
}

class SaysTwice extends Swings {
  #last: DetectionEvent[] = [];
  protected override judge(bar: Bar): DetectionEvent[] {
    const again = this.#last.map((record) => ({ ...record, confirmBar: this.bars - 1 }));
    this.#last = super.judge(bar);
    return [...again, ...this.#last];
  }
}

class LikesUp extends Swings {
  protected override judge(bar: Bar): DetectionEvent[] {
    return super.judge(bar).filter((record) => record.kind === 'SPRING' || bar.close > bar.open);
  }
}

class ChangesThePast extends Swings {
  // Takes a word back when the next bars go against it: "failed" without having been said.
  protected override judge(bar: Bar): DetectionEvent[] {
    return super.judge(bar).map((record) => ({ ...record, status: 'failed' as const }));
  }
}

class FearsTenfold extends Swings {
  protected override judge(bar: Bar): DetectionEvent[] {
    const cursor = peeking(bar);
    const { row, close } = cursor;
    const next = cursor.at(row + 1).close;
    cursor.at(row);
    return next > 7 * close ? [said('PSY', this.bars - 1, this.bars - 1)] : [];
  }
}

class KnowsTheEnd extends Swings {
  // Sees the very first close again right ahead, as it is where time runs backwards.
  #first = NaN;
  protected override judge(bar: Bar): DetectionEvent[] {
    const cursor = peeking(bar);
    const { row, close } = cursor;
    if (this.bars === 1) this.#first = close;
    const next = cursor.at(row + 1).close;
    cursor.at(row);
    return next === this.#first ? [said('PS', this.bars - 1, this.bars - 1)] : [];
  }
}

/** Thinks of a Spring on every tenth bar and confirms every second of them, three bars later. */
class Thinks extends Swings {
  protected override judge(): DetectionEvent[] {
    const now = this.bars - 1;
    if (now % 10 === 0) return [{ ...said('SPRING', now, now), status: 'candidate' }];
    return now % 20 === 3 ? [said('SPRING', now - 3, now)] : [];
  }
}

const TWINS: readonly (readonly [string, () => Swings, readonly CertificateName[]])[] = [
  ['reads the next close', () => new ReadsNextClose(), ['poisoned-future', 'prefix']],
  ['uses an unconfirmed pivot', () => new UsesUnconfirmedPivot(), ['poisoned-future', 'prefix']],
  ['uses the unfinished higher-timeframe bar', () => new UnfinishedWeek(), ['poisoned-future']],
  ['dates a record back', () => new DatesBack(), ['append-only', 'repaint-probe']],
  ['depends on wall state', () => new WallState(), ['determinism']],
  ['has a threshold in currency', () => new FixedPrice(), ['scale']],
  ['depends on the pieces the bars come in', () => new SeesPieces(), ['chunks']],
  ['forgets a field in its snapshot', () => new Forgets(), ['snapshot']],
  ['says a record twice', () => new SaysTwice(), ['append-only']],
  ['treats the two sides differently', () => new LikesUp(), ['mirror']],
  ['lets a record fail that was never confirmed', () => new ChangesThePast(), ['append-only']],
];

describe('certificates (detection.md 11, backtesting.md 8)', () => {
  it('CRT-1 an honest stand-in passes all of them, each over every bar', () => {
    const report = certifyAll({ factory: factoryOf(() => new Swings()), columns });
    expect(report.certificates.map((c) => [c.certificate, c.verdict])).toEqual(CERTIFICATES.map((name) => [name, 'PASS']));
    for (const c of report.certificates) {
      expect(c.compared).toBeGreaterThanOrEqual(c.certificate === 'prefix' ? 10 : columns.length);
      expect(c.facts).toBeGreaterThan(0);
    }
    expect(report.verdict).toBe('PASS');
  });

  it.each(['strict', 'classic'] as const)('CRT-2 the detector passes all of them with %s', (pack) => {
    const instrument = { symbol: 'S', assetClass: 'STOCK', timeZone: 'UTC' } as const;
    const options = (test: Parameters<SubjectFactory['create']>[0] = {}): Parameters<typeof createDetector>[2] => ({
      pack,
      ...(test.emitCandidates === true ? { emitCandidates: true } : {}),
      ...(test.mirrorBase === undefined ? {} : { params: { symmetric: true, percentBase: test.mirrorBase } }),
    });
    const factory: SubjectFactory = {
      create: (test) => createDetector(instrument, '1d', options(test)),
      restore: (bytes, test) => restoreDetector(bytes, instrument, '1d', options(test)),
    };
    const report = certifyAll({ factory, columns });
    expect(failures(report)).toEqual([]);
    expect(report.verdict).toBe('PASS');
    expect(report.repaint.every((row) => row.confirmedRepainted === 0)).toBe(true);
    expect(report.repaint.some((row) => row.provisional > 0 && row.medianLagBars !== null)).toBe(true);
  });

  it.each(TWINS)('BT-1 a detector that %s is found out', (_, make, expected) => {
    const caught = caughtBy(make);
    for (const name of expected) expect(caught).toContain(name);
  });

  it('BT-1 every certificate has such a twin: a new one without is noticed here', () => {
    const found = new Set<string>(TWINS.flatMap(([, , names]) => names));
    expect(CERTIFICATES.filter((name) => !found.has(name))).toEqual([]);
  });

  it.each<[Poison, () => Swings]>([
    ['garbage', () => new ReadsNextClose()],
    ['x10', () => new FearsTenfold()],
    ['reversed', () => new KnowsTheEnd()],
  ])('BT-1 each false future catches a detector of its own: %s', (poison, make) => {
    const [certificate] = certifyAll({ factory: factoryOf(make), columns, only: ['poisoned-future'] }).certificates;
    expect(certificate.verdict).toBe('FAIL');
    expect(new Set(certificate.mismatches.map(({ what }) => what))).toEqual(new Set([poison]));
  });

  it.each<[string, () => Swings]>([
    ['dates it back', () => new DatesBack()],
    ['says it again', () => new SaysTwice()],
  ])('CRT-7 the repaint report counts a confirmed record of a detector that %s, and that alone is a FAIL', (_, make) => {
    const report = certifyAll({ factory: factoryOf(make), columns, only: ['chunks'] });
    expect(report.certificates[0].verdict).toBe('PASS');
    expect(report.repaint.some((row) => row.confirmedRepainted > 0)).toBe(true);
    expect(report.verdict).toBe('FAIL');
  });

  it('CRT-7 the repaint report tells by kind how many candidates came to nothing and how long confirmation took', () => {
    const report = certifyAll({ factory: factoryOf(() => new Thinks()), columns, only: ['determinism'] });
    expect(report.repaint).toEqual([
      {
        kind: 'SPRING',
        confirmed: 35,
        confirmedRepainted: 0,
        provisional: 70,
        withdrawn: 35,
        repaintRate: 0.5,
        medianLagBars: 3,
      },
    ]);
  });

  it('CRT-3 a mismatch names its bar and what was expected; at most 20 are kept, all are counted', () => {
    const report = certifyAll({ factory: factoryOf(() => new ReadsNextClose()), columns, only: ['poisoned-future'] });
    const [certificate] = report.certificates;
    expect(certificate.mismatchCount).toBeGreaterThan(20);
    expect(certificate.mismatches).toHaveLength(20);
    expect(certificate.mismatches[0]).toMatchObject({
      bar: expect.any(Number) as number,
      what: 'garbage',
      expected: expect.any(String) as string,
    });
  });

  it('CRT-4 without bars nothing is certified', () => {
    const report = certifyAll({ factory: factoryOf(() => new Swings()), columns: { ...columns, length: 0 } });
    expect(report.verdict).toBe('NOT_RUN');
    expect(report.certificates.every((c) => c.verdict === 'NOT_RUN')).toBe(true);
  });

  it('CRT-5 works in slices: whoever runs it can show progress and stop', () => {
    const long = drawSeries({ schematic: 'none', seed: 5, number: 1, bars: 3000, noise: 'low' }).columns;
    const steps = certify({ factory: factoryOf(() => new Swings()), columns: long, only: ['repaint-probe'] });
    const first = steps.next();
    expect(first).toMatchObject({ done: false, value: { certificate: 'reference', rows: 1024 } });
  });
});
