/** Copies what a candidate needs of the current bar, as its hypothesis sees it. */
import type { Candidate } from './candidates.ts';
import type { EventKind, EventStatus } from './event.ts';
import type { Side } from './side.ts';
import type { Study } from './study.ts';

/** The current bar becomes the candidate's event bar. */
export function capture(study: Study, side: Side, candidate: Candidate): void {
  const { now } = study;
  const view = side.view;
  candidate.bar = now.bar;
  candidate.time = now.time;
  candidate.low = view.low;
  candidate.high = view.high;
  candidate.volume = now.volume;
  candidate.volRatio = now.volRatio;
  candidate.spreadRatio = now.spreadRatio;
  candidate.closePos = view.closePos;
  candidate.session = now.session;
  candidate.opening = now.openingBar;
}

/** Opens a candidate on the current bar, with the average range of the bar before. */
export function openOn(study: Study, side: Side, candidate: Candidate): void {
  candidate.live = true;
  candidate.openBar = study.now.bar;
  candidate.atr = study.now.atr;
  capture(study, side, candidate);
}

/** A record of a waiting candidate, only on request. */
export function announce(
  study: Study,
  side: Side,
  waiting: { readonly kind: EventKind; readonly status: EventStatus; readonly candidate: Candidate },
): void {
  if (!study.emitCandidates) return;
  const { candidate } = waiting;
  const record = study.outbox.begin(side, waiting.kind, waiting.status).at(candidate);
  study.outbox.score(record);
}
