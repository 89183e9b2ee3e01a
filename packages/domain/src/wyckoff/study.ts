/** Everything the rules of one instrument and timeframe share: statistics, levels, the range, the two hypotheses, the outbox. */
import { RING_MASK } from '../bar/bar-ring.ts';
import type { Instrument, Timeframe } from '../bar/bar.ts';
import type { StateIo } from '../bar/state-io.ts';
import { Effort } from '../effort/effort.ts';
import type { Features } from '../effort/features.ts';
import { LevelBook, RESISTANCE, SUPPORT } from '../structure/level-book.ts';
import { Pivot, PivotWatch } from '../structure/pivots.ts';
import { PointAndFigure } from '../structure/point-and-figure.ts';
import { ACTIVE, BROKEN_DOWN, BROKEN_UP, Range, STRUCTURAL_ROUTE } from '../structure/range.ts';
import { RangeSummary } from '../structure/range-summary.ts';
import { VolumeProfile } from '../structure/volume-profile.ts';
import { Zones } from '../structure/zones.ts';
import type { BarContext } from './context.ts';
import type { DetectorOptions } from './detector.ts';
import { FunnelCounts } from './funnel.ts';
import { Judge } from './judge.ts';
import { Outbox } from './outbox.ts';
import type { Parameters } from './parameters.ts';
import { resolvePack, type RulePack } from './rule-pack.ts';
import { PHASE_B, PHASE_C, Side } from './side.ts';
import { Thresholds } from './thresholds.ts';
import { Strength } from './strength.ts';

const VOLATILE_WINDOW = 20;

/** Counters of the study itself. */
class Tally {
  nextRangeId = 1;
  transitionSeq = 0;
  revision = 0;
  invalid = 0;
  duplicate = 0;
  late = 0;
  /** Prices of the last confirmed pivots, NaN for none. */
  lastLowPivot = NaN;
  lastHighPivot = NaN;
}

export class Study {
  readonly instrument: Instrument;
  readonly timeframe: Timeframe;
  readonly pack: RulePack;
  readonly params: Parameters;
  readonly effort: Effort;
  readonly now: Features;
  readonly pivots = new PivotWatch();
  readonly book = new LevelBook();
  readonly range = new Range();
  readonly previous = new RangeSummary();
  readonly zones = new Zones();
  readonly profile = new VolumeProfile();
  readonly count = new PointAndFigure();
  readonly up: Side;
  readonly down: Side;
  readonly judge: Judge;
  readonly thresholds: Thresholds;
  readonly outbox: Outbox;
  readonly funnel = new FunnelCounts();
  readonly strength = new Strength();
  readonly tally = new Tally();
  /** Scratch for pivots and founding touches. */
  readonly lowPivot = new Pivot();
  readonly highPivot = new Pivot();
  readonly emitCandidates: boolean;
  /** Context of the bar being judged. */
  context: BarContext | null = null;
  /** The range changed state, an edge or a phase on this bar. */
  changed = false;
  /** First bar on which time alone may change the range or a phase; 0 for "look on every bar". Not state: errs on the side of looking. */
  dueBar = 0;
  /** {@link Range.moves} when the two sides last looked at the levels. */
  levelsSeen = -1;
  readonly #pctFactor: number;

  constructor(instrument: Instrument, timeframe: Timeframe, options: DetectorOptions) {
    this.instrument = instrument;
    this.timeframe = timeframe;
    this.pack = resolvePack(options.pack, options.params);
    this.params = this.pack.params;
    this.effort = new Effort({ instrument, timeframe, params: this.params, habitHalfLife: this.pack.habit?.halfLifeBars ?? 0 });
    this.now = this.effort.now;
    this.up = new Side(1, this.now);
    this.down = new Side(-1, this.now);
    this.judge = new Judge(options.trace ?? null);
    this.thresholds = new Thresholds(this.pack, this.effort, { instrument, timeframe });
    this.outbox = new Outbox(this);
    this.emitCandidates = options.emitCandidates ?? false;
    this.#pctFactor = this.params.tfTable[timeframe] / 100;
  }

  /** x per cent of a price, scaled by the timeframe; the sign of a mirrored price does not matter. */
  pct(x: number, price: number): number {
    const base = this.params.percentBase > 0 ? this.params.percentBase : price < 0 ? -price : price;
    return x * this.#pctFactor * base;
  }

