/** The living campaigns of one series; ended ones leave memory, their keys are remembered for a while (trading.md 6, M10). */
import type { EpochMs, Price, Timeframe } from '../bar/bar.ts';
import type { CampaignAllowance } from '../risk/exposure.ts';
import type { Candidate } from '../setup/candidate.ts';
import { idOf } from '../setup/digest.ts';
import { breakingEdge, protectingEdge } from '../setup/plan.ts';
import type { Direction, Leg, Micros } from '../setup/signal.ts';
import { mulDiv } from '../trade/money.ts';
import { advanceCampaign, isTerminalCampaign, shareLeft } from './campaign.ts';
import type { Campaign, CampaignState } from './campaign.ts';

/** Bars without an event: dormant, expired (6.1). */
const AGES: Readonly<Record<Timeframe, readonly [number, number]>> = {
  '1m': [60, 240],
  '5m': [36, 144],
  '15m': [24, 96],
  '30m': [18, 84],
  '1h': [12, 72],
  '4h': [6, 42],
  '1d': [5, 30],
  '1w': [3, 12],
};
const MAX_LIVING = 16;
const MAX_REMEMBERED = 16;

export interface RangeKey {
  readonly rangeId: number;
  readonly rangeStart: EpochMs;
}

/** Plain JSON. */
export interface CampaignBookState {
  readonly campaigns: readonly Readonly<Campaign>[];
  readonly closed: readonly string[];
  readonly invalidatedAt: Readonly<Record<Direction, EpochMs | null>>;
}

export interface CampaignBookOptions {
  readonly accountId: string;
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly campaignBp: number;
}

export class CampaignBook {
  readonly #options: CampaignBookOptions;
  #campaigns: Campaign[];
  /** Keys of ended campaigns, newest last. */
  #closed: readonly string[];
  readonly #invalidatedAt: Record<Direction, EpochMs | null>;

  constructor(options: CampaignBookOptions, state?: CampaignBookState) {
    this.#options = options;
    this.#campaigns = (state?.campaigns ?? []).map((campaign) => ({ ...campaign, used: { ...campaign.used } }));
    this.#closed = state?.closed ?? [];
    this.#invalidatedAt = { LONG: null, SHORT: null, ...state?.invalidatedAt };
  }

  get living(): readonly Campaign[] {
    return this.#campaigns;
  }

  invalidatedAt(direction: Direction): EpochMs | null {
    return this.#invalidatedAt[direction];
  }

  byId(id: string): Campaign | undefined {
    return this.#campaigns.find((campaign) => campaign.id === id);
  }

