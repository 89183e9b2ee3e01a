/** What people and the system ask of an account: plain data, journalled before it acts, the same when it is stepped again (trading.md 4-7). */
import type { EpochMs, Price } from '../bar/bar.ts';
import type { RiskLimits } from '../risk/limits.ts';
import type { Refusal } from '../setup/refusal.ts';
import type { QtyMicros } from '../setup/signal.ts';
import type { TimeInForce } from '../trade/order-terms.ts';
import type { Approver } from './approval.ts';
import type { QueueRules } from './approval-queue.ts';
import type { AutomationSettings, Consent } from './automation.ts';
import type { Gate } from './check.ts';
import type { KillSwitch } from './kill-switch.ts';

/** How a signal that passed is accepted: at once (replay, backtest), by a person, or by the thirteen checks and else by a person. */
export const ACCEPTANCE_MODES = ['all', 'queue', 'auto'] as const;
export type AcceptanceMode = (typeof ACCEPTANCE_MODES)[number];

/** Halts that come from outside the engine (5.7); the others it finds by itself. */
export const OUTSIDE_HALTS = ['STALE', 'RECONCILE', 'EQUITY_UNKNOWN', 'MEMORY'] as const;
export type OutsideHalt = (typeof OUTSIDE_HALTS)[number];

export type Command =
  | { readonly kind: 'approve'; readonly signalId: string; readonly by: Approver; readonly qtyMicros: QtyMicros | null }
  /** `reason`: 3-500 characters. */
  | { readonly kind: 'reject'; readonly signalId: string; readonly by: Approver; readonly reason: string }
  | { readonly kind: 'setAcceptance'; readonly by: string; readonly mode: AcceptanceMode; readonly queue: QueueRules }
  | {
      readonly kind: 'setAutomation';
      readonly by: string;
      readonly settings: AutomationSettings;
      readonly consent: Consent | null;
    }
  /** The flag as it is from now on; FLATTEN also closes every position, under the activation's id. */
  | { readonly kind: 'setKillSwitch'; readonly kill: KillSwitch }
  | {
      readonly kind: 'setHalt';
      readonly halt: OutsideHalt;
      /** Null: the account. */
      readonly symbol: string | null;
      readonly inForce: boolean;
      readonly reason: string;
    }
  | { readonly kind: 'setConnection'; readonly connected: boolean }
  /**
   * Limits from now on, those left out stay: within the hard caps of 5.1, trade < campaign < heat, else `SETTING` and nothing changes.
   * What is open stays open; automation needs another consent (4.6).
   */
  | { readonly kind: 'setLimits'; readonly by: string; readonly limits: Partial<RiskLimits>; readonly reason: string }
  | { readonly kind: 'resetBreaker'; readonly by: string; readonly reason: string }
  | { readonly kind: 'resetDrawdown'; readonly by: string; readonly reason: string }
  /** `version`: the one the person saw; null: whatever it is now. */
  | {
      readonly kind: 'moveStop';
      readonly positionId: string;
      readonly by: string;
      readonly stop: Price;
      readonly version: number | null;
    }
  | {
      readonly kind: 'exit';
      readonly positionId: string;
      readonly by: string;
      /** Null: all that is open. */
      readonly qtyMicros: QtyMicros | null;
      /** Null: at market. */
      readonly limitPrice: Price | null;
      /** Of one at a limit; default GTC. DAY ends with its session. */
      readonly tif?: TimeInForce;
    }
  | { readonly kind: 'cancelOrder'; readonly orderId: string; readonly by: string }
  | {
      readonly kind: 'cancelCampaign';
      readonly campaignId: string;
      readonly by: string;
      readonly reason: string;
      readonly version: number | null;
    };

export type CommandKind = Command['kind'];

/** What came of a command: a refusal is a value, never an exception. */
export interface CommandAnswer {
  /** True: it was done, or was so already. */
  readonly done: boolean;
  readonly refusal: Refusal | null;
  /** For decisions: every check that was asked. */
  readonly gate: Gate | null;
  /** The order that was made, or would be. */
  readonly orderId: string | null;
  /** The same was decided before: this is the first answer again. */
  readonly repeated: boolean;
  readonly at: EpochMs;
}
