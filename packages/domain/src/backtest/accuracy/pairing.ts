/** Matching of labels and detections: one to one, nearest first, settled group by group as the stream passes (backtesting.md 13.2). */
import type { EpochMs } from '../../bar/bar.ts';
import type { EventKind, Hypothesis, Phase } from '../../wyckoff/event.ts';
import type { Verdict } from '../synthetic/label.ts';

/** A label at the number of its bar. */
export interface PlacedLabel {
  readonly labelId: string;
  /** The event kind judged; `FALSE_X` is X with an INCORRECT verdict. */
  readonly kind: EventKind;
  readonly verdict: Verdict;
  readonly bar: number;
  readonly time: EpochMs;
  readonly hypothesis: Hypothesis | null;
  readonly phase: Phase | null;
  readonly structure: number | null;
}

/** A confirmed record of the detector at the number of its event bar. */
export interface PlacedDetection {
  readonly id: string;
  readonly kind: EventKind;
  readonly bar: number;
  readonly time: EpochMs;
  readonly confirmBar: number;
  readonly hypothesis: Hypothesis;
  readonly phase: Phase | null;
  readonly confidence: number | null;
  readonly tradeable: boolean;
  readonly regime: string | null;
}

export type Settled =
  | { readonly what: 'pair'; readonly label: PlacedLabel; readonly detection: PlacedDetection }
  | { readonly what: 'label'; readonly label: PlacedLabel; readonly mistakenFor: EventKind | null }
  | { readonly what: 'detection'; readonly detection: PlacedDetection };

export interface PairingOptions {
  /** Largest distance of a pair, bars: 1 on 1d and 1w, 3 intraday. */
  readonly tolerance: number;
  /** A record confirmed later than this after its event bar is settled apart. */
  readonly horizon?: number;
  readonly onSettled: (settled: Settled) => void;
}

/** No rule of the detector confirms an event later than this. */
const HORIZON = 96;

/** Holds only what lies within the horizon: labels and detections of one series in any order of arrival. */
export class Pairing {
  readonly #options: PairingOptions;
  // bounded: the labels within the horizon; what is older is settled and leaves
  #labels: PlacedLabel[] = [];
  // bounded: the records within the horizon
  #detections: PlacedDetection[] = [];

  constructor(options: PairingOptions) {
    this.#options = options;
  }

  label(label: PlacedLabel): void {
    this.#labels.push(label);
  }

  detection(detection: PlacedDetection): void {
    this.#detections.push(detection);
  }

  /** Settles every group that ended before the horizon. */
  passed(bar: number): void {
    if (this.#labels.length + this.#detections.length === 0) return;
    this.#settleBefore(bar - (this.#options.horizon ?? HORIZON));
  }

  /** The stream has ended: settles the rest. */
  finish(): void {
    this.#settleBefore(Infinity);
  }

  #settleBefore(limit: number): void {
    const { tolerance } = this.#options;
    for (;;) {
      const first = Math.min(...this.#labels.map((l) => l.bar), ...this.#detections.map((d) => d.bar));
      if (!(first <= limit) || first === Infinity) return;
      let last = first;
      for (let grown = true; grown;) {
        grown = false;
        for (const item of [...this.#labels, ...this.#detections]) {
          if (item.bar > last && item.bar <= last + tolerance) {
            last = item.bar;
            grown = true;
          }
        }
      }
      // The group may still grow while its last bar is inside the horizon.
      if (last + tolerance > limit) return;
      const labels = take(this.#labels, last);
      const detections = take(this.#detections, last);
      this.#labels = labels.rest;
      this.#detections = detections.rest;
      this.#settle(labels.taken, detections.taken);
    }
  }

  #settle(labels: readonly PlacedLabel[], detections: readonly PlacedDetection[]): void {
    const { tolerance, onSettled } = this.#options;
    const pairs: { label: PlacedLabel; detection: PlacedDetection; distance: number }[] = [];
    for (const label of labels) {
      for (const detection of detections) {
        const distance = Math.abs(label.bar - detection.bar);
        if (label.kind === detection.kind && distance <= tolerance) pairs.push({ label, detection, distance });
      }
    }
    pairs.sort((a, b) => a.distance - b.distance || byBar(a.label, b.label) || byBar(a.detection, b.detection));
    const used = new Set<PlacedLabel | PlacedDetection>();
    for (const pair of pairs) {
      if (used.has(pair.label) || used.has(pair.detection)) continue;
      used.add(pair.label).add(pair.detection);
      onSettled({ what: 'pair', label: pair.label, detection: pair.detection });
    }
    const strays = detections.filter((detection) => !used.has(detection));
    for (const label of [...labels].sort(byBar)) {
      if (used.has(label)) continue;
      const near = strays.find((stray) => Math.abs(stray.bar - label.bar) <= tolerance);
      onSettled({ what: 'label', label, mistakenFor: near?.kind ?? null });
    }
    for (const detection of strays.sort(byBar)) onSettled({ what: 'detection', detection });
  }
}

function take<T extends { readonly bar: number }>(items: readonly T[], last: number): { taken: T[]; rest: T[] } {
  const taken: T[] = [];
  const rest: T[] = [];
  for (const item of items) (item.bar <= last ? taken : rest).push(item);
  return { taken, rest };
}

/** Earlier first; on one bar by name, so that the order of arrival decides nothing. */
function byBar(a: { readonly bar: number }, b: { readonly bar: number }): number {
  return a.bar - b.bar || compare(nameOf(a), nameOf(b));
}

function nameOf(item: object): string {
  return 'labelId' in item ? String(item.labelId) : 'id' in item ? String(item.id) : '';
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
