/** From a record of the detector to an approved entry: candidate, chain, signal, reservation (trading.md S3-S8). */
import type { Bar } from '../bar/bar.ts';
import type { RangeKey } from '../campaign/campaign-book.ts';
import { SAME_CURRENCY } from '../risk/conversion.ts';
import { DEFAULT_POLICY } from '../risk/policy.ts';
import type { SizeInput } from '../risk/size.ts';
import { isRefusal, sizeFor } from '../risk/size.ts';
import { measuresFor } from '../risk/measures.ts';
import { candidateOf } from '../setup/candidate.ts';
import type { Candidate } from '../setup/candidate.ts';
import { validate } from '../setup/chain.ts';
import type { Chain } from '../setup/chain.ts';
import { causeFactorOf } from '../setup/market-context.ts';
import type { MarketContext } from '../setup/market-context.ts';
import { patternOf } from '../setup/pattern.ts';
import { priorityOf } from '../setup/priority.ts';
import { levelsStage } from '../setup/stage-levels.ts';
import { phaseStage } from '../setup/stage-phase.ts';
import { strategyStage } from '../setup/stage-strategy.ts';
import { volumeStage } from '../setup/stage-volume.ts';
import type { Pattern } from '../setup/signal.ts';
import type { DetectionEvent } from '../wyckoff/event.ts';
import type { DetectorPort, PortView } from './detector-port.ts';
import { riskSnapshot } from './floor.ts';
import type { Floor } from './floor.ts';
import type { RangeLog } from './range-log.ts';

/** Parents whose TEST has passed: later tests are TESTs. The detector keeps 5 per hypothesis and range. */
const MAX_PASSED = 32;

interface Passed {
  readonly candidate: Candidate;
  readonly chain: Chain;
  readonly range: RangeKey;
  readonly market: MarketContext;
  readonly priority: number;
}

export class EntryDesk {
  readonly #floor: Floor;
  readonly #ranges: RangeLog;
  #passedParents: readonly string[];

  constructor(floor: Floor, ranges: RangeLog, passedParents: readonly string[] = []) {
    this.#floor = floor;
    this.#ranges = ranges;
    this.#passedParents = passedParents;
  }

  get passedParents(): readonly string[] {
    return this.#passedParents;
  }

  /** Every record of a trading kind is judged; those that pass are served by priority, one by one. */
  next(bar: Bar, events: readonly DetectionEvent[], detector: DetectorPort): void {
    const passed: Passed[] = [];
    // Most candidates fail on what the record itself says; the view is built for the first that gets further.
    let built: PortView | null = null;
    const view = (): PortView => (built ??= detector.view());
    for (const event of events) {
      const pattern = patternOf(event, (parent) => this.#passedParents.includes(parent));
      if (pattern === null || pattern === 'EXTERNAL') continue;
      const judged = this.#judge(event, pattern, { bar, view });
      if (judged !== null) passed.push(judged);
    }
    passed.sort((a, b) => b.priority - a.priority);
    for (const one of passed) if (this.#floor.signals.find(one.candidate.signalId) === undefined) this.#accept(one);
  }

  #judge(
    event: DetectionEvent,
    pattern: Exclude<Pattern, 'EXTERNAL'>,
    of: { readonly bar: Bar; readonly view: () => PortView },
  ): Passed | null {
    const { accountId, instrument, timeframe, signals, risk } = this.#floor;
    const { symbol, tickSize } = instrument;
    const candidate = candidateOf(event, pattern, { accountId, symbol, timeframe, tickSize, bar: of.bar });
    // A record seen twice is one signal (TR-13).
    if (signals.find(candidate.signalId) !== undefined) return null;
    const context = lazily(() => ({ range: this.#ranges.keyOf(event, of.view()), market: this.#market(candidate, of.view()) }));
    const chain = validate(candidate, () => context().market, {
      VOLUME: volumeStage,
      PHASE: phaseStage,
      LEVELS: levelsStage,
      RISK: () => risk.findings(this.#input(candidate, context().range, context().market)),
      STRATEGY: strategyStage,
    });
    if (chain.failed !== null) {
      signals.refused(candidate, chain, { code: chain.failed.code, text: chain.failed.sentence });
      return null;
    }
    if (event.refId !== undefined) this.#passedParents = [...this.#passedParents, event.refId].slice(-MAX_PASSED);
    const priority = priorityOf({ confidence: event.confidence ?? 0, rMultiple: candidate.plan.rMultiple ?? 0, pattern });
    return { candidate, chain, ...context(), priority };
  }

  /** Check and reservation are one step; what the desk refuses now lost to a signal served before it. */
  #accept({ candidate, chain, range, market }: Passed): void {
    const { signals, risk, campaigns, orders, tray, book } = this.#floor;
    const input = this.#input(candidate, range, market);
    const sizedNow = sizeFor(input, measuresFor(input));
    if (isRefusal(sizedNow)) {
      signals.refused(candidate, chain, { code: sizedNow.code, text: sizedNow.sentence });
      return;
    }
    signals.generated(candidate, chain, { size: sizedNow, range, campaignId: input.campaign.campaignId });
    const approval = risk.approveEntry(input);
    if (approval.refusal !== null) {
      signals.move(candidate.signalId, 'REJECTED', { code: approval.refusal.code, text: approval.refusal.sentence });
      return;
    }
    campaigns.join(candidate, range, { equity: book.equity, riskMicros: approval.size.riskMicros });
    signals.move(candidate.signalId, 'APPROVED');
    orders.create(approval.order.terms, null);
    tray.put({ kind: 'place', order: approval.order });
  }

  #input(candidate: Candidate, range: RangeKey, market: MarketContext): SizeInput {
    const { instrument, limits, timeframe, costs, patternRisk, campaigns, book } = this.#floor;
    return {
      candidate,
      market,
      instrument,
      limits,
      timeframe,
      costs,
      snapshot: riskSnapshot(this.#floor),
      campaign: campaigns.allowance(candidate, range, book.equity),
      baseBp: patternRisk[candidate.pattern],
      policy: DEFAULT_POLICY,
      conversion: SAME_CURRENCY,
      maxSteps: null,
    };
  }

  #market(candidate: Candidate, view: PortView): MarketContext {
    const { instrument, timeframe, facts, tracker, campaigns } = this.#floor;
    const range = [view.range, view.previous].find((one) => one?.rangeId === candidate.event.rangeId);
    return {
      assetClass: instrument.assetClass,
      timeframe,
      at: facts.at,
      regime: view.regime,
      session: view.features?.session ?? null,
      atrPercentile: tracker.atrPercentile(),
      volumePercentile: tracker.volumePercentile(),
      causeFactor: causeFactorOf(range?.durationBars ?? 0),
      invalidatedAt: campaigns.invalidatedAt(candidate.direction),
      barsSinceInvalidation: null,
      implied: range?.hypotheses.find((one) => one.hypothesis === candidate.event.hypothesis)?.implied ?? null,
      schedule: null,
    };
  }
}

/** Computed on first use, once. */
function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
