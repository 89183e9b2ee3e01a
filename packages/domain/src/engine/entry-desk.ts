/** From a record of the detector to a signal: candidate, chain, order of an instant (trading.md S3-S7). */
import { PriorityQueue, QUEUE_FULL } from '../acceptance/priority-queue.ts';
import type { Ranked } from '../acceptance/priority-queue.ts';
import type { EpochMs } from '../bar/bar.ts';
import type { RangeKey } from '../campaign/campaign-book.ts';
import { figuresOf, knownFigures } from '../risk/figures.ts';
import { candidateOf } from '../setup/candidate.ts';
import type { Candidate } from '../setup/candidate.ts';
import { validate } from '../setup/chain.ts';
import type { Chain } from '../setup/chain.ts';
import { calendarOfEvents } from '../setup/calendar-file.ts';
import { scheduleAround } from '../setup/event-calendar.ts';
import type { EventCalendar } from '../setup/event-calendar.ts';
import { causeFactorOf } from '../setup/market-context.ts';
import type { MarketContext } from '../setup/market-context.ts';
import { patternOf } from '../setup/pattern.ts';
import { priorityOf } from '../setup/priority.ts';
import type { Direction, Pattern, SignalFigures } from '../setup/signal.ts';
import { levelsStage } from '../setup/stage-levels.ts';
import { phaseStage } from '../setup/stage-phase.ts';
import { strategyStage } from '../setup/stage-strategy.ts';
import { volumeStage } from '../setup/stage-volume.ts';
import type { DetectionEvent } from '../wyckoff/event.ts';
import type { AcceptanceDesk } from './acceptance-desk.ts';
import type { PortView } from './detector-port.ts';
import type { Floor } from './floor.ts';
import type { KnownEvents } from './input.ts';
import type { Lane } from './lane.ts';
import { sizeInput } from './size-input.ts';

/** The detector keeps 5 parents per hypothesis and range. */
const MAX_PASSED = 32;

/** A candidate that passed the chain, with everything its acceptance asks. */
export interface Passed {
  readonly lane: Lane;
  readonly candidate: Candidate;
  readonly chain: Chain;
  readonly range: RangeKey;
  readonly market: MarketContext;
}

export class EntryDesk {
  readonly #floor: Floor;
  readonly #acceptance: AcceptanceDesk;
  #calendar: EventCalendar | null;
  #known: KnownEvents | null = null;

  /** `known`: what it was told before, in place of a calendar that was given. */
  constructor(
    floor: Floor,
    acceptance: AcceptanceDesk,
    of: { readonly calendar: EventCalendar | null; readonly known: KnownEvents | null },
  ) {
    this.#floor = floor;
    this.#acceptance = acceptance;
    this.#calendar = of.calendar;
    if (of.known !== null) this.knows(of.known);
  }

  /** Earnings and news as an input told them; null: not known any more. */
  knows(known: KnownEvents | null): void {
    this.#known = known;
    this.#calendar = known === null ? null : calendarOfEvents(known.events, { earnings: known.loadedAt, news: known.loadedAt });
  }

  /** For the snapshot. */
  get known(): KnownEvents | null {
    return this.#known;
  }

  /** Every record of a trading kind is judged; those of one instant that pass are served by priority, one by one. */
  next(lanes: readonly Lane[], count: number): void {
    const queue = new PriorityQueue<Passed>();
    const full: Ranked<Passed>[] = [];
    let order = 0;
    for (let i = 0; i < count; i += 1) {
      for (const passed of this.#passing(lanes[i])) {
        const { candidate } = passed;
        const score = priorityOf({
          confidence: candidate.event.confidence ?? 0,
          rMultiple: candidate.plan.rMultiple ?? 0,
          pattern: candidate.pattern,
        });
        order += 1;
        const left = queue.add({ id: candidate.signalId, score, order, value: passed });
        // bounded: the records of one instant
        if (left !== null) full.push(left);
      }
    }
    for (const { value } of full) this.#accept(value, true);
    for (let best = queue.take(); best !== null; best = queue.take()) this.#accept(best.value, false);
  }

  /** An entry from outside: only Risk and Strategy judge it. Null: it passed and waits, or the code that refused it. */
  external(lane: Lane, candidate: Candidate): string | null {
    const { signals } = this.#floor;
    if (signals.find(candidate.signalId) !== undefined) return 'DUPLICATE';
    const view = lane.detector.glance();
    const range: RangeKey = { rangeId: -1, rangeStart: this.#floor.facts.at };
    const market = this.#market(lane, candidate, view);
    const { chain, figures } = this.#validated(lane, candidate, () => ({ market, range }));
    if (chain.failed !== null) {
      signals.refused(lane, candidate, { chain, figures, why: { code: chain.failed.code, text: chain.failed.sentence } });
      return chain.failed.code;
    }
    return this.#accept({ lane, candidate, chain, range, market }, false);
  }

  *#passing(lane: Lane): Generator<Passed> {
    if (lane.events.length === 0 || !lane.isWarm) return;
    // Most candidates fail on what the record itself says; the view is built for the first that gets further.
    let built: PortView | null = null;
    const view = (): PortView => (built ??= lane.detector.glance());
    for (const event of lane.events) {
      const pattern = patternOf(event, (parent) => lane.passedParents.includes(parent));
      if (pattern === null || pattern === 'EXTERNAL') continue;
      const judged = this.#judge(lane, event, { pattern, view });
      if (judged !== null) yield judged;
    }
  }

