/** What is at stake: every open position and every reservation of the account as one kind of row (trading.md 5.1, 5.6). */
import type { AssetClass } from '../bar/bar.ts';
import type { Direction, Leg, Micros } from '../setup/signal.ts';
import type { Phase } from '../wyckoff/event.ts';

/** A campaign may begin with its last leg from this confidence on (6.2). */
export const LPS_ONLY_CONFIDENCE = 75;

export interface Exposure {
  /** Of the signal it belongs to; of the position when it was imported. */
  readonly id: string;
  readonly kind: 'POSITION' | 'RESERVATION';
  readonly symbol: string;
  readonly assetClass: AssetClass;
  readonly buckets: readonly string[];
  readonly direction: Direction;
  readonly campaignId: string;
  readonly intraday: boolean;
  /** Null: imported, or entered by hand. */
  readonly leg: Leg | null;
  /** Of its hypothesis now; null: unknown. Weighs the currency week-end and adaptive heat. */
  readonly phase: Phase | null;
  /** Open risk: entry to current stop, 0 from break-even on. */
  readonly riskMicros: Micros;
  readonly notionalMicros: Micros;
  readonly marginMicros: Micros;
  /** Cash it blocks: a reserved purchase, or one and a half times a short's value. */
  readonly cashMicros: Micros;
}

/** The account at the instant of a check, all symbols together; single writer, so nothing changes underneath it. */
export interface RiskSnapshot {
  readonly equityMicros: Micros;
  readonly cashMicros: Micros;
  readonly exposures: readonly Exposure[];
  /** Names of the halts that block this entry: `Halts.blocking` (5.7). */
  readonly halts: readonly string[];
  /** Symbols held whose last price is older than 9.5 allows: the equity is not fresh and nothing passes. */
  readonly staleMarks: readonly string[];
  /** Entries `permissive` has let through: `RiskDesk.permissive` (5.5 check 4). */
  readonly permissive: PermissiveUse;
}

export interface PermissiveUse {
  /** Since the trading day began. */
  readonly today: number;
  /** Campaigns that were entered so: nothing more enters them. */
  readonly campaignIds: readonly string[];
}

/** What the campaign of a candidate still allows (6.2). */
export interface CampaignAllowance {
  readonly campaignId: string;
  readonly refusal: 'RK_CAMPAIGN_CLOSED' | 'RK_LPS_ONLY' | null;
  readonly shareLeftMicros: Micros;
}
