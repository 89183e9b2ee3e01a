/** Which record of the detector becomes which tradeable pattern (trading.md 4.1). */
import type { DetectionEvent, EventKind } from '../wyckoff/event.ts';
import type { Direction, Leg, Pattern } from './signal.ts';

const LEG_OF: Readonly<Record<Pattern, Leg>> = {
  SPRING: 'F',
  UTAD: 'F',
  TEST: 'F',
  SOS: 'S',
  SOW: 'S',
  LPS: 'L',
  LPSY: 'L',
  EXTERNAL: 'F',
};

export function legOf(pattern: Pattern): Leg {
  return LEG_OF[pattern];
}

export function directionOf(event: DetectionEvent): Direction {
  return event.hypothesis === 1 ? 'LONG' : 'SHORT';
}

const SIDE_OF: Readonly<Record<Pattern, 1 | -1 | null>> = {
  SPRING: 1, SOS: 1, LPS: 1, UTAD: -1, SOW: -1, LPSY: -1, TEST: null, EXTERNAL: null,
}; // prettier-ignore

/** The direction a pattern has by its name; null: it takes that of its hypothesis (4.1). */
export function sideOfPattern(pattern: Pattern): 1 | -1 | null {
  return SIDE_OF[pattern];
}

/** The kind in an id of the form `rangeId:A|D:kind:eventBar`. */
function kindIn(id: string | undefined): EventKind | null {
  return (id?.split(':')[2] as EventKind | undefined) ?? null;
}

/**
 * The pattern a record stands for, or null when it is context only.
 * @param passedBefore whether a TEST of the same parent has already passed validation
 */
export function patternOf(
  event: DetectionEvent,
  passedBefore: (parentId: string) => boolean,
  requireTest = true,
): Pattern | null {
  switch (event.kind) {
    case 'TEST':
      return event.status === 'confirmed' ? patternOfTest(event, passedBefore) : null;
    case 'SPRING':
    case 'UTAD':
      return event.status === 'confirmed' && !requireTest ? event.kind : null;
    case 'SOS':
    case 'SOW':
      return event.status === 'direct' ? event.kind : null;
    case 'LPS':
    case 'LPSY':
      return event.status === 'confirmed' ? event.kind : null;
    default:
      return null;
  }
}

function patternOfTest(event: DetectionEvent, passedBefore: (parentId: string) => boolean): Pattern {
  const parent = kindIn(event.refId);
  if ((parent === 'SPRING' || parent === 'UTAD') && !passedBefore(event.refId ?? '')) return parent;
  return 'TEST';
}
