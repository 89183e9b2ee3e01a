/** What decides how an engine trades, beside its bars and its detectors: the choices of a caller with the defaults of the asset class. */
import { DEFAULT_QUEUE } from '../acceptance/approval-queue.ts';
import type { QueueRules } from '../acceptance/approval-queue.ts';
import type { AcceptanceMode } from '../acceptance/command.ts';
import type { Instrument, Timeframe } from '../bar/bar.ts';
import { DEFAULT_EXIT_RULES } from '../campaign/exit-rules.ts';
import type { ExitRules } from '../campaign/exit-rules.ts';
import type { CalendarId } from '../market/calendar.ts';
import { calendarIdOf } from '../market/session-end.ts';
import { DEFAULT_HALTS, FOREX_HALTS } from '../risk/halts.ts';
import type { HaltRules } from '../risk/halts.ts';
import { DEFAULT_LIMITS } from '../risk/limits.ts';
import type { RiskLimits } from '../risk/limits.ts';
import { DEFAULT_PATTERN_RISK } from '../risk/pattern-risk.ts';
import type { PatternRisk } from '../risk/pattern-risk.ts';
import { DEFAULT_POLICY } from '../risk/policy.ts';
import type { RiskPolicy } from '../risk/policy.ts';
import { idOf } from '../setup/digest.ts';
import { costsFor } from '../trade/costs.ts';
import type { CostModel } from '../trade/costs.ts';
import { tradedInstrument } from '../trade/instrument.ts';
import type { TradedInstrument } from '../trade/instrument.ts';
import type { DetectorOptions } from '../wyckoff/detector.ts';
import type { DetectorPort } from './detector-port.ts';

/** One series: symbol and timeframe, and how it is read and traded. */
export interface SeriesOptions {
  readonly instrument: Instrument;
  readonly timeframe: Timeframe;
  /** Geometry, settlement, leverage; default: by asset class. */
  readonly traded?: TradedInstrument;
  /** Default: the profile of the asset class. */
  readonly costs?: CostModel;
  /** `through`: a LIMIT must be passed by one tick; default `touch`. */
  readonly limitFill?: 'touch' | 'through';
  /** The most a simulated fill may take of its bar's volume, 0.01-1; null (default): everything. */
  readonly participationCap?: number | null;
  /** Symbol whose regime and closes this one is measured by, where the account has a series of it in the same timeframe (trading.md 3, detection.md 8.2). */
  readonly benchmark?: string;
  /** Hours of its market, for orders that end with the day and for the age of rates; null: unknown; default: by asset class. */
  readonly hours?: CalendarId | null;
  /** Rule pack and parameters of the detector. */
  readonly pack?: DetectorOptions;
  /** In place of `createDetectorInContext`, for studies: given the bytes of its snapshot when one is restored. */
  readonly detector?: (bytes: Uint8Array | null) => DetectorPort;
}

/** What holds for the account. */
export interface AccountChoices {
  /** Default: `DEFAULT_LIMITS`; make others with `tightenLimits`. */
  readonly limits?: RiskLimits;
  readonly patternRisk?: PatternRisk;
  readonly policy?: RiskPolicy;
  /** Default: `DEFAULT_HALTS`; `FOREX_HALTS` where every series is a currency. */
  readonly halts?: HaltRules;
  /** Bars of each series that only teach its detector; default 0. */
  readonly warmupBars?: number;
  readonly exitRules?: ExitRules;
  /** From T2 on the stop follows the best price; default false. */
  readonly trailing?: boolean;
  /** Default `all`. */
  readonly acceptance?: AcceptanceMode;
  readonly queue?: QueueRules;
  /** `venue`: orders are handed out, reports come back as inputs; default `simulated`: the engine's own broker meets the bars. */
  readonly broker?: 'simulated' | 'venue';
}

export interface SeriesSettings {
  readonly instrument: Instrument;
  readonly timeframe: Timeframe;
  readonly traded: TradedInstrument;
  readonly costs: CostModel;
  readonly limitFill: 'touch' | 'through';
  readonly participationCap: number | null;
  readonly hours: CalendarId | null;
  readonly warmupBars: number;
  readonly benchmark?: string;
}

export interface AccountSettings {
  readonly limits: RiskLimits;
  readonly patternRisk: PatternRisk;
  readonly policy: RiskPolicy;
  readonly halts: HaltRules;
  readonly exitRules: ExitRules;
  readonly trailing: boolean;
  readonly acceptance: AcceptanceMode;
  readonly queue: QueueRules;
  readonly broker: 'simulated' | 'venue';
}

/** At a venue nothing is borrowed that nobody stated (trading.md 2.2); on paper the class says it, which is disclosed. */
const UNSTATED = Object.freeze({ shortable: false, leverage: 1 });

/** @throws {InstrumentError} when the instrument cannot be traded. */
export function seriesSettings(series: SeriesOptions, account: AccountChoices): SeriesSettings {
  const { instrument, timeframe } = series;
  const { symbol, assetClass } = instrument;
  return {
    instrument,
    timeframe,
    traded: series.traded ?? tradedInstrument({ symbol, assetClass, ...(account.broker === 'venue' && UNSTATED) }),
    costs: series.costs ?? costsFor(assetClass),
    limitFill: series.limitFill ?? 'touch',
    participationCap: series.participationCap ?? null,
    hours: series.hours === undefined ? calendarIdOf(assetClass) : series.hours,
    warmupBars: account.warmupBars ?? 0,
    ...(series.benchmark !== undefined && { benchmark: series.benchmark }),
  };
}

export function accountSettings(choices: AccountChoices, series: readonly SeriesOptions[]): AccountSettings {
  const isForex = series.every(({ instrument }) => instrument.assetClass === 'FOREX');
  return {
    limits: choices.limits ?? DEFAULT_LIMITS,
    patternRisk: choices.patternRisk ?? DEFAULT_PATTERN_RISK,
    policy: choices.policy ?? DEFAULT_POLICY,
    halts: choices.halts ?? (isForex ? FOREX_HALTS : DEFAULT_HALTS),
    exitRules: choices.exitRules ?? DEFAULT_EXIT_RULES,
    trailing: choices.trailing ?? false,
    acceptance: choices.acceptance ?? 'all',
    queue: choices.queue ?? DEFAULT_QUEUE,
    broker: choices.broker ?? 'simulated',
  };
}

/** Equal settings give an equal fingerprint; a changed default of a newer program gives another. */
export function fingerprintOf(settings: object): string {
  return idOf('settings', JSON.stringify(settings));
}
