/**
 * A price chart as a thing with a beginning and an end (H1): chart, series, layers and observer are made in order and let go in reverse,
 * also when making one of them failed.
 */
import type { DetectionEventWire, PositionWire, RangeWire } from '@wyckoff/contracts';
import {
  CandlestickSeries,
  type CandlestickData,
  ColorType,
  createChart,
  CrosshairMode,
  HistogramSeries,
  type HistogramData,
  type IChartApi,
  type ISeriesApi,
  type LineData,
  LineSeries,
  LineStyle,
  type LogicalRange,
  type MouseEventParams,
  TickMarkType,
  type Time,
  type UTCTimestamp,
  type WhitespaceData,
} from 'lightweight-charts';
import { withOpacity, type Colours } from '../../theme/colours.ts';
import { figureText, plain } from '../figure.ts';
import { eventLabels } from './event-layer.ts';
import { phaseBands, rangeAxisNames, rangeLines, rangeNames } from './range-layer.ts';
import { ShapeLayer } from './shape-layer.ts';
import { labelBoxes } from './shapes.ts';
import type { BarTimes } from './times.ts';
import { levelLines, levelNames, tradeLines } from './trade-layer.ts';
import { type BarColumns, indexOfTime, type PaneView } from './view.ts';
import { climacticOutlines, meanBefore } from './volume-layer.ts';

/** What can be switched on and off, back to front. */
export const LAYERS = ['phases', 'range', 'volume mean', 'events', 'levels', 'trades'] as const;
export type LayerName = (typeof LAYERS)[number];

/** What is drawn over the bars; replaced as a whole. */
export interface Overlays {
  readonly ranges: readonly RangeWire[];
  readonly currentRangeId: string | null;
  readonly events: readonly DetectionEventWire[];
  readonly trades: readonly PositionWire[];
}

export interface PriceChartOptions {
  readonly colours: Colours;
  readonly decimals: number;
  readonly tickSize: number;
  readonly times: BarTimes;
  /** Bars on screen at first. */
  readonly barsOnScreen: number;
  /** The left edge comes near. */
  nearLeftEdge(): void;
  /** Index of the bar under the crosshair; null when it left. */
  pointed(index: number | null): void;
  /** Whether the newest bar is on screen. */
  liveEdgeSeen(seen: boolean): void;
}

export interface PriceChart {
  /** Draws other bars; `shift` tells how many were put in front (negative: dropped), so that the view stays where it was. */
  setBars(bars: BarColumns, shift: number): void;
  /** The last bar changed, or `appended` bars are new. */
  updateTail(bars: BarColumns, appended: number): void;
  setOverlays(overlays: Overlays): void;
  setColours(colours: Colours): void;
  setLayer(name: LayerName, visible: boolean): void;
  showNow(): void;
  zoom(factor: number): void;
  /** Puts the crosshair on a bar and brings it into view. */
  point(index: number | null): void;
  dispose(): void;
}

/** Undo steps, run in reverse. */
class Undo {
  // Bound: one step per thing made below, about ten.
  readonly #steps: (() => void)[] = [];
  add(step: () => void): void {
    // bounded: by the statements of `build`.
    this.#steps.push(step);
  }
  run(): void {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) step();
  }
}

const EMPTY: BarColumns = { length: 0, t: [], o: [], h: [], l: [], c: [], v: [] };
const VOLUME_FORMAT = {
  type: 'custom',
  minMove: 1,
  formatter: (volume: number) => figureText(volume, { kind: 'volume' }).text,
} as const;
const NEAR_EDGE_BARS = 60;
const RIGHT_OFFSET = 8;

/** Makes a chart inside `container`, which must outlive it. */
export function createPriceChart(container: HTMLElement, options: PriceChartOptions): PriceChart {
  const undo = new Undo();
  try {
    return build(container, { options, undo });
  } catch (error) {
    undo.run();
    throw error;
  }
}

