/** What decides how an engine trades, beside its bars and its detector: the choices of a caller with the defaults of the asset class. */
import type { Instrument } from '../bar/bar.ts';
import { DEFAULT_HALTS, FOREX_HALTS } from '../risk/halts.ts';
import type { HaltRules } from '../risk/halts.ts';
import { DEFAULT_LIMITS } from '../risk/limits.ts';
import type { RiskLimits } from '../risk/limits.ts';
import { DEFAULT_PATTERN_RISK } from '../risk/pattern-risk.ts';
import type { PatternRisk } from '../risk/pattern-risk.ts';
import { idOf } from '../setup/digest.ts';
import { costsFor } from '../trade/costs.ts';
import type { CostModel } from '../trade/costs.ts';
import { tradedInstrument } from '../trade/instrument.ts';
import type { TradedInstrument } from '../trade/instrument.ts';

export interface EngineChoices {
  readonly instrument: Instrument;
  /** Geometry, settlement, leverage; default: by asset class. */
  readonly traded?: TradedInstrument;
  /** Default: `DEFAULT_LIMITS`; make others with `tightenLimits`. */
  readonly limits?: RiskLimits;
  readonly patternRisk?: PatternRisk;
  readonly halts?: HaltRules;
  /** Default: the profile of the asset class. */
  readonly costs?: CostModel;
  /** `through`: a LIMIT must be passed by one tick; default `touch`. */
  readonly limitFill?: 'touch' | 'through';
  /** Bars that only teach the detector; default 0. */
  readonly warmupBars?: number;
}

interface EngineSettings {
  readonly traded: TradedInstrument;
  readonly limits: RiskLimits;
  readonly patternRisk: PatternRisk;
  readonly halts: HaltRules;
  readonly costs: CostModel;
  readonly limitFill: 'touch' | 'through';
  readonly warmupBars: number;
}

/** @throws {InstrumentError} when the instrument cannot be traded. */
export function settingsOf(choices: EngineChoices): EngineSettings {
  const { symbol, assetClass } = choices.instrument;
  return {
    traded: choices.traded ?? tradedInstrument({ symbol, assetClass }),
    limits: choices.limits ?? DEFAULT_LIMITS,
    patternRisk: choices.patternRisk ?? DEFAULT_PATTERN_RISK,
    halts: choices.halts ?? (assetClass === 'FOREX' ? FOREX_HALTS : DEFAULT_HALTS),
    costs: choices.costs ?? costsFor(assetClass),
    limitFill: choices.limitFill ?? 'touch',
    warmupBars: choices.warmupBars ?? 0,
  };
}

/** Equal settings give an equal fingerprint; a changed default of a newer program gives another. */
export function fingerprintOf(settings: EngineSettings): string {
  return idOf('settings', JSON.stringify(settings));
}
