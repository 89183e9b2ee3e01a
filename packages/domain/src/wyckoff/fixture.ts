/** Test support: a study put into a known position, statistics frozen, so that single bars can be judged (detection.md 12). */
import type { Bar, Instrument, Timeframe } from '../bar/bar.ts';
import { ACTIVE, EVENT_ROUTE, FORMING } from '../structure/range.ts';
import { completeBirth } from './range-life.ts';
import { StreamingDetector, type DetectorOptions } from './detector.ts';
import { kindCode } from './event.ts';
import { renewPhaseConfidence } from './phase-confidence.ts';
import { watchSprings } from './spring-watch.ts';
import { C_TEST, PHASE_A, PHASE_B, PHASE_C, type Side } from './side.ts';
import { Study } from './study.ts';

export const FIXTURE_DAY_MS = 86_400_000;
/** Opening time of bar 0. */
export const FIXTURE_START_MS = Date.UTC(2024, 0, 1);

/** `O H L C V`. */
export type Row = readonly [number, number, number, number, number];

export interface FixtureOptions extends DetectorOptions {
  readonly instrument?: Partial<Instrument>;
  readonly timeframe?: Timeframe;
  /** Opening time of bar 0 and spacing; days from 2024-01-01 unless told. */
  readonly startMs?: number;
  readonly stepMs?: number;
}

/** A detector with its insides open, and the bars fed so far. */
export class Fixture {
  readonly study: Study;
  readonly detector: StreamingDetector;
  readonly #startMs: number;
  readonly #stepMs: number;
  #next = 0;

  constructor(options: FixtureOptions = {}) {
    const instrument: Instrument = { symbol: 'TEST', assetClass: 'STOCK', timeZone: 'UTC', ...options.instrument };
    this.study = new Study(instrument, options.timeframe ?? '1d', { pack: 'strict', ...options });
    this.detector = new StreamingDetector(this.study);
    this.#startMs = options.startMs ?? FIXTURE_START_MS;
    this.#stepMs = options.stepMs ?? FIXTURE_DAY_MS;
  }

  get bar(): number {
    return this.#next;
  }

