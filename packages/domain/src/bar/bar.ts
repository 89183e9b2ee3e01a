/** A closed bar, the instrument it belongs to, and the columns bars travel in. */

/** Supported timeframes, shortest first. */
export const TIMEFRAMES = ['1m', '5m', '15m', '30m', '1h', '4h', '1d', '1w'] as const;
export type Timeframe = (typeof TIMEFRAMES)[number];

/** Nominal length of a timeframe in milliseconds (a day is 24 h, a week 7 days). */
export const TIMEFRAME_MS: Readonly<Record<Timeframe, number>> = {
  '1m': 60_000,
  '5m': 300_000,
  '15m': 900_000,
  '30m': 1_800_000,
  '1h': 3_600_000,
  '4h': 14_400_000,
  '1d': 86_400_000,
  '1w': 604_800_000,
};

export const ASSET_CLASSES = ['STOCK', 'CRYPTO', 'FOREX', 'INDEX', 'FUTURE'] as const;
/** From instrument metadata, never guessed from the symbol text. */
export type AssetClass = (typeof ASSET_CLASSES)[number];

export const VOLUME_RELIABILITIES = ['HIGH', 'MEDIUM', 'LOW', 'NONE'] as const;
export type VolumeReliability = (typeof VOLUME_RELIABILITIES)[number];

/** Epoch milliseconds, UTC. */
export type EpochMs = number;
/** Price in the instrument's quote currency, > 0, as delivered. */
export type Price = number;
/** A plain ratio or fraction; per cent exist only on the screen. */
export type Ratio = number;

/** What the detector must know of an instrument. */
export interface Instrument {
  readonly symbol: string;
  readonly assetClass: AssetClass;
  readonly volumeReliability?: VolumeReliability;
  /** IANA zone of the exchange. */
  readonly timeZone: string;
  /** Local `HH:MM` of open and close; `24h` for markets without a session. */
  readonly session?: { readonly open: string; readonly close: string } | '24h';
}

/** One closed bar; `time` is its opening time. It may be a reused cursor: keep nothing of it. */
export interface Bar {
  readonly time: EpochMs;
  readonly open: Price;
  readonly high: Price;
  readonly low: Price;
  readonly close: Price;
  /** Units traded, >= 0. */
  readonly volume: number;
}
