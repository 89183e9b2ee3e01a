/** The living campaigns of one series; ended ones leave memory, their keys are remembered for a while (trading.md 6, M10). */
import type { EpochMs, Price, Timeframe } from '../bar/bar.ts';
import type { CampaignAllowance } from '../risk/exposure.ts';
import type { Candidate } from '../setup/candidate.ts';
import { idOf } from '../setup/digest.ts';
import { breakingEdge, protectingEdge } from '../setup/plan.ts';
import type { Direction, Leg, Micros } from '../setup/signal.ts';
import type { TradedInstrument } from '../trade/instrument.ts';
import { mulDiv } from '../trade/money.ts';
import type { OpenPosition } from '../trade/open-position.ts';
import { ageVerdict, isDormant } from './ages.ts';
import { allocationOf } from './allocation.ts';
import { advanceCampaign, campaignLabel, isTerminalCampaign, shareLeft } from './campaign.ts';
import type { Campaign, CampaignEnd, CampaignState } from './campaign.ts';
import type { AllocationRow, CampaignEntry } from './campaign-record.ts';
import type { Verdict } from './invalidation.ts';
import { emptyLegTally, tallyPosition } from './measures.ts';

const MAX_LIVING = 16;
const MAX_REMEMBERED = 16;
/** Entries a record shows; the limit of positions per campaign is not above it (5.1). */
const MAX_ENTRIES = 5;
/** The detector keeps 5 Springs per range. */
const MAX_PARENTS = 5;

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
  /** Basis points of equity one campaign may risk, in force now. */
  readonly campaignBp: () => number;
  /** Pipeline time; default: 0. */
  readonly now?: () => EpochMs;
  /** After every change that others should see, also the last one; what `recordOf` makes a record of. */
  readonly onChange?: (campaign: Campaign) => void;
  /** One row per decision about a share. */
  readonly onAllocation?: (row: AllocationRow) => void;
}

export class CampaignBook {
  readonly #options: CampaignBookOptions;
  #campaigns: Campaign[];
  /** Keys of ended campaigns, newest last. */
  #closed: readonly string[];
  readonly #invalidatedAt: Record<Direction, EpochMs | null>;

