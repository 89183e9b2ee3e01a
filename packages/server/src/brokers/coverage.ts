/** Which millionths of an order are booked: a fill is the span it filled, so that twice told, late or out of order it is booked once. */

/** From exclusive, to inclusive; ascending, apart from each other. */
export type Spans = readonly (readonly [from: number, to: number])[];

export interface Covered {
  readonly spans: Spans;
  /** What was not booked before, ascending. */
  readonly fresh: Spans;
}

/** Books `(from, to]`. */
export function cover(spans: Spans, from: number, to: number): Covered {
  const fresh: [number, number][] = [];
  let at = from;
  for (const [start, end] of spans) {
    if (end <= at) continue;
    if (start >= to) break;
    if (start > at) fresh.push([at, start]);
    at = Math.max(at, end);
  }
  if (at < to) fresh.push([at, to]);
  return { spans: fresh.length === 0 ? spans : joined([...spans, ...fresh]), fresh };
}

/** Millionths covered. */
export function sizeOf(spans: Spans): number {
  return spans.reduce((sum, [from, to]) => sum + to - from, 0);
}

function joined(spans: Spans): Spans {
  const sorted = [...spans].sort((a, b) => a[0] - b[0]);
  const out: [number, number][] = [];
  for (const [from, to] of sorted) {
    const last = out.at(-1);
    if (last !== undefined && last[1] === from) last[1] = to;
    else out.push([from, to]);
  }
  return out;
}
