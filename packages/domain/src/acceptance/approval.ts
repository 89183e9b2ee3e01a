/** Approving a waiting signal: nine checks in order, each with what its failure does to the signal (trading.md 4.5). */
import type { EpochMs, Price } from '../bar/bar.ts';
import type { Refusal } from '../setup/refusal.ts';
import { refusal } from '../setup/refusal.ts';
import type { QtyMicros, SignalState } from '../setup/signal.ts';
import type { Decision, QueueEntry } from './approval-queue.ts';
import { walk } from './check.ts';
import type { Gate } from './check.ts';
import type { HaltLevel } from './kill-switch.ts';

export interface Approver {
  readonly user: string;
  readonly role: 'viewer' | 'trader' | 'admin';
}

export interface ApprovalRequest {
  readonly signalId: string;
  readonly by: Approver;
  readonly at: EpochMs;
  /** What the user lowered it to; null: as it was shown. */
  readonly qtyMicros: QtyMicros | null;
}

/** The world at the instant of the approval; what is unknown refuses. */
export interface ApprovalContext {
  /** Null: no such signal. */
  readonly signal: { readonly owner: string; readonly status: SignalState; readonly barsLeft: number } | null;
  readonly entry: QueueEntry | null;
  readonly decision: Decision | null;
  readonly killLevel: HaltLevel;
  /** Halts of account, class and symbol in force (5.7). */
  readonly halts: readonly string[];
  readonly dataFresh: boolean;
  readonly brokerConnected: boolean;
  /** Paper, or live and permitted (8.2). */
  readonly accountPermitted: boolean;
  /** Null: unknown, which refuses as stale. */
  readonly lastPrice: Price | null;
  /** The R gate of 5.4 at a price. */
  readonly refuseReward: (price: Price) => Refusal | null;
  /** Sizes anew, never above `ceiling`, and reserves unless it is only asked (`dryRun`). */
  readonly reserve: (ceiling: QtyMicros) => Refusal | null;
}

/** `UNCHANGED`: it waits on. */
export type ApprovalEffect = 'APPROVED' | 'UNCHANGED' | 'EXPIRED' | 'REJECTED';

export interface ApprovalVerdict {
  readonly gate: Gate;
  readonly effect: ApprovalEffect;
  readonly refusal: Refusal | null;
  /** The same person approved it before: this is the first answer again. */
  readonly repeated: boolean;
}

/** What a failure does to the signal; every other leaves it as it is. */
const EFFECT: Readonly<Record<string, ApprovalEffect>> = { EXPIRED: 'EXPIRED', INVALIDATED: 'EXPIRED' };

/** The most that may be bought: what was shown, or the less the user asked for. */
export function ceilingOf(entry: QueueEntry, asked: QtyMicros | null): QtyMicros {
  return asked === null ? entry.snapshot.qtyMicros : Math.min(asked, entry.snapshot.qtyMicros);
}

/** Judges one approval. Nothing is changed here but what `reserve` reserves. */
export function judgeApproval(request: ApprovalRequest, now: ApprovalContext): ApprovalVerdict {
  const first = now.decision;
  if (first !== null && first.decision === 'approve' && first.by === request.by.user)
    return { gate: first.gate, effect: first.gate.allowed ? 'APPROVED' : 'UNCHANGED', refusal: null, repeated: true };
  const walked = walk([
    { code: 'NOT_FOUND', ask: () => (now.signal === null ? refusal('NOT_FOUND', 'There is no such signal.') : null) },
    { code: 'FORBIDDEN', ask: () => refuseApprover(request.by, now.signal?.owner ?? null) },
    { code: 'NOT_PENDING', ask: () => refuseState(now) },
    { code: 'EXPIRED', ask: () => refuseExpired(request.at, now) },
    simple('KILL_SWITCH', now.killLevel === 'OFF', `Trading is halted: ${now.killLevel}.`),
    simple('HALTED', now.halts.length === 0, `Entries are halted: ${now.halts.join(', ')}.`),
    simple('STALE_DATA', now.dataFresh && now.lastPrice !== null, 'The data is too old to act on.'),
    simple('BROKER_DOWN', now.brokerConnected, 'The broker is not connected.'),
    simple('LIVE_NOT_ALLOWED', now.accountPermitted, 'The account may not trade live yet.'),
    { code: 'INVALIDATED', ask: () => refuseInvalidated(now) },
    { code: 'REWARD', ask: () => (now.lastPrice === null ? null : now.refuseReward(now.lastPrice)) },
    { code: 'RISK', ask: () => (now.entry === null ? null : now.reserve(ceilingOf(now.entry, request.qtyMicros))) },
  ]);
  const { allowed, checks } = walked;
  return { gate: { allowed, checks }, effect: effectOf(walked.refusal), refusal: walked.refusal, repeated: false };
}

function effectOf(failed: Refusal | null): ApprovalEffect {
  if (failed === null) return 'APPROVED';
  return EFFECT[failed.code] ?? (failed.code.startsWith('RK_') ? 'REJECTED' : 'UNCHANGED');
}

function simple(code: string, passes: boolean, sentence: string): { readonly code: string; readonly ask: () => Refusal | null } {
  return { code, ask: () => (passes ? null : refusal(code, sentence)) };
}

function refuseApprover({ user, role }: Approver, owner: string | null): Refusal | null {
  if (role === 'viewer') return refusal('FORBIDDEN', 'Approving needs the role of a trader.');
  return owner === user || owner === null ? null : refusal('NOT_FOUND', 'There is no such signal.');
}

function refuseState({ signal, entry }: ApprovalContext): Refusal | null {
  if (signal?.status === 'PENDING' && entry !== null) return null;
  return refusal('NOT_PENDING', `The signal does not wait for approval: it is ${signal?.status ?? 'unknown'}.`);
}

function refuseExpired(at: EpochMs, { entry, signal }: ApprovalContext): Refusal | null {
  const isOver = entry === null || at >= entry.expiresAt || (signal?.barsLeft ?? 0) <= 0;
  return isOver
    ? refusal('EXPIRED', 'The signal has expired.', entry === null ? {} : { measured: at, limit: entry.expiresAt })
    : null;
}

function refuseInvalidated({ entry, lastPrice }: ApprovalContext): Refusal | null {
  if (entry === null || lastPrice === null) return null;
  const { direction, stopPrice } = entry.snapshot;
  const isBeyond = direction === 'LONG' ? lastPrice < stopPrice : lastPrice > stopPrice;
  return isBeyond ? refusal('INVALIDATED', 'The price is beyond the stop.', { measured: lastPrice, limit: stopPrice }) : null;
}