  constructor(options: CampaignBookOptions, state?: CampaignBookState) {
    this.#options = options;
    this.#campaigns = (state?.campaigns ?? []).map(copyOf);
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
    const campaign = this.byId(campaignId);
    if (this.#closed.includes(campaignId) || (campaign?.ending ?? null) !== null)
      return { campaignId, refusal: 'RK_CAMPAIGN_CLOSED', shareLeftMicros: 0 };
    const budget = this.#budget(campaign, equity);
    if (candidate.pattern === 'EXTERNAL')
      return { campaignId, refusal: null, shareLeftMicros: campaign === undefined ? budget : 0 };
    const used = campaign?.used ?? { F: 0, S: 0, L: 0 };
    const left = shareLeft(used, candidate.leg, { budget, confidence: candidate.event.confidence ?? 0 });
    return left === null
      ? { campaignId, refusal: 'RK_LPS_ONLY', shareLeftMicros: 0 }
      : { campaignId, refusal: null, shareLeftMicros: left };
  }

  /** Joins or opens the campaign of an approved entry and takes its share; `binding` is the limit that cut its size. */
  join(
    candidate: Candidate,
    range: RangeKey,
    of: { readonly equity: Micros; readonly riskMicros: Micros; readonly binding?: string | null },
  ): Campaign {
    const id = this.#idOf(range, candidate.direction);
    this.#allocate(candidate, id, { ...of, binding: of.binding ?? null, reason: null });
    const campaign = this.byId(id) ?? this.#open(candidate, range, { id, equity: of.equity });
    campaign.used[candidate.leg] += of.riskMicros;
    campaign.quietBars = 0;
    campaign.flatBars = 0;
    campaign.phase = candidate.event.phase;
    campaign.entries = [...campaign.entries, this.#entryOf(candidate, of.riskMicros)].slice(-MAX_ENTRIES);
    if (candidate.leg === 'F') noteFirstLeg(campaign, candidate);
    if (hasBroken(candidate)) campaign.hasBroken = true;
    this.#changed(campaign);
    return campaign;
  }

  /** A decision against an entry, kept like one for it. */
  refused(candidate: Candidate, range: RangeKey, of: { readonly equity: Micros; readonly code: string }): void {
    const id = this.#idOf(range, candidate.direction);
    this.#allocate(candidate, id, { equity: of.equity, riskMicros: 0, binding: null, reason: of.code });
  }

  /** Gives back what was reserved and not filled. */
  giveBack(id: string, leg: Leg, riskMicros: Micros): void {
    const campaign = this.byId(id);
    if (campaign === undefined || riskMicros === 0) return;
    campaign.used[leg] = Math.max(0, campaign.used[leg] - riskMicros);
    this.#changed(campaign);
  }

  /** A part of an entry was filled; `riskMicros` is the initial risk of the position so far. */
  filled(id: string, entry?: { readonly signalId: string; readonly riskMicros: Micros }): void {
    const campaign = this.byId(id);
    if (campaign === undefined) return;
    campaign.hasFilled = true;
    if (entry !== undefined) setEntry(campaign, entry.signalId, { state: 'OPEN', riskMicros: entry.riskMicros });
    if (campaign.state === 'FORMING' || campaign.state === 'DORMANT') this.#move(campaign, 'ACTIVE', 'FIRST_FILL');
    else this.#changed(campaign);
    if (campaign.hasBroken && campaign.state === 'ACTIVE') this.#move(campaign, 'MARKUP', 'BREAK');
  }

  /** An entry ended without a fill; its risk is given back by `giveBack`. */
  unfilled(id: string, signalId: string): void {
    const campaign = this.byId(id);
    if (campaign === undefined) return;
    setEntry(campaign, signalId, { state: 'UNFILLED' });
    this.#changed(campaign);
  }

  /** A position closed completely. */
  closed(position: OpenPosition, instrument: TradedInstrument): void {
    const campaign = this.byId(position.campaignId);
    if (campaign === undefined) return;
    tallyPosition(campaign.tallies[position.leg], position, instrument);
    setEntry(campaign, position.signalId, { state: 'CLOSED' });
    const lastTarget = `T${position.targets.length}`;
    const isLast = position.exitReason === lastTarget || position.rungsDone === position.targets.length;
    if (isLast && position.targets.length > 0) campaign.lastRungHit = true;
    campaign.wasStopped = position.exitReason === 'STOP';
    this.#changed(campaign);
  }

  /** A record of the range was confirmed: it is not quiet any more. */
  heard(rangeId: number): void {
    for (const campaign of this.#campaigns) {
      if (campaign.rangeId !== rangeId) continue;
      campaign.quietBars = 0;
      if (campaign.state === 'DORMANT') this.#move(campaign, campaign.hasFilled ? 'ACTIVE' : 'FORMING', 'EVENT');
    }
  }

  /** SOS or SOW confirmed, or failed, for a campaign in its direction. */
  broke(campaign: Campaign, failed: boolean): void {
    if (isTerminalCampaign(campaign.state)) return;
    campaign.hasBroken = !failed;
    if (!failed && campaign.state === 'ACTIVE') this.#move(campaign, 'MARKUP', 'BREAK');
    if (failed && campaign.state === 'MARKUP') this.#move(campaign, 'ACTIVE', 'BREAK_FAILED');
  }

  /** One bar older; flat ones that have nothing to wait for end. */
  age(of: {
    readonly isBusy: (campaignId: string) => boolean;
    readonly currentRangeId: number | null;
    readonly at: EpochMs;
  }): void {
    for (const campaign of [...this.#campaigns]) {
      campaign.bars += 1;
      campaign.quietBars += 1;
      campaign.flatBars = of.isBusy(campaign.id) ? 0 : campaign.flatBars + 1;
      if (!campaign.isExternal && of.currentRangeId !== campaign.rangeId) campaign.rangeEnded = true;
      const { ending } = campaign;
      if (ending !== null) {
        if (campaign.flatBars > 0) this.#end(campaign, ending.state, ending.reason);
        continue;
      }
      if (isDormant(campaign, this.#options.timeframe)) this.#move(campaign, 'DORMANT', 'QUIET');
      const verdict = campaign.flatBars === 0 ? null : ageVerdict(campaign, this.#options.timeframe);
      if (verdict !== null) this.#end(campaign, verdict.ends, verdict.reason);
    }
  }

  /** The campaign is over at once; `at` is given when rule 6.4 invalidated it, which later signals must know (ST-8). */
  end(campaign: Campaign, state: CampaignEnd, at: EpochMs | null): void {
    if (state === 'INVALIDATED' && at !== null) this.#noteInvalidated(campaign.direction, at);
    this.#end(campaign, state, state === 'CANCELLED' ? 'USER' : state);
  }

  /** Carries out what 6.4 says about the campaign itself; its entries and positions are the engine's to close. */
  conclude(campaign: Campaign, verdict: Verdict, at: EpochMs): void {
    if (verdict.ends === null || campaign.ending !== null) return;
    if (verdict.ends === 'INVALIDATED') this.#noteInvalidated(campaign.direction, at);
    this.windUp(campaign, verdict.ends, verdict.reason);
  }

  /** No entry any more; its end follows on the bar on which the last position is closed, so that its measures are whole (6.1). */
  windUp(campaign: Campaign, state: CampaignEnd, reason: string): void {
    if (campaign.ending !== null || isTerminalCampaign(campaign.state)) return;
    campaign.ending = { state, reason };
    this.#changed(campaign);
  }

  state(): CampaignBookState {
    return { campaigns: this.#campaigns.map(copyOf), closed: this.#closed, invalidatedAt: { ...this.#invalidatedAt } };
  }

  #noteInvalidated(direction: Direction, at: EpochMs): void {
    // bounded: two directions
    this.#invalidatedAt[direction] = at;
  }

  #end(campaign: Campaign, state: CampaignEnd, reason: string): void {
    if (isTerminalCampaign(campaign.state)) return;
    const to = state === 'COMPLETED' && campaign.state === 'FORMING' ? 'INVALIDATED' : state;
    this.#campaigns = this.#campaigns.filter((one) => one !== campaign);
    this.#closed = [...this.#closed, campaign.id].slice(-MAX_REMEMBERED);
    campaign.closedAt = this.#now();
    this.#move(campaign, to, reason);
  }

  #move(campaign: Campaign, to: CampaignState, reason: string): void {
    advanceCampaign(campaign, to);
    campaign.reason = reason;
    this.#changed(campaign);
  }

  #changed(campaign: Campaign): void {
    campaign.updatedAt = this.#now();
    campaign.version += 1;
    this.#options.onChange?.(campaign);
  }

  #now(): EpochMs {
    return this.#options.now?.() ?? 0;
  }

  #budget(campaign: Campaign | undefined, equity: Micros): Micros {
    const now = mulDiv(equity, this.#options.campaignBp(), 10_000, 'down');
    return campaign === undefined ? now : Math.min(now, campaign.budgetMicros);
  }

  #allocate(
    candidate: Candidate,
    campaignId: string,
    of: { readonly equity: Micros; readonly riskMicros: Micros; readonly binding: string | null; readonly reason: string | null },
  ): void {
    const { onAllocation } = this.#options;
    if (onAllocation === undefined) return;
    const campaign = this.byId(campaignId);
    const used = campaign?.used ?? { F: 0, S: 0, L: 0 };
    const { riskMicros, binding, reason } = of;
    onAllocation(
      allocationOf(candidate, {
        campaignId,
        used,
        budget: this.#budget(campaign, of.equity),
        riskMicros,
        binding,
        reason,
        at: this.#now(),
      }),
    );
  }

  #entryOf(candidate: Candidate, riskMicros: Micros): CampaignEntry {
    const { signalId, leg, pattern } = candidate;
    return { signalId, leg, pattern, state: 'RESERVED', riskMicros, at: this.#now() };
  }

  #open(candidate: Candidate, range: RangeKey, of: { readonly id: string; readonly equity: Micros }): Campaign {
    const { accountId, symbol, timeframe, campaignBp } = this.#options;
    const { event, direction, side } = candidate;
    const { support, resistance } = event.prices;
    const at = this.#now();
    const campaign: Campaign = {
      id: of.id, label: campaignLabel({ symbol, timeframe, rangeStart: range.rangeStart, direction }), accountId, symbol, timeframe, direction, ...range,
      isExternal: candidate.pattern === 'EXTERNAL', budgetMicros: mulDiv(of.equity, campaignBp(), 10_000, 'down'), equityAtStart: of.equity,
      atEntry: { rangeQuality: event.rangeQuality, phaseConfidence: event.phaseConfidence }, state: 'FORMING', ending: null, reason: 'FIRST_SIGNAL', phase: event.phase,
      used: { F: 0, S: 0, L: 0 }, entries: [], tallies: { F: emptyLegTally(), S: emptyLegTally(), L: emptyLegTally() }, extreme: null, parents: [],
      objective: firstObjective(candidate), objectiveTraded: false, protectingEdge: protectingEdge({ side, support, resistance }),
      breakingEdge: breakingEdge({ side, support, resistance }), hasFilled: false, hasBroken: false, lastRungHit: false, wasStopped: false,
      rangeEnded: false, quietBars: 0, flatBars: 0, bars: 0, createdAt: at, updatedAt: at, closedAt: null, version: 0,
    }; // prettier-ignore
    // Never one that holds a position: its invalidation would go unheard. Those are as many as positions may be open.
    const oldest = this.#campaigns.find((one) => one.flatBars > 0) ?? this.#campaigns.find((one) => !holdsPosition(one));
    if (this.#campaigns.length >= MAX_LIVING && oldest !== undefined)
      this.#end(oldest, oldest.hasFilled ? 'COMPLETED' : 'INVALIDATED', 'OVERFLOW');
    // bounded: MAX_LIVING, and one per open position
    this.#campaigns = [...this.#campaigns, campaign];
    return campaign;
  }

  #idOf(range: RangeKey, direction: Direction): string {
    const { accountId, symbol, timeframe } = this.#options;
    return idOf('campaign', accountId, symbol, timeframe, range.rangeStart, direction);
  }
}

