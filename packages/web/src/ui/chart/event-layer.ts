/** Event labels outside the bars: candidates dashed, failed ones struck through, none silently removed (web.md 5, layer 8). */
import type { DetectionEventWire } from '@wyckoff/contracts';
import { LABEL_HEIGHT, textWidth, type Shape } from './shapes.ts';
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

const GAP = 3;
/** Distance of the first label from its bar. */
const OFFSET = 12;
/** Labels that find no room within this many rows become a small arrow. */
const MAX_ROWS = 5;

interface Placed {
  readonly x1: number;
  readonly x2: number;
  readonly y: number;
}

/** Labels on screen, stacked away from the bar where they would overlap. */
export function eventLabels({ bars, events }: EventLayerInput, view: PaneView): readonly Shape[] {
  const placed: Placed[] = [];
  return latestPerEvent(events)
    .map((event) => ({ event, index: indexOfTime(bars, event.eventTime) }))
    .filter(({ index }) => index >= 0 && index >= view.from - 1 && index <= view.to + 1)
    .sort((a, b) => a.index - b.index)
    .flatMap(({ event, index }) =>
      place(
        event,
        { x: view.x(index), extreme: extremeY(event, { bars, index, view }), foot: view.height - LABEL_HEIGHT },
        placed,
      ),
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
  /** Lowest place for a label. */
  readonly foot: number;
}

function place(event: DetectionEventWire, at: Anchor, placed: Placed[]): readonly Shape[] {
  if (at.extreme === null) return [];
  const below = standsBelow(event);
  const text = eventWord(event.kind);
  const width = textWidth(text) + 8;
  const step = (LABEL_HEIGHT + GAP) * (below ? 1 : -1);
  const ink = { token: isStruck(event) || event.status === 'candidate' ? 'faint' : 'text' } as const;
  for (let row = 0; row < MAX_ROWS; row += 1) {
    const y = Math.min(at.foot, Math.max(LABEL_HEIGHT, at.extreme + (below ? OFFSET : -OFFSET) + row * step));
    const box = { x1: at.x - width / 2 - GAP, x2: at.x + width / 2 + GAP, y };
    if (placed.some((other) => Math.abs(other.y - y) < LABEL_HEIGHT + 1 && other.x1 < box.x2 && box.x1 < other.x2)) continue;
    placed.push(box);
    const border = event.status === 'candidate' ? 'dashed' : 'solid';
    return [{ kind: 'label', x: at.x, y, width, text, border, struck: isStruck(event), ink }];
  }
  return [{ kind: 'arrow', x: at.x, y: at.extreme + (below ? 5 : -5), points: below ? 'up' : 'down', ink: { token: 'faint' } }];
}
