/** The last sixteen steps of a hypothesis' phase machine. */

export const TRANSITIONS_KEPT = 16;

/** What moves a phase, for people; the index is stored. */
export const CAUSES = [
  'AR', 'RANGE_ACTIVE', 'RESTART', 'ST', 'SPRING', 'SHAKEOUT', 'UTAD', 'IN_RANGE_LPS', 'SOS', 'SOW', 'TIME', 'SPRING_FAILED',
  'BREAKDOWN', 'NO_BREAK', 'BREAK_FAILED', 'OPPOSITE_BREAK', 'LPS', 'CLOSES', 'RETURN', 'RANGE_ENDED', 'SUSPENDED', 'RESUMED',
] as const; // prettier-ignore
export type Cause = (typeof CAUSES)[number];

export class TransitionLog {
  readonly seq = new Int32Array(TRANSITIONS_KEPT);
  readonly rangeId = new Int32Array(TRANSITIONS_KEPT);
  readonly bar = new Int32Array(TRANSITIONS_KEPT);
  readonly time = new Float64Array(TRANSITIONS_KEPT);
  readonly from = new Uint8Array(TRANSITIONS_KEPT);
  readonly to = new Uint8Array(TRANSITIONS_KEPT);
  readonly cause = new Uint8Array(TRANSITIONS_KEPT);
  next = 0;
  kept = 0;

  write(entry: {
    readonly seq: number;
    readonly rangeId: number;
    readonly bar: number;
    readonly time: number;
    readonly from: number;
    readonly to: number;
    readonly cause: Cause;
  }): void {
    const at = this.next;
    this.seq[at] = entry.seq;
    this.rangeId[at] = entry.rangeId;
    this.bar[at] = entry.bar;
    this.time[at] = entry.time;
    this.from[at] = entry.from;
    this.to[at] = entry.to;
    this.cause[at] = CAUSES.indexOf(entry.cause);
    this.next = (at + 1) % TRANSITIONS_KEPT;
    if (this.kept < TRANSITIONS_KEPT) this.kept++;
  }

  /** Slots from the oldest to the newest. */
  *slots(): Generator<number> {
    for (let i = this.kept; i > 0; i--) yield (this.next - i + TRANSITIONS_KEPT) % TRANSITIONS_KEPT;
  }
}
