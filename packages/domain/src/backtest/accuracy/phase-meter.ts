/** Share of the labelled bars on which the detector has the labelled phase: as it dates its phases, and as it knew at the bar. */
import type { DetectionEvent, Hypothesis, Phase } from '../../wyckoff/event.ts';
import type { PhaseTransition } from '../../wyckoff/view.ts';

export interface LabelledPhase {
  readonly hypothesis: Hypothesis;
  readonly phase: Phase;
  readonly fromBar: number;
  readonly toBar: number;
}

interface Step {
  readonly hypothesis: Hypothesis;
  readonly phase: Phase | null;
  readonly fromBar: number;
  readonly knownBar: number;
}

export interface PhaseShare {
  readonly bars: number;
  readonly right: number;
  readonly rightLive: number;
}

const KINDS = ['A', 'B', 'C', 'D', 'E'] as const;
/** The longest structure plus the longest wait for a confirmation. */
const STEPS_KEPT = 256;

export class PhaseMeter {
  // bounded: the last STEPS_KEPT transitions; older ones cannot reach a label that is still open
  #steps: Step[] = [];
  #sinceSeq = -1;
  readonly #bars = new Float64Array(KINDS.length);
  readonly #right = new Float64Array(KINDS.length);
  readonly #rightLive = new Float64Array(KINDS.length);

  /** Begins another series; the counts go on. */
  newSeries(): void {
    this.#steps = [];
    this.#sinceSeq = -1;
  }

  /** Takes the transitions of this bar; a phase is dated by the event that opened it. */
  next(transitions: (sinceSeq: number) => readonly PhaseTransition[], records: readonly DetectionEvent[]): void {
    const fresh = transitions(this.#sinceSeq);
    if (fresh.length === 0) return;
    for (const transition of fresh) {
      this.#sinceSeq = Math.max(this.#sinceSeq, transition.seq);
      this.#steps.push({
        hypothesis: transition.hypothesis,
        phase: transition.to,
        fromBar: dateOf(transition, records),
        knownBar: transition.bar,
      });
    }
    if (this.#steps.length > STEPS_KEPT) this.#steps = this.#steps.slice(-STEPS_KEPT);
  }

  /** Judges the bars of one labelled phase, once the stream is past it. */
  judge(label: LabelledPhase): void {
    const at = KINDS.indexOf(label.phase);
    const steps = this.#steps.filter((step) => step.hypothesis === label.hypothesis);
    for (let bar = label.fromBar; bar <= label.toBar; bar++) {
      this.#bars[at] += 1;
      if (phaseAt(steps, bar, 'fromBar') === label.phase) this.#right[at] += 1;
      if (phaseAt(steps, bar, 'knownBar') === label.phase) this.#rightLive[at] += 1;
    }
  }

  /** Of all phases, or of one. */
  share(phase?: Phase): PhaseShare {
    const of = (counts: Float64Array): number =>
      phase === undefined ? counts.reduce((a, b) => a + b, 0) : counts[KINDS.indexOf(phase)];
    return { bars: of(this.#bars), right: of(this.#right), rightLive: of(this.#rightLive) };
  }
}

/** The last step that had begun by this bar; later knowledge overrides earlier. */
function phaseAt(steps: readonly Step[], bar: number, by: 'fromBar' | 'knownBar'): Phase | null {
  return steps.findLast((step) => step[by] <= bar)?.phase ?? null;
}

const OPENED_BY: Readonly<Partial<Record<Phase, readonly string[]>>> = {
  A: ['SC', 'BC'],
  B: ['ST'],
  C: ['SPRING', 'SHAKEOUT', 'UTAD', 'LPS', 'LPSY'],
  D: ['SOS', 'SOW'],
};

function dateOf(transition: PhaseTransition, records: readonly DetectionEvent[]): number {
  const kinds = transition.to === null ? undefined : OPENED_BY[transition.to];
  const opening = records.find(
    (record) =>
      record.hypothesis === transition.hypothesis && record.status === 'confirmed' && kinds?.includes(record.kind) === true,
  );
  return opening?.eventBar ?? transition.bar;
}
