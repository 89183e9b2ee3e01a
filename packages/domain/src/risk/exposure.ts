/** What is at stake: every open position and every reservation as one kind of row (trading.md 5.1, 5.6). */
import type { AssetClass } from '../bar/bar.ts';
import type { Direction, Micros } from '../setup/signal.ts';

export interface Exposure {
  /** Of the signal it belongs to. */
  readonly id: string;
  readonly kind: 'POSITION' | 'RESERVATION';
  readonly symbol: string;
  readonly assetClass: AssetClass;
  readonly buckets: readonly string[];
  readonly direction: Direction;
  readonly campaignId: string;
  readonly intraday: boolean;
  /** Open risk: entry to current stop, 0 from break-even on. */
  readonly riskMicros: Micros;
  readonly notionalMicros: Micros;
  readonly marginMicros: Micros;
  /** Cash it blocks: a reserved purchase, or one and a half times a short's value. */
  readonly cashMicros: Micros;
}

/** The account at the instant of a check; single writer, so nothing changes underneath it. */
export interface RiskSnapshot {
  readonly equityMicros: Micros;
  readonly cashMicros: Micros;
  readonly exposures: readonly Exposure[];
  /** Names of the halts in force (5.7). */
  readonly halts: readonly string[];
}

/** What the campaign of a candidate still allows (6.2). */
export interface CampaignAllowance {
  readonly campaignId: string;
  readonly refusal: 'RK_CAMPAIGN_CLOSED' | 'RK_LPS_ONLY' | null;
  readonly shareLeftMicros: Micros;
}
