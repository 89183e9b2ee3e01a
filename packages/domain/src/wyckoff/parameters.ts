/** Every number a rule uses, by name (detection.md 10); a rule pack is a set of these. */
import type { Timeframe, VolumeReliability } from '../bar/bar.ts';

/** Session labels of the forex day (detection.md 8.4). */
export const FOREX_SESSIONS = ['LONDON', 'NEW_YORK', 'OVERLAP', 'ASIAN', 'CLOSE'] as const;
export type ForexSession = (typeof FOREX_SESSIONS)[number];

/**
 * Units: `%` is per cent of price times the timeframe multiplier, ATR and W multiples of the average true range and of the
 * range width, VR, SR, ES, CP ratios of that feature, pt points. A trailing comment names the unit.
 */
export interface Parameters {
  readonly volWindow: number; // bars, fixed by the layout of the state
  readonly baselineClip: number; // x mean
  readonly atrPeriod: number; // bars
  readonly adxPeriod: number; // bars
  readonly tfTable: Readonly<Record<Timeframe, number>>;
  /** CLIMACTIC VR, SR; CLIMACTIC VR, SR; ABSORPTION VR, SR; NO_DEMAND VR, SR. */
  readonly effort: readonly number[];
  readonly sessionHalfLifeDays: number; // days
  readonly sessionMinSamples: number; // per sample of a day
  readonly sessionBuckets: number;
  readonly pivotK: number; // bars, fixed at 5 by the layout
  readonly clusterTol: number; // %
  readonly clusterTolW: number; // W
  readonly clusterTolAtr: number; // ATR
  readonly clusterMaxAge: number; // bars
  readonly clusterBreak: number; // ATR
  readonly touchTol: number; // %
  readonly touchTolW: number; // W
  readonly minWidth: number; // %
  readonly minWidthAtr: number; // ATR
  readonly maxWidthAtr: number; // ATR, structural route; 0: none
  readonly minDuration: number; // bars
  readonly activeDuration: number; // bars
  readonly maxRangeBars: number; // bars
  readonly rangeQualityActive: number; // pt
  readonly rangeQualityMin: number; // pt
  readonly levelStrengthMin: number; // pt
  readonly formingBreakAtr: number; // ATR
  readonly formingBreakVol: number; // VR
  readonly formingFarAtr: number; // ATR
  readonly formingFarW: number; // W
  readonly driftBars: number; // bars
  readonly driftAtr: number; // ATR
  readonly widenMax: number; // W
  readonly utResolveBars: number; // bars
  readonly zoneVol: number; // VR
  readonly zoneSpread: number; // SR
  readonly zoneDeparture: number; // ATR
  readonly zoneMax: number;
  readonly profileBins: number;
  readonly psVol: number; // VR
  readonly psClose: number; // CP
  readonly psDecline: number; // ATR
  readonly psRally: number; // ATR
  readonly psBars: number; // bars
  readonly climaxVol: number; // VR
  readonly climaxSpread: number; // ES
  readonly climaxClose: number; // CP
  /** A bar that turns the same day and closes above the close before it (selling climax) is one too. */
  readonly climaxReversal: boolean;
  readonly climaxDecline: number; // ATR
  readonly climaxLookback: number; // bars, at most 64
  readonly newLowBars: number; // bars, at most 64
  readonly climaxZoneGap: number; // bars
  readonly bcAltVol: number; // VR
  readonly bcAltSpread: number; // ES
  readonly arMinRally: number; // %
  readonly arMinAtr: number; // ATR
  readonly arMaxBars: number; // bars
  readonly arTurnAtr: number; // ATR
  readonly arTurnShare: number; // share of the rally
  readonly arNoNewHigh: number; // bars
  readonly stTol: number; // %
  readonly stTolW: number; // W
  readonly stUndercut: number; // %
  readonly stVolDrop: number; // share
  readonly stClose: number; // CP
  readonly stWindow: number; // bars
  readonly phaseAMax: number; // bars
  readonly stRearm: number; // W
  readonly stMaxWait: number; // bars
  readonly minPhaseB: number; // bars
  readonly minPhaseBVolatile: number; // bars
  readonly minPhaseBRe: number; // bars
  readonly volatileMove: number; // per cent, not scaled by the timeframe
  readonly failWatchBars: number; // bars
  readonly phaseCMax: number; // bars
  readonly eCloses: number; // bars
  readonly springMaxDepth: number; // %
  readonly springMaxAtr: number; // ATR
  readonly springMaxW: number; // W
  readonly springRecovery: number; // bars
  readonly utadFailure: number; // bars
  readonly springEffortVol: number; // VR
  readonly springEffortSpread: number; // SR
  readonly springMaxVol: number; // VR, strict
  readonly springMaxVolFx: number; // VR, strict
  readonly springMaxVolFxThin: number; // VR, strict
  readonly utadMinVol: number; // VR
  readonly utadTradeVol: number; // VR
  /** Event and trade minimum by session; `none` for 4h and longer. VR */
  readonly utadMinVolFx: Readonly<Record<ForexSession | 'none', number>>;
  /** First and last bar of the age at which a test counts. */
  readonly testWindow: Readonly<Record<Timeframe, readonly [number, number]>>;
  readonly testTol: number; // %
  readonly shakeoutTestVol: number; // x VR of the shakeout
  readonly retestGap: number; // bars
  readonly maxTests: number;
  readonly requireTest: boolean;
  readonly tradeShakeout: boolean;
  readonly sosVol: number; // VR
  readonly sosVolFx: number; // VR
  readonly sosVolFxThin: number; // VR
  readonly sowAltVolDrop: number; // VR
  readonly sowAltSpread: number; // SR
  readonly sosBreak: number; // %
  readonly sosBreakAtr: number; // ATR
  readonly sosSpread: number; // SR
  readonly sosClose: number; // CP
  readonly sosMax: number;
  readonly sosFailTol: number; // %
  readonly sosFailBars: number; // bars
  readonly sowFastFailBars: number; // bars
  readonly sosHeldBars: number; // bars
  readonly sosDirectWait: number; // bars
  readonly sosDirectVol: number; // VR
  readonly sosDirectConfidence: number; // pt
  readonly lpsWindow: number; // bars
  readonly lpsMaxDist: number; // %
  readonly lpsMaxDistAtr: number; // ATR, where that is more
  readonly lpsHold: number; // %
  readonly lpsReaction: number; // ATR
  readonly lpsBounce: number; // %
  readonly lpsBounceAtr: number; // ATR
  readonly lpsBounceBars: number; // bars
  readonly lpsMaxVol: number; // VR, strict
  readonly lpsAbsVol: number; // VR
  readonly lpsAbsSpread: number; // SR
  readonly lpsAbsClose: number; // CP
  readonly lpsMax: number;
  readonly inLpsMin: number; // W
  readonly inLpsVol: number; // VR
  readonly inLpsReaction: number; // ATR
  readonly inLpsBars: number; // bars
  readonly inLpsMax: number;
  /** Also for a hypothesis while the other one leads. */
  readonly inLpsAgainstLead: boolean;
  readonly confidenceFloor: number; // pt
  readonly confidenceCap: Readonly<Record<VolumeReliability, number>>; // pt
  readonly lowVolumeWeight: number; // share
  readonly phaseConfidenceMin: number; // pt
  readonly impliedCap: number; // pt
  readonly sosFailedMalus: number; // pt
  readonly prematureConfidence: number; // pt
  readonly prematureSt: number;
  readonly sessionPenalty: Readonly<Record<ForexSession, number>>; // pt
  readonly openingPenalty: number; // pt
  readonly vetoSessions: readonly ForexSession[];
  readonly anomalyVol: number; // VR
  readonly htfBonus: number; // pt
  readonly htfPenalty: number; // pt
  readonly htfStrict: boolean;
  readonly rsPoints: number; // pt
  readonly rsQuintile: number; // percentile
  readonly springRiskMalus: number; // pt
  readonly springTrendBonus: number; // pt
  readonly doubleBottomBonus: number; // pt
  readonly pnfBox: number; // ATR
  readonly pnfReversal: number; // boxes
  readonly pnfMinColumns: number;
  readonly pnfCap: number; // W
  readonly causeFactor: readonly [number, number, number]; // W
  readonly schematicMin: number; // pt
  readonly regimeAdx: number;
  readonly regimeHigh: number; // ATR ratio
  readonly regimeLow: number; // ATR ratio
  /** Test only: constant price for percentages (0 = off) and distribution as an exact mirror image. */
  readonly percentBase: number;
  readonly symmetric: boolean;
}

