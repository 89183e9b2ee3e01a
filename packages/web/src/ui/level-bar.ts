/** Where the levels of a position stand between its outermost two: pure geometry of the distance bar. */

export interface LevelMark {
  readonly name: 'stop' | 'entry' | 'now' | 'target';
  readonly price: number;
}

/** A mark placed at 0..1 of the bar. */
export interface PlacedMark extends LevelMark {
  readonly at: number;
}

/** Places marks from the stop's side to the target's; a mark beyond the ends docks there. Empty when all prices are one. */
export function placeLevels(marks: readonly LevelMark[]): readonly PlacedMark[] {
  const stop = marks.find((mark) => mark.name === 'stop')?.price;
  const far = marks.findLast((mark) => mark.name === 'target')?.price ?? marks.find((mark) => mark.name === 'now')?.price;
  if (stop === undefined || far === undefined || stop === far) return [];
  return marks.map((mark) => ({ ...mark, at: Math.min(1, Math.max(0, (mark.price - stop) / (far - stop))) }));
}
