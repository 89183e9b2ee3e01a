/** One symbol and timeframe, traded: bars in, facts out, approved orders handed out. */
import type { Bar, Instrument, Timeframe } from '../bar/bar.ts';
import type { CostModel } from '../trade/costs.ts';
import type { Instruction } from '../execution/instruction.ts';
import type { RiskLimits } from '../risk/limits.ts';
import type { TradedInstrument } from '../trade/instrument.ts';
import type { LedgerSink } from '../trade/ledger.ts';
import type { Account } from '../trade/position.ts';
import type { Trade } from '../trade/trade.ts';
import type { DetectorPort } from './detector-port.ts';
import type { BarReport, FactSink } from './fact.ts';

export type AccountSpec = Pick<Account, 'id' | 'kind' | 'currency' | 'startingMicros'>;

export interface TradingEngineOptions {
  readonly instrument: Instrument;
  readonly timeframe: Timeframe;
  readonly account: AccountSpec;
  /** Geometry, settlement, leverage; default: by asset class. */
  readonly traded?: TradedInstrument;
  readonly limits?: RiskLimits;
  /** Default: the profile of the asset class. */
  readonly costs?: CostModel;
  /** Bars that only teach the detector; default 0. */
  readonly warmupBars?: number;
  /** Options of `createDetector`: rule pack and parameters. */
  readonly pack?: unknown;
  /** In place of `createDetector`. */
  readonly detector?: DetectorPort;
  readonly sink: FactSink;
  readonly onTrade?: (trade: Trade) => void;
  readonly onLedger?: LedgerSink;
}

export interface TradingEngine {
  /** One closed bar: fills, positions, marks, detection, exits, entries, in this order. Facts go to the sink before it returns. */
  step(bar: Bar): void;
  /** Orders approved by the last step. Journal its facts first, then hand them over. Emptied by reading. */
  takeOrders(): readonly Instruction[];
  /** `takeOrders()` given to the simulated broker; call after the facts of the step are journalled, before the next step. */
  deliver(): void;
  /** No more bars: entries expire, positions close at the last close with costs. */
  finish(reason: 'END_OF_DATA' | 'END_OF_WINDOW'): void;
  /** Account and open positions as of the last bar. */
  report(): BarReport;
  /** Everything a continuation needs. @throws when approved orders were not delivered yet. */
  snapshot(): Uint8Array;
}

export declare function createTradingEngine(options: TradingEngineOptions): TradingEngine;
export declare function restoreTradingEngine(bytes: Uint8Array, options: TradingEngineOptions): TradingEngine;
