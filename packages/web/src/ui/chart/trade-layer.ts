/** Trades: entry and exit joined by a thin line, fills as ▲ ▼, and the levels of what is open (web.md 5, layers 10, 11, 16). */
import type { PositionWire } from '@wyckoff/contracts';
import { plain } from '../figure.ts';
import type { AxisLabel, Ink, Shape } from './shapes.ts';
import { isBeforeWindow, lowerBound, type BarColumns, type PaneView } from './view.ts';

export interface TradeLayerInput {
  readonly bars: BarColumns;
  readonly trades: readonly PositionWire[];
  readonly decimals: number;
}

/** Most trades drawn in a window. */
const MAX_TRADES = 200;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Index of the bar in which `time` lies: the last one that opened at or before it. */
function barAt(bars: BarColumns, time: number): number {
  if (isBeforeWindow(bars, time)) return -1;
  const at = lowerBound(bars, time);
  return at < bars.length && bars.t[at] === time ? at : at - 1;
}

function point({ bars }: TradeLayerInput, view: PaneView, of: { readonly time: number; readonly price: number }): Point | null {
  const y = view.y(of.price);
  return y === null ? null : { x: view.x(barAt(bars, of.time)), y };
}

function fill(at: Point, side: 'buy' | 'sell'): Shape {
  const ink: Ink = { token: side === 'buy' ? 'up' : 'down' };
  return { kind: 'arrow', x: at.x, y: at.y, points: side === 'buy' ? 'up' : 'down', ink };
}

/** Closed trades with their fills, and the entry of what is open. */
export function tradeLines(input: TradeLayerInput, view: PaneView): readonly Shape[] {
  return input.trades.slice(-MAX_TRADES).flatMap((trade): Shape[] => {
    const entry = point(input, view, { time: trade.openedAt, price: trade.avgEntry });
    if (entry === null) return [];
    const long = trade.direction === 'LONG';
    const opening = fill(entry, long ? 'buy' : 'sell');
    if (trade.closedAt === null || trade.avgExit === null) return onScreen(view, entry) ? [opening] : [];
    const exit = point(input, view, { time: trade.closedAt, price: trade.avgExit });
    if (exit === null || Math.max(entry.x, exit.x) < 0 || Math.min(entry.x, exit.x) > view.width) return [];
    const line: Shape = {
      kind: 'line',
      x1: entry.x,
      y1: entry.y,
      x2: exit.x,
      y2: exit.y,
      style: 'solid',
      width: 1,
      ink: { token: 'muted' },
    };
    return [line, opening, fill(exit, long ? 'sell' : 'buy')];
  });
}

function onScreen(view: PaneView, at: Point): boolean {
  return at.x >= -8 && at.x <= view.width + 8;
}

interface Level {
  readonly name: string;
  readonly price: number;
  readonly style: 'solid' | 'dashed' | 'dotted';
}

/** The levels a position lives between: entry, stop, the targets not yet reached. */
export function openLevels(trade: PositionWire): readonly Level[] {
  const targets = [...new Set(trade.targets.slice(trade.rungsDone))].slice(0, 3);
  return [
    { name: 'entry', price: trade.avgEntry, style: 'solid' },
    { name: 'stop', price: trade.stop, style: 'dashed' },
    ...targets.map((price, i) => ({
      name: targets.length > 1 ? `target ${String(i + 1)}` : 'target',
      price,
      style: 'dotted' as const,
    })),
  ];
}

const isOpen = (trade: PositionWire): boolean => trade.status === 'OPEN';

/** Lines from the entry bar to the right edge, for each open position. */
export function levelLines(input: TradeLayerInput, view: PaneView): readonly Shape[] {
  return input.trades.filter(isOpen).flatMap((trade) => {
    const x1 = Math.max(0, view.x(barAt(input.bars, trade.openedAt)));
    return openLevels(trade).flatMap(({ price, style }): Shape[] => {
      const y = view.y(price);
      if (y === null || x1 > view.width) return [];
      return [
        {
          kind: 'line',
          x1,
          y1: y,
          x2: view.width,
          y2: y,
          style,
          width: 1,
          ink: { token: 'text', opacity: style === 'solid' ? 0.9 : 0.7 },
        },
      ];
    });
  });
}

const AXIS_ROW = 15;
/** Narrower panes leave the axis less room. */
const NARROW_PX = 480;

/** Names on the price axis; a level off screen docks at the edge, and names that would cover each other move apart. */
export function levelNames(input: TradeLayerInput, view: PaneView): readonly AxisLabel[] {
  const labels = input.trades
    .filter(isOpen)
    .flatMap(openLevels)
    .flatMap((level) => {
      const y = view.y(level.price);
      if (y === null) return [];
      const name = view.width < NARROW_PX ? level.name.replace('target', 'T').replace('T ', 'T') : level.name;
      return [
        {
          wanted: y,
          y: clamp(y, view),
          text: `${beyond(y, view)}${name} ${plain(level.price, input.decimals)}`,
          strong: level.name === 'entry',
        },
      ];
    })
    .sort((a, b) => a.wanted - b.wanted)
    // Two positions with one level need one name.
    .filter((label, i, all) => all.findIndex((other) => other.text === label.text) === i);
  return spread(labels, view).map(({ y, text, strong }) => ({ y, text, strong }));
}

function clamp(y: number, view: PaneView): number {
  return Math.min(view.height - 8, Math.max(8, y));
}

function beyond(y: number, view: PaneView): string {
  const docked = clamp(y, view);
  return docked === y ? '' : y < docked ? '↑ ' : '↓ ';
}

/** Moves labels apart: downwards first, then back up where the foot of the pane is passed. */
function spread<Label extends { y: number }>(labels: readonly Label[], view: PaneView): readonly Label[] {
  let above = -Infinity;
  const down = labels.map((label) => {
    above = Math.max(label.y, above + AXIS_ROW);
    return { ...label, y: above };
  });
  let below = view.height - 8 + AXIS_ROW;
  return down
    .toReversed()
    .map((label) => {
      below = Math.min(label.y, below - AXIS_ROW);
      return { ...label, y: below };
    })
    .toReversed();
}
