/** Bars that came after their instant was taken: instants of their own, and the one thing about them that stored bars do not tell (input.late). */
import type { EpochMs, Timeframe } from '@wyckoff/domain';
import { createBarColumns, appendBar, BarCursor } from '@wyckoff/domain';
import type { EngineInput, Series, Store } from '../../store/store.ts';
import { closingOf, type InstantRows } from './instant-rows.ts';

const KIND = 'late';
/** The type of the fact it is journalled as. */
export const LATE_TYPE = `input.${KIND}`;
const PAGE = 2_000;

interface LateBar {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly time: EpochMs;
}

/** What the journal keeps of a late instant, the rows `[from, to)`. */
export function lateInput(
  rows: InstantRows,
  of: { readonly from: number; readonly to: number; readonly position: number },
  series: readonly Series[],
): EngineInput {
  const bars = Array.from({ length: of.to - of.from }, (_, i): LateBar => {
    const { symbol, timeframe } = series[rows.places?.[of.from + i] ?? 0];
    return { symbol, timeframe, time: rows.time[of.from + i] };
  });
  return { bar: of.position, kind: KIND, at: closingOf(rows, of.from, series), data: { bars } };
}

interface Place {
  readonly place: number;
  readonly time: EpochMs;
}

/** The late instants of a stretch of positions, for a resume; it lives as long as that. */
export class LateBars {
  // bounded: late instants of the bars that are stepped again
  readonly #byPosition: ReadonlyMap<number, readonly Place[]>;
  // bounded: as above
  readonly #keys: ReadonlySet<string>;

  private constructor(byPosition: ReadonlyMap<number, readonly Place[]>) {
    this.#byPosition = byPosition;
    this.#keys = new Set([...byPosition.values()].flatMap((bars) => bars.map(keyOf)));
  }

  /** Of positions `after < position <= until`. */
  static async load(
    store: Pick<Store, 'inputsOfBars'>,
    engine: { readonly id: string; readonly series: readonly Series[] },
    span: { readonly after: number; readonly until: number },
  ): Promise<LateBars> {
    const found = new Map<number, readonly Place[]>();
    if (engine.series.length === 1) return new LateBars(found);
    for (let after = span.after; after < span.until;) {
      const page = await store.inputsOfBars(engine.id, { after, until: span.until, limit: PAGE });
      for (const { bar, kind, data } of page)
        if (kind === KIND)
          found.set(
            bar,
            (data as { bars: readonly LateBar[] }).bars.map((late) => placeOf(late, engine.series)),
          );
      if (page.length < PAGE) break;
      // The inputs of the last position may go on in the next page.
      after = Math.max(after + 1, page[page.length - 1].bar - 1);
    }
    return new LateBars(found);
  }

  has(place: number, time: EpochMs): boolean {
    return this.#keys.has(keyOf({ place, time }));
  }

  /** The rows of the late instant at a position; null: it is not one. @throws when a bar of it is not stored. */
  async rowsAt(
    position: number,
    of: { readonly store: Pick<Store, 'barsBefore'>; readonly series: readonly Series[] },
  ): Promise<InstantRows | null> {
    const late = this.#byPosition.get(position);
    if (late === undefined) return null;
    const columns = createBarColumns(late.length);
    const places = new Uint8Array(late.length);
    for (const { place, time } of late) {
      const one = await of.store.barsBefore(of.series[place], { until: time, limit: 1 });
      if (one.length === 0 || one.time[0] !== time) continue;
      places[columns.length] = place;
      appendBar(columns, new BarCursor(one).at(0));
    }
    return { ...columns, places };
  }
}

function placeOf({ symbol, timeframe, time }: LateBar, series: readonly Series[]): Place {
  return { place: series.findIndex((one) => one.symbol === symbol && one.timeframe === timeframe), time };
}

function keyOf({ place, time }: Place): string {
  return `${place} ${time}`;
}