/** The document's numbers. */
export const STRICT_PARAMETERS: Parameters = Object.freeze({
  volWindow: 20,
  baselineClip: 5,
  atrPeriod: 14,
  adxPeriod: 14,
  tfTable: { '1m': 0.15, '5m': 0.2, '15m': 0.3, '30m': 0.45, '1h': 0.7, '4h': 0.85, '1d': 1, '1w': 1.6 },
  effort: [2.0, 1.0, 1.5, 1.5, 1.4, 0.8, 0.6, 0.8],
  sessionHalfLifeDays: 10,
  sessionMinSamples: 5,
  sessionBuckets: 288,
  pivotK: 5,
  clusterTol: 2,
  clusterTolW: 0.12,
  clusterTolAtr: 1,
  clusterMaxAge: 120,
  clusterBreak: 1,
  touchTol: 1.5,
  touchTolW: 0.12,
  minWidth: 3,
  minWidthAtr: 3,
  maxWidthAtr: 0,
  minDuration: 10,
  activeDuration: 15,
  maxRangeBars: 250,
  rangeQualityActive: 60,
  rangeQualityMin: 70,
  levelStrengthMin: 60,
  formingBreakAtr: 1,
  formingBreakVol: 1.5,
  formingFarAtr: 2,
  formingFarW: 0.5,
  driftBars: 5,
  driftAtr: 1,
  widenMax: 0.25,
  utResolveBars: 5,
  zoneVol: 1.3,
  zoneSpread: 0.8,
  zoneDeparture: 1,
  zoneMax: 20,
  profileBins: 64,
  psVol: 1.5,
  psClose: 0.4,
  psDecline: 3,
  psRally: 1,
  psBars: 5,
  climaxVol: 2.0,
  climaxSpread: 1.5,
  climaxClose: 0.5,
  climaxReversal: false,
  climaxDecline: 4,
  climaxLookback: 30,
  newLowBars: 20,
  climaxZoneGap: 10,
  bcAltVol: 1.8,
  bcAltSpread: 1.8,
  arMinRally: 3,
  arMinAtr: 1.5,
  arMaxBars: 10,
  arTurnAtr: 0.75,
  arTurnShare: 0.25,
  arNoNewHigh: 3,
  stTol: 2,
  stTolW: 0.25,
  stUndercut: 1,
  stVolDrop: 0.2,
  stClose: 0.3,
  stWindow: 40,
  phaseAMax: 50,
  stRearm: 0.4,
  stMaxWait: 3,
  minPhaseB: 10,
  minPhaseBVolatile: 8,
  minPhaseBRe: 5,
  volatileMove: 3,
  failWatchBars: 5,
  phaseCMax: 40,
  eCloses: 10,
  springMaxDepth: 5,
  springMaxAtr: 1.5,
  springMaxW: 0.25,
  springRecovery: 5,
  utadFailure: 3,
  springEffortVol: 1.5,
  springEffortSpread: 1.2,
  springMaxVol: 0.7,
  springMaxVolFx: 0.85,
  springMaxVolFxThin: 0.6,
  utadMinVol: 1.2,
  utadTradeVol: 1.5,
  utadMinVolFx: { OVERLAP: 2.2, LONDON: 2.3, NEW_YORK: 2.4, ASIAN: 2.8, CLOSE: 2.8, none: 2.5 },
  testWindow: {
    '1m': [12, 60],
    '5m': [12, 60],
    '15m': [12, 60],
    '30m': [8, 40],
    '1h': [6, 30],
    '4h': [4, 20],
    '1d': [3, 15],
    '1w': [3, 15],
  },
  testTol: 3,
  shakeoutTestVol: 0.5,
  retestGap: 3,
  maxTests: 3,
  requireTest: true,
  tradeShakeout: false,
  sosVol: 1.5,
  sosVolFx: 1.8,
  sosVolFxThin: 2.0,
  sowAltVolDrop: 0.2,
  sowAltSpread: 1.8,
  sosBreak: 1,
  sosBreakAtr: 0.25,
  sosSpread: 1.2,
  sosClose: 0.5,
  sosMax: 3,
  sosFailTol: 2,
  sosFailBars: 10,
  sowFastFailBars: 5,
  sosHeldBars: 3,
  sosDirectWait: 10,
  sosDirectVol: 2.0,
  sosDirectConfidence: 80,
  lpsWindow: 10,
  lpsMaxDist: 3,
  lpsMaxDistAtr: 0,
  lpsHold: 2,
  lpsReaction: 0.5,
  lpsBounce: 1,
  lpsBounceAtr: 0.5,
  lpsBounceBars: 3,
  lpsMaxVol: 1.0,
  lpsAbsVol: 1.5,
  lpsAbsSpread: 0.8,
  lpsAbsClose: 0.7,
  lpsMax: 3,
  inLpsMin: 0.35,
  inLpsVol: 0.9,
  inLpsReaction: 1,
  inLpsBars: 3,
  inLpsMax: 3,
  inLpsAgainstLead: true,
  confidenceFloor: 70,
  confidenceCap: { HIGH: 100, MEDIUM: 90, LOW: 85, NONE: 70 },
  lowVolumeWeight: 0.3,
  phaseConfidenceMin: 70,
  impliedCap: 75,
  sosFailedMalus: 15,
  prematureConfidence: 85,
  prematureSt: 2,
  sessionPenalty: { OVERLAP: 0, LONDON: 0, NEW_YORK: -5, ASIAN: -20, CLOSE: -25 },
  openingPenalty: -5,
  vetoSessions: [],
  anomalyVol: 5.0,
  htfBonus: 15,
  htfPenalty: -25,
  htfStrict: false,
  rsPoints: 5,
  rsQuintile: 20,
  springRiskMalus: -10,
  springTrendBonus: 5,
  doubleBottomBonus: 5,
  pnfBox: 0.5,
  pnfReversal: 3,
  pnfMinColumns: 5,
  pnfCap: 3,
  causeFactor: [2.0, 2.5, 3.0],
  schematicMin: 60,
  regimeAdx: 25,
  regimeHigh: 1.5,
  regimeLow: 0.5,
  percentBase: 0,
  symmetric: false,
} satisfies Parameters);