  /** What a candidate may still use, before any campaign was opened for it. */
  allowance(candidate: Candidate, range: RangeKey, equity: Micros): CampaignAllowance {
    const campaignId = this.#idOf(range, candidate.direction);
    if (this.#closed.includes(campaignId)) return { campaignId, refusal: 'RK_CAMPAIGN_CLOSED', shareLeftMicros: 0 };
    const campaign = this.byId(campaignId);
    const now = mulDiv(equity, this.#options.campaignBp, 10_000, 'down');
    const budget = campaign === undefined ? now : Math.min(now, campaign.budgetMicros);
    const used = campaign?.used ?? { F: 0, S: 0, L: 0 };
    const left = shareLeft(used, candidate.leg, { budget, confidence: candidate.event.confidence ?? 0 });
    return left === null
      ? { campaignId, refusal: 'RK_LPS_ONLY', shareLeftMicros: 0 }
      : { campaignId, refusal: null, shareLeftMicros: left };
  }

  /** Joins or opens the campaign of an approved entry and takes its share. */
  join(candidate: Candidate, range: RangeKey, of: { readonly equity: Micros; readonly riskMicros: Micros }): Campaign {
    const id = this.#idOf(range, candidate.direction);
    const campaign = this.byId(id) ?? this.#open(candidate, range, { id, equity: of.equity });
    campaign.used[candidate.leg] += of.riskMicros;
    campaign.quietBars = 0;
    if (candidate.leg === 'F') noteFirstLeg(campaign, candidate);
    return campaign;
  }

  /** Gives back what was reserved and not filled. */
  giveBack(id: string, leg: Leg, riskMicros: Micros): void {
    const campaign = this.byId(id);
    if (campaign !== undefined) campaign.used[leg] = Math.max(0, campaign.used[leg] - riskMicros);
  }

  filled(id: string): void {
    const campaign = this.byId(id);
    if (campaign === undefined) return;
    campaign.hasFilled = true;
    if (campaign.state === 'FORMING' || campaign.state === 'DORMANT') advanceCampaign(campaign, 'ACTIVE');
  }

  /** A record of the range was confirmed: it is not quiet any more. */
  heard(rangeId: number): void {
    for (const campaign of this.#campaigns) {
      if (campaign.rangeId !== rangeId) continue;
      campaign.quietBars = 0;
      if (campaign.state === 'DORMANT') advanceCampaign(campaign, campaign.hasFilled ? 'ACTIVE' : 'FORMING');
    }
  }

  /** SOS or SOW confirmed, or failed, for a campaign in its direction. */
  broke(campaign: Campaign, failed: boolean): void {
    if (!failed && campaign.state === 'ACTIVE') advanceCampaign(campaign, 'MARKUP');
    if (failed && campaign.state === 'MARKUP') advanceCampaign(campaign, 'ACTIVE');
  }

  /** One bar older; flat ones that have nothing to wait for end. */
  age(of: {
    readonly isBusy: (campaignId: string) => boolean;
    readonly currentRangeId: number | null;
    readonly at: EpochMs;
  }): void {
    const [dormant, expired] = AGES[this.#options.timeframe];
    for (const campaign of [...this.#campaigns]) {
      campaign.quietBars += 1;
      if (of.currentRangeId !== campaign.rangeId) campaign.rangeEnded = true;
      const busy = of.isBusy(campaign.id);
      const mayRest = campaign.state === 'FORMING' || campaign.state === 'ACTIVE';
      if (mayRest && campaign.quietBars >= dormant) advanceCampaign(campaign, 'DORMANT');
      if (!busy && (campaign.rangeEnded || campaign.quietBars >= expired))
        this.end(campaign, campaign.hasFilled ? 'COMPLETED' : 'INVALIDATED', null);
    }
  }

  /** The campaign is over; `at` is given when rule 6.4 invalidated it, which later signals must know (ST-8). */
  end(campaign: Campaign, state: Extract<CampaignState, 'COMPLETED' | 'INVALIDATED' | 'CANCELLED'>, at: EpochMs | null): void {
    if (isTerminalCampaign(campaign.state)) return;
    if (state === 'COMPLETED' && campaign.state === 'FORMING') advanceCampaign(campaign, 'INVALIDATED');
    else advanceCampaign(campaign, state);
    // bounded: two directions
    if (state === 'INVALIDATED' && at !== null) this.#invalidatedAt[campaign.direction] = at;
    this.#campaigns = this.#campaigns.filter((one) => one !== campaign);
    this.#closed = [...this.#closed, campaign.id].slice(-MAX_REMEMBERED);
  }

  state(): CampaignBookState {
    return {
      campaigns: this.#campaigns.map((campaign) => ({ ...campaign, used: { ...campaign.used } })),
      closed: this.#closed,
      invalidatedAt: { ...this.#invalidatedAt },
    };
  }

  #open(candidate: Candidate, range: RangeKey, of: { readonly id: string; readonly equity: Micros }): Campaign {
    const { support, resistance } = candidate.event.prices;
    const campaign: Campaign = {
      id: of.id,
      direction: candidate.direction,
      ...range,
      budgetMicros: mulDiv(of.equity, this.#options.campaignBp, 10_000, 'down'),
      state: 'FORMING',
      used: { F: 0, S: 0, L: 0 },
      extreme: null,
      parents: [],
      objective: firstObjective(candidate),
      objectiveTraded: false,
      protectingEdge: protectingEdge({ side: candidate.side, support, resistance }),
      hasFilled: false,
      rangeEnded: false,
      quietBars: 0,
    };
    const oldest = this.#campaigns[0];
    if (this.#campaigns.length >= MAX_LIVING && oldest !== undefined)
      this.end(oldest, oldest.hasFilled ? 'COMPLETED' : 'INVALIDATED', null);
    this.#campaigns = [...this.#campaigns, campaign];
    return campaign;
  }

  #idOf(range: RangeKey, direction: Direction): string {
    const { accountId, symbol, timeframe } = this.#options;
    return idOf('campaign', accountId, symbol, timeframe, range.rangeStart, direction);
  }
}

function noteFirstLeg(campaign: Campaign, candidate: Candidate): void {
  const { event, side } = candidate;
  const extreme = event.prices.springLow;
  const outer = side === 1 ? Math.min : Math.max;
  if (extreme !== undefined) campaign.extreme = campaign.extreme === null ? extreme : outer(campaign.extreme, extreme);
  const parent = event.refId ?? event.id;
  if (!campaign.parents.includes(parent)) campaign.parents = [...campaign.parents, parent].slice(-MAX_PARENTS);
}

/** The detector keeps 5 Springs per range. */
const MAX_PARENTS = 5;

function firstObjective(candidate: Candidate): Price | null {
  const { support, resistance, objectives } = candidate.event.prices;
  const { side } = candidate;
  const edge = breakingEdge({ side, support, resistance });
  const beyond = (objectives ?? []).filter((price) => side * (price - edge) > 0).sort((a, b) => side * (a - b));
  return beyond[0] ?? null;
}
