/** Test of a Spring (UTAD): a quiet return to its extreme that holds; the record that trades (detection.md 4.10). */
import { atLeast, atMost, below, above } from '../bar/tolerance.ts';
import { points, POINTS } from './confidence.ts';
import type { SpringMark } from './marks.ts';
import { kindCode } from './event.ts';
import { C_READY, C_TEST, PHASE_B, PHASE_C, type Side } from './side.ts';
import type { Study } from './study.ts';
import { watchSprings } from './spring-watch.ts';
import { springComponents, springKind, springPattern } from './undercut.ts';

/** TST-1. */
export function advanceTest(study: Study, side: Side): void {
  const { at, view } = side;
  if ((at.phase !== PHASE_B && at.phase !== PHASE_C) || at.suspended) return;
  if (at.phase === PHASE_C && above(view.close, at.testHigh)) ready(study, side);
  const spring = side.goodSpring;
  if (spring === null || spring.closed || spring.confirmBar >= study.now.bar) return;
  if (at.phase === PHASE_B && !spring.premature) return;
  const [first, last] = study.params.testWindow[study.timeframe];
  const age = study.now.bar - spring.eventBar;
  if (age < first) return;
  if (age > last) {
    spring.closed = true;
    watchSprings(study, side);
    if (spring.tests === 0) study.judge.reject('TEST', side.sign, { code: 'TIMEOUT', value: age, limit: last });
    return;
  }
  judgeTest(study, side, spring);
}

/** SUB-1. A close above the test bar's high after the test: ready to go. */
function ready(study: Study, side: Side): void {
  side.at.testHigh = NaN;
  side.at.subPhase = C_READY;
  study.change();
}

/** TST-2. Near the low, on less volume than the Spring; a Shakeout asks for half. */
function judgeTest(study: Study, side: Side, spring: SpringMark): void {
  const { view } = side;
  const { now, params: p, judge } = study;
  if (spring.tests >= p.maxTests || (spring.tests > 0 && now.bar - spring.lastTestBar < p.retestGap)) return;
  const reach = study.pct(p.testTol, spring.price);
  if (!atLeast(view.low, spring.price) || !atMost(view.low, spring.price + reach) || !now.judged || now.anomaly) return;
  const shakeout = spring.kind === kindCode('SHAKEOUT');
  judge.open('TEST', side.sign);
  if (!now.noVolume) {
    const limit = shakeout ? p.shakeoutTestVol * spring.volRatio : spring.volRatio;
    judge.require(shakeout ? atMost(now.volRatio, limit) : below(now.volRatio, limit), 'VOLUME_TOO_HIGH', now.volRatio, limit);
    if (spring.tests > 0)
      judge.require(below(now.volRatio, spring.lastTestVolRatio), 'VOLUME_TOO_HIGH', now.volRatio, spring.lastTestVolRatio);
  }
  if (judge.verdict()) confirm(study, side, spring);
}

/** TST-3. Confirms at its own close; the parent's confidence is recomputed and its extreme becomes the edge. */
function confirm(study: Study, side: Side, spring: SpringMark): void {
  const { at, view } = side;
  const { now } = study;
  const decrease = Number.isFinite(1 - now.volRatio / spring.volRatio) ? 1 - now.volRatio / spring.volRatio : 0;
  const distance = (view.low - spring.price) / study.pct(1, spring.price);
  spring.testPoints = Math.max(
    spring.testPoints,
    Math.min(points(POINTS.testDecrease, decrease), points(POINTS.testDistance, distance)),
  );
  spring.tests++;
  spring.lastTestBar = now.bar;
  spring.lastTestVolRatio = now.volRatio;
  const mark = side.tests.next();
  mark.kind = kindCode('TEST');
  mark.eventBar = now.bar;
  mark.confirmBar = now.bar;
  mark.price = view.low;
  mark.volRatio = now.volRatio;
  // The series of tests is read by its volume decrease (4.11), so that is what a test's mark scores.
  mark.score = decrease;
  const record = study.outbox.begin(side, 'TEST', 'confirmed');
  record.eventBar = now.bar;
  record.eventTime = now.time;
  record.price = view.low;
  record.level = view.support;
  record.volRatio = now.volRatio;
  record.spreadRatio = now.spreadRatio;
  record.closePos = view.closePos;
  record.metrics = { decrease, distance, testNumber: spring.tests, recoveryBars: spring.recoveryBars };
  record.pattern = springPattern(study, side);
  record.components = springComponents(study, side, spring);
  record.spring = spring;
  record.refers = { kind: springKind(side, spring), eventBar: spring.eventBar };
  record.strength = study.nearStrength(side);
  record.session = spring.session;
  record.opening = spring.opening;
  record.line = view.low;
  spring.score = study.outbox.score(record);
  side.bar.touched = true;
  at.testHigh = view.high;
  if (at.phase === PHASE_C && at.subPhase !== C_READY) {
    at.subPhase = C_TEST;
    study.change();
  }
  if (spring.tests === 1 && spring.price < view.support) side.bar.widenTo = spring.price;
}
