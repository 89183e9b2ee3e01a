/** Approving and rejecting what waits, moving stops, leaving positions, cancelling: commands with answers for people (trading.md 4.5, 6.3, 7.1). */
import { LruTtlCache, type Scope } from '@wyckoff/bounded';
import type { DecisionAnswer, ExitAnswer, OrderWire, PositionWire, SignalWire, StopAnswer } from '@wyckoff/contracts';
import type { Fact, KillSwitch, TradingCommand } from '@wyckoff/domain';
import type { EntityStore } from '../../store/entity-store.ts';
import type { Answer, Refused } from '../desk.ts';
import type { Actor, DecisionRequest, ExitRequest } from '../trading-desk.ts';
import type { AccountRun, Outcome } from './account-run.ts';
import { gateOf, notFound, refusedAnswer } from './refusals.ts';

const KEYS = 1_000;
const KEY_TTL_MS = 24 * 3_600_000;

export interface DecisionParts {
  readonly scope: Scope;
  readonly store: EntityStore;
  /** Null: the session could not be resumed. */
  readonly run: () => AccountRun | null;
  readonly kill: () => KillSwitch;
}

interface Exited {
  readonly said: string;
  readonly value: ExitAnswer;
}

export class Decisions {
  readonly #parts: DecisionParts;
  readonly #exits: LruTtlCache<string, Exited>;

  constructor(parts: DecisionParts) {
    this.#parts = parts;
    this.#exits = new LruTtlCache({
      name: 'server.session.exit-keys',
      capacity: KEYS,
      ttlMs: KEY_TTL_MS,
      itemBytes: 2_048,
      scope: parts.scope,
      clock: parts.scope.timers,
    });
  }

  async decide(signalId: string, request: DecisionRequest, by: Actor): Promise<Answer<DecisionAnswer>> {
    const { store } = this.#parts;
    const before = await store.signalById(signalId);
    if (before === null) return notFound('signal', signalId);
    const approver = { user: by.user, role: by.role };
    const command: TradingCommand =
      request.decision === 'approve'
        ? { kind: 'approve', signalId, by: approver, qtyMicros: request.qtyMicros ?? null }
        : { kind: 'reject', signalId, by: approver, reason: request.reason ?? '' };
    const outcome = await this.#send(command, request.dryRun, by);
    if (!('answer' in outcome)) return outcome;
    const { answer, facts } = outcome;
    if (!answer.done && !request.dryRun) return refusedAnswer(answer, this.#parts.kill());
    const signal = newest(facts, 'signal', signalId) ?? (await store.signalById(signalId)) ?? before;
    const order =
      answer.orderId === null ? null : (newest(facts, 'order', answer.orderId) ?? (await store.orderById(answer.orderId)));
    const placed = answer.done && order !== null && !request.dryRun;
    const sentence = answer.refusal?.sentence ?? sentenceOf(request.decision, placed);
    return {
      ok: true,
      value: { signal, gate: gateOf(answer), order, placed, dryRun: request.dryRun, repeated: answer.repeated, sentence },
    };
  }

  async moveStop(
    positionId: string,
    request: { readonly stop: number; readonly version: number; readonly dryRun: boolean },
    by: Actor,
  ): Promise<Answer<StopAnswer>> {
    const before = await this.#open(positionId);
    if (before === null) return notFound('open position', positionId);
    if (before.version !== request.version) return stale(before.version, request.version);
    const { stop, version, dryRun } = request;
    const outcome = await this.#send({ kind: 'moveStop', positionId, by: by.user, stop, version }, dryRun, by);
    if (!('answer' in outcome)) return outcome;
    if (!outcome.answer.done) return refusedAnswer(outcome.answer, this.#parts.kill());
    const position = newest(outcome.facts, 'position', positionId) ?? before;
    return { ok: true, value: { position, riskBefore: before.riskMicros, riskAfter: position.riskMicros, dryRun } };
  }

  async exit(positionId: string, request: ExitRequest, by: Actor): Promise<Answer<ExitAnswer & { readonly replayed: boolean }>> {
    const said = JSON.stringify([positionId, request.ratio, request.qtyMicros, request.limitPrice, request.dryRun]);
    const earlier = this.#exits.get(request.key);
    if (earlier !== undefined) return repeated(earlier, said);
    const stored = await this.#storedExit(positionId, request.key);
    const before = await this.#parts.store.positionById(positionId);
    if (before === null) return notFound('position', positionId);
    const qtyMicros = quantityOf(request, before);
    if (stored !== null) {
      if (
        stored.qtyMicros !== qtyMicros &&
        stored.qtyMicros !== request.qtyMicros &&
        before.status === 'OPEN' &&
        request.ratio === undefined
      )
        return keyReused();
      const order = stored.orderId === null ? null : await this.#parts.store.orderById(stored.orderId);
      return {
        ok: true,
        value: { ...exitAnswer(before, order, { qtyMicros: order?.qtyMicros ?? 0, dryRun: false }), replayed: true },
      };
    }
    if (before.status !== 'OPEN') return notFound('open position', positionId);
    if (qtyMicros > before.openQtyMicros)
      return { ok: false, code: 'exit.too_large', detail: `expected at most ${before.openQtyMicros}, was ${qtyMicros}` };
    const command: TradingCommand = {
      kind: 'exit',
      positionId,
      by: by.user,
      qtyMicros: qtyMicros === before.openQtyMicros ? null : qtyMicros,
      limitPrice: request.limitPrice ?? null,
    };
    const outcome = await this.#send(command, request.dryRun, { ...by, requestId: request.key });
    if (!('answer' in outcome)) return outcome;
    const { answer, facts } = outcome;
    if (!answer.done) return refusedAnswer(answer, this.#parts.kill());
    const order = answer.orderId === null ? null : newest(facts, 'order', answer.orderId);
    const value = exitAnswer(before, order, { qtyMicros: order?.qtyMicros ?? qtyMicros, dryRun: request.dryRun });
    if (!request.dryRun) this.#exits.set(request.key, { said, value });
    return { ok: true, value: { ...value, replayed: false } };
  }

  async cancelOrder(orderId: string, by: Actor): Promise<Answer<{ order: OrderWire }>> {
    const before = await this.#parts.store.orderById(orderId);
    if (before === null) return notFound('order', orderId);
    const outcome = await this.#send({ kind: 'cancelOrder', orderId, by: by.user }, false, by);
    if (!('answer' in outcome)) return outcome;
    if (!outcome.answer.done) return refusedAnswer(outcome.answer, this.#parts.kill());
    return { ok: true, value: { order: newest(outcome.facts, 'order', orderId) ?? before } };
  }

  async #send(command: TradingCommand, dryRun: boolean, by: Actor): Promise<Outcome | Refused> {
    const run = this.#parts.run();
    if (run === null) return { ok: false, code: 'server.internal', detail: 'the session could not be resumed; see /health' };
    const inputBy = { actor: by.user, requestId: by.requestId };
    return dryRun ? await run.rehearse(command, inputBy) : await run.command(command, inputBy);
  }

  async #open(positionId: string): Promise<PositionWire | null> {
    const position = await this.#parts.store.positionById(positionId);
    return position?.status === 'OPEN' ? position : null;
  }

  /** An exit that was asked for under this key before the process began, from the journal of the position. */
  async #storedExit(
    positionId: string,
    key: string,
  ): Promise<{ readonly qtyMicros: number | null; readonly orderId: string | null } | null> {
    const rows = await this.#parts.store.journalPage({ afterSeq: 0, limit: 500, entity: positionId, topic: 'inputs' });
    const asked = rows.find((row) => row.type === 'input.command' && row.requestId === key);
    if (asked === undefined) return null;
    const { command } = asked.data as { command: { qtyMicros: number | null } };
    const answered = rows.find((row) => row.type === 'command.answered' && row.requestId === key);
    const answer = (answered?.data as { answer?: { orderId: string | null } } | undefined)?.answer;
    return { qtyMicros: command.qtyMicros, orderId: answer?.orderId ?? null };
  }
}

