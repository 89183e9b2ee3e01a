/** The candidates that wait, with the prices that would confirm or end them. */
import { AWAITS_SECOND_BAR } from './candidates.ts';
import type { EventKind } from './event.ts';
import { nameFor } from './mirror.ts';
import type { Side } from './side.ts';
import type { Study } from './study.ts';
import { undercutKind } from './undercut.ts';
import type { PendingView } from './view.ts';

export function pendingOf(study: Study, side: Side): PendingView[] {
  const p = study.params;
  const out: PendingView[] = [];
  const real = (mirrored: number): number | null => (Number.isFinite(mirrored) ? side.sign * mirrored : null);
  const put = (
    kind: EventKind,
    it: { bar: number; low: number },
    rest: { confirms: number; fails: number; last: number | null },
  ): void => {
    const { confirms, fails, last } = rest;
    out.push({
      kind,
      hypothesis: side.sign,
      bar: it.bar,
      price: side.sign * it.low,
      confirmsAt: real(confirms),
      failsAt: real(fails),
      lastBar: last,
    });
  };
  const { seed, support, secondary, undercut, lastPoint, inRange } = side;
  if (seed.live) {
    const rally = seed.runHigh - seed.low;
    const turn = seed.runHigh - Math.max(p.arTurnAtr * seed.atr, p.arTurnShare * rally);
    const composite = seed.stage === AWAITS_SECOND_BAR;
    put(nameFor(side.sign, 'SC'), seed, {
      confirms: composite ? NaN : turn,
      fails: seed.low - study.pct(1, seed.low),
      last: composite ? seed.bar + 1 : seed.lowBar + p.arMaxBars + p.arNoNewHigh,
    });
  }
  if (support.live)
    put(nameFor(side.sign, 'PS'), support, {
      confirms: support.low + p.psRally * support.atr,
      fails: support.low,
      last: support.bar + p.psBars,
    });
  if (secondary.live) put('ST', secondary, { confirms: secondary.high, fails: NaN, last: secondary.openBar + p.stMaxWait });
  if (undercut.live) {
    const wait = study.asymmetric(side) ? p.utadFailure : p.springRecovery;
    put(undercutKind(study, side), undercut, {
      confirms: undercut.level,
      fails: undercut.level - undercut.limit,
      last: undercut.openBar + wait,
    });
  }
  if (lastPoint.live) {
    const bounce = Math.max(study.pct(p.lpsBounce, lastPoint.low), p.lpsBounceAtr * lastPoint.atr);
    const floor = lastPoint.level - study.pct(p.lpsHold, lastPoint.level);
    put(nameFor(side.sign, 'LPS'), lastPoint, {
      confirms: lastPoint.low + bounce,
      fails: floor,
      last: lastPoint.bar + p.lpsBounceBars,
    });
  }
  if (inRange.live)
    put(nameFor(side.sign, 'LPS'), inRange, { confirms: inRange.high, fails: NaN, last: inRange.bar + p.inLpsBars });
  return out;
}
