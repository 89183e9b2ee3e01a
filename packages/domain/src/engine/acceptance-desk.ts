/** From a signal to an approved order: at once, by automation, or by a person (trading.md 4.5, 4.6, S8). */
import { judgeApproval } from '../acceptance/approval.ts';
import type { ApprovalVerdict, Approver } from '../acceptance/approval.ts';
import type { ApprovalSnapshot, QueueEntry } from '../acceptance/approval-queue.ts';
import { judgeAutomation } from '../acceptance/automation.ts';
import type { Gate } from '../acceptance/check.ts';
import type { SizeInput } from '../risk/size.ts';
import type { Refusal } from '../setup/refusal.ts';
import { refuseReward, floor2, judgedTarget, rewardToRisk } from '../setup/reward.ts';
import type { QtyMicros, Signal } from '../setup/signal.ts';
import { needsReview } from '../setup/stage-strategy.ts';
import { laneOf } from './floor.ts';
import type { Floor } from './floor.ts';
import type { Lane } from './lane.ts';
import type { LiveSignal } from './signal-book.ts';
import { sizeInput } from './size-input.ts';

export class AcceptanceDesk {
  readonly #floor: Floor;

  constructor(floor: Floor) {
    this.#floor = floor;
  }

  /** A signal that was just generated. The code that refused it; null: it is approved, or waits. */
  accept(live: LiveSignal, lane: Lane, input: SizeInput): string | null {
    const { mode } = this.#floor.trading.now;
    if (live.signal.pattern === 'EXTERNAL' || mode === 'queue') return this.#queue(live, null);
    if (mode === 'auto') return this.#automatic(live, lane, input);
    const refused = this.#floor.trading.refuseOpening() ?? this.#reserve(live, lane, input);
    if (refused === null) return null;
    this.#floor.signals.move(live.signal.id, 'REJECTED', { code: refused.code, text: refused.sentence });
    return refused.code;
  }

  /** A person's word for a waiting signal. What follows from it has happened when this returns. */
  approve(by: Approver, signalId: string, qtyMicros: QtyMicros | null): ApprovalVerdict {
    const { trading, signals, halts, facts } = this.#floor;
    const live = signals.find(signalId);
    const entry = trading.queue.find(signalId) ?? null;
    const lane = live === undefined ? null : laneOf(this.#floor, live.signal.symbol, live.signal.timeframe);
    const verdict = judgeApproval(
      { signalId, by, at: facts.at, qtyMicros },
      {
        signal:
          live === undefined
            ? null
            : { owner: by.user, status: live.signal.status, barsLeft: live.signal.validBars - live.ageBars },
        entry,
        decision: trading.queue.decisionOn(signalId),
        killLevel: trading.now.kill.level,
        halts: lane === null ? [] : halts.blocking(lane.instrument, false),
        dataFresh: lane !== null && !halts.isStale(lane.symbol),
        brokerConnected: trading.now.brokerConnected,
        accountPermitted: trading.now.permitted,
        lastPrice: lane === null || lane.bars === 0 ? null : lane.bar.close,
        refuseReward: (price) => (live === undefined ? null : refuseRewardAt(live.signal, price)),
        reserve: (ceiling) => (live === undefined || lane === null ? null : this.#reserveUpTo(live, lane, ceiling)),
      },
    );
    if (entry !== null && !verdict.repeated) this.#settle(entry, verdict, by.user);
    return verdict;
  }

  /** A person's no. False: it does not wait. */
  reject(by: string, signalId: string, reason: string): boolean {
    return this.#leave(signalId, { state: 'REJECTED', code: 'USER', text: reason, by });
  }

  cancel(by: string | null, signalId: string, of: { readonly code: string; readonly text: string }): boolean {
    return this.#leave(signalId, { state: 'CANCELLED', ...of, by });
  }

  expire(signalId: string, code: string, text: string): boolean {
    return this.#leave(signalId, { state: 'EXPIRED', code, text, by: null });
  }

  /** When the next approval expires; null: none waits. */
  get nextExpiry(): number | null {
    return this.#floor.trading.queue.nextExpiry;
  }

  /** Deadlines that have come. */
  tick(): void {
    const { trading, facts, signals } = this.#floor;
    for (const entry of trading.queue.expire(facts.at)) {
      trading.tellApproval('EXPIRED', entry, { gate: null, by: null });
      signals.move(entry.signalId, 'EXPIRED', { code: 'EXPIRED', text: 'Nobody decided in time.' });
    }
  }

  #automatic(live: LiveSignal, lane: Lane, input: SizeInput): string | null {
    const { trading, halts, book } = this.#floor;
    const { signal } = live;
    const walked = judgeAutomation(
      {
        symbol: signal.symbol,
        pattern: signal.pattern,
        confidence: signal.confidence,
        needsReview: needsReview(signal.chain),
        riskMicros: signal.riskMicros,
      },
      {
        settings: trading.now.automation,
        consent: trading.now.consent,
        killLevel: trading.now.kill.level,
        breaker: trading.breaker,
        halts: halts.blocking(lane.instrument, true),
        counters: trading.counters,
        equityMicros: book.equity,
        dataFresh: !halts.isStale(lane.symbol),
        brokerConnected: trading.now.brokerConnected,
        reserve: () => trading.refuseOpening() ?? this.#reserve(live, lane, input),
      },
    );
    if (walked.refusal !== null) return this.#queue(live, walked.refusal.code, walked);
    trading.countAutomatic(this.#floor.risk.reserved(signal.id));
    return null;
  }

  #queue(live: LiveSignal, missed: string | null, gate: Gate | null = null): null {
    const { trading, signals, facts } = this.#floor;
    signals.move(live.signal.id, 'PENDING');
    const { entry, overflowed } = trading.queue.add(live.signal.id, facts.at, { snapshot: snapshotOf(live.signal), missed });
    trading.tellApproval('WAITING', entry, { gate, by: null });
    if (overflowed !== null) this.overflowed(overflowed);
    return null;
  }

  overflowed(entry: QueueEntry): void {
    this.#floor.trading.tellApproval('EXPIRED', entry, { gate: null, by: null });
    this.#floor.signals.move(entry.signalId, 'EXPIRED', { code: 'QUEUE_OVERFLOW', text: 'Too many signals wait.' });
  }

  #settle(entry: QueueEntry, { effect, gate, refusal }: ApprovalVerdict, by: string): void {
    const { trading, signals, facts } = this.#floor;
    const { signalId } = entry;
    if (effect === 'UNCHANGED') return;
    trading.queue.remove(signalId);
    trading.queue.decided({ signalId, decision: 'approve', by, at: facts.at, gate });
    trading.tellApproval(effect, entry, { gate, by });
    if (effect !== 'APPROVED')
      signals.move(signalId, effect, { code: refusal?.code ?? effect, text: refusal?.sentence ?? 'It cannot be approved.' });
  }

