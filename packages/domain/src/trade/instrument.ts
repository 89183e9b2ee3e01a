/** What trading must know of an instrument: geometry of prices and quantities, settlement, leverage (trading.md 2.1, 2.2). */
import type { AssetClass } from '../bar/bar.ts';
import type { Micros, QtyMicros } from '../setup/signal.ts';

/** CASH: the whole value is paid; MARGIN: only profit and loss move cash. */
export type Settlement = 'CASH' | 'MARGIN';
export const UNITS = ['SHARES', 'LOTS', 'UNITS', 'CONTRACTS'] as const;
export type Unit = (typeof UNITS)[number];

export interface TradedInstrument {
  readonly symbol: string;
  readonly assetClass: AssetClass;
  /** Groups that move together (5.1 correlated risk); `UNKNOWN` is one shared group. */
  readonly buckets: readonly string[];
  readonly settlement: Settlement;
  readonly unit: Unit;
  /** Smallest price step, quote currency. */
  readonly tickSize: number;
  /** One quantity step in millionths of a unit, >= 1. */
  readonly lotStepMicros: QtyMicros;
  /** Units of the underlying in one unit traded. */
  readonly contractSize: number;
  /** Account currency per quote currency. */
  readonly fx: number;
  readonly minSteps: number;
  readonly maxSteps: number;
  readonly minNotionalMicros: Micros;
  /** Notional per margin, >= 1. */
  readonly leverage: number;
  /** Half the spread in price; 0 where slippage is a percentage instead. */
  readonly halfSpread: number;
  readonly shortable: boolean;
  /** Swap per unit and day in price, paid to the holder where positive; absent: none (backtesting.md 5). */
  readonly swap?: { readonly long: number; readonly short: number };
  /** False for tick volume: no impact, no zero-volume rule (backtesting.md 4.1). */
  readonly volumeReal: boolean;
}

/** Thrown for an instrument nobody could trade: a wrong constant, not a market condition. */
export class InstrumentError extends Error {
  constructor(symbol: string, field: string, problem: string) {
    super(`instrument ${symbol}: ${field} ${problem}`);
    this.name = 'InstrumentError';
  }
}

type ClassDefaults = Omit<TradedInstrument, 'symbol' | 'assetClass' | 'buckets' | 'halfSpread'>;

const COMMON = { fx: 1, minSteps: 1, maxSteps: 1e15, minNotionalMicros: 0, leverage: 1, shortable: true } as const;

/** What holds for a class when nothing but the symbol is known. */
const DEFAULTS: Readonly<Record<AssetClass, ClassDefaults>> = {
  STOCK: {
    ...COMMON,
    settlement: 'CASH',
    unit: 'SHARES',
    tickSize: 0.01,
    lotStepMicros: 1_000_000,
    contractSize: 1,
    volumeReal: true,
  },
  CRYPTO: { ...COMMON, settlement: 'CASH', unit: 'UNITS', tickSize: 0.01, lotStepMicros: 1, contractSize: 1, volumeReal: true },
  INDEX: {
    ...COMMON, settlement: 'MARGIN', unit: 'CONTRACTS', tickSize: 0.01, lotStepMicros: 10_000, contractSize: 1, leverage: 20, volumeReal: false,
  }, // prettier-ignore
  FUTURE: {
    ...COMMON, settlement: 'MARGIN', unit: 'CONTRACTS', tickSize: 0.01, lotStepMicros: 1_000_000, contractSize: 1, leverage: 10, volumeReal: true,
  }, // prettier-ignore
  FOREX: {
    ...COMMON, settlement: 'MARGIN', unit: 'LOTS', tickSize: 0.00001, lotStepMicros: 10_000, contractSize: 100_000, leverage: 50, volumeReal: false,
  }, // prettier-ignore
};

/** Spreads in pips of trading.md 2.2; every other pair 2.0. */
const SPREAD_PIPS: Readonly<Record<string, number>> = {
  EURUSD: 1.5, GBPUSD: 2.0, USDJPY: 1.0, AUDUSD: 1.8, USDCAD: 2.0, USDCHF: 1.5, EURJPY: 2.5, GBPJPY: 3.0, EURGBP: 2.0, AUDJPY: 2.5,
  NZDUSD: 2.2, NZDJPY: 3.0,
}; // prettier-ignore

/**
 * A traded instrument from its symbol and class, with whatever metadata is known on top.
 * @throws {InstrumentError} when a field is not usable.
 */
export function tradedInstrument(
  known: Pick<TradedInstrument, 'symbol' | 'assetClass'> & Partial<TradedInstrument>,
): TradedInstrument {
  const pair = known.symbol.replace(/[^A-Z]/g, '');
  const yen = known.assetClass === 'FOREX' && pair.endsWith('JPY');
  const pip = yen ? 0.01 : 0.0001;
  const halfSpread = known.assetClass === 'FOREX' ? ((SPREAD_PIPS[pair] ?? 2) * pip) / 2 : 0;
  const buckets = known.assetClass === 'FOREX' && pair.length === 6 ? [pair.slice(0, 3), pair.slice(3)] : ['UNKNOWN'];
  const instrument = { ...DEFAULTS[known.assetClass], ...(yen && { tickSize: 0.001 }), halfSpread, buckets, ...known };
  checkInstrument(instrument);
  return Object.freeze(instrument);
}

function checkInstrument(instrument: TradedInstrument): void {
  const refuse = (field: string, problem: string): never => {
    throw new InstrumentError(instrument.symbol, field, problem);
  };
  if (!/^[A-Z0-9/.^-]{1,20}$/.test(instrument.symbol)) refuse('symbol', 'expected 1-20 of A-Z 0-9 / . ^ -');
  for (const field of ['tickSize', 'contractSize', 'fx'] as const) {
    if (!(Number.isFinite(instrument[field]) && instrument[field] > 0)) refuse(field, `expected > 0, was ${instrument[field]}`);
  }
  for (const field of ['lotStepMicros', 'minSteps', 'maxSteps'] as const) {
    if (!Number.isSafeInteger(instrument[field]) || instrument[field] < 1)
      refuse(field, `expected an integer >= 1, was ${instrument[field]}`);
  }
  if (instrument.assetClass === 'STOCK' && instrument.leverage > 2)
    refuse('leverage', `expected at most 2 for STOCK, was ${instrument.leverage}`);
  if (!(instrument.leverage >= 1)) refuse('leverage', `expected >= 1, was ${instrument.leverage}`);
  if (!(instrument.halfSpread >= 0)) refuse('halfSpread', `expected >= 0, was ${instrument.halfSpread}`);
  if (instrument.buckets.length === 0) refuse('buckets', 'expected at least one');
}
