/** A detector that hears the timeframes above it: the one every run uses, so that detect, backtest, replay and paper judge alike. */
import type { Bar, Instrument, Timeframe } from '../bar/bar.ts';
import type { BarContext, HtfContext } from '../wyckoff/context.ts';
import { createDetector, restoreDetector, type Detector, type DetectorOptions } from '../wyckoff/detector.ts';
import type { DetectionEvent, Rejection } from '../wyckoff/event.ts';
import type { Funnel } from '../wyckoff/funnel.ts';
import type { DetectorCounters, DetectorGlance, DetectorView, PhaseTransition } from '../wyckoff/view.ts';
import { HIGHER_TIMEFRAMES, HigherTimeframe } from './higher-timeframe.ts';
import { joinParts, splitParts } from './htf-snapshot.ts';

/** A fresh detector with those of up to two timeframes above it. */
export function createDetectorInContext(instrument: Instrument, timeframe: Timeframe, options: DetectorOptions = {}): Detector {
  const higher = HIGHER_TIMEFRAMES[timeframe].map(
    (to) => new HigherTimeframe({ instrument, from: timeframe, to, detector: rulesOf(options) }),
  );
  return new DetectorInContext(createDetector(instrument, timeframe, options), higher);
}

/** One that continues bit-identically; throws when the bytes are of another version, instrument, timeframe or rules. */
export function restoreDetectorInContext(
  bytes: Uint8Array,
  instrument: Instrument,
  timeframe: Timeframe,
  options: DetectorOptions = {},
): Detector {
  const names = HIGHER_TIMEFRAMES[timeframe];
  const [own, ...parts] = splitParts(bytes, 1 + 2 * names.length);
  const higher = names.map(
    (to, i) =>
      new HigherTimeframe(
        { instrument, from: timeframe, to, detector: rulesOf(options) },
        { detector: parts[2 * i], aggregator: parts[2 * i + 1] },
      ),
  );
  return new DetectorInContext(restoreDetector(own, instrument, timeframe, options), higher);
}

/** The timeframes above follow the same rules, silently. */
function rulesOf({ pack, params }: DetectorOptions): DetectorOptions {
  return { ...(pack === undefined ? {} : { pack }), ...(params === undefined ? {} : { params }) };
}

class DetectorInContext implements Detector {
  readonly #own: Detector;
  readonly #first: HigherTimeframe | null;
  readonly #second: HigherTimeframe | null;
  #htf: HtfContext | null = null;
  /** What is handed to the detector, made anew only when the timeframe above has something new to say. */
  #context: BarContext = {};

  constructor(own: Detector, [first = null, second = null]: readonly (HigherTimeframe | null)[]) {
    this.#own = own;
    this.#first = first;
    this.#second = second;
  }

  onBar(bar: Bar, ctx?: BarContext): readonly DetectionEvent[] {
    this.#first?.push(bar);
    this.#second?.push(bar);
    if (ctx?.htf !== undefined) return this.#own.onBar(bar, ctx);
    const htf = this.#heard();
    if (ctx !== undefined) return this.#own.onBar(bar, { ...ctx, htf });
    if (htf === null) return this.#own.onBar(bar);
    if (htf !== this.#htf) {
      this.#htf = htf;
      this.#context = Object.freeze({ htf });
    }
    return this.#own.onBar(bar, this.#context);
  }

  /** The first timeframe in which a hypothesis leads; neutral (A and B) is the same as silence. */
  #heard(): HtfContext | null {
    const context = this.#first?.context ?? this.#second?.context ?? null;
    return context !== null && (context.phase === 'C' || context.phase === 'D' || context.phase === 'E') ? context : null;
  }

  get bars(): number {
    return this.#own.bars;
  }

  get revision(): number {
    return this.#own.revision;
  }

  get counters(): DetectorCounters {
    return this.#own.counters;
  }

  view(): DetectorView {
    return this.#own.view();
  }

  glance(): DetectorGlance {
    return this.#own.glance();
  }

  rejections(): Rejection[] {
    return this.#own.rejections();
  }

  transitions(sinceSeq: number): readonly PhaseTransition[] {
    return this.#own.transitions(sinceSeq);
  }

  leading(last: HtfContext | null): HtfContext | null {
    return this.#own.leading(last);
  }

  funnel(): Funnel {
    return this.#own.funnel();
  }

  adjust(priceFactor: number): void {
    this.#own.adjust(priceFactor);
    this.#first?.adjust(priceFactor);
    this.#second?.adjust(priceFactor);
  }

  snapshot(): Uint8Array {
    const higher = [this.#first, this.#second].flatMap((one) => (one === null ? [] : [one.state()]));
    return joinParts([this.#own.snapshot(), ...higher.flatMap(({ detector, aggregator }) => [detector, aggregator])]);
  }
}
