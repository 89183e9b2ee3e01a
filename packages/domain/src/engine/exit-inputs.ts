/** What exit rules 10 and 11 ask for beyond the bar: how long phases lasted, and who of the account loses together (trading.md 6.3). */
import type { Phase } from '../wyckoff/event.ts';
import { sideOf } from '../trade/open-position.ts';
import type { OpenPosition } from '../trade/open-position.ts';
import { campaignOf, laneOf } from './floor.ts';
import type { Floor } from './floor.ts';
import type { Lane } from './lane.ts';

const CORRELATED = 0.7;
const LOSS = -0.01;

/** Bars the hypothesis of a position spent in C and in E so far; null: its campaign, or the beginning of C, is not known any more. */
export function phaseBarsOf(floor: Floor, lane: Lane, position: OpenPosition): { readonly C: number; readonly E: number } | null {
  const found = campaignOf(floor, position.campaignId);
  if (found === null) return null;
  const { rangeId } = found.campaign;
  const hypothesis = sideOf(position.direction);
  const steps = lane.detector.transitions(0).filter((step) => step.rangeId === rangeId && step.hypothesis === hypothesis);
  const bars = { C: 0, E: 0 };
  steps.forEach(({ to, bar }, i) => {
    const until = steps[i + 1]?.bar ?? lane.bars - 1;
    if (isCounted(to)) bars[to] += until - bar;
  });
  return bars.C > 0 ? bars : null;
}

function isCounted(phase: Phase | null): phase is 'C' | 'E' {
  return phase === 'C' || phase === 'E';
}

/** Positions that go with this one by 0.7 or more, itself among them, and are more than 1 % below their entry. Unknown ones do not count. */
export function correlatedLosersOf(floor: Floor, position: OpenPosition): number {
  return floor.book.positions.filter((other) => {
    const side = sideOf(other.direction);
    return (side * (other.last - other.entryPrice)) / other.entryPrice < LOSS && goesWith(floor, position, other);
  }).length;
}

function goesWith(floor: Floor, one: OpenPosition, other: OpenPosition): boolean {
  const sides = sideOf(one.direction) * sideOf(other.direction);
  if (one.symbol === other.symbol) return sides === 1;
  const trackerOf = ({ symbol, timeframe }: OpenPosition): Lane['exits'] => laneOf(floor, symbol, timeframe).exits;
  const correlation = trackerOf(one).correlationWith(trackerOf(other));
  return correlation !== null && sides * correlation >= CORRELATED;
}
