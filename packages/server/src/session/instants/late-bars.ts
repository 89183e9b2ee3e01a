/**
 * What stored bars do not tell of how they came: those that came after their instant was taken were instants of their own (`input.late`), and
 * those that filled a hole behind what was taken were told to nobody (`input.filled`).
 */
import type { EpochMs, Timeframe } from '@wyckoff/domain';
import { createBarColumns, appendBar, BarCursor } from '@wyckoff/domain';
import type { EngineInput, Series, Store } from '../../store/store.ts';
import { closingOf, type InstantRows } from './instant-rows.ts';

const LATE = 'late';
const FILLED = 'filled';
/** The types of the facts they are journalled as, which no engine hears. */
export const UNHEARD_TYPES: readonly string[] = [`input.${LATE}`, `input.${FILLED}`];
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
  return { bar: of.position, kind: LATE, at: closingOf(rows, of.from, series), data: { bars } };
}

/** What the journal keeps of bars that are about to fill a hole, before they are stored; at most 1,000. */
export function filledInput(
  { symbol, timeframe }: Series,
  of: { readonly times: readonly EpochMs[]; readonly position: number; readonly at: EpochMs },
): EngineInput {
  return { bar: of.position, kind: FILLED, at: of.at, data: { symbol, timeframe, times: of.times } };
}

interface FilledBars extends Pick<LateBar, 'symbol' | 'timeframe'> {
  readonly times: readonly EpochMs[];
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

  private constructor(byPosition: ReadonlyMap<number, readonly Place[]>, filled: readonly Place[]) {
    this.#byPosition = byPosition;
    this.#keys = new Set([...byPosition.values(), filled].flatMap((bars) => bars.map(keyOf)));
  }

  /** Of positions `after < position <= until`. */
  static async load(
    store: Pick<Store, 'inputsOfBars'>,
    engine: { readonly id: string; readonly series: readonly Series[] },
    span: { readonly after: number; readonly until: number },
  ): Promise<LateBars> {
    // bounded: of the bars that are stepped again
    const found = new Map<number, readonly Place[]>();
    const filled: Place[] = []; // bounded: as above
    for (let after = span.after; after < span.until;) {
      const page = await store.inputsOfBars(engine.id, { after, until: span.until, limit: PAGE });
      for (const { bar, kind, data } of page) {
        if (kind === LATE) {
          const { bars } = data as { readonly bars: readonly LateBar[] };
          found.set(bar, bars.map((late) => placeOf(late, engine.series))); // prettier-ignore
        }
        if (kind !== FILLED) continue;
        const { times, ...series } = data as FilledBars;
        for (const time of times) filled.push(placeOf({ ...series, time }, engine.series));
      }
      if (page.length < PAGE) break;
      // The inputs of the last position may go on in the next page.
      after = Math.max(after + 1, page[page.length - 1].bar - 1);
    }
    return new LateBars(found, filled);
  }

  /** It was not taken in its order, or not at all. */
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
