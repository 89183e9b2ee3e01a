/** Preliminary support (supply): the first busy answer before a climax; context only (detection.md 4.2). */
import { atLeast } from '../bar/tolerance.ts';
import { announce, openOn } from './capture.ts';
import { measureDecline } from './climax.ts';
import { nameFor } from './mirror.ts';
import { kindCode } from './event.ts';
import type { Side } from './side.ts';
import type { Study } from './study.ts';

/** PS-1. `opens`: a climax of this sign could open on this bar. */
export function advancePreliminary(study: Study, side: Side, opens: boolean): void {
  const waiting = side.support;
  if (waiting.live) follow(study, side);
  if (waiting.live || side.seed.live || side.bar.rallyConfirmed || side.bar.restarted) return;
  if (!opens) return;
  const { now, params: p, thresholds } = study;
  if (!now.judged || now.anomaly || !thresholds.preliminaryPossible()) return;
  if (!atLeast(side.view.closePos, p.psClose)) return;
  measureDecline(study, side);
  if (!atLeast(side.decline, p.psDecline * now.atr)) return;
  if (!study.volumeAtLeast(thresholds.psVol())) return;
  openOn(study, side, waiting);
  announce(study, side, { kind: nameFor(side.sign, 'PS'), status: 'candidate', candidate: waiting });
}

function follow(study: Study, side: Side): void {
  const waiting = side.support;
  const { view } = side;
  const { now, params: p } = study;
  const kind = nameFor(side.sign, 'PS');
  const age = now.bar - waiting.bar;
  if (view.low < waiting.low || age > p.psBars) {
    waiting.live = false;
    const late = !(view.low < waiting.low);
    study.judge.reject(
      kind,
      side.sign,
      late
        ? { code: 'TIMEOUT', value: age, limit: p.psBars }
        : { code: 'BROKE_LEVEL', value: side.sign * view.low, limit: side.sign * waiting.low },
    );
    announce(study, side, { kind, status: 'expired', candidate: waiting });
    return;
  }
  if (!atLeast(view.high, waiting.low + p.psRally * waiting.atr)) return;
  waiting.live = false;
  side.preliminary.clear();
  const mark = side.preliminary.next();
  mark.kind = kindCode(kind);
  mark.eventBar = waiting.bar;
  mark.confirmBar = now.bar;
  mark.price = waiting.low;
  mark.volRatio = waiting.volRatio;
  const record = study.outbox.begin(side, kind, 'confirmed').at(waiting);
  record.mark = mark;
  study.outbox.score(record);
}
