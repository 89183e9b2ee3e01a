/** Columns as rows for an insert: one array, filled anew for each row. */
import { BAR_FLAGS, type BarColumns } from '@wyckoff/domain';

export class BarRows {
  readonly length: number;
  readonly #columns: BarColumns;
  readonly #from: number;
  readonly #flags: Uint8Array | undefined;
  readonly #row: number[];

  constructor(
    symbolId: number,
    tf: number,
    rows: { readonly columns: BarColumns; readonly from: number; readonly to: number; readonly flags?: Uint8Array | undefined },
  ) {
    this.#columns = rows.columns;
    this.#flags = rows.flags;
    this.#from = rows.from;
    this.length = rows.to - rows.from;
    this.#row = [symbolId, tf, 0, 0, 0, 0, 0, 0, 0];
  }

  at(i: number): readonly number[] {
    const [at, row, columns] = [this.#from + i, this.#row, this.#columns];
    row[2] = columns.time[at];
    row[3] = columns.open[at];
    row[4] = columns.high[at];
    row[5] = columns.low[at];
    row[6] = columns.close[at];
    row[7] = columns.volume[at];
    row[8] = (this.#flags === undefined ? 0 : this.#flags[at]) | (columns.volume[at] === 0 ? BAR_FLAGS.zeroVolume : 0);
    return row;
  }
}
