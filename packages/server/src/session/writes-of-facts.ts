/** The rows that follow from what an engine told: campaigns, reservations, allocations, halts and the ledger change with the facts that report them. */
import { idOf, type Account, type Fact } from '@wyckoff/domain';
import type { Write } from '../store/changes.ts';

/** In their order, but allocations last: they refer to campaigns that may be told after them. */
export function writesOfFacts(facts: readonly Fact[]): Write[] {
  const writes = facts.flatMap((fact) => writesOf(fact));
  const isAllocation = (write: Write): boolean => write.kind === 'allocation';
  return [...writes.filter((write) => !isAllocation(write)), ...writes.filter(isAllocation)];
}

/** One account is archived, another opens (8.1): before anything refers to it. */
export function successionOf(archived: Account, opened: Account): Write[] {
  return [
    { kind: 'account', account: { ...archived, archivedAt: opened.at } },
    { kind: 'account', account: opened },
  ];
}

function writesOf(fact: Fact): Write[] {
  switch (fact.kind) {
    case 'campaign.changed': {
      const { data } = fact;
      const {
        id,
        accountId,
        symbol,
        timeframe,
        direction,
        label,
        status,
        phase,
        budgetMicros,
        usedMicros,
        createdAt,
        closedAt,
        version,
      } = data;
      const closeReason = closedAt === null ? null : data.reason;
      return [
        {
          kind: 'campaign',
          campaign: {
            id, accountId, symbol, timeframe, direction, label, status, phase, budgetMicros, usedMicros, createdAt, closedAt, closeReason, version,
            rangeAt: data.rangeStart, data,
          }, // prettier-ignore
        },
      ];
    }
    case 'allocation.decided': {
      const { campaignId, signalId, leg, sharePercent, usedPercent, rebalanced, binding, reason, at } = fact.data;
      return [
        {
          kind: 'allocation',
          allocation: {
            id: idOf('allocation', `${campaignId}|${signalId}|${at}|${reason ?? ''}`),
            campaignId, signalId, leg, rebalanced, reason, at,
            shareRatio: (sharePercent ?? 0) / 100,
            usedRatio: usedPercent / 100,
            binding: binding ?? '',
          }, // prettier-ignore
        },
      ];
    }
    case 'reservation.changed': {
      const { id, accountId, signalId, campaignId, state, ...amounts } = fact.data;
      return [
        {
          kind: 'reservation',
          reservation: { id, accountId, signalId, campaignId, state, amounts, createdAt: fact.at, updatedAt: fact.at },
        },
      ];
    }
    case 'halt.changed': {
      const { id, scope, kind, reason, actor, since, until } = fact.data;
      return until === null
        ? [{ kind: 'halt.began', halt: { id, scope, kind, reason, actor, since, until } }]
        : [{ kind: 'halt.ended', id, until }];
    }
    case 'ledger.booked':
      return [{ kind: 'ledger', rows: [fact.data] }];
    default:
      return [];
  }
}
