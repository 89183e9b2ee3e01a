/** Judges the conditions of a rule: all met, a near miss (exactly one failed: kept as a rejection), or nothing. */
import { fraction } from '../bar/fraction.ts';
import {
  EVENT_KINDS,
  kindCode,
  REASON_CODES,
  reasonCode,
  type EventKind,
  type Hypothesis,
  type ReasonCode,
  type Rejection,
} from './event.ts';
import type { TraceSink } from './trace.ts';

const KEPT = 50;
const REASONS = REASON_CODES.length;

/** The last near misses, in columns. */
class RejectionRing {
  readonly kind = new Uint8Array(KEPT);
  readonly hypothesis = new Int8Array(KEPT);
  readonly reason = new Uint8Array(KEPT);
  readonly bar = new Int32Array(KEPT);
  readonly value = new Float64Array(KEPT);
  readonly limit = new Float64Array(KEPT);
  next = 0;
  kept = 0;
}

export class Judge {
  readonly rejections = new RejectionRing();
  /** Rejections by kind and reason, for the funnel. */
  readonly refused = { counts: new Uint32Array(EVENT_KINDS.length * REASONS) };
  readonly trace: TraceSink | null;
  bar = 0;
  #kind: EventKind = 'SC';
  #hypothesis: Hypothesis = 1;
  #failures = 0;
  #code: ReasonCode = 'WRONG_PHASE';
  #value = fraction(0);
  #limit = fraction(0);

  constructor(trace: TraceSink | null) {
    this.trace = trace;
  }

  /** Does somebody want to hear of every condition, even where the verdict is certain? */
  get traced(): boolean {
    return this.trace !== null;
  }

  /** A trigger holds: the conditions of this rule follow. */
  open(kind: EventKind, hypothesis: Hypothesis): void {
    this.#kind = kind;
    this.#hypothesis = hypothesis;
    this.#failures = 0;
  }

  /** One condition; `value` against `limit` is what a person will read. Short, so that a condition that is met costs no call. */
  require(passed: boolean, code: ReasonCode, value: number, limit: number): void {
    if (!passed || this.trace !== null) this.note(passed, code, value, limit);
  }

  /** One gate between a record and a trade; told like a condition, but no near miss when it is shut. Gives `passed` back. */
  gate(passed: boolean, code: ReasonCode, value: number, limit: number): boolean {
    if (this.trace !== null) {
      this.trace({ bar: this.bar, kind: this.#kind, hypothesis: this.#hypothesis, code, value, limit, passed, gate: true });
    }
    return passed;
  }

  private note(passed: boolean, code: ReasonCode, value: number, limit: number): void {
    if (!passed && this.#failures++ === 0) {
      this.#code = code;
      this.#value = value;
      this.#limit = limit;
    }
    if (this.trace !== null) {
      this.trace({ bar: this.bar, kind: this.#kind, hypothesis: this.#hypothesis, code, value, limit, passed });
    }
  }

  /** Were all conditions met? A single failure is kept as a near miss. */
  verdict(): boolean {
    if (this.#failures === 1) this.#keep();
    return this.#failures === 0;
  }

  /** A pending candidate dies. */
  reject(
    kind: EventKind,
    hypothesis: Hypothesis,
    why: { readonly code: ReasonCode; readonly value: number; readonly limit: number },
  ): void {
    this.open(kind, hypothesis);
    this.require(false, why.code, why.value, why.limit);
    this.#keep();
  }

  list(): Rejection[] {
    const ring = this.rejections;
    const out: Rejection[] = [];
    for (let i = ring.kept; i > 0; i--) {
      const at = (ring.next - i + KEPT) % KEPT;
      out.push({
        kind: EVENT_KINDS[ring.kind[at]],
        hypothesis: ring.hypothesis[at] === 1 ? 1 : -1,
        bar: ring.bar[at],
        reason: REASON_CODES[ring.reason[at]],
        value: ring.value[at],
        limit: ring.limit[at],
      });
    }
    return out;
  }

  #keep(): void {
    const ring = this.rejections;
    // Where volume or spread has no measure yet (a silent market) nobody can say by how much it was missed.
    if (!(Number.isFinite(this.#value) && Number.isFinite(this.#limit))) return;
    const at = ring.next;
    const kind = kindCode(this.#kind);
    const reason = reasonCode(this.#code);
    ring.kind[at] = kind;
    ring.hypothesis[at] = this.#hypothesis;
    ring.reason[at] = reason;
    ring.bar[at] = this.bar;
    ring.value[at] = this.#value;
    ring.limit[at] = this.#limit;
    ring.next = (at + 1) % KEPT;
    if (ring.kept < KEPT) ring.kept++;
    this.refused.counts[kind * REASONS + reason]++;
  }
}
