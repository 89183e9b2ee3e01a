/** Whether and how the account trades: kill switch, acceptance, automation, loss breaker, broker; told whenever it changes (trading.md 4.5-4.7, 7.6). */
import { ApprovalQueue } from '../acceptance/approval-queue.ts';
import type { ApprovalQueueState, QueueEntry, QueueRules } from '../acceptance/approval-queue.ts';
import { AUTOMATION_OFF } from '../acceptance/automation.ts';
import type { AutomationSettings, Consent } from '../acceptance/automation.ts';
import type { Gate } from '../acceptance/check.ts';
import type { AcceptanceMode } from '../acceptance/command.ts';
import { NO_TRADES, countEntry, countersAt } from '../acceptance/day-counters.ts';
import type { DayCounters } from '../acceptance/day-counters.ts';
import { KILL_SWITCH_OFF, withResults } from '../acceptance/kill-switch.ts';
import type { FlattenResult, KillSwitch } from '../acceptance/kill-switch.ts';
import { BREAKER_CLOSED, afterTrade, atTime } from '../acceptance/loss-breaker.ts';
import type { BreakerState } from '../acceptance/loss-breaker.ts';
import type { RiskLimits } from '../risk/limits.ts';
import { refusal } from '../setup/refusal.ts';
import type { Refusal } from '../setup/refusal.ts';
import type { Micros } from '../setup/signal.ts';
import type { FactDesk } from './fact-desk.ts';
import type { ApprovalFact, TradingState } from './fact.ts';

/** Plain JSON. */
export interface TradingDeskState {
  readonly kill: KillSwitch;
  readonly mode: AcceptanceMode;
  readonly rules: QueueRules;
  readonly queue: ApprovalQueueState;
  readonly automation: AutomationSettings;
  readonly consent: Consent | null;
  readonly breaker: BreakerState;
  readonly counters: DayCounters;
  readonly brokerConnected: boolean;
  readonly permitted: boolean;
  /** In force; a person may have changed what the account began with. */
  readonly limits: RiskLimits;
}

export interface TradingDeskOptions {
  readonly accountId: string;
  readonly facts: FactDesk;
  readonly acceptance: AcceptanceMode;
  readonly queue: QueueRules;
  readonly limits: RiskLimits;
}

type Changes = Partial<Omit<TradingDeskState, 'queue' | 'rules'>>;

export class TradingDesk {
  readonly #accountId: string;
  readonly #facts: FactDesk;
  #state: Omit<TradingDeskState, 'queue' | 'rules'>;
  #rules: QueueRules;
  #queue: ApprovalQueue;

  constructor(options: TradingDeskOptions, saved?: Partial<TradingDeskState>) {
    this.#accountId = options.accountId;
    this.#facts = options.facts;
    this.#rules = saved?.rules ?? options.queue;
    this.#queue = new ApprovalQueue(this.#rules, saved?.queue);
    this.#state = {
      kill: saved?.kill ?? KILL_SWITCH_OFF,
      mode: saved?.mode ?? options.acceptance,
      automation: saved?.automation ?? AUTOMATION_OFF,
      consent: saved?.consent ?? null,
      breaker: saved?.breaker ?? BREAKER_CLOSED,
      counters: saved?.counters ?? NO_TRADES,
      brokerConnected: saved?.brokerConnected ?? true,
      permitted: saved?.permitted ?? true,
      limits: saved?.limits ?? options.limits,
    };
  }

  get now(): Omit<TradingDeskState, 'queue' | 'rules'> {
    return this.#state;
  }

  get queue(): ApprovalQueue {
    return this.#queue;
  }

  /** As of an instant: the breaker closes and the counters begin anew with the trading day. */
  get breaker(): BreakerState {
    return atTime(this.#state.breaker, this.#facts.at);
  }

  get counters(): DayCounters {
    return countersAt(this.#state.counters, this.#facts.at);
  }

  /** What keeps every opening order back, whoever asks for it (7.3, TR-11). */
  refuseOpening(): Refusal | null {
    const { kill, brokerConnected, permitted } = this.#state;
    if (kill.level !== 'OFF') return refusal('KILL_SWITCH', `Trading is halted: ${kill.level}.`);
    if (!permitted) return refusal('LIVE_NOT_ALLOWED', 'The account may not open positions.');
    return brokerConnected ? null : refusal('BROKER_DOWN', 'The broker is not connected.');
  }

  change(changes: Changes, by: string, reason: string): void {
    // bounded: a record of fixed fields
    this.#state = { ...this.#state, ...changes };
    this.tell(by, reason);
  }

  /** Another queue; what waits in it stays, the oldest beyond its capacity are the caller's to expire. */
  setRules(rules: QueueRules): readonly QueueEntry[] {
    this.#rules = rules;
    const entries = [...this.#queue.entries].sort((a, b) => b.queuedAt - a.queuedAt);
    const surplus = entries.slice(rules.capacity);
    for (const entry of surplus) this.#queue.remove(entry.signalId);
    this.#queue = new ApprovalQueue(rules, this.#queue.state());
    return surplus;
  }

  flattened(result: FlattenResult): void {
    const { kill } = this.#state;
    if (kill.level === 'FLATTEN') this.change({ kill: withResults(kill, [result]) }, 'engine', `FLATTEN ${result.state}`);
  }

  /** One more automatic entry. */
  countAutomatic(riskMicros: Micros): void {
    this.change({ counters: countEntry(this.#state.counters, this.#facts.at, riskMicros) }, 'automation', 'ENTRY');
  }

  /** A closed trade: told only when the breaker opened or closed, or while automation is on. */
  closedTrade(netMicros: Micros): void {
    const before = this.#state.breaker;
    const breaker = afterTrade(before, { netMicros, at: this.#facts.at }, this.#state.automation.breakerLosses);
    if (breaker === before) return;
    if (this.#state.automation.enabled || breaker.state !== before.state) this.change({ breaker }, 'engine', 'TRADE_CLOSED');
    // bounded: a record of fixed fields
    else this.#state = { ...this.#state, breaker };
  }

  tellApproval(
    state: ApprovalFact['state'],
    entry: QueueEntry,
    of: { readonly gate: Gate | null; readonly by: string | null },
  ): void {
    this.#facts.tell('approval.changed', { signalId: entry.signalId, state, entry, ...of });
  }

  tell(by: string, reason: string): void {
    const { kill, mode, automation, consent, brokerConnected, permitted, limits } = this.#state;
    const state: TradingState = {
      accountId: this.#accountId,
      killSwitch: kill,
      acceptance: mode,
      automation,
      consent,
      breaker: this.breaker,
      counters: this.counters,
      brokerConnected,
      permitted,
      limits,
      by,
      reason,
    };
    this.#facts.tell('trading.changed', state);
  }

  state(): TradingDeskState {
    return { ...this.#state, rules: this.#rules, queue: this.#queue.state() };
  }
}
