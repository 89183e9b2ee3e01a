/** Which series a session works on: kept with the folder when it is opened first, the same ones ever after. */
import { TIMEFRAME_MS, type Instrument, type Timeframe } from '@wyckoff/domain';
import type { EngineRef, Series, Store, SymbolRecord } from '../store/store.ts';

/** The setting that says which series a folder is about. */
export const SERIES_SETTING = 'session.series';

export interface Place {
  readonly symbol: string;
  readonly timeframe: Timeframe;
}

/** The first one, and the others where there are any. */
interface KeptSeries extends Place {
  readonly others?: readonly Place[];
}

export interface SessionSeries {
  readonly series: Series;
  readonly record: SymbolRecord;
}

/** Null: the folder is about nothing yet. */
export async function keptPlaces(store: Store): Promise<readonly Place[] | null> {
  const kept = (await store.setting(SERIES_SETTING)) as KeptSeries | undefined;
  if (kept === undefined) return null;
  const { symbol, timeframe, others = [] } = kept;
  return [{ symbol, timeframe }, ...others];
}

export async function keepPlaces(store: Store, places: readonly Place[]): Promise<void> {
  const [{ symbol, timeframe }, ...others] = places.map((one) => ({ symbol: one.symbol, timeframe: one.timeframe }));
  await store.saveSetting(SERIES_SETTING, { symbol, timeframe, ...(others.length > 0 && { others }) } satisfies KeptSeries);
}

/** @throws when one of them is not in the store. */
export async function seriesAt(store: Store, places: readonly Place[]): Promise<readonly SessionSeries[]> {
  return await Promise.all(
    places.map(async ({ symbol, timeframe }) => {
      const [series, record] = await Promise.all([store.findSeries(symbol, timeframe), store.findSymbol(symbol)]);
      if (series === null || record === null)
        throw new Error(`session: expected series ${symbol} ${timeframe} in the store, was none`);
      return { series, record };
    }),
  );
}

/** The engine of an account over these series; its own is the finest, of several the first. */
export function engineRefOf(accountId: string, all: readonly SessionSeries[]): EngineRef {
  const watched = all.map(({ series }) => series);
  const series = watched.reduce((finest, one) => (TIMEFRAME_MS[one.timeframe] < TIMEFRAME_MS[finest.timeframe] ? one : finest));
  const more = watched.length === 1 ? '' : `+${watched.length - 1}`;
  return { id: `${accountId}:${series.symbol}${more}:${series.timeframe}`, series, ...(watched.length > 1 && { watched }) };
}

export function instrumentOf({ symbol, assetClass, timeZone }: SymbolRecord): Instrument {
  return { symbol, assetClass, timeZone };
}
