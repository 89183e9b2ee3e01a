/** What is written together: rows and the facts that report them, in one transaction or not at all (interface.md 4.1). */
import type { EpochMs, LedgerRow } from '@wyckoff/domain';
import type { AccountRow, AllocationRow, CampaignRow, HaltRow, KillSwitchLevel, ReservationRow } from './trading-store.ts';
import type { NotificationRow } from './notices-store.ts';

/** A fact that no bar caused: by a person, the command line, a venue or a clock. It gets its number when it is stored. */
export interface NewFact {
  /** Pipeline time of what happened. */
  readonly at: EpochMs;
  /** Topic of the stream, at most 32 characters. */
  readonly topic: string;
  /** `noun.verb`, at most 48 characters. */
  readonly type: string;
  readonly data: unknown;
  /** Whom it concerns: only this user hears of it; null or absent = everybody. */
  readonly userId?: string | null | undefined;
  /** Id of the entity, at most 64 characters. */
  readonly entity?: string | null | undefined;
  /** Who did it: a user's name, `cli`, `system`, a venue. */
  readonly actor?: string | null | undefined;
  readonly requestId?: string | null | undefined;
  /** Number of the fact that led to this one. */
  readonly cause?: number | null | undefined;
  /** True for every change by a person, the command line or automation: kept 2 years and chained by hash. */
  readonly audit?: boolean | undefined;
}

/** As stored. `data` is as it was given. */
export interface StoredFact extends NewFact {
  readonly seq: number;
}

/** Rows that change beside the facts. Where a version is given, the stored one must be one lower (0 = new). */
export type Write =
  /** The one persisted flag of trading.md 7.6. */
  | { readonly kind: 'kill-switch'; readonly state: KillSwitchWrite }
  | { readonly kind: 'halt.began'; readonly halt: HaltRow }
  | { readonly kind: 'halt.ended'; readonly id: string; readonly until: EpochMs; readonly results?: unknown }
  /** Append-only: `seq` must follow the account's last row. */
  | { readonly kind: 'ledger'; readonly rows: readonly LedgerRow[] }
  | { readonly kind: 'reservation'; readonly reservation: ReservationRow }
  | { readonly kind: 'allocation'; readonly allocation: AllocationRow }
  | { readonly kind: 'campaign'; readonly campaign: CampaignRow }
  | { readonly kind: 'account'; readonly account: AccountRow }
  | { readonly kind: 'setting'; readonly setting: SettingWrite }
  | { readonly kind: 'notification'; readonly notification: NotificationRow }
  /** A symbol that changed its name: everything stored of it goes on under the new one, which must be free. */
  | { readonly kind: 'symbol.renamed'; readonly from: string; readonly to: string };

export interface KillSwitchWrite {
  readonly level: KillSwitchLevel;
  readonly reason: string;
  readonly actor: string;
  readonly at: EpochMs;
  readonly activationId: string;
  /** Per position: closed, failed or waiting. */
  readonly results?: unknown;
}

export interface SettingWrite {
  /** Empty = of the system. */
  readonly userId: string;
  readonly key: string;
  readonly value: unknown;
  /** Version the writer read; 0 = there was none; null = whatever is there. */
  readonly expected: number | null;
  readonly by: string;
}

/** At least one fact or write. */
export interface Change {
  readonly facts: readonly NewFact[];
  readonly writes: readonly Write[];
}

/** A row changed meanwhile: nothing was written. Read it again and decide anew (409 or 412 on the wire). */
export class VersionConflict extends Error {
  readonly code = 'store.version';
  readonly entity: string;
  readonly expected: number;
  /** Null: there is none. */
  readonly was: number | null;

  constructor(entity: string, expected: number, was: number | null) {
    super(`${entity}: expected version ${expected}, was ${was ?? 'none'}; nothing was written. Read it again.`);
    this.name = 'VersionConflict';
    this.entity = entity;
    this.expected = expected;
    this.was = was;
  }
}

/** Writes of people, venues and clocks. The writes of an engine come with its `commit`. */
export interface ChangeStore {
  /**
   * Everything or nothing, under the one writer's lock, so that numbers are the order of the commits.
   * @throws VersionConflict when a versioned row changed meanwhile.
   */
  change(change: Change): Promise<readonly StoredFact[]>;
  /** What is audited, oldest first, at most `limit` (1..1,000). */
  auditAfter(seq: number, limit: number): Promise<readonly StoredFact[]>;
  /** Walks the chain of audited facts from its anchor. */
  checkAudit(): Promise<AuditVerdict>;
}

export type AuditVerdict =
  | { readonly ok: true; readonly checked: number; readonly lastSeq: number | null }
  | { readonly ok: false; readonly checked: number; readonly brokenAt: number; readonly sentence: string };
