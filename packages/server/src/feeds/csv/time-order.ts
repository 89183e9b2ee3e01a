/** The order of rows by time: a natural merge sort, so that a file of a few sorted pieces costs a few passes, and equal times keep file order. */

/** Row numbers in ascending, stable order of `time`; O(n log runs), two index columns of scratch. */
export function orderByTime(time: Float64Array, length: number): Uint32Array {
  let from = new Uint32Array(length);
  for (let i = 0; i < length; i += 1) from[i] = i;
  let to = new Uint32Array(length);
  for (;;) {
    let runs = 0;
    for (let start = 0; start < length; runs += 1) {
      const middle = runEnd(time, from, start);
      const end = middle < length ? runEnd(time, from, middle) : middle;
      merge(time, { from, to, start, middle, end });
      start = end;
    }
    [from, to] = [to, from];
    if (runs <= 1) return from;
  }
}

function runEnd(time: Float64Array, order: Uint32Array, start: number): number {
  let end = start + 1;
  while (end < order.length && time[order[end - 1]] <= time[order[end]]) end += 1;
  return end;
}

interface Runs {
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  readonly start: number;
  readonly middle: number;
  readonly end: number;
}

function merge(time: Float64Array, { from, to, start, middle, end }: Runs): void {
  let left = start;
  let right = middle;
  for (let i = start; i < end; i += 1) {
    const takeLeft = left < middle && (right >= end || time[from[left]] <= time[from[right]]);
    to[i] = takeLeft ? from[left++] : from[right++];
  }
}