function repeated({ said, value }: Exited, now: string): Answer<ExitAnswer & { readonly replayed: boolean }> {
  return said === now ? { ok: true, value: { ...value, replayed: true } } : keyReused();
}

function keyReused(): Refused {
  return { ok: false, code: 'request.key_reused', detail: 'expected the request the key was first used for, was another one' };
}

function quantityOf({ ratio, qtyMicros }: ExitRequest, { openQtyMicros }: PositionWire): number {
  if (qtyMicros !== undefined) return qtyMicros;
  return ratio === undefined || ratio === 1 ? openQtyMicros : Math.max(1, Math.floor(openQtyMicros * ratio));
}

function exitAnswer(
  before: PositionWire,
  order: OrderWire | null,
  of: { readonly qtyMicros: number; readonly dryRun: boolean },
): ExitAnswer {
  const share = before.openQtyMicros === 0 ? 0 : of.qtyMicros / before.openQtyMicros;
  const remainingQtyMicros = Math.max(0, before.openQtyMicros - of.qtyMicros);
  return {
    order,
    qtyMicros: of.qtyMicros,
    expectedMicros: Math.round(before.last * of.qtyMicros),
    remainingQtyMicros,
    remainingRiskMicros: remainingQtyMicros === 0 ? 0 : Math.ceil(before.riskMicros * (1 - share)),
    dryRun: of.dryRun,
  };
}

function stale(now: number, was: number): Refused {
  return { ok: false, code: 'request.version_conflict', detail: `expected version ${now}, was ${was}`, extra: { version: now } };
}

function sentenceOf(decision: 'approve' | 'reject', placed: boolean): string {
  if (decision === 'reject') return 'Rejected.';
  return placed ? 'Approved; the order was made.' : 'It would be approved.';
}

type Entity = { readonly signal: SignalWire; readonly order: OrderWire; readonly position: PositionWire };

/** The newest state of an entity that the facts tell of; null when they do not. */
function newest<K extends keyof Entity>(facts: readonly Fact[], kind: K, id: string): Entity[K] | null {
  const told = facts.findLast((fact) => fact.kind.startsWith(`${kind}.`) && (entityOf(fact) as { id?: string }).id === id);
  return told === undefined ? null : (entityOf(told) as Entity[K]);
}

function entityOf(fact: Fact): unknown {
  return fact.kind === 'order.filled' ? fact.data.order : fact.data;
}
