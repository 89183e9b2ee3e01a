/** The validation chain in words: what each stage is called, and in which unit it measured. */
import type { SignalWire } from '@wyckoff/contracts';
import type { FigureKind } from '../../ui/figure.ts';

type Step = SignalWire['chain'][number];

export const STAGES: Readonly<Record<Step['stage'], string>> = {
  VOLUME: 'Volume', PHASE: 'Phase', LEVELS: 'Levels', RISK: 'Risk', STRATEGY: 'Strategy',
}; // prettier-ignore

/** Measures of trading.md 5.1. */
export const MEASURES: Readonly<Partial<Record<string, string>>> = {
  RK_TRADE: 'One trade', RK_CAMPAIGN: 'One campaign', RK_BUCKET: 'Correlated bucket', RK_ASSET_CLASS: 'Asset class', RK_HEAT: 'Portfolio heat',
  RK_ORDER_VALUE: 'Order value', RK_MARGIN: 'Margin in use', RK_FX_NOTIONAL: 'FX notional', RK_FX_HEAT: 'FX heat', RK_CASH: 'Cash',
}; // prettier-ignore

const BY_CODE: Readonly<Partial<Record<string, FigureKind>>> = {
  RK_STOP_TOO_WIDE: 'percent', RK_STOP_SIDE: 'price', RK_TARGET: 'price', RK_PATTERN_RISK: 'count', RK_PREREQUISITE: 'count',
  RK_SIZE_MIN: 'ratio', RK_LPS_ONLY: 'count', LV_STRENGTH: 'count', LV_RANGE: 'count', ST_CONFIDENCE: 'count', ST_WARN_LIFTED: 'count', ST_REVIEW: 'count', ST_VOLATILITY: 'count',
}; // prettier-ignore
const BY_STAGE: Readonly<Record<Step['stage'], FigureKind>> = {
  VOLUME: 'ratio', PHASE: 'count', LEVELS: 'ratio', RISK: 'money', STRATEGY: 'ratio',
}; // prettier-ignore

/** In which unit a step measured; the limit has the same. */
export function unitOfStep({ stage, code }: Step): FigureKind {
  if (code.startsWith('RK_MAX_')) return 'count';
  if (code.startsWith('RK_R_')) return 'r';
  return BY_CODE[code] ?? (stage === 'STRATEGY' && code === 'PASS' ? 'count' : BY_STAGE[stage]);
}

/** How far a measured value is from its limit; null where one of them is not a figure. */
export function marginOf({ measured, limit }: Step): number | null {
  return measured === null || limit === null ? null : Math.abs(measured - limit);
}

/** Stages behind the one that failed were never asked. */
export function notAsked(chain: readonly Step[]): readonly Step['stage'][] {
  const asked = new Set(chain.map(({ stage }) => stage));
  return (Object.keys(STAGES) as Step['stage'][]).filter((stage) => !asked.has(stage));
}