function build(
  container: HTMLElement,
  { options, undo }: { readonly options: PriceChartOptions; readonly undo: Undo },
): PriceChart {
  let colours = options.colours;
  let bars: BarColumns = EMPTY;
  let overlays: Overlays = { ranges: [], currentRangeId: null, events: [], trades: [] };
  let disposed = false;
  /** Bars on the canvas: the columns behind `bars` may have grown since. */
  let drawn = 0;
  const shown = new Set<LayerName>(LAYERS);

  const chart = createChart(container, {
    autoSize: false,
    width: container.clientWidth,
    height: container.clientHeight,
    ...chartOptions(options, colours),
  });
  undo.add(() => chart.remove());

  const candles = chart.addSeries(CandlestickSeries, {
    ...candleOptions(colours),
    priceFormat: { type: 'custom', minMove: options.tickSize, formatter: (price: number) => plain(price, options.decimals) },
  });
  undo.add(() => chart.removeSeries(candles));
  const volume = chart.addSeries(
    HistogramSeries,
    { priceLineVisible: false, lastValueVisible: false, priceFormat: VOLUME_FORMAT },
    1,
  );
  undo.add(() => chart.removeSeries(volume));
  const mean = chart.addSeries(
    LineSeries,
    {
      lineWidth: 1,
      color: colours.faint,
      priceLineVisible: false,
      lastValueVisible: false,
      crosshairMarkerVisible: false,
      priceFormat: VOLUME_FORMAT,
    },
    1,
  );
  undo.add(() => chart.removeSeries(mean));
  volume.priceScale().applyOptions({ scaleMargins: { top: 0.1, bottom: 0 } });
  const [pricePane, volumePane] = chart.panes();
  pricePane.setStretchFactor(4.2);
  volumePane.setStretchFactor(1);

  const common = { colours: () => colours } as const;
  const ranges = () => ({ bars, ranges: overlays.ranges, currentId: overlays.currentRangeId, decimals: options.decimals });
  const trades = () => ({ bars, trades: overlays.trades, decimals: options.decimals });
  const events = (view: PaneView) => eventLabels({ bars, events: overlays.events }, view);
  const layer = (
    series: ISeriesApi<'Candlestick'> | ISeriesApi<'Histogram'>,
    name: LayerName,
    rest: Omit<ConstructorParameters<typeof ShapeLayer>[0], 'colours' | 'visible'>,
  ): ShapeLayer => {
    const made = new ShapeLayer({ ...common, ...rest, visible: () => shown.has(name) && bars.length > 0 });
    series.attachPrimitive(made);
    undo.add(() => series.detachPrimitive(made));
    return made;
  };
  const layers = [
    layer(candles, 'phases', { zOrder: 'bottom', shapes: (view) => phaseBands(ranges(), view) }),
    layer(candles, 'range', {
      zOrder: 'bottom',
      shapes: (view) => rangeLines(ranges(), view),
      axisLabels: (view) => rangeAxisNames(ranges(), view),
    }),
    layer(candles, 'levels', {
      zOrder: 'normal',
      shapes: (view) => levelLines(trades(), view),
      axisLabels: (view) => levelNames(trades(), view),
    }),
    layer(candles, 'trades', { zOrder: 'top', shapes: (view) => tradeLines(trades(), view) }),
    layer(candles, 'events', { zOrder: 'top', shapes: events }),
    layer(candles, 'range', {
      zOrder: 'top',
      shapes: (view) => rangeNames(ranges(), view, shown.has('events') ? labelBoxes(events(view)) : []),
    }),
    layer(volume, 'volume mean', { zOrder: 'top', shapes: (view) => climacticOutlines(bars, view) }),
  ];
  const refresh = (): void => {
    for (const one of layers) one.refresh();
  };

  const observer = new ResizeObserver(() => {
    if (!disposed && container.clientWidth > 0) chart.resize(container.clientWidth, container.clientHeight);
  });
  observer.observe(container);
  undo.add(() => observer.disconnect());

  let edgeSeen = true;
  const onRange = (range: LogicalRange | null): void => {
    if (range === null || bars.length === 0) return;
    if (range.from < NEAR_EDGE_BARS) options.nearLeftEdge();
    // Against what is drawn: the columns may have grown since, and the view would be taken for one scrolled back, and left behind.
    const seen = range.to >= drawn - 1;
    if (seen !== edgeSeen) {
      edgeSeen = seen;
      options.liveEdgeSeen(seen);
    }
  };
  chart.timeScale().subscribeVisibleLogicalRangeChange(onRange);
  undo.add(() => chart.timeScale().unsubscribeVisibleLogicalRangeChange(onRange));
  const onMove = (event: MouseEventParams): void => {
    options.pointed(typeof event.time === 'number' ? indexOfTime(bars, event.time * 1000) : null);
  };
  chart.subscribeCrosshairMove(onMove);
  undo.add(() => chart.unsubscribeCrosshairMove(onMove));

  const draw = (): void => {
    candles.setData(candleData(bars));
    volume.setData(volumeData(bars, colours));
    mean.setData(meanData(bars));
  };

  return {
    setBars(next, shift) {
      const before = drawn === 0 ? null : chart.timeScale().getVisibleLogicalRange();
      const move = edgeSeen ? next.length - drawn : shift;
      bars = next;
      drawn = bars.length;
      draw();
      if (before === null) showLatest(chart, bars.length, options.barsOnScreen);
      else chart.timeScale().setVisibleLogicalRange({ from: before.from + move, to: before.to + move });
      refresh();
    },
    updateTail(next, appended) {
      bars = next;
      drawn = bars.length;
      for (let at = Math.max(0, bars.length - Math.max(1, appended)); at < bars.length; at += 1) {
        candles.update(candle(bars, at));
        volume.update(volumeBar(bars, { at, colours }));
        mean.update(meanPoint(bars, at));
      }
      refresh();
    },
    setOverlays(next) {
      overlays = next;
      refresh();
    },
    setColours(next) {
      colours = next;
      chart.applyOptions(chartOptions(options, colours));
      candles.applyOptions(candleOptions(colours));
      mean.applyOptions({ color: colours.faint });
      volume.setData(volumeData(bars, colours));
      refresh();
    },
    setLayer(name, visible) {
      if (visible) shown.add(name);
      else shown.delete(name);
      if (name === 'volume mean') mean.applyOptions({ visible });
      refresh();
    },
    showNow() {
      chart.timeScale().scrollToPosition(RIGHT_OFFSET, false);
    },
    zoom(factor) {
      const range = chart.timeScale().getVisibleLogicalRange();
      if (range === null) return;
      const span = (range.to - range.from) * factor;
      chart.timeScale().setVisibleLogicalRange({ from: range.to - span, to: range.to });
    },
    point(index) {
      if (index === null || index < 0 || index >= bars.length) {
        chart.clearCrosshairPosition();
        return;
      }
      bringIntoView(chart, index);
      chart.setCrosshairPosition(bars.c[index], seconds(bars.t[index]), candles);
    },
    dispose() {
      if (disposed) return;
      disposed = true;
      undo.run();
      bars = EMPTY;
    },
  };
}

