/** What really happened in the market of a local server: every closed bar, by symbol and timeframe. */
import { TIMEFRAME_MS, type Timeframe } from '@wyckoff/domain';

export interface TapeBar {
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

export class Tape {
  readonly #bars = new Map<string, TapeBar[]>();

  add(symbol: string, timeframe: Timeframe, bar: TapeBar): void {
    const bars = this.of(symbol, timeframe);
    const at = bars.findIndex(({ time }) => time >= bar.time);
    if (at < 0) bars.push(bar);
    else bars.splice(at, bars[at].time === bar.time ? 1 : 0, bar);
  }

  /** Ascending; the list itself. */
  of(symbol: string, timeframe: Timeframe): TapeBar[] {
    const key = `${symbol} ${timeframe}`;
    const bars = this.#bars.get(key) ?? [];
    this.#bars.set(key, bars);
    return bars;
  }

  /** Opening times, both inclusive. */
  between(symbol: string, timeframe: Timeframe, from: number, to: number): TapeBar[] {
    return this.of(symbol, timeframe).filter(({ time }) => time >= from && time <= to);
  }
}

/** The n-th bar of a made-up market: prices that move a little and are told apart. */
export function tapeBar(from: number, timeframe: Timeframe, n: number): TapeBar {
  const close = 100 + 10 * Math.sin(n / 7) + (n % 5) / 10;
  const open = 100 + 10 * Math.sin((n - 1) / 7);
  return {
    time: from + n * TIMEFRAME_MS[timeframe],
    open,
    high: Math.max(open, close) + 0.5,
    low: Math.min(open, close) - 0.5,
    close,
    volume: 1000 + (n % 17),
  };
}
