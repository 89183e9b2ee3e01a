/** Event labels outside the bars: candidates dashed, failed ones struck through, none silently removed (web.md 5, layer 8). */
import type { DetectionEventWire } from '@wyckoff/contracts';
import { type Box, LABEL_HEIGHT, LETTER_ROW, overlap, type Shape, textWidth } from './shapes.ts';
import { indexOfTime, type BarColumns, type PaneView } from './view.ts';

export interface EventLayerInput {
  readonly bars: BarColumns;
  readonly events: readonly DetectionEventWire[];
}

const WORDS: Readonly<Partial<Record<DetectionEventWire['kind'], string>>> = {
  SPRING: 'Spring',
  SHAKEOUT: 'Shakeout',
  TEST: 'Test',
};

/** The short word on the chart. */
export function eventWord(kind: DetectionEventWire['kind']): string {
  return WORDS[kind] ?? kind;
}

/** An event that happens at a low stands below its bar. */
export function standsBelow(event: Pick<DetectionEventWire, 'kind' | 'hypothesis'>): boolean {
  const turns = event.kind === 'AR' || event.kind === 'SOS' || event.kind === 'SOW';
  return event.hypothesis === 1 ? !turns : turns;
}

/** The last word on each event: later records of the same id replace earlier ones, in order of arrival. */
export function latestPerEvent(events: readonly DetectionEventWire[]): readonly DetectionEventWire[] {
  const newest = new Map<string, DetectionEventWire>();
  for (const event of events) {
    const known = newest.get(event.id);
    if (known === undefined || event.confirmBar >= known.confirmBar) newest.set(event.id, event);
  }
  return [...newest.values()];
}

/** Whether the record took the event back. */
export function isStruck(event: Pick<DetectionEventWire, 'status'>): boolean {
  return event.status === 'failed' || event.status === 'expired';
}

/** Free pixels between two labels. */
const GAP = 3;
/** Distance of the first label from its bar. */
const OFFSET = 12;
/** Labels that find no room within this many rows become a small arrow. */
const MAX_ROWS = 5;

/** Labels on screen, stacked away from the bar where they would overlap, all of each within the pane. */
export function eventLabels({ bars, events }: EventLayerInput, view: PaneView): readonly Shape[] {
  // Bound: one box per event held, at most 500.
  const placed: Box[] = [];
  return latestPerEvent(events)
    .map((event) => ({ event, index: indexOfTime(bars, event.eventTime) }))
    .filter(({ index }) => index >= 0 && index >= view.from - 1 && index <= view.to + 1)
    .sort((a, b) => a.index - b.index)
    .flatMap(({ event, index }) =>
      place(event, { x: view.x(index), extreme: extremeY(event, { bars, index, view }), view }, placed),
    );
}

function extremeY(
  event: DetectionEventWire,
  at: { readonly bars: BarColumns; readonly index: number; readonly view: PaneView },
): number | null {
  return at.view.y(standsBelow(event) ? at.bars.l[at.index] : at.bars.h[at.index]);
}

interface Anchor {
  readonly x: number;
  readonly extreme: number | null;
  readonly view: PaneView;
}

function place(event: DetectionEventWire, at: Anchor, placed: Box[]): readonly Shape[] {
  if (at.extreme === null) return [];
  const { view } = at;
  const below = standsBelow(event);
  const text = eventWord(event.kind);
  const width = textWidth(text) + 8;
  const [top, foot] = [LETTER_ROW + LABEL_HEIGHT / 2, view.height - LABEL_HEIGHT / 2 - 1];
  // A bar at the very edge has its label inside the edge: from there the rows grow back into the pane.
  const first = clamp(at.extreme + (below ? OFFSET : -OFFSET), top, foot);
  const step = LABEL_HEIGHT + GAP;
  const away = below ? step : -step;
  const ink = { token: isStruck(event) || event.status === 'candidate' ? 'faint' : 'text' } as const;
  const clear = [...rows(first, away), ...rows(first, -away)].filter(
    (y) => y >= top && y <= foot && (y === first || !coversBar(y, at, below)),
  );
  // Over or under its bar if there is room, else beside the labels that are there.
  const aside = width + 2 * GAP;
  for (const shift of [0, aside, -aside]) {
    const x = clamp(at.x + shift, width / 2 + 1, view.width - width / 2 - 1);
    const side = { x1: x - width / 2 - GAP, x2: x + width / 2 + GAP };
    const y = clear.find((row) => {
      const box = { ...side, y1: row - LABEL_HEIGHT / 2 - 1, y2: row + LABEL_HEIGHT / 2 + 1 };
      return !placed.some((other) => overlap(other, box));
    });
    if (y === undefined) continue;
    // bounded: by the events held.
    placed.push({ ...side, y1: y - LABEL_HEIGHT / 2 - 1, y2: y + LABEL_HEIGHT / 2 + 1 });
    const border = event.status === 'candidate' ? 'dashed' : 'solid';
    return [{ kind: 'label', x, y, width, text, border, struck: isStruck(event), ink }];
  }
  return [{ kind: 'arrow', x: at.x, y: at.extreme + (below ? 5 : -5), points: below ? 'up' : 'down', ink: { token: 'faint' } }];
}

function rows(first: number, step: number): readonly number[] {
  return Array.from({ length: MAX_ROWS }, (_, row) => first + row * step);
}

/** A row on the wrong side of the extreme would hide the bar that it speaks of. */
function coversBar(y: number, { extreme }: Anchor, below: boolean): boolean {
  if (extreme === null) return false;
  return below ? y < extreme + LABEL_HEIGHT / 2 : y > extreme - LABEL_HEIGHT / 2;
}

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));
