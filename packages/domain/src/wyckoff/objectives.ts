/** Price objectives from the horizontal count, or from the duration of the cause where the count is short (detection.md 7.3). */
import { above } from '../bar/tolerance.ts';
import type { Side } from './side.ts';
import type { Study } from './study.ts';

export interface Objectives {
  /** Real prices in the direction of the hypothesis, nearest first. */
  readonly prices: number[];
  /** Columns counted. */
  readonly count: number;
  readonly conservativeCount: number;
  readonly capped: boolean;
  readonly byDuration: boolean;
}

/** OBJ-1. `line` is the mirrored price of the line of count: the test, the last point, the Spring, or the broken edge. */
export function objectivesFor(study: Study, side: Side, line: number): Objectives {
  const p = study.params;
  const { support, resistance, width, close } = levels(study, side);
  const count = study.count.column;
  const move = count * study.count.box * p.pnfReversal;
  const low = lowestCause(side, support);
  // A distribution's targets end at a tenth of its support.
  const farthest =
    side.sign === 1 ? resistance + p.pnfCap * width : Math.min(resistance + p.pnfCap * width, -0.1 * study.range.support);
  const prices: number[] = [];
  let capped = false;
  // Loops instead of map and filter: those give lists of another kind when empty, which throws compiled readers away.
  const aim = (target: number): void => {
    const reached = target > farthest ? farthest : target;
    if (target > farthest) capped = true;
    if (above(reached, close)) prices.push(side.sign * reached);
  };
  if (count >= p.pnfMinColumns) {
    aim(low + move);
    aim((low + line) / 2 + move);
    aim(line + move);
  }
  const byDuration = prices.length === 0;
  if (byDuration) {
    aim(resistance + width);
    aim(resistance + causeFactor(study) * width);
  }
  return { prices, count, conservativeCount: conservative(side, count), capped, byDuration };
}

/** Width multiples that a cause of this duration can pay for. */
export function causeFactor(study: Study): number {
  const duration = study.range.duration(study.now.bar);
  const [short, middle, long] = study.params.causeFactor;
  return duration >= 40 ? long : duration >= 25 ? middle : short;
}

function levels(study: Study, side: Side) {
  const { support, resistance, width } = study.range;
  const up = side.sign === 1;
  return {
    support: up ? support : -resistance,
    resistance: up ? resistance : -support,
    width,
    close: side.sign * study.now.close,
  };
}

function lowestCause(side: Side, support: number): number {
  let low = support;
  for (let i = 0; i < side.springs.count; i++) {
    const spring = side.springs.at(i);
    if (!spring.failed && spring.price < low) low = spring.price;
  }
  return low;
}

/** Columns since the last Spring or secondary test. */
function conservative(side: Side, count: number): number {
  const spring = side.springs.latest();
  const test = side.secondaries.latest();
  const from = Math.max(spring?.column ?? 0, test?.column ?? 0);
  return from > 0 ? count - from + 1 : count;
}