  #leave(
    signalId: string,
    of: {
      readonly state: 'REJECTED' | 'CANCELLED' | 'EXPIRED';
      readonly code: string;
      readonly text: string;
      readonly by: string | null;
    },
  ): boolean {
    const { trading, signals, facts } = this.#floor;
    const entry = trading.queue.remove(signalId);
    if (entry === null) return false;
    const gate: Gate = { allowed: true, checks: [] };
    if (of.by !== null && of.state === 'REJECTED')
      trading.queue.decided({ signalId, decision: 'reject', by: of.by, at: facts.at, gate });
    trading.tellApproval(of.state, entry, { gate: null, by: of.by });
    signals.move(signalId, of.state, { code: of.code, text: of.text });
    return true;
  }

  #reserveUpTo(live: LiveSignal, lane: Lane, ceiling: QtyMicros): Refusal | null {
    if (live.waiting === null) return null;
    const { candidate, market } = live.waiting;
    const maxSteps = Math.floor(ceiling / lane.instrument.lotStepMicros);
    const now = { ...market, at: this.#floor.facts.at };
    return this.#reserve(
      live,
      lane,
      sizeInput(this.#floor, lane, { candidate, range: live.range, market: now, maxSteps, automatic: false }),
    );
  }

  /** Check, reservation, campaign and order are one step: there is one writer, so nothing changes between them (5.6). */
  #reserve(live: LiveSignal, lane: Lane, input: SizeInput): Refusal | null {
    const { signals, risk, orders, tray, book } = this.#floor;
    const approval = risk.approveEntry(worked(lane, input, this.#floor));
    const { candidate } = input;
    if (approval.refusal !== null) {
      lane.campaigns.refused(candidate, live.range, { equity: book.equity, code: approval.refusal.code });
      return approval.refusal;
    }
    lane.campaigns.join(candidate, live.range, { equity: book.equity, riskMicros: approval.size.riskMicros });
    signals.resize(live, lane, approval.size);
    signals.move(candidate.signalId, 'APPROVED');
    orders.create(approval.order.terms, lane.instrument, null);
    tray.put({ kind: 'place', order: approval.order });
    return null;
  }
}

/** Where finer bars fill the order, its broker counts those: never fewer than the signal's own, which the exit desk counts (4.3). */
function worked(lane: Lane, input: SizeInput, floor: Floor): SizeInput {
  const fine = laneOf(floor, lane.symbol, undefined);
  if (fine === lane) return input;
  const validBars = input.candidate.plan.validBars * Math.ceil(lane.barMs / fine.barMs);
  return { ...input, candidate: { ...input.candidate, plan: { ...input.candidate.plan, validBars } } };
}

function snapshotOf(signal: Signal): ApprovalSnapshot {
  const { symbol, timeframe, pattern, direction, entryType, entryPrice, stopPrice, targets } = signal;
  const { qtyMicros, riskMicros, rMultiple, confidence, version } = signal;
  return {
    symbol, timeframe, pattern, direction, entryType, entryPrice, stopPrice, targets, qtyMicros, riskMicros, rMultiple, confidence, version,
  }; // prettier-ignore
}

/** R at the price of now: a MARKET entry would pay it, a waiting one still pays its own. */
function refuseRewardAt(signal: Signal, price: number): Refusal | null {
  const entry = signal.entryType === 'MARKET' ? price : signal.entryPrice;
  const target = judgedTarget(signal.pattern, signal.targets);
  return refuseReward(signal.pattern, target === undefined ? null : floor2(rewardToRisk(target, entry, signal.stopPrice)));
}
