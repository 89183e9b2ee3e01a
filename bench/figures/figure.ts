/** One measured figure and what it should be. */

export interface DataFigure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** In words: `>= 300000`. */
  readonly target: string;
  readonly ok: boolean;
}

const rounded = (value: number): number => (Math.abs(value) >= 100 ? Math.round(value) : Math.round(value * 1000) / 1000);

export function atLeast(name: string, value: number, { unit, target }: { unit: string; target: number }): DataFigure {
  return { name, value: rounded(value), unit, target: `>= ${target}`, ok: value >= target };
}

export function atMost(name: string, value: number, { unit, target }: { unit: string; target: number }): DataFigure {
  return { name, value: rounded(value), unit, target: `<= ${target}`, ok: value <= target };
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
