/** What ends positions, waiting entries and campaigns on a closed bar (trading.md 4.3, 6.3, 6.4). */
import type { Bar } from '../bar/bar.ts';
import { exitRule } from '../campaign/exit-rules.ts';
import { invalidationOf, isBreakOf } from '../campaign/invalidation.ts';
import type { Verdict } from '../campaign/invalidation.ts';
import type { Campaign } from '../campaign/campaign.ts';
import { TIMEFRAME_FACTOR } from '../setup/timeframe-factor.ts';
import { clientOrderId } from '../trade/client-order-id.ts';
import { sideOf } from '../trade/open-position.ts';
import type { OpenPosition } from '../trade/open-position.ts';
import type { ExitReason } from '../trade/position.ts';
import type { DetectionEvent } from '../wyckoff/event.ts';
import type { PhaseTransition } from '../wyckoff/view.ts';
import type { Floor } from './floor.ts';
import type { LiveSignal } from './signal-book.ts';

/** Rule 5: bars a position may take. */
const TIME_BARS = 100;
const CONSOLIDATION = 0.02;

export interface Heard {
  readonly events: readonly DetectionEvent[];
  readonly transitions: readonly PhaseTransition[];
  readonly currentRangeId: number | null;
}

export class ExitDesk {
  readonly #floor: Floor;

  constructor(floor: Floor) {
    this.#floor = floor;
  }

  /** Something lives that a bar could end. */
  get hasWork(): boolean {
    return this.#floor.campaigns.living.length > 0 || this.#floor.signals.living.length > 0;
  }

  /** Campaigns first, then entries that wait, then positions. */
  next(bar: Bar, heard: Heard): void {
    const { campaigns, signals, book } = this.#floor;
    if (campaigns.living.length > 0) this.#judgeCampaigns(bar, heard);
    for (const live of signals.living) if (isWaiting(live)) this.#judgeEntry(live, bar, heard);
    if (book.positions.length > 0) this.#judgePositions(bar, heard.events);
  }

  /** Closes a position at market on the next bar; a second reason changes nothing. */
  leave(position: OpenPosition, reason: ExitReason): void {
    if (position.exiting !== null || position.openSteps === 0) return;
    const { risk, orders, tray } = this.#floor;
    const { signalId, openSteps, stop, direction } = position;
    const order = risk.approveExit({ signalId, symbol: this.#floor.instrument.symbol, openSteps, stop, side: sideOf(direction) }, 1, reason);
    orders.create(order.terms, position.id);
    tray.put({ kind: 'place', order });
    position.exiting = reason;
    position.version += 1;
  }

  #judgeCampaigns(bar: Bar, heard: Heard): void {
    const { campaigns, facts } = this.#floor;
    for (const event of heard.events) campaigns.heard(event.rangeId);
    for (const campaign of [...campaigns.living]) {
      this.#noteObjective(campaign, bar);
      const verdict = invalidationOf(campaign, bar, { ...heard, holdsFirstLeg: this.#holdsFirstLeg(campaign.id) });
      if (verdict !== null) this.#carryOut(campaign, verdict);
      const broke = heard.events.find((event) => isBreakOf(event, campaign));
      if (broke !== undefined) campaigns.broke(campaign, broke.status === 'failed');
    }
    campaigns.age({ isBusy: (id) => this.#isBusy(id), currentRangeId: heard.currentRangeId, at: facts.at });
  }

  #noteObjective(campaign: Campaign, bar: Bar): void {
    if (campaign.objective === null || !campaign.hasFilled || campaign.objectiveTraded) return;
    campaign.objectiveTraded = campaign.direction === 'LONG' ? bar.high >= campaign.objective : bar.low <= campaign.objective;
  }

  #carryOut(campaign: Campaign, verdict: Verdict): void {
    const { signals, book, campaigns, facts } = this.#floor;
    for (const live of signals.living) {
      const isMeant = live.plan.campaignId === campaign.id && verdict.legs.includes(live.plan.leg);
      if (isMeant && isWaiting(live)) this.#cancel(live, 'CAMPAIGN_ENDED');
    }
    for (const position of book.positions)
      if (position.campaignId === campaign.id && verdict.legs.includes(position.leg)) this.leave(position, 'INVALIDATED');
    if (verdict.ends !== null) campaigns.end(campaign, verdict.ends, verdict.ends === 'INVALIDATED' ? facts.at : null);
  }

  #holdsFirstLeg(campaignId: string): boolean {
    return this.#floor.book.positions.some((position) => position.campaignId === campaignId && position.leg === 'F');
  }

  #isBusy(campaignId: string): boolean {
    return this.#floor.signals.living.some((live) => live.plan.campaignId === campaignId);
  }

  /** Before the fill an entry is void when its stop, its first target, its source or its range is gone (4.3). */
  #judgeEntry(live: LiveSignal, bar: Bar, heard: Heard): void {
    const { initialStop, targets } = live.plan;
    const side = live.side;
    const far = side === 1 ? bar.high : bar.low;
    const first = targets[0];
    if (side * (bar.close - initialStop) < 0) this.#cancel(live, 'INVALIDATED');
    else if (first !== undefined && side * (far - first) >= 0) this.#cancel(live, 'TARGET_PASSED');
    else if (heard.events.some((event) => event.status === 'failed' && event.id === live.sourceId))
      this.#cancel(live, 'SOURCE_FAILED');
    else if (heard.currentRangeId !== live.range.rangeId) this.#cancel(live, 'RANGE_ENDED');
  }

  #cancel(live: LiveSignal, reason: string): void {
    this.#floor.tray.put({ kind: 'cancel', clientId: clientOrderId(live.signal.id, 'ENTRY'), reason });
  }

  #judgePositions(bar: Bar, events: readonly DetectionEvent[]): void {
    const { book, tracker, timeframe } = this.#floor;
    const rests = tracker.isConsolidating(CONSOLIDATION * TIMEFRAME_FACTOR[timeframe]);
    for (const position of book.positions) {
      if (!rests) position.agedBars += 1;
      if (position.exiting !== null) continue;
      const reason = exitRule(position, bar, { atr: tracker.atr, events, timeframe, timeBars: TIME_BARS });
      if (reason !== null) this.leave(position, reason);
    }
  }
}

function isWaiting(live: LiveSignal): boolean {
  return live.signal.status === 'SUBMITTED' || live.signal.status === 'APPROVED';
}
