/** Trading ranges: phase bands with their letters, and the two edges named by the leading hypothesis (web.md 5, layers 2 and 3). */
import type { RangeWire } from '@wyckoff/contracts';
import { plain } from '../figure.ts';
import { type AxisLabel, type Box, LETTER_ROW, overlap, type Shape, textWidth } from './shapes.ts';
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

interface Edge {
  readonly y: number;
  readonly text: string;
  readonly price: string;
  /** Away from the range: -1 is up. */
  readonly away: -1 | 1;
}

function edges(input: RangeLayerInput, view: PaneView, range: RangeWire): readonly Edge[] {
  const names = edgeNames(leadingHypothesis(range)?.hypothesis ?? null);
  const one = (price: number, name: string, away: -1 | 1): Edge[] => {
    const y = view.y(price);
    const figure = plain(price, input.decimals);
    return y === null ? [] : [{ y, text: `${name} ${figure}`, price: figure, away }];
  };
  return [...one(range.resistance, names.above, -1), ...one(range.support, names.below, 1)];
}

const edgeInk = (input: RangeLayerInput, range: RangeWire) =>
  ({ token: 'muted', opacity: range.id === input.currentId ? 1 : 0.5 }) as const;

/** Dashed edges behind the candles. */
export function rangeLines(input: RangeLayerInput, view: PaneView): readonly Shape[] {
  return visibleRanges(input, view).flatMap((range) => {
    const x1 = clippedX(input, view, range.startTime);
    const x2 = clippedX(input, view, range.endTime);
    if (x2 - x1 < 2) return [];
    const ink = edgeInk(input, range);
    return edges(input, view, range).map(({ y }): Shape => ({
      kind: 'line',
      x1,
      y1: y,
      x2,
      y2: y,
      style: 'dashed',
      width: 1,
      ink,
    }));
  });
}

const NAME_HEIGHT = 12;
/** Distance of a name's middle from its line. */
const NAME_OFFSET = 9;
/** Step of the search for a calm place along the line, in pixels. */
const NAME_STEP = 16;

/**
 * Names of the edges over the candles, each at the first calm place along its line: no candle, no other word and no edge of the pane in the
 * way. A name that finds none is left out; that of the running range stands on the price axis all the same (`rangeAxisNames`).
 * @param taken boxes of the words already there
 */
export function rangeNames(input: RangeLayerInput, view: PaneView, taken: readonly Box[]): readonly Shape[] {
  // Bound: two names for each of at most 8 ranges.
  const placed: Box[] = [];
  const isFree = (box: Box): boolean =>
    box.y1 >= LETTER_ROW &&
    box.y2 <= view.height &&
    ![...taken, ...placed].some((other) => overlap(other, box)) &&
    !hitsBars(input, view, box);
  // The newest range chooses first.
  return visibleRanges(input, view)
    .toReversed()
    .flatMap((range) =>
      edges(input, view, range).flatMap((edge): Shape[] => {
        const box = namePlaces(input, view, { range, edge }).find(isFree);
        if (box === undefined) return [];
        // bounded: by the names.
        placed.push(box);
        const y = (box.y1 + box.y2) / 2;
        return [{ kind: 'text', x: box.x1 + 2, y, text: edge.text, align: 'left', ink: edgeInk(input, range) }];
      }),
    );
}

/** Places along the line, outside the range before inside: an ended range from its end, a running one from its start, so that names stay put. */
function namePlaces(
  input: RangeLayerInput,
  view: PaneView,
  { range, edge }: { readonly range: RangeWire; readonly edge: Edge },
): readonly Box[] {
  const width = textWidth(edge.text) + 4;
  const [from, to] = [clippedX(input, view, range.startTime) + 2, clippedX(input, view, range.endTime) - 2];
  const least = Math.max(2, from);
  const most = Math.min(view.width - 2, to) - width;
  if (most < least) return [];
  const steps = Array.from({ length: Math.floor((most - least) / NAME_STEP) + 1 }, (_, step) => step * NAME_STEP);
  return [edge.away, -edge.away].flatMap((side) =>
    steps.map((step) => {
      const x1 = range.endTime === null ? least + step : most - step;
      const y = edge.y + side * NAME_OFFSET;
      return { x1, x2: x1 + width, y1: y - NAME_HEIGHT / 2, y2: y + NAME_HEIGHT / 2 };
    }),
  );
}

function hitsBars({ bars }: RangeLayerInput, view: PaneView, box: Box): boolean {
  const origin = view.x(0);
  const first = Math.max(0, Math.floor((box.x1 - origin) / view.barSpacing));
  const last = Math.min(bars.length - 1, Math.ceil((box.x2 - origin) / view.barSpacing));
  for (let i = first; i <= last; i += 1) {
    const [high, low] = [view.y(bars.h[i]), view.y(bars.l[i])];
    if (high !== null && low !== null && high <= box.y2 && low >= box.y1) return true;
  }
  return false;
}

/** Panes narrower than this have no room for words on the axis: there the price alone stands. */
const NARROW_PX = 480;

/** Names of the running range on the price axis, where nothing can cover them; an edge off screen has none. */
export function rangeAxisNames(input: RangeLayerInput, view: PaneView): readonly AxisLabel[] {
  const range = input.ranges.find((one) => one.id === input.currentId && one.endTime === null);
  if (range === undefined) return [];
  return edges(input, view, range)
    .filter(({ y }) => y >= 0 && y <= view.height)
    .map(({ y, text, price }) => ({ y, text: view.width < NARROW_PX ? price : text, strong: false }));
}

/** Bands behind the candles. */
export function phaseBands(input: RangeLayerInput, view: PaneView): readonly Shape[] {
  return visibleRanges(input, view).flatMap((range) => bands(input, view, range));
}
