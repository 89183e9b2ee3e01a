/** One whole structure, from the trend before it to the trend after it. */
import type { Hand } from './hand.ts';
import { drawBreakFailure, drawDissolution, drawFalseClimax, drawSpringFailure } from './broken.ts';
import { drawDecline } from './decline.ts';
import { drawPhaseA } from './phase-a.ts';
import { drawPhaseB, drawTest, type PhaseBResult } from './phase-b.ts';
import { approachSupport, drawInRangeSupport, drawSpring, drawSpringTest } from './phase-c.ts';
import { approachEdge, drawBackUp, drawMarkup, drawSignOfStrength, type BreakResult } from './phase-d.ts';
import type { Proportions } from './proportions.ts';
import { Sketch } from './sketch.ts';

/** Draws with the hand as it looks now; the last close must stand above height 0 by the decline wanted. */
export function drawStructure(hand: Hand, plan: Proportions): Sketch {
  const sketch = new Sketch();
  drawDecline(hand, sketch);
  if (plan.course === 'false-climax') drawFalseClimax(hand, sketch);
  else drawRange(hand, sketch, plan);
  sketch.to = hand.bar - 1;
  return sketch;
}

function drawRange(hand: Hand, sketch: Sketch, plan: Proportions): void {
  drawPhaseA(hand, sketch, plan);
  const b = drawPhaseB(hand, sketch, plan);
  switch (plan.course) {
    case 'spring':
      drawSpringCourse(hand, sketch, { plan, b });
      return;
    case 'spring-fails': {
      approachSupport(hand, sketch, b);
      const spring = drawSpring(hand, sketch, plan);
      drawSpringFailure(hand, sketch, { plan, spring });
      return;
    }
    case 'dissolves':
      drawTest(hand, sketch, { plan, bars: Math.round(plan.width / hand.unit), number: b.tests + 1, mayUndercut: false });
      approachEdge(hand, plan);
      drawDissolution(hand, sketch, plan);
      return;
    case 'break-fails':
      drawInRangeCourse(hand, sketch, { plan, b });
      drawBreakFailure(hand, sketch, { plan, broke: leave(hand, sketch, plan) });
      return;
    default:
      drawInRangeCourse(hand, sketch, { plan, b });
      drawSuccess(hand, sketch, plan);
  }
}

function drawSpringCourse(hand: Hand, sketch: Sketch, how: { plan: Proportions; b: PhaseBResult }): void {
  const { plan } = how;
  approachSupport(hand, sketch, how.b);
  const spring = drawSpring(hand, sketch, plan);
  drawSpringTest(hand, sketch, { plan, spring });
  if (hand.random.chance(0.3)) drawInRangeSupport(hand, sketch, { plan, startsC: false });
  drawSuccess(hand, sketch, plan);
}

function drawInRangeCourse(hand: Hand, sketch: Sketch, how: { plan: Proportions; b: PhaseBResult }): void {
  const { plan } = how;
  drawTest(hand, sketch, { plan, bars: Math.round(plan.width / hand.unit), number: how.b.tests + 1, mayUndercut: false });
  drawInRangeSupport(hand, sketch, { plan, startsC: true });
}

function leave(hand: Hand, sketch: Sketch, plan: Proportions): BreakResult {
  approachEdge(hand, plan);
  return drawSignOfStrength(hand, sketch, plan);
}

function drawSuccess(hand: Hand, sketch: Sketch, plan: Proportions): void {
  const broke = leave(hand, sketch, plan);
  const from = drawBackUp(hand, sketch, { plan, broke });
  drawMarkup(hand, sketch, { plan, broke, from });
}
