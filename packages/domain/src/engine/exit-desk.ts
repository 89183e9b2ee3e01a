/** What ends positions, waiting entries and campaigns: the rules on a closed bar, people, the kill switch (trading.md 4.3, 6.3, 6.4, 7.6). */
import type { Bar, Price } from '../bar/bar.ts';
import { exitRule } from '../campaign/exit-rules.ts';
import { fridayExits } from '../campaign/friday.ts';
import { invalidationOf, isBreakOf } from '../campaign/invalidation.ts';
import type { Verdict } from '../campaign/invalidation.ts';
import type { Campaign, CampaignEnd } from '../campaign/campaign.ts';
import { weekEndHeatBp } from '../risk/measures.ts';
import { weekEndAddOn } from '../risk/week-end.ts';
import { TIMEFRAME_FACTOR } from '../setup/timeframe-factor.ts';
import { LEG, clientOrderId } from '../trade/client-order-id.ts';
import { feesOf, inR, openRisk, sideOf, unrealisedOf } from '../trade/open-position.ts';
import type { OpenPosition } from '../trade/open-position.ts';
import type { TimeInForce } from '../trade/order-terms.ts';
import type { ExitReason } from '../trade/position.ts';
import type { Order } from '../execution/order.ts';
import type { PhaseTransition } from '../wyckoff/view.ts';
import type { AcceptanceDesk } from './acceptance-desk.ts';
import { alignLegs, claimedAtMarket, closers, isBare, unclaimed, unoffered, withdrawLimits } from './closing.ts';
import { correlatedLosersOf, phaseBarsOf } from './exit-inputs.ts';
import { campaignOf, heatShare, instrumentOf } from './floor.ts';
import type { Floor } from './floor.ts';
import type { Lane } from './lane.ts';
import type { LiveSignal } from './signal-book.ts';

const CONSOLIDATION = 0.02;

export class ExitDesk {
  readonly #floor: Floor;
  readonly #acceptance: AcceptanceDesk;

  constructor(floor: Floor, acceptance: AcceptanceDesk) {
    this.#floor = floor;
    this.#acceptance = acceptance;
  }

  /** A bar of a series: campaigns first, then entries that wait, then positions. Nothing lives: nothing is done. */
  next(lane: Lane): void {
    const { signals, book } = this.#floor;
    if (lane.campaigns.living.length > 0) this.#judgeCampaigns(lane);
    if (signals.living.length > 0)
      for (const live of signals.living)
        if (isWaiting(live) && lane.owns(live.signal.symbol, live.signal.timeframe)) this.#judgeEntry(live, lane);
    if (book.positions.length > 0) this.#judgePositions(lane);
  }

