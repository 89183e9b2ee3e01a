/** Trading ranges: phase bands with their letters, and the two edges named by the leading hypothesis (web.md 5, layers 2 and 3). */
import type { RangeWire } from '@wyckoff/contracts';
import { plain } from '../figure.ts';
import { textWidth, type Shape } from './shapes.ts';
import { lowerBound, type BarColumns, type PaneView } from './view.ts';

export interface RangeLayerInput {
  readonly bars: BarColumns;
  readonly ranges: readonly RangeWire[];
  /** Id of the range the desk speaks of; the others are drawn fainter. */
  readonly currentId: string | null;
  readonly decimals: number;
}

type HypothesisWire = RangeWire['hypotheses'][number];

const ORDER = ['A', 'B', 'C', 'D', 'E'];

/** The hypothesis that leads; when none does, the one still alive, then the one that got furthest, then the surer one; null before any. */
export function leadingHypothesis(range: RangeWire): HypothesisWire | null {
  const alive = range.hypotheses.filter((one) => !one.ended);
  const from = alive.length > 0 ? alive : range.hypotheses;
  const reach = (one: HypothesisWire): number => (one.phase === null ? -1 : ORDER.indexOf(one.phase));
  const best = from.toSorted((a, b) => reach(b) - reach(a) || b.phaseConfidence - a.phaseConfidence).at(0);
  return range.hypotheses.find((one) => one.leading) ?? best ?? null;
}

/** What a trader calls the edges: accumulation has a creek above its support, distribution an ice under its resistance. */
export function edgeNames(hypothesis: 1 | -1 | null): { readonly above: string; readonly below: string } {
  if (hypothesis === 1) return { above: 'creek', below: 'support' };
  if (hypothesis === -1) return { above: 'resistance', below: 'ice' };
  return { above: 'resistance', below: 'support' };
}

/** Most ranges drawn in a window. */
const MAX_RANGES = 8;
const LETTER_Y = 14;

/** Ranges that touch the screen, newest last, at most 8. */
export function visibleRanges({ bars, ranges }: RangeLayerInput, view: PaneView): readonly RangeWire[] {
  const first = bars.t[Math.max(0, view.from)] ?? 0;
  const last = bars.t[Math.min(bars.length - 1, view.to)] ?? 0;
  return ranges
    .filter((range) => range.startTime <= last && (range.endTime ?? Infinity) >= first)
    .sort((a, b) => a.startTime - b.startTime)
    .slice(-MAX_RANGES);
}

/** Pixel of a time, clipped to the screen with some room so that lines leave it cleanly. */
function clippedX(input: RangeLayerInput, view: PaneView, time: number | null): number {
  if (time === null) return clip(view.x(input.bars.length - 1) + view.barSpacing / 2, view);
  return clip(view.x(lowerBound(input.bars, time)), view);
}

function clip(x: number, view: PaneView): number {
  return Math.min(view.width + 4, Math.max(-4, x));
}

function bands(input: RangeLayerInput, view: PaneView, range: RangeWire): readonly Shape[] {
  const current = range.id === input.currentId;
  const spans = leadingHypothesis(range)?.phases ?? [];
  return spans.flatMap((span, i): Shape[] => {
    const x1 = clippedX(input, view, span.from);
    const x2 = clippedX(input, view, span.to ?? range.endTime);
    if (x2 - x1 < 1) return [];
    const running = span.to === null && range.endTime === null;
    const band: Shape = {
      kind: 'band',
      x1,
      x2,
      y1: 0,
      y2: view.height,
      ink: { token: 'text', opacity: i % 2 === 0 ? 0.035 : 0.07 },
    };
    if (x2 - x1 < 12) return [band];
    const ink = current && running ? ({ token: 'text' } as const) : ({ token: 'faint', opacity: current ? 1 : 0.7 } as const);
    const letter: Shape = {
      kind: 'text',
      x: (x1 + x2) / 2,
      y: LETTER_Y,
      text: span.phase,
      align: 'center',
      bold: current && running,
      ink,
    };
    return [band, letter];
  });
}

function edges(input: RangeLayerInput, view: PaneView, range: RangeWire): readonly Shape[] {
  const current = range.id === input.currentId;
  const names = edgeNames(leadingHypothesis(range)?.hypothesis ?? null);
  const x1 = clippedX(input, view, range.startTime);
  const x2 = clippedX(input, view, range.endTime);
  const ink = { token: 'muted', opacity: current ? 1 : 0.5 } as const;
  const one = (price: number, name: string, side: -1 | 1): Shape[] => {
    const y = view.y(price);
    if (y === null || x2 - x1 < 2) return [];
    const line: Shape = { kind: 'line', x1, y1: y, x2, y2: y, style: 'dashed', width: 1, ink };
    const text = `${name} ${plain(price, input.decimals)}`;
    if (!current && x2 - x1 < textWidth(text)) return [line];
    // The name stands at the left end of what is visible, outside the range, where candles are rarest.
    return [
      line,
      {
        kind: 'text',
        x: Math.min(Math.max(6, x1 + 2), view.width - textWidth(text) - 4),
        y: y + (side < 0 ? -6 : 12),
        text,
        align: 'left',
        ink,
      },
    ];
  };
  return [...one(range.resistance, names.above, -1), ...one(range.support, names.below, 1)];
}

/** Bands behind the candles. */
export function phaseBands(input: RangeLayerInput, view: PaneView): readonly Shape[] {
  return visibleRanges(input, view).flatMap((range) => bands(input, view, range));
}

/** Dashed edges with name and price. */
export function rangeLines(input: RangeLayerInput, view: PaneView): readonly Shape[] {
  return visibleRanges(input, view).flatMap((range) => edges(input, view, range));
}
