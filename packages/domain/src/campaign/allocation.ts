/** The row that is kept of every decision about a campaign's budget (trading.md 6.2). */
import type { EpochMs } from '../bar/bar.ts';
import type { Candidate } from '../setup/candidate.ts';
import type { Leg, Micros } from '../setup/signal.ts';
import { sharePercent, takenBeside, usedBy } from './campaign.ts';
import type { AllocationRow } from './campaign-record.ts';

/** What a leg may use when every leg before it was taken. */
const PLAIN_SHARE: Readonly<Record<Leg, number>> = { F: 40, S: 30, L: 30 };

export interface Decision {
  readonly campaignId: string;
  /** Before the decision. */
  readonly used: Readonly<Record<Leg, Micros>>;
  readonly budget: Micros;
  readonly riskMicros: Micros;
  readonly binding: string | null;
  readonly reason: string | null;
  readonly at: EpochMs;
}

export function allocationOf(candidate: Candidate, of: Decision): AllocationRow {
  const { leg, signalId, event, pattern } = candidate;
  const { campaignId, riskMicros, binding, reason, at } = of;
  const isExternal = pattern === 'EXTERNAL';
  const percent = isExternal ? 100 : sharePercent(leg, takenBeside(leg, of.used), event.confidence ?? 0);
  return {
    campaignId,
    signalId,
    leg,
    sharePercent: percent,
    usedPercent: of.budget > 0 ? (100 * usedBy(of.used)) / of.budget : 100,
    rebalanced: !isExternal && percent !== null && percent > PLAIN_SHARE[leg],
    binding,
    reason,
    riskMicros,
    at,
  };
}