  row([open, high, low, close, volume]: Row): Bar {
    return { time: this.#startMs + this.#next++ * this.#stepMs, open, high, low, close, volume };
  }

  /** Feeds a row and returns what the detector said. */
  feed(row: Row) {
    return this.detector.onBar(this.row(row));
  }

  fill(row: Row, times: number): void {
    for (let i = 0; i < times; i++) this.feed(row);
  }

  freeze(extra: { readonly highest?: number; readonly lowest?: number } = {}): void {
    this.study.effort.frozen = { atr: 2, meanVolume: 1000, meanSpread: 2, ...extra };
  }

  /** Rejections of the last bar. */
  refusals() {
    return this.detector.rejections().filter((r) => r.bar === this.#next - 1);
  }
}

interface SecondaryPreset {
  readonly bar: number;
  readonly price: number;
  readonly volRatio: number;
  readonly score: number;
}

/** Climax, rally and tests of an explicit hypothesis; prices as they are. */
export function presetExplicit(
  fixture: Fixture,
  side: Side,
  preset: {
    readonly climaxBar: number;
    readonly climaxPrice: number;
    readonly rallyBar: number;
    readonly rallyPrice: number;
    readonly rallyConfirmBar: number;
    readonly tests: readonly SecondaryPreset[];
    readonly bStart: number;
  },
): void {
  const { at } = side;
  const climax = side.climax.next();
  Object.assign(climax, {
    eventBar: preset.climaxBar,
    confirmBar: preset.rallyConfirmBar,
    price: side.sign * preset.climaxPrice,
    volRatio: 2.6,
    score: 80,
  });
  climax.kind = kindCode(side.sign === 1 ? 'SC' : 'BC');
  const rally = side.rally.next();
  Object.assign(rally, {
    eventBar: preset.rallyBar,
    confirmBar: preset.rallyConfirmBar,
    price: side.sign * preset.rallyPrice,
    volRatio: 1.2,
    score: 90,
  });
  rally.kind = kindCode('AR');
  for (const test of preset.tests) {
    const mark = side.secondaries.next();
    Object.assign(mark, {
      eventBar: test.bar,
      confirmBar: test.bar + 2,
      price: side.sign * test.price,
      volRatio: test.volRatio,
      score: test.score,
    });
    mark.kind = kindCode('ST');
  }
  at.phase = preset.tests.length > 0 ? PHASE_B : PHASE_A;
  at.startBar = preset.climaxBar;
  at.bStart = preset.bStart;
  at.climaxVolume = 2600;
  at.climaxVolRatio = 2.6;
  at.climaxZone = 1;
  at.rallyConfirmBar = preset.rallyConfirmBar;
  at.rallySpeed = preset.rallyBar - preset.climaxBar;
  at.stCount = preset.tests.length;
  at.stArmed = false;
  renewPhaseConfidence(fixture.study, side);
}

export function presetImplied(fixture: Fixture, side: Side, bStart: number): void {
  const { at } = side;
  at.phase = PHASE_B;
  at.implied = true;
  at.startBar = fixture.study.range.startBar;
  at.bStart = bStart;
  renewPhaseConfidence(fixture.study, side);
}

/** Range 1 at 100..110, scores held. */
export function presetRange(fixture: Fixture, startBar: number, state: 'ACTIVE' | 'FORMING' = 'ACTIVE'): void {
  const { study } = fixture;
  const { range } = study;
  range.begin({
    id: study.tally.nextRangeId++,
    route: EVENT_ROUTE,
    startBar,
    startTime: FIXTURE_START_MS + startBar * FIXTURE_DAY_MS,
  });
  range.state = state === 'ACTIVE' ? ACTIVE : FORMING;
  range.support = 100;
  range.resistance = 110;
  completeBirth(study);
  range.supportPrice = 100.6;
  range.levelsMoved();
  range.resistancePrice = 109.5;
  range.activeWidth = 10;
  range.held = { quality: 78, support: 74, resistance: 72 };
}

/** A stored Spring, as FC has it. */
export function presetSpring(
  fixture: Fixture,
  side: Side,
  preset: {
    readonly bar: number;
    readonly price: number;
    readonly volRatio: number;
    readonly score: number;
    readonly testBar: number;
  },
): void {
  const spring = side.springs.next();
  spring.kind = kindCode('SPRING');
  spring.eventBar = preset.bar;
  spring.confirmBar = preset.bar;
  spring.price = side.sign * preset.price;
  spring.volRatio = preset.volRatio;
  spring.score = preset.score;
  spring.tests = 1;
  spring.lastTestBar = preset.testBar;
  spring.lastTestVolRatio = 0.27;
  spring.volumeFits = true;
  side.at.phase = PHASE_C;
  side.at.subPhase = C_TEST;
  side.at.cStart = preset.bar;
  watchSprings(fixture.study, side);
  renewPhaseConfidence(fixture.study, side);
}

const QUIET: Row = [104, 105, 103, 104, 1000];

function startOf(options: FixtureOptions | undefined): Fixture {
  const fixture = new Fixture(options);
  fixture.fill(QUIET, 90);
  return fixture;
}

const ACCUMULATION = {
  climaxBar: 60,
  climaxPrice: 100,
  rallyBar: 64,
  rallyPrice: 110,
  rallyConfirmBar: 66,
  tests: [
    { bar: 80, price: 100.8, volRatio: 1.2, score: 85 },
    { bar: 90, price: 101.0, volRatio: 1.0, score: 80 },
  ],
  bStart: 80,
};

function settle(fixture: Fixture): Fixture {
  const { study } = fixture;
  // No pivot of the run-up counts.
  study.tally.lastLowPivot = NaN;
  study.tally.lastHighPivot = NaN;
  study.up.at.stArmed = false;
  study.down.at.stArmed = false;
  fixture.freeze();
  return fixture;
}

/** F0: an accumulation range in B, distribution implied. */
export function f0(options?: FixtureOptions): Fixture {
  const fixture = startOf(options);
  fixture.fill(QUIET, 10);
  fixture.freeze();
  presetRange(fixture, 60);
  presetExplicit(fixture, fixture.study.up, ACCUMULATION);
  presetImplied(fixture, fixture.study.down, 75);
  return settle(fixture);
}

/** F0 with other last bars. */
function withTail(tail: Row, times: number, options?: FixtureOptions): Fixture {
  const fixture = startOf(options);
  fixture.fill(QUIET, 10 - times);
  fixture.fill(tail, times);
  fixture.freeze();
  presetRange(fixture, 60);
  presetExplicit(fixture, fixture.study.up, ACCUMULATION);
  presetImplied(fixture, fixture.study.down, 75);
  return settle(fixture);
}

const HIGH_TAIL: Row = [109, 110, 108, 109, 1000];

export function fh(options?: FixtureOptions): Fixture {
  return withTail(HIGH_TAIL, 3, options);
}

export function fi(options?: FixtureOptions): Fixture {
  return withTail([107, 108, 106, 107, 1000], 6, options);
}

export function fc(options?: FixtureOptions): Fixture {
  const fixture = fh(options);
  presetSpring(fixture, fixture.study.up, { bar: 92, price: 98.6, volRatio: 0.45, score: 83.7, testBar: 96 });
  return fixture;
}

/** FH with roles swapped; `low` takes the last bars of F0. */
export function fd(options?: FixtureOptions, tail: 'high' | 'low' = 'high'): Fixture {
  const fixture = startOf(options);
  fixture.fill(QUIET, 7);
  fixture.fill(tail === 'high' ? HIGH_TAIL : QUIET, 3);
  fixture.freeze();
  presetRange(fixture, 60);
  presetExplicit(fixture, fixture.study.down, {
    ...ACCUMULATION,
    climaxPrice: 110,
    rallyPrice: 100,
    tests: [
      { bar: 80, price: 109.2, volRatio: 1.2, score: 85 },
      { bar: 90, price: 109.0, volRatio: 1.0, score: 80 },
    ],
  });
  presetImplied(fixture, fixture.study.up, 75);
  return settle(fixture);
}

/** FA: FORMING, phase A, armed for the first secondary test. */
export function fa(options?: FixtureOptions): Fixture {
  const fixture = startOf(options);
  fixture.fill(QUIET, 10);
  fixture.freeze();
  presetRange(fixture, 84, 'FORMING');
  fixture.study.range.origin = 1;
  presetExplicit(fixture, fixture.study.up, {
    climaxBar: 84,
    climaxPrice: 100,
    rallyBar: 88,
    rallyPrice: 110,
    rallyConfirmBar: 90,
    tests: [],
    bStart: -1,
  });
  settle(fixture);
  fixture.study.up.at.stArmed = true;
  return fixture;
}

/** FS: no range, a decline behind: HH30 112, LL20 101.5, previous close 102. */
export function fs(options?: FixtureOptions): Fixture {
  const fixture = startOf(options);
  fixture.fill([102, 103, 101.5, 102, 1000], 10);
  settle(fixture);
  fixture.freeze({ highest: 112, lowest: 101.5 });
  return fixture;
}

/** One secondary test less and a younger B, for prematurity. */
export function young(fixture: Fixture): Fixture {
  const { up } = fixture.study;
  up.secondaries.clear();
  const mark = up.secondaries.next();
  Object.assign(mark, { eventBar: 94, confirmBar: 96, price: 100.8, volRatio: 1.2, score: 85 });
  up.at.bStart = 94;
  renewPhaseConfidence(fixture.study, up);
  return fixture;
}
