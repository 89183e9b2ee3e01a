/** The labelled structures of a series by time: whether a moment lies inside one, or in a stretch known to be empty. */
import type { EpochMs } from '../../bar/bar.ts';
import type { Label } from '../synthetic/label.ts';

export interface Span {
  /** Number of the structure, or null when the label has none. */
  readonly structure: number | null;
  readonly from: EpochMs;
  readonly to: EpochMs;
}

export class Spans {
  readonly structures: readonly Span[];
  readonly #empty: readonly Span[];

  constructor(labels: readonly Label[]) {
    this.structures = distinct(
      labels.filter((label) => label.kind !== 'NONE' && label.kind !== 'PHASE' && label.kind !== 'RANGE'),
    );
    this.#empty = distinct(labels.filter((label) => label.kind === 'NONE'));
  }

  /** The structure this moment lies in; the earlier one where two overlap. */
  at(time: EpochMs): Span | null {
    return this.structures.find((span) => span.from <= time && time <= span.to) ?? null;
  }

  isEmptyStretch(time: EpochMs): boolean {
    return this.#empty.some((span) => span.from <= time && time <= span.to);
  }
}

function distinct(labels: readonly Label[]): Span[] {
  const seen = new Set<string>();
  const spans: Span[] = [];
  for (const label of labels) {
    const key = `${label.spanFrom}:${label.spanTo}`;
    if (seen.has(key)) continue;
    seen.add(key);
    spans.push({ structure: label.rangeId, from: label.spanFrom, to: label.spanTo });
  }
  return spans.sort((a, b) => a.from - b.from || a.to - b.to);
}