  #judge(
    lane: Lane,
    event: DetectionEvent,
    of: { readonly pattern: Exclude<Pattern, 'EXTERNAL'>; readonly view: () => PortView },
  ): Passed | null {
    const { accountId, settings, signals } = this.#floor;
    const { symbol, timeframe } = lane;
    const { tickSize } = lane.instrument;
    const { policy } = settings;
    const isTightened = policy.prerequisites === 'permissive' && impliedBy(event, of.view()) === true;
    const candidate = candidateOf(event, of.pattern, {
      accountId, symbol, timeframe, tickSize, bar: lane.bar, policy, tightened: isTightened,
    }); // prettier-ignore
    // A record seen twice is one signal (TR-13).
    if (signals.find(candidate.signalId) !== undefined) return null;
    const context = lazily(() => ({
      range: lane.ranges.keyOf(event, of.view()),
      market: this.#market(lane, candidate, of.view()),
    }));
    const { chain, figures } = this.#validated(lane, candidate, context);
    if (chain.failed !== null) {
      signals.refused(lane, candidate, { chain, figures, why: { code: chain.failed.code, text: chain.failed.sentence } });
      return null;
    }
    if (event.refId !== undefined) lane.passedParents = [...lane.passedParents, event.refId].slice(-MAX_PASSED);
    return { lane, candidate, chain, ...context() };
  }

  /** The chain, and every figure of the risk stage that was known when it ended (trading.md end of 3). */
  #validated(
    lane: Lane,
    candidate: Candidate,
    context: () => { readonly market: MarketContext; readonly range: RangeKey },
  ): { readonly chain: Chain; readonly figures: SignalFigures | null } {
    let figures: () => SignalFigures | null = () => null;
    const chain = validate(candidate, () => context().market, {
      VOLUME: volumeStage,
      PHASE: phaseStage,
      LEVELS: levelsStage,
      RISK: () => {
        const judged = this.#floor.risk.judge(sizeInput(this.#floor, lane, { candidate, ...context() }));
        figures = judged.figures;
        return judged.findings;
      },
      STRATEGY: strategyStage,
    });
    return { chain, figures: chain.failed === null ? null : figures() };
  }

  /** It becomes a signal and is accepted; what the desk refuses now lost to a signal served before it. The code that refused it, or null. */
  #accept({ lane, candidate, chain, range, market }: Passed, isSurplus: boolean): string | null {
    const { signals, risk } = this.#floor;
    if (signals.find(candidate.signalId) !== undefined) return 'DUPLICATE';
    const input = sizeInput(this.#floor, lane, { candidate, range, market });
    const checked = risk.check(input);
    if (checked.refusal !== null) {
      const { code, sentence } = checked.refusal;
      signals.refused(lane, candidate, { chain, figures: knownFigures(input, checked), why: { code, text: sentence } });
      return code;
    }
    const { size, measures } = checked;
    const live = signals.generated(lane, candidate, {
      chain,
      market,
      size,
      figures: figuresOf(input, { size, measures }),
      range,
      campaignId: input.campaign.campaignId,
    });
    if (isSurplus) {
      signals.move(live.signal.id, 'EXPIRED', { code: QUEUE_FULL, text: 'Too many signals in one instant.' });
      return QUEUE_FULL;
    }
    return this.#acceptance.accept(live, lane, input);
  }

  /** ST-8 asks for the symbol: a campaign of another timeframe of it counts. */
  #invalidatedAt(symbol: string, direction: Direction): EpochMs | null {
    let last: EpochMs | null = null;
    for (const lane of this.#floor.lanes) {
      const at = lane.symbol === symbol ? lane.campaigns.invalidatedAt(direction) : null;
      if (at !== null && (last === null || at > last)) last = at;
    }
    return last;
  }

  #market(lane: Lane, candidate: Candidate, view: PortView): MarketContext {
    const { facts } = this.#floor;
    const { instrument, timeframe, tracker } = lane;
    const range = [view.range, view.previous].find((one) => one?.rangeId === candidate.event.rangeId);
    return {
      assetClass: instrument.assetClass,
      timeframe,
      at: facts.at,
      // A benchmark that is watched and not understood yet is a context that is missing.
      regime: lane.benchmark === null ? view.regime : lane.benchmark.detector.glance().regime,
      session: view.features?.session ?? null,
      atrPercentile: tracker.atrPercentile(),
      volumePercentile: tracker.volumePercentile(),
      causeFactor: causeFactorOf(range?.durationBars ?? 0),
      invalidatedAt: this.#invalidatedAt(lane.symbol, candidate.direction),
      barsSinceInvalidation: barsSince(lane, facts.at),
      implied: impliedBy(candidate.event, view),
      schedule: scheduleAround(this.#calendar, {
        assetClass: instrument.assetClass,
        symbol: lane.symbol,
        currencies: instrument.buckets,
        at: facts.at,
      }),
    };
  }
}

function impliedBy(event: Pick<DetectionEvent, 'rangeId' | 'hypothesis'>, view: PortView): boolean | null {
  const range = [view.range, view.previous].find((one) => one?.rangeId === event.rangeId);
  return range?.hypotheses.find((one) => one.hypothesis === event.hypothesis)?.implied ?? null;
}

/** Bars of the series since a campaign of it was last invalidated. */
function barsSince(lane: Lane, at: number): number | null {
  const last = Math.max(lane.campaigns.invalidatedAt('LONG') ?? -Infinity, lane.campaigns.invalidatedAt('SHORT') ?? -Infinity);
  return Number.isFinite(last) ? Math.floor((at - last) / lane.barMs) : null;
}

/** Computed on first use, once. */
function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
