/** How many bars, seeds and ranges became events and tradeable records, and which condition refused the rest. */
import type { EventKind, ReasonCode } from './event.ts';

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
