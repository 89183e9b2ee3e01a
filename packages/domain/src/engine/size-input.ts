/** An entry as the risk desk must see it: the candidate, its market, its campaign, and the account of now. */
import type { RangeKey } from '../campaign/campaign-book.ts';
import type { SizeInput } from '../risk/size.ts';
import type { Candidate } from '../setup/candidate.ts';
import type { MarketContext } from '../setup/market-context.ts';
import { riskSnapshot } from './floor.ts';
import type { Floor } from './floor.ts';
import type { Lane } from './lane.ts';

/** What the risk desk needs to judge an entry of this account now. */
export function sizeInput(
  floor: Floor,
  lane: Lane,
  of: {
    readonly candidate: Candidate;
    readonly range: RangeKey;
    readonly market: MarketContext;
    /** The most a person allowed; default: no such limit. */
    readonly maxSteps?: number | null;
    readonly automatic?: boolean;
  },
): SizeInput {
  const { settings, book, facts } = floor;
  const { candidate, range, market } = of;
  return {
    candidate,
    market,
    instrument: lane.instrument,
    limits: floor.trading.now.limits,
    timeframe: lane.timeframe,
    costs: lane.costs,
    snapshot: riskSnapshot(floor, lane.instrument, of.automatic ?? true),
    campaign: lane.campaigns.allowance(candidate, range, book.equity),
    baseBp: settings.patternRisk[candidate.pattern],
    policy: settings.policy,
    conversion: lane.conversionAt(facts.at),
    maxSteps: of.maxSteps ?? null,
  };
}
