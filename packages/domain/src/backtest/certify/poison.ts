/** Futures that never happened: finite, plausible to a parser, and wrong. */
import { createBarColumns, type BarColumns } from '../../bar/columns.ts';
import { createRandom, type Random } from '../synthetic/random.ts';

export const POISONS = ['garbage', 'x10', 'reversed'] as const;
export type Poison = (typeof POISONS)[number];

/** Columns as long as the truth in which every row is false; times stay true, so that the order of bars gives nothing away. */
export function poisonedColumns(truth: BarColumns, poison: Poison, seed: number): BarColumns {
  const columns = createBarColumns(truth.length);
  const random = createRandom(seed);
  for (let row = 0; row < truth.length; row++) {
    columns.time[row] = truth.time[row];
    poisonRow(columns, row, { truth, poison, random });
  }
  return columns;
}

/** Writes the true row over the poison. */
export function reveal(columns: BarColumns, truth: BarColumns, row: number): void {
  columns.time[row] = truth.time[row];
  columns.open[row] = truth.open[row];
  columns.high[row] = truth.high[row];
  columns.low[row] = truth.low[row];
  columns.close[row] = truth.close[row];
  columns.volume[row] = truth.volume[row];
  columns.length = row + 1;
}

function poisonRow(columns: BarColumns, row: number, how: { truth: BarColumns; poison: Poison; random: Random }): void {
  const { truth, random } = how;
  if (how.poison === 'garbage') {
    // Around the true level, so that a detector takes the bars seriously and reacts.
    const middle = truth.close[row] * Math.exp(0.15 * random.normal());
    const open = middle * Math.exp(0.03 * random.normal());
    columns.open[row] = open;
    columns.close[row] = middle;
    columns.high[row] = Math.max(open, middle) * (1 + 0.03 * random.next());
    columns.low[row] = Math.min(open, middle) * (1 - 0.03 * random.next());
    columns.volume[row] = truth.volume[row] * Math.exp(1.2 * random.normal());
    return;
  }
  const from = how.poison === 'x10' ? row : truth.length - 1 - row;
  const factor = how.poison === 'x10' ? 10 : 1;
  columns.open[row] = factor * truth.open[from];
  columns.high[row] = factor * truth.high[from];
  columns.low[row] = factor * truth.low[from];
  columns.close[row] = factor * truth.close[from];
  columns.volume[row] = factor * truth.volume[from];
}
