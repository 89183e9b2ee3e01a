/** A rule pack: named parameter values, and whether effort is measured in fixed ratios or by the instrument's own habit. */
import { STRICT_PARAMETERS, type Parameters } from './parameters.ts';

/**
 * Volume thresholds as quantiles of the instrument's own volume ratio (detection.md 13). `min` and `max` bound the ratio
 * read from the quantile; before `minSamples` bars the pack's constants hold.
 */
export interface VolumeHabitRules {
  readonly halfLifeBars: number;
  readonly minSamples: number;
  readonly climaxVol: QuantileRule;
  readonly bcAltVol: QuantileRule;
  readonly psVol: QuantileRule;
  readonly sosVol: QuantileRule;
  readonly utadMinVol: QuantileRule;
  readonly utadTradeVol: QuantileRule;
  readonly springMaxVol: QuantileRule;
  readonly lpsMaxVol: QuantileRule;
  readonly sosDirectVol: QuantileRule;
}

export interface QuantileRule {
  /** 0..1 */
  readonly q: number;
  /** Volume ratio, or 0 for none. */
  readonly min: number;
  /** Volume ratio, or Infinity for none. */
  readonly max: number;
}

export interface RulePack {
  readonly name: string;
  readonly version: number;
  readonly params: Parameters;
  /** null: fixed ratios (`strict`). */
  readonly habit: VolumeHabitRules | null;
}

const quantile = (q: number, bounds: { min?: number; max?: number } = {}): QuantileRule => ({
  q,
  min: bounds.min ?? 0,
  max: bounds.max ?? 1e9,
});

/**
 * The document's numbers but for those given. All numbers of all packs are made here, in one way: where a process runs detectors of two
 * packs, the compiler then finds one kind of object, and reads a fraction without making a new object of it each time.
 */
function departing(numbers: Partial<Parameters>): Parameters {
  return Object.freeze({ ...STRICT_PARAMETERS, ...numbers });
}

/** The numbers of the document, nothing else. */
export const STRICT: RulePack = Object.freeze({ name: 'strict', version: 1, params: departing({}), habit: null });

/**
 * Where `classic` departs from the document's numbers: only in gates, bounds and waits that are our own invention.
 * Why these values, with the counts before and after: docs/calibration.md.
 */
const CLASSIC_PARAMETERS = departing({
  rangeQualityActive: 50,
  rangeQualityMin: 50,
  levelStrengthMin: 35,
  phaseConfidenceMin: 60,
  sosDirectConfidence: 70,
  climaxReversal: true,
  maxWidthAtr: 12,
  stMaxWait: 5,
  sosFailTol: 4,
  lpsHold: 4,
  lpsWindow: 20,
  lpsMaxDistAtr: 2,
  inLpsAgainstLead: false,
});

/** The default: the same rules, effort measured against the instrument's own habit. */
export const CLASSIC: RulePack = Object.freeze({
  name: 'classic',
  version: 2,
  params: CLASSIC_PARAMETERS,
  habit: {
    halfLifeBars: 250,
    minSamples: 60,
    climaxVol: quantile(0.965, { min: 1.25 }),
    bcAltVol: quantile(0.95),
    psVol: quantile(0.9, { min: 1.1 }),
    sosVol: quantile(0.9, { min: 1.1 }),
    utadMinVol: quantile(0.75),
    utadTradeVol: quantile(0.9),
    springMaxVol: quantile(0.22, { max: 0.9 }),
    lpsMaxVol: quantile(0.55),
    sosDirectVol: quantile(0.965),
  },
});

/** A pack by name or as given, with single parameters overridden. */
export function resolvePack(pack: RulePack | 'strict' | 'classic' = 'classic', overrides: Partial<Parameters> = {}): RulePack {
  const base = pack === 'strict' ? STRICT : pack === 'classic' ? CLASSIC : pack;
  const known = base === STRICT || base === CLASSIC;
  if (known && Object.keys(overrides).length === 0) return base;
  return { ...base, params: departing({ ...base.params, ...overrides }) };
}
