/** What the timeframes above say: one detector each, fed with bars made of the closed bars below (detection.md 8.1). */
import { BarAggregator } from '../bar/aggregate.ts';
import type { Bar, Instrument, Timeframe } from '../bar/bar.ts';
import { StateReader, StateWriter } from '../bar/state-io.ts';
import { ZoneClock } from '../effort/zone-clock.ts';
import type { HtfContext } from '../wyckoff/context.ts';
import { createDetector, restoreDetector, type Detector, type DetectorOptions } from '../wyckoff/detector.ts';

/** In order of preference; at most two, which bounds the state of an engine. */
export const HIGHER_TIMEFRAMES: Readonly<Record<Timeframe, readonly Timeframe[]>> = {
  '1m': ['5m', '15m'],
  '5m': ['15m', '1h'],
  '15m': ['1h', '4h'],
  '30m': ['1h', '4h'],
  '1h': ['4h', '1d'],
  '4h': ['1d', '1w'],
  '1d': ['1w'],
  '1w': [],
};

/** An aggregator's state: 13 numbers and a flag. */
const AGGREGATOR_BYTES = 256;

export interface HigherTimeframeOptions {
  readonly instrument: Instrument;
  /** Of the bars that come in. */
  readonly from: Timeframe;
  readonly to: Timeframe;
  readonly detector: Pick<DetectorOptions, 'pack' | 'params'>;
}

/** State of one higher timeframe, in two parts. */
export interface HigherTimeframeState {
  readonly detector: Uint8Array;
  readonly aggregator: Uint8Array;
}

/** One timeframe above. */
export class HigherTimeframe {
  /** Leading hypothesis after the last closed bar; null: none leads, or nothing is known yet. The same object while nothing changes. */
  context: HtfContext | null = null;
  readonly #aggregator: BarAggregator;
  readonly #detector: Detector;

  constructor({ instrument, from, to, detector }: HigherTimeframeOptions, saved?: HigherTimeframeState) {
    this.#detector =
      saved === undefined ? createDetector(instrument, to, detector) : restoreDetector(saved.detector, instrument, to, detector);
    this.#aggregator = new BarAggregator({
      instrument,
      from,
      to,
      clockOf: (timeZone) => new ZoneClock(timeZone),
      onClosed: (bar, incomplete) => {
        // A bar with a part missing would lie about its volume and its range (trading.md 9.1).
        if (incomplete) return;
        this.#detector.onBar(bar);
        this.context = this.#detector.leading(this.context);
      },
    });
    if (saved === undefined) return;
    this.#aggregator.persist(new StateReader(saved.aggregator));
    this.context = this.#detector.leading(null);
  }

  /** Takes a closed bar of the timeframe below; afterwards `context` is what is known when that bar has closed. */
  push(bar: Bar): void {
    this.#aggregator.push(bar);
  }

  adjust(priceFactor: number): void {
    this.#aggregator.adjust(priceFactor);
    this.#detector.adjust(priceFactor);
  }

  state(): HigherTimeframeState {
    const writer = new StateWriter(AGGREGATOR_BYTES);
    this.#aggregator.persist(writer);
    return { detector: this.#detector.snapshot(), aggregator: writer.finish() };
  }
}