  other(side: Side): Side {
    return side === this.up ? this.down : this.up;
  }

  /** The rules of distribution's own, unless a test asks for an exact mirror image. */
  asymmetric(side: Side): boolean {
    return side.sign === -1 && !this.params.symmetric;
  }

  /** Strength of the level a pattern of this side uses: near edge (Spring) or far edge (SOS, LPS). */
  nearStrength(side: Side): number {
    return this.range.strengthOf(side.sign === 1 ? SUPPORT : RESISTANCE);
  }

  farStrength(side: Side): number {
    return this.range.strengthOf(side.sign === 1 ? RESISTANCE : SUPPORT);
  }

  /** Is the range broken in this side's direction? */
  brokenBy(side: Side): boolean {
    return this.range.state === (side.sign === 1 ? BROKEN_UP : BROKEN_DOWN);
  }

  get active(): boolean {
    return this.range.state === ACTIVE;
  }

  /** PHB-1. Bars phase B must have lasted before it may end. */
  minPhaseB(side: Side): number {
    const p = this.params;
    if (this.range.route === STRUCTURAL_ROUTE && this.range.trendBefore === side.sign) return p.minPhaseBRe;
    return this.meanAbsMove() > (p.volatileMove / 100) * (1 + 1e-9) ? p.minPhaseBVolatile : p.minPhaseB;
  }

  /** In phase C, or in B for long enough at `bar`. */
  eligible(side: Side, bar: number): boolean {
    if (side.at.phase === PHASE_C) return true;
    return side.at.phase === PHASE_B && bar - side.at.bStart >= this.minPhaseB(side);
  }

  /** Mean absolute move of the last 20 closes before this bar, as a share of the close before or of `percentBase`; 0 with fewer. */
  meanAbsMove(): number {
    const last = this.now.bar - 1;
    if (last < VOLATILE_WINDOW) return 0;
    const closes = this.effort.bars.close;
    const base = this.params.percentBase;
    let sum = 0;
    for (let i = last - VOLATILE_WINDOW + 1; i <= last; i++) {
      const close = closes[i & RING_MASK];
      const before = closes[(i - 1) & RING_MASK];
      sum += base > 0 ? Math.abs(close - before) / base : Math.abs(close / before - 1);
    }
    return sum / VOLATILE_WINDOW;
  }

  /** A minimum-volume condition on the current bar. */
  volumeAtLeast(limit: number): boolean {
    return this.now.noVolume || this.now.volFloor >= limit * (1 - 1e-9);
  }

  /** Significance of a zone of the present range: near its level or not; one function, made once. */
  readonly zoneSignificance = (zone: number): number => {
    const { zones, range } = this;
    const middle = (zones.low[zone] + zones.high[zone]) / 2;
    const level = zones.kind[zone] > 0 ? range.support : range.resistance;
    const near = Math.abs(middle - level) <= Math.min(this.pct(2, middle), 0.25 * range.width);
    return zones.significance(zone, near);
  };

  change(): void {
    this.changed = true;
  }

  /** The bars since somebody last looked enter the volume profile. */
  fillProfile(): void {
    this.profile.catchUp(this.effort.bars, this.now.bar);
  }

  adjust(priceFactor: number): void {
    this.fillProfile();
    const parts = [
      this.effort,
      this.pivots,
      this.book,
      this.range,
      this.previous,
      this.zones,
      this.profile,
      this.count,
      this.up,
      this.down,
    ];
    for (const part of parts) part.adjust(priceFactor);
    this.tally.lastLowPivot *= priceFactor;
    this.tally.lastHighPivot *= priceFactor;
  }

  persist(io: StateIo): void {
    this.fillProfile();
    this.effort.persist(io);
    io.own(this.pivots);
    this.book.persist(io);
    this.range.persist(io);
    for (const part of [this.previous, this.zones, this.profile, this.count, this.strength, this.tally]) io.own(part);
    this.up.persist(io);
    this.down.persist(io);
    io.own(this.judge.rejections);
    io.own(this.judge.refused);
    io.own(this.funnel);
    if (this.range.living) this.profile.followFrom(this.now.bar + 1);
  }
}
