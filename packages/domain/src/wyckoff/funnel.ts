/** How many bars, seeds and ranges became events and tradeable records, and which condition refused the rest. */
import { EVENT_KINDS, kindCode, REASON_CODES, reasonCode, type EventKind, type ReasonCode } from './event.ts';

export interface Funnel {
  readonly bars: number;
  /** Climax candidates opened. */
  readonly seeds: number;
  /** Ranges that turned FORMING by a climax, and by two clusters. */
  readonly formedByEvent: number;
  readonly formedByStructure: number;
  readonly active: number;
  readonly broken: number;
  readonly failedBreaks: number;
  /** Records with status confirmed or direct. */
  readonly confirmed: Readonly<Partial<Record<EventKind, number>>>;
  readonly tradeable: Readonly<Partial<Record<EventKind, number>>>;
  /** Near misses and dead candidates by condition. */
  readonly refused: Readonly<Partial<Record<EventKind, Readonly<Partial<Record<ReasonCode, number>>>>>>;
  /** Records that stood but may not trade, by reason (a record may count under several). */
  readonly gated: Readonly<Partial<Record<EventKind, Readonly<Partial<Record<ReasonCode, number>>>>>>;
}

const KINDS = EVENT_KINDS.length;
const REASONS = REASON_CODES.length;

/** The funnel's counters, part of the snapshot. */
export class FunnelCounts {
  readonly confirmed = new Uint32Array(KINDS);
  readonly tradeable = new Uint32Array(KINDS);
  readonly gated = new Uint32Array(KINDS * REASONS);
  seeds = 0;
  formedByEvent = 0;
  formedByStructure = 0;
  active = 0;
  broken = 0;
  failedBreaks = 0;

  countRecord(kind: EventKind, tradeable: boolean, reasons: readonly ReasonCode[]): void {
    const at = kindCode(kind);
    this.confirmed[at]++;
    if (tradeable) this.tradeable[at]++;
    for (let i = 0; i < reasons.length; i++) this.gated[at * REASONS + reasonCode(reasons[i])]++;
  }

  read(bars: number, refused: Uint32Array): Funnel {
    return {
      bars,
      seeds: this.seeds,
      formedByEvent: this.formedByEvent,
      formedByStructure: this.formedByStructure,
      active: this.active,
      broken: this.broken,
      failedBreaks: this.failedBreaks,
      confirmed: byKind(this.confirmed),
      tradeable: byKind(this.tradeable),
      refused: byKindAndReason(refused),
      gated: byKindAndReason(this.gated),
    };
  }
}

function byKind(counts: Uint32Array): Partial<Record<EventKind, number>> {
  return Object.fromEntries(EVENT_KINDS.map((kind, i) => [kind, counts[i]] as const).filter(([, n]) => n > 0));
}

function byKindAndReason(counts: Uint32Array): Partial<Record<EventKind, Partial<Record<ReasonCode, number>>>> {
  const rows = EVENT_KINDS.map((kind, i) => {
    const row = REASON_CODES.map((code, j) => [code, counts[i * REASONS + j]] as const).filter(([, n]) => n > 0);
    return [kind, Object.fromEntries(row)] as const;
  });
  return Object.fromEntries(rows.filter(([, row]) => Object.keys(row).length > 0));
}