  /** Friday 16:30 in New York: losing and late currency positions go, the others stay while their heat fits (6.3). */
  leaveForWeekEnd(): void {
    const { book, trading } = this.#floor;
    const held = book.positions.filter((position) => instrumentOf(this.#floor, position).assetClass === 'FOREX');
    const rows = held.map((position) => {
      const instrument = instrumentOf(this.#floor, position);
      const phase = campaignOf(this.#floor, position.campaignId)?.campaign.phase ?? position.phase;
      const { id, symbol, leg } = position;
      const r = inR(position.realisedMicros + unrealisedOf(position, instrument) - feesOf(position), position) ?? 0;
      const addOnMicros = weekEndAddOn({ symbol, leg, phase }, book.equity);
      return { id, leg, phase, r, riskMicros: openRisk(position, instrument), addOnMicros };
    });
    for (const id of fridayExits(rows, book.equity, weekEndHeatBp(trading.now.limits))) {
      const position = held.find((one) => one.id === id);
      if (position !== undefined) this.leave(position, 'FRIDAY');
    }
  }

  /** Closes a position at market on the next bar; a second reason changes nothing. */
  leave(position: OpenPosition, reason: ExitReason): Order | null {
    if (position.exiting !== null || position.openSteps === 0) return null;
    return this.#leaveAs(position, LEG.exit(position.exitRevision + 1), reason);
  }

  /**
   * A part at market, or at a limit: it works beside stop and targets, and takes no more than what nothing else has claimed. What would leave
   * nothing unclaimed is an exit of everything. Null: everything is claimed.
   */
  leavePart(
    position: OpenPosition,
    of: { readonly steps: number; readonly limitPrice: Price | null; readonly reason: ExitReason; readonly tif?: TimeInForce },
  ): Order | null {
    const { limitPrice, reason, tif } = of;
    const isExiting = position.exiting !== null;
    const free = limitPrice === null ? unclaimed(this.#floor, position) : unoffered(this.#floor, position);
    const steps = Math.min(of.steps, free);
    if (steps <= 0) return null;
    if (limitPrice === null && steps === free && !isExiting) return this.leave(position, reason);
    const n = position.exitRevision + 1;
    // An EXIT at market takes whatever no part has claimed; a TRIM its own quantity.
    const order = this.#close(position, {
      leg: limitPrice === null ? LEG.trim(n) : LEG.exit(n),
      steps,
      limitPrice,
      reason,
      ...(tif !== undefined && { tif }),
    });
    position.exitRevision = n;
    position.version += 1;
    return order;
  }

  /** Something that was to close a position ended: what it had claimed goes to the stop again, or leaves with the rest. */
  released(position: OpenPosition): void {
    const { exiting, openSteps } = position;
    if (exiting === null || openSteps === 0) return;
    const working = closers(this.#floor, position, 'ALL');
    const isVenue = this.#floor.settings.broker === 'venue';
    const left = openSteps - claimedAtMarket(this.#floor, position);
    if (working.length === 0) position.exiting = null;
    // At a venue the exit that works takes it along; on paper it is another.
    if (left <= 0 || (working.length > 0 && isVenue) || position.exiting === null) return;
    const n = position.exitRevision + 1;
    this.#close(position, { leg: LEG.exit(n), steps: left, limitPrice: null, reason: exiting });
    position.exitRevision = n;
    position.version += 1;
  }

  /** The kill switch closes it: one order per activation, and as many exits after it as it takes. */
  flatten(position: OpenPosition, activationId: string): Order | null {
    const leg = LEG.flatten(activationId);
    if (this.#floor.orders.find(clientOrderId(position.signalId, leg)) !== undefined) return this.leave(position, 'FLATTEN');
    if (position.openSteps === 0 || position.exiting !== null) return null;
    return this.#leaveAs(position, leg, 'FLATTEN');
  }

  /** Everything that no part at market has claimed; exits at a limit make room. Null: the parts take it all. */
  #leaveAs(position: OpenPosition, leg: string, reason: ExitReason): Order | null {
    this.dropRest(position);
    withdrawLimits(this.#floor, position, 0);
    position.exiting = reason;
    position.version += 1;
    const steps = unclaimed(this.#floor, position);
    if (steps === 0) return null;
    const order = this.#close(position, { leg, steps, limitPrice: null, reason });
    if (leg.startsWith('EXIT.')) position.exitRevision += 1;
    return order;
  }

  /** A position is gone: at a venue nothing that worked for it may fill any more; the simulated broker sees to it by itself. */
  dropLegs({ signalId }: OpenPosition): void {
    const { orders, tray, settings } = this.#floor;
    if (settings.broker !== 'venue') return;
    for (const order of orders.living)
      if (order.signalId === signalId && order.intent === 'CLOSE')
        tray.put({ kind: 'cancel', clientId: order.clientId, reason: 'POSITION_CLOSED' });
  }

  /** What is being left, or gone, must not grow: the unfilled part of its entry is cancelled. */
  dropRest({ signalId }: OpenPosition): void {
    const entry = this.#floor.orders.entryOf(signalId);
    if (entry !== undefined) this.#floor.tray.put({ kind: 'cancel', clientId: entry.clientId, reason: 'EXITING' });
  }

  /** A working or waiting entry is given up. False: there is none. */
  cancelEntry(live: LiveSignal, reason: string, by: string | null = null): boolean {
    const { orders, tray } = this.#floor;
    if (live.signal.status === 'PENDING')
      return this.#acceptance.cancel(by, live.signal.id, { code: reason, text: `The signal was given up: ${reason}.` });
    const entry = orders.entryOf(live.signal.id);
    if (entry === undefined || entry.state === 'CANCEL_PENDING') return entry !== undefined;
    tray.put({ kind: 'cancel', clientId: entry.clientId, reason });
    return true;
  }

  /** Ends a campaign by hand: entries cancelled, positions closed or kept as MANUAL. */
  cancelCampaign(lane: Lane, campaign: Campaign, keep: boolean): void {
    const { signals, book } = this.#floor;
    for (const live of signals.living)
      if (live.plan.campaignId === campaign.id && isWaiting(live)) this.cancelEntry(live, 'CAMPAIGN_ENDED');
    for (const position of book.positions) {
      if (position.campaignId !== campaign.id) continue;
      if (keep) position.origin = 'MANUAL';
      else this.leave(position, 'MANUAL');
    }
    // Closed ones count in its measures: it is over when they are.
    if (keep) lane.campaigns.end(campaign, 'CANCELLED', null);
    else lane.campaigns.windUp(campaign, 'CANCELLED', 'USER');
  }

  #close(
    position: OpenPosition,
    of: {
      readonly leg: string;
      readonly steps: number;
      readonly limitPrice: Price | null;
      readonly reason: ExitReason;
      readonly tif?: TimeInForce;
    },
  ): Order {
    const { risk, orders, tray } = this.#floor;
    const { signalId, symbol, stop, direction } = position;
    const { leg, limitPrice, reason, tif } = of;
    const open = { signalId, symbol, openSteps: of.steps, stop, side: sideOf(direction) };
    const order = risk.approveClose(open, { leg, limitPrice, reason, ...(tif !== undefined && { tif }) });
    const record = orders.create(order.terms, instrumentOf(this.#floor, position), position.id);
    // What makes room goes out before what takes it.
    alignLegs(this.#floor, position);
    tray.put({ kind: 'place', order });
    return record;
  }

  #judgeCampaigns(lane: Lane): void {
    const { facts } = this.#floor;
    const { campaigns, events, transitions, bar } = lane;
    const { currentRangeId } = lane.ranges;
    for (const event of events) campaigns.heard(event.rangeId);
    for (const campaign of [...campaigns.living]) {
      if (campaign.ending !== null) {
        this.#closeAll(campaign, campaign.ending.state);
        continue;
      }
      noteObjective(campaign, bar);
      notePhase(campaign, transitions);
      const verdict = invalidationOf(campaign, bar, { events, transitions, holdsFirstLeg: this.#holdsFirstLeg(campaign.id) });
      if (verdict !== null) this.#carryOut(lane, campaign, verdict);
      const broke = events.find((event) => isBreakOf(event, campaign));
      if (broke !== undefined) campaigns.broke(campaign, broke.status === 'failed');
    }
    campaigns.age({ isBusy: (id) => this.#isBusy(id), currentRangeId, at: facts.at });
  }

  /** What was filled while its campaign was being wound up leaves too. */
  #closeAll(campaign: Campaign, state: CampaignEnd): void {
    for (const position of this.#floor.book.positions)
      if (position.campaignId === campaign.id) this.leave(position, state === 'CANCELLED' ? 'MANUAL' : 'INVALIDATED');
  }

  #carryOut(lane: Lane, campaign: Campaign, verdict: Verdict): void {
    const { signals, book, facts } = this.#floor;
    for (const live of signals.living) {
      const isMeant = live.plan.campaignId === campaign.id && verdict.legs.includes(live.plan.leg);
      if (isMeant && isWaiting(live)) this.cancelEntry(live, 'CAMPAIGN_ENDED');
    }
    for (const position of book.positions)
      if (position.campaignId === campaign.id && verdict.legs.includes(position.leg)) this.leave(position, 'INVALIDATED');
    lane.campaigns.conclude(campaign, verdict, facts.at);
  }

  #holdsFirstLeg(campaignId: string): boolean {
    return this.#floor.book.positions.some((position) => position.campaignId === campaignId && position.leg === 'F');
  }

  #isBusy(campaignId: string): boolean {
    return this.#floor.signals.living.some((live) => live.plan.campaignId === campaignId);
  }

  /** Before the fill an entry is void when its time, its stop, its first target, its source or its range is gone (4.3). */
  #judgeEntry(former: LiveSignal, lane: Lane): void {
    const live = this.#floor.signals.age(former);
    const { initialStop, targets } = live.plan;
    const { side } = live;
    const { bar } = lane;
    const far = side === 1 ? bar.high : bar.low;
    const first = targets[0];
    const isExternal = live.signal.pattern === 'EXTERNAL';
    if (side * (bar.close - initialStop) < 0) this.#void(live, 'INVALIDATED');
    else if (first !== undefined && side * (far - first) >= 0) this.#void(live, 'TARGET_PASSED');
    else if (lane.events.some((event) => event.status === 'failed' && event.id === live.sourceId))
      this.#void(live, 'SOURCE_FAILED');
    else if (!isExternal && lane.ranges.currentRangeId !== live.range.rangeId) this.#void(live, 'RANGE_ENDED');
    else if (live.ageBars >= live.signal.validBars && this.#countsHere(live, lane)) this.#void(live, 'VALIDITY');
  }

  /** Whether nobody else counts its bars: it waits for a person, works at a venue, or meets finer bars. */
  #countsHere(live: LiveSignal, lane: Lane): boolean {
    return live.signal.status === 'PENDING' || lane.broker === null;
  }

  #void(live: LiveSignal, reason: string): void {
    if (live.signal.status === 'PENDING') this.#acceptance.expire(live.signal.id, reason, `The entry is void: ${reason}.`);
    else this.cancelEntry(live, reason);
  }

  #judgePositions(lane: Lane): void {
    const { book, settings } = this.#floor;
    const { tracker, timeframe, events, bar, exits } = lane;
    const rules = settings.exitRules;
    // Only rule 6 asks for it.
    const heat = rules.on.includes(6) ? { heatShare: heatShare(this.#floor) } : {};
    const rests = tracker.isConsolidating(CONSOLIDATION * TIMEFRAME_FACTOR[timeframe]);
    for (const position of book.positions) {
      if (!lane.owns(position.symbol, position.timeframe)) continue;
      if (!rests) position.agedBars += 1;
      exits.watch(position);
      position.refusals = 0;
      if (isBare(this.#floor, position)) this.leave(position, 'PROTECTION_FAILED');
      if (position.exiting !== null || position.origin === 'MANUAL') continue;
      const reason = exitRule(position, bar, {
        atr: tracker.atr, events, timeframe, rules, tracker: exits, ...heat,
        ...(rules.on.includes(10) && { phaseBars: phaseBarsOf(this.#floor, lane, position) }),
        ...(rules.on.includes(11) && { correlatedLosers: correlatedLosersOf(this.#floor, position) }),
      }); // prettier-ignore
      if (reason !== null) this.leave(position, reason);
    }
  }
}

function noteObjective(campaign: Campaign, bar: Bar): void {
  if (campaign.objective === null || !campaign.hasFilled || campaign.objectiveTraded) return;
  campaign.objectiveTraded = campaign.direction === 'LONG' ? bar.high >= campaign.objective : bar.low <= campaign.objective;
}

/** Where its hypothesis stands now; it weighs the week-end and adaptive heat. */
function notePhase(campaign: Campaign, transitions: readonly PhaseTransition[]): void {
  for (const { rangeId, hypothesis, to } of transitions)
    if (to !== null && rangeId === campaign.rangeId && hypothesis === sideOf(campaign.direction)) campaign.phase = to;
}

function isWaiting(live: LiveSignal): boolean {
  const { status } = live.signal;
  return status === 'SUBMITTED' || status === 'APPROVED' || status === 'PENDING';
}
