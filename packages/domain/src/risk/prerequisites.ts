/** What must have happened before a pattern may trade (trading.md 5.5 check 4). */
import { refusal } from '../setup/refusal.ts';
import type { Refusal } from '../setup/refusal.ts';
import type { SizeInput } from './size.ts';

/** Entries without a seen climax that one trading day may have. */
const PERMISSIVE_PER_DAY = 2;

/** Whether an entry trades only because `permissive` lets it. EXTERNAL has no hypothesis to be implied. */
export function isPermissive({ candidate, market, policy }: Pick<SizeInput, 'candidate' | 'market' | 'policy'>): boolean {
  return policy.prerequisites === 'permissive' && candidate.pattern !== 'EXTERNAL' && market.implied === true;
}

/** `detector` leaves it to the phase machine; `strict` wants a seen climax; `permissive` trades smaller, nearer, once and rarely. */
export function refusePrerequisite(input: SizeInput): Refusal | null {
  const { candidate, market, policy, campaign, snapshot } = input;
  if (candidate.pattern === 'EXTERNAL') return null;
  const { permissive } = snapshot;
  if (policy.prerequisites !== 'detector' && typeof market.implied !== 'boolean')
    return refusal('RK_PREREQUISITE', 'It is not known whether a climax was seen.');
  if (policy.prerequisites === 'strict' && market.implied === true)
    return refusal('RK_PREREQUISITE', 'No climax was seen: the hypothesis is implied.');
  if (policy.prerequisites !== 'permissive') return null;
  if (permissive.campaignIds.includes(campaign.campaignId))
    return refusal('RK_PREREQUISITE', 'The campaign was entered without a seen climax: nothing more enters it.');
  if (market.implied !== true) return null;
  if (!candidate.plan.isTightened)
    return refusal('RK_PREREQUISITE', 'An entry without a seen climax needs its stop at three quarters of the distance.');
  if (permissive.today >= PERMISSIVE_PER_DAY)
    return refusal('RK_PREREQUISITE', 'As many entries without a seen climax as a day allows were made.', {
      measured: permissive.today,
      limit: PERMISSIVE_PER_DAY,
    });
  return null;
}
