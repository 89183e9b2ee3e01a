/** Several Springs (UTADs) in one range, read together: is supply drying up or not (detection.md 4.11). */
import { above, below } from '../bar/tolerance.ts';
import type { Side } from './side.ts';

export const RISKS = ['LOW', 'MODERATE', 'HIGH'] as const;

export interface SpringSeries {
  readonly count: number;
  readonly volumeTrend: 'DECLINING' | 'RISING' | 'STABLE' | null;
  readonly timing: 'COMPRESSED' | 'NORMAL' | 'HEALTHY' | null;
  readonly tests: 'IMPROVING' | 'DEGRADING' | 'STABLE' | null;
  readonly risk: (typeof RISKS)[number];
}

/** SPR-9. Over the last five, failed ones included. */
export function springSeries(side: Side): SpringSeries {
  const springs = side.springs;
  const n = springs.count;
  const tests = testTrend(side);
  if (n < 2) {
    const quiet = n === 1 && below(springs.at(0).volRatio, 0.3);
    return { count: n, volumeTrend: null, timing: null, tests, risk: quiet ? 'LOW' : 'MODERATE' };
  }
  const early = Math.floor(n / 2);
  let first = 0;
  let later = 0;
  for (let i = 0; i < n; i++) {
    if (i < early) first += springs.at(i).volRatio / early;
    else later += springs.at(i).volRatio / (n - early);
  }
  const change = later / first - 1;
  const volumeTrend = below(change, -0.15) ? 'DECLINING' : above(change, 0.15) ? 'RISING' : 'STABLE';
  const distance = (springs.at(n - 1).eventBar - springs.at(0).eventBar) / (n - 1);
  const timing = distance < 10 ? 'COMPRESSED' : distance < 25 ? 'NORMAL' : 'HEALTHY';
  let risk = volumeTrend === 'DECLINING' ? 0 : volumeTrend === 'STABLE' ? 1 : 2;
  if (timing === 'COMPRESSED') risk++;
  if (timing === 'HEALTHY') risk--;
  if (tests === 'DEGRADING') risk++;
  if (tests === 'IMPROVING') risk--;
  return { count: n, volumeTrend, timing, tests, risk: RISKS[Math.max(0, Math.min(2, risk))] };
}

/** Volume decreases of the tests (kept as their score), strictly rising or strictly falling. */
function testTrend(side: Side): SpringSeries['tests'] {
  const tests = side.tests;
  if (tests.count < 2) return null;
  let rising = true;
  let falling = true;
  for (let i = 1; i < tests.count; i++) {
    if (!above(tests.at(i).score, tests.at(i - 1).score)) rising = false;
    if (!below(tests.at(i).score, tests.at(i - 1).score)) falling = false;
  }
  return rising ? 'IMPROVING' : falling ? 'DEGRADING' : 'STABLE';
}
