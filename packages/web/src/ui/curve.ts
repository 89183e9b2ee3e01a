/** A small line of values as an SVG path: thinned so that it never has more points than pixels. */

/** At most `most` points of the series, keeping each bucket's lowest and highest, first and last included. */
export function thin(values: readonly number[], most: number): readonly number[] {
  if (values.length <= most) return values;
  const buckets = Math.max(1, Math.floor(most / 2));
  return Array.from({ length: buckets }, (_, bucket) => {
    const part = values.slice(
      Math.floor((bucket * values.length) / buckets),
      Math.floor(((bucket + 1) * values.length) / buckets),
    );
    const low = Math.min(...part);
    const high = Math.max(...part);
    return part.indexOf(low) < part.indexOf(high) ? [low, high] : [high, low];
  }).flat();
}

export interface CurveShape {
  /** Path of the line in a box of `width` x `height`. */
  readonly path: string;
  /** Where `base` lies, null when outside. */
  readonly baseY: number | null;
}

/** The path of `values` in a box, with the height of `base` (the starting capital) marked. */
export function curve(
  values: readonly number[],
  box: { readonly width: number; readonly height: number; readonly base: number },
): CurveShape {
  if (values.length < 2) return { path: '', baseY: null };
  const points = thin(values, box.width);
  const low = Math.min(box.base, ...points);
  const high = Math.max(box.base, ...points);
  // A flat line stands in the middle.
  const y = (value: number): number =>
    high === low ? box.height / 2 : 1 + (box.height - 2) * (1 - (value - low) / (high - low));
  const step = box.width / (points.length - 1);
  const path = points.map((value, i) => `${i === 0 ? 'M' : 'L'}${(i * step).toFixed(1)} ${y(value).toFixed(1)}`).join('');
  return { path, baseY: y(box.base) };
}