function copyOf(campaign: Readonly<Campaign>): Campaign {
  const { used, tallies } = campaign;
  return { ...campaign, used: { ...used }, tallies: { F: { ...tallies.F }, S: { ...tallies.S }, L: { ...tallies.L } } };
}

function holdsPosition({ entries }: Campaign): boolean {
  return entries.some(({ state }) => state === 'OPEN');
}

function setEntry(campaign: Campaign, signalId: string, changes: Partial<CampaignEntry>): void {
  campaign.entries = campaign.entries.map((entry) => (entry.signalId === signalId ? { ...entry, ...changes } : entry));
}

/** A second or third leg comes only after the range broke; one inside the range has not. */
function hasBroken({ leg, event }: Candidate): boolean {
  return leg === 'S' || (leg === 'L' && (event.prices.sosHigh !== undefined || event.phase === 'D' || event.phase === 'E'));
}

function noteFirstLeg(campaign: Campaign, candidate: Candidate): void {
  const { event, side } = candidate;
  const extreme = event.prices.springLow;
  const outer = side === 1 ? Math.min : Math.max;
  if (extreme !== undefined) campaign.extreme = campaign.extreme === null ? extreme : outer(campaign.extreme, extreme);
  const parent = event.refId ?? event.id;
  if (!campaign.parents.includes(parent)) campaign.parents = [...campaign.parents, parent].slice(-MAX_PARENTS);
}

function firstObjective(candidate: Candidate): Price | null {
  const { support, resistance, objectives } = candidate.event.prices;
  const { side } = candidate;
  const edge = breakingEdge({ side, support, resistance });
  const beyond = (objectives ?? []).filter((price) => side * (price - edge) > 0).sort((a, b) => side * (a - b));
  return beyond[0] ?? null;
}
