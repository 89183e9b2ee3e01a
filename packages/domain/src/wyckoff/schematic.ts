/** How closely the events seen follow one of the four schematics of the Wyckoff course (detection.md 7.1). */
import { atLeast, atMost, below } from '../bar/tolerance.ts';
import type { EventKind } from './event.ts';
import type { Mark } from './marks.ts';
import { nameFor } from './mirror.ts';
import type { Side } from './side.ts';
import type { Study } from './study.ts';
import { springVolumeFits } from './undercut.ts';
import type { SchematicView } from './view.ts';

interface TemplatePoint {
  readonly kind: EventKind;
  /** 0: drawn only. */
  readonly weight: number;
  readonly x: number;
  readonly y: number;
}

const TOTAL_WEIGHT = 6;

const FIRST: readonly TemplatePoint[] = [
  { kind: 'PS', weight: 0.5, x: 10, y: 20 },
  { kind: 'SC', weight: 1, x: 20, y: 0 },
  { kind: 'AR', weight: 1, x: 30, y: 100 },
  { kind: 'ST', weight: 1, x: 45, y: 10 },
  { kind: 'SPRING', weight: 1.5, x: 60, y: -8 },
  { kind: 'TEST', weight: 0, x: 70, y: 8 },
  { kind: 'SOS', weight: 1, x: 85, y: 110 },
  { kind: 'LPS', weight: 0, x: 95, y: 100 },
];

const SECOND: readonly TemplatePoint[] = [
  { kind: 'PS', weight: 0.5, x: 10, y: 20 },
  { kind: 'SC', weight: 1, x: 20, y: 0 },
  { kind: 'AR', weight: 1, x: 30, y: 100 },
  { kind: 'ST', weight: 1, x: 45, y: 15 },
  { kind: 'LPS', weight: 1.5, x: 65, y: 45 },
  { kind: 'SOS', weight: 1, x: 85, y: 110 },
  { kind: 'LPS', weight: 0, x: 95, y: 100 },
];

/** SCH-1. The better founded schematic of this hypothesis, or null below the minimum score. */
export function schematicOf(study: Study, side: Side): SchematicView | null {
  const spring = side.springs.latest();
  const inRange = side.inRangePoints.latest();
  const second = spring === null && inRange !== null;
  const template = second ? SECOND : FIRST;
  const marks = template.map((point, i) => markFor(side, point.kind, { second, last: i === template.length - 1 }));
  const height = study.range.width;
  const base = side.sign === 1 ? study.range.support : -study.range.resistance;
  const yOf = (mark: Mark): number => (100 * (mark.price - base)) / height;

  let lastBar = -Infinity;
  let weight = 0;
  let present = 0;
  let deviation = 0;
  let fits = 0;
  template.forEach((point, i) => {
    const mark = marks[i];
    if (mark === null || point.weight === 0) return;
    present++;
    deviation += Math.abs(yOf(mark) - point.y);
    if (volumeFits(study, side, { point, mark })) fits++;
    if (mark.eventBar >= lastBar) weight += point.weight;
    lastBar = mark.eventBar;
  });
  if (present === 0) return null;
  const shape = Math.max(0, 1 - deviation / present / 50);
  const score = Math.round((60 * weight) / TOTAL_WEIGHT + 25 * shape + (15 * fits) / present);
  if (score < study.params.schematicMin) return null;
  const letter = side.sign === 1 ? 'A' : 'D';
  const open = spring === null && inRange === null;
  return {
    id: `${letter}${second ? 2 : 1}`,
    alternative: open ? `${letter}2` : null,
    score,
    forming: side.breaks.count === 0,
    completion: weight / TOTAL_WEIGHT,
    points: template.map((point, i) => {
      const mark = marks[i];
      const flip = (y: number): number => (side.sign === 1 ? y : 100 - y);
      return {
        kind: nameFor(side.sign, point.kind),
        bar: mark === null ? null : mark.eventBar,
        x: point.x,
        y: flip(mark === null ? point.y : yOf(mark)),
        template: flip(point.y),
      };
    }),
  };
}

function markFor(side: Side, kind: EventKind, where: { readonly second: boolean; readonly last: boolean }): Mark | null {
  switch (kind) {
    case 'PS':
      return preliminaryFor(side);
    case 'SC':
      return side.climax.latest();
    case 'AR':
      return side.rally.latest();
    case 'ST':
      return side.secondaries.count > 0 ? side.secondaries.at(0) : null;
    case 'SPRING':
      return side.springs.latest();
    case 'TEST':
      return side.tests.latest();
    case 'SOS':
      return side.breaks.latest();
    default:
      return where.second && !where.last ? side.inRangePoints.latest() : side.lastPoints.latest();
  }
}

/** PS-2. It belongs to the climax when at most 60 bars older and above its low. */
function preliminaryFor(side: Side): Mark | null {
  const ps = side.preliminary.latest();
  const climax = side.climax.latest();
  if (ps === null || climax === null) return null;
  const age = climax.eventBar - ps.eventBar;
  return age > 0 && age <= 60 && ps.price > climax.price ? ps : null;
}

function volumeFits(study: Study, side: Side, event: { readonly point: TemplatePoint; readonly mark: Mark }): boolean {
  const { point, mark } = event;
  const { thresholds, params: p } = study;
  const ratio = mark.volRatio;
  switch (point.kind) {
    case 'PS':
      return atLeast(ratio, thresholds.psVol());
    case 'SC':
      return atLeast(ratio, thresholds.climaxVol());
    case 'AR':
      return atMost(ratio, 1.5);
    case 'ST':
      return atMost(ratio, (1 - p.stVolDrop) * side.at.climaxVolRatio);
    case 'SPRING': {
      const spring = side.springs.latest();
      return spring !== null && springVolumeFits(study, spring);
    }
    case 'LPS':
      return below(ratio, p.inLpsVol);
    default:
      return atLeast(ratio, thresholds.sosMin(-1));
  }
}
