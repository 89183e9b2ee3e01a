/** How well founded the present phase is: presence, quality, sequence, context (detection.md 5.4). */
import { fraction } from '../bar/fraction.ts';
import type { Mark, MarkList } from './marks.ts';
import { PHASE_A, PHASE_B, PHASE_C, PHASE_E, type Side } from './side.ts';
import type { Study } from './study.ts';

/** PHC-1. Rounded, 0-100; capped when the hypothesis is only implied, reduced after a failed break. */
export function phaseConfidence(study: Study, side: Side): number {
  const at = side.at;
  if (at.phase === 0) return 0;
  const sum =
    at.phase === PHASE_A
      ? phaseA(study, side)
      : at.phase === PHASE_B
        ? phaseB(study, side)
        : at.phase === PHASE_C
          ? phaseC(study, side)
          : late(side);
  const reduced = sum - (at.malus ? study.params.sosFailedMalus : 0);
  const cap = at.implied ? study.params.impliedCap : 100;
  return Math.max(0, Math.min(cap, Math.round(reduced)));
}

/** Recomputes and stores it. */
export function renewPhaseConfidence(study: Study, side: Side): void {
  const value = phaseConfidence(study, side);
  if (value !== side.at.phaseConfidence) {
    side.at.phaseConfidence = value;
    study.change();
  }
}

class Mean {
  sum = fraction(0);
  n = 0;
  add(score: number): void {
    this.sum += score;
    this.n++;
  }
  all(list: MarkList<Mark>): void {
    for (let i = 0; i < list.count; i++) this.add(list.at(i).score);
  }
  /** 30 points at a mean score of 100. */
  get points(): number {
    return this.n === 0 ? 0 : (0.3 * this.sum) / this.n;
  }
}

function base(study: Study, side: Side): Mean {
  const mean = new Mean();
  if (side.at.implied) mean.add(study.range.quality(study.now.bar));
  else {
    mean.all(side.climax);
    mean.all(side.rally);
  }
  return mean;
}

function phaseA(study: Study, side: Side): number {
  const speed = side.at.rallySpeed;
  return 40 + base(study, side).points + 10 + (speed <= 5 ? 10 : speed <= 10 ? 5 : 0) + 10;
}

function phaseB(study: Study, side: Side): number {
  const tests = side.secondaries.count;
  const quality = base(study, side);
  quality.all(side.secondaries);
  const age = study.now.bar - side.at.bStart;
  const presence = 20 + (tests >= 2 ? 20 : tests === 1 ? 10 : 0);
  const sequence = (side.at.implied ? 5 : 10) + testSpacing(side) + (tests >= 1 ? 5 : 0);
  const context = (tests >= 1 ? 5 : 0) + (age >= 10 && age <= 40 ? 5 : 0);
  return presence + quality.points + sequence + context;
}

function testSpacing(side: Side): number {
  const tests = side.secondaries;
  if (tests.count < 2) return 0;
  const mean = (tests.at(tests.count - 1).eventBar - tests.at(0).eventBar) / (tests.count - 1);
  return mean >= 3 ? 5 : mean >= 1 ? 2 : 0;
}

function phaseC(study: Study, side: Side): number {
  const quality = base(study, side);
  quality.all(side.secondaries);
  let springs = 0;
  for (let i = 0; i < side.springs.count; i++) {
    const spring = side.springs.at(i);
    if (spring.failed) continue;
    springs++;
    quality.add(spring.score);
  }
  const inRange = side.inRangePoints.latest();
  if (springs === 0 && inRange !== null) quality.add(inRange.score);
  const implied = side.at.implied;
  const presence = (side.secondaries.count > 0 ? 20 : 10) + 20;
  const sequence = (implied ? 5 : 10) + (springs > 0 ? 10 : inRange !== null ? 5 : 0);
  const context = springs > 0 ? (implied ? 5 : 10) : 0;
  return presence + quality.points + sequence + context;
}

/** D and E. */
function late(side: Side): number {
  const quality = new Mean();
  quality.all(side.breaks);
  quality.all(side.lastPoints);
  const presence = side.at.phase === PHASE_E ? 20 + (side.lastPoints.count > 0 ? 20 : 0) : 40;
  return presence + quality.points + history(side) + 10;
}

function history(side: Side): number {
  if (side.climax.count === 0 || side.rally.count === 0) return 5;
  if (side.secondaries.count === 0) return 10;
  return side.goodSpring === null ? 15 : 20;
}