const seconds = (time: number): UTCTimestamp => Math.floor(time / 1000) as UTCTimestamp;

function candle(bars: BarColumns, at: number): CandlestickData {
  return { time: seconds(bars.t[at]), open: bars.o[at], high: bars.h[at], low: bars.l[at], close: bars.c[at] };
}

function volumeBar(bars: BarColumns, { at, colours }: { readonly at: number; readonly colours: Colours }): HistogramData {
  const up = bars.c[at] >= bars.o[at];
  return { time: seconds(bars.t[at]), value: bars.v[at], color: withOpacity(up ? colours.up : colours.down, 0.6) };
}

function meanPoint(bars: BarColumns, at: number): LineData | WhitespaceData {
  const value = meanBefore(bars.v, at);
  return value === null ? { time: seconds(bars.t[at]) } : { time: seconds(bars.t[at]), value };
}

const each = <T>(bars: BarColumns, make: (at: number) => T): T[] => Array.from({ length: bars.length }, (_, at) => make(at));
const candleData = (bars: BarColumns): CandlestickData[] => each(bars, (at) => candle(bars, at));
const volumeData = (bars: BarColumns, colours: Colours): HistogramData[] => each(bars, (at) => volumeBar(bars, { at, colours }));
const meanData = (bars: BarColumns): (LineData | WhitespaceData)[] => each(bars, (at) => meanPoint(bars, at));

function showLatest(chart: IChartApi, length: number, barsOnScreen: number): void {
  chart.timeScale().setVisibleLogicalRange({ from: length - barsOnScreen, to: length - 1 + RIGHT_OFFSET });
}

function bringIntoView(chart: IChartApi, index: number): void {
  const range = chart.timeScale().getVisibleLogicalRange();
  if (range === null || (index >= range.from + 1 && index <= range.to - 1)) return;
  const span = range.to - range.from;
  const from = index < range.from + 1 ? index - span * 0.1 : index - span * 0.9;
  chart.timeScale().setVisibleLogicalRange({ from, to: from + span });
}

/** Up candles are hollow, down candles filled: direction is never told by colour alone. */
function candleOptions(colours: Colours) {
  return {
    upColor: 'rgba(0, 0, 0, 0)',
    downColor: colours.down,
    borderUpColor: colours.up,
    borderDownColor: colours.down,
    wickUpColor: colours.up,
    wickDownColor: colours.down,
    priceLineColor: colours.faint,
    priceLineStyle: LineStyle.Dotted,
  };
}

const TICK_LEVELS = {
  [TickMarkType.Year]: 'year',
  [TickMarkType.Month]: 'month',
  [TickMarkType.DayOfMonth]: 'day',
  [TickMarkType.Time]: 'time',
  [TickMarkType.TimeWithSeconds]: 'time',
} as const;

function chartOptions({ times }: PriceChartOptions, colours: Colours) {
  const crosshairLine = { color: colours.edge, width: 1, style: LineStyle.Dashed, labelBackgroundColor: colours.raised } as const;
  return {
    layout: {
      background: { type: ColorType.Solid, color: colours.bg },
      textColor: colours.faint,
      fontSize: 11,
      fontFamily: `"Inter Variable", system-ui, sans-serif`,
      // The logo injects a style element that the CSP refuses; its notice stands in About.
      attributionLogo: false,
      panes: { separatorColor: colours.line, separatorHoverColor: colours.raised, enableResize: true },
    },
    grid: { vertLines: { visible: false }, horzLines: { color: withOpacity(colours.line, 0.6) } },
    crosshair: { mode: CrosshairMode.Normal, vertLine: crosshairLine, horzLine: crosshairLine },
    rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.12, bottom: 0.1 }, minimumWidth: 72 },
    timeScale: {
      borderColor: colours.line,
      rightOffset: RIGHT_OFFSET,
      minBarSpacing: 0.4,
      timeVisible: true,
      // The longest label is a year or a time; without this a month is dropped for a day.
      tickMarkMaxCharacterLength: 5,
      tickMarkFormatter: (time: Time, type: TickMarkType) =>
        typeof time === 'number' ? times.tick(time * 1000, TICK_LEVELS[type]) : null,
    },
    localization: {
      timeFormatter: (time: Time) => (typeof time === 'number' ? times.full(time * 1000) : ''),
    },
  };
}
