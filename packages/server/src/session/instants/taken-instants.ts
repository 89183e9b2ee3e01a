/** The instants an account took, in their order: the stored bars merged, but the late ones where they came, and without those that filled holes. */
import { BarCursor, createBarColumns, appendBar, type EpochMs } from '@wyckoff/domain';
import type { BarStore, Series } from '../../store/store.ts';
import { endOfInstant, keptRows, type InstantRows } from './instant-rows.ts';
import type { LateBars } from './late-bars.ts';
import { StoredRows } from './stored-rows.ts';

export interface TakenInstantsOptions {
  readonly store: Pick<BarStore, 'barsAfter' | 'barsBefore'>;
  readonly series: readonly Series[];
  /** Opening time of the newest bar taken, by series. */
  readonly after: readonly (EpochMs | null)[];
  readonly late: LateBars;
}

export class TakenInstants {
  readonly #options: TakenInstantsOptions;
  readonly #stored: StoredRows;
  #chunk: InstantRows | null = null;
  #row = 0;

  constructor(options: TakenInstantsOptions) {
    this.#options = options;
    this.#stored = new StoredRows(options);
  }

  /** The rows of the instant at a position, asked for in ascending order; null: the store has no more. */
  async at(position: number): Promise<InstantRows | null> {
    const { series, late } = this.#options;
    const own = await late.rowsAt(position, this.#options);
    if (own !== null) return own.length === 0 ? null : own;
    for (;;) {
      if (this.#chunk === null || this.#row >= this.#chunk.length) {
        this.#chunk = await this.#stored.next();
        this.#row = 0;
        if (this.#chunk === null) return null;
      }
      const chunk = this.#chunk;
      const from = this.#row;
      this.#row = endOfInstant(chunk, from, series);
      if (chunk.places === undefined) {
        if (late.has(0, chunk.time[from])) continue;
        return oneRow(chunk, from);
      }
      const { places, time } = chunk;
      const rows = keptRows(chunk, from, this.#row, (row) => !late.has(places[row], time[row]));
      if (rows.length > 0) return rows;
    }
  }
}

function oneRow(chunk: InstantRows, row: number): InstantRows {
  const columns = createBarColumns(1);
  appendBar(columns, new BarCursor(chunk).at(row));
  return columns;
}
