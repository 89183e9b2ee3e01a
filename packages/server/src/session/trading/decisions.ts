/** Approving and rejecting what waits, moving stops, leaving positions, cancelling: commands with answers for people (trading.md 4.5, 6.3, 7.1). */
import { LruTtlCache, type Scope } from '@wyckoff/bounded';
import type { DecisionAnswer, ExitAnswer, OrderWire, PositionWire, SignalWire, StopAnswer } from '@wyckoff/contracts';
import { idOf, type Fact, type KillSwitch, type TradingCommand } from '@wyckoff/domain';
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
    if (!answer.done && !request.dryRun) return refusedDecision(before, outcome, this.#parts.kill());
    const signal = newest(facts, 'signal', signalId) ?? (await store.signalById(signalId)) ?? before;
    const order =
      answer.orderId === null ? null : (newest(facts, 'order', answer.orderId) ?? (await store.orderById(answer.orderId)));
    const placed = answer.done && order !== null && !request.dryRun;
    const sentence = answer.refusal?.sentence ?? sentenceOf(request.decision, { placed, repeated: answer.repeated });
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
    const { ratio, qtyMicros: asked, limitPrice, dryRun, key } = request;
    const said = idOf('exit', JSON.stringify([positionId, ratio ?? null, asked ?? null, limitPrice ?? null, dryRun]));
    const earlier = this.#exits.get(key);
    if (earlier !== undefined) return repeated(earlier, said);
    const before = await this.#parts.store.positionById(positionId);
    if (before === null) return notFound('position', positionId);
    const stored = await this.#storedExit(positionId, key);
    if (stored !== null) return repeated({ said: stored.said, value: exitAnswer(before, stored.order, { qtyMicros: stored.order?.qtyMicros ?? 0, dryRun: false }) }, said); // prettier-ignore
    const qtyMicros = quantityOf(request, before);
    if (before.status !== 'OPEN') return notFound('open position', positionId);
    if (qtyMicros > before.openQtyMicros)
      return { ok: false, code: 'exit.too_large', detail: `expected at most ${before.openQtyMicros}, was ${qtyMicros}` };
    const command: TradingCommand = {
      kind: 'exit',
      positionId,
      by: by.user,
      qtyMicros: qtyMicros === before.openQtyMicros ? null : qtyMicros,
      limitPrice: limitPrice ?? null,
    };
    const outcome = await this.#send(command, dryRun, { ...by, requestId: `${key}:${said}` });
    if (!('answer' in outcome)) return outcome;
    const { answer, facts } = outcome;
    if (!answer.done) return refusedAnswer(answer, this.#parts.kill());
    const order = answer.orderId === null ? null : newest(facts, 'order', answer.orderId);
    const value = exitAnswer(before, order, { qtyMicros: order?.qtyMicros ?? qtyMicros, dryRun });
    if (!dryRun) this.#exits.set(key, { said, value });
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
  ): Promise<{ readonly said: string; readonly order: OrderWire | null } | null> {
    const { store } = this.#parts;
    const rows = await store.journalPage({ afterSeq: 0, limit: 500, entity: positionId, type: 'input.command' });
    const asked = rows.find((row) => row.requestId?.startsWith(`${key}:`) === true);
    if (asked === undefined) return null;
    const answered = (await store.journalPage({ afterSeq: asked.seq, limit: 1, type: 'command.answered' })).at(0);
    const orderId = (answered?.data as { answer?: { orderId: string | null } } | undefined)?.answer?.orderId ?? null;
    return {
      said: asked.requestId?.slice(key.length + 1) ?? '',
      order: orderId === null ? null : await store.orderById(orderId),
    };
  }
}

/** An account forgets what is over; the store knows how it ended. */
function refusedDecision(before: SignalWire, { answer }: Outcome, kill: KillSwitch): Refused {
  if (answer.refusal?.code !== 'NOT_FOUND') return refusedAnswer(answer, kill);
  const code = before.status === 'EXPIRED' ? 'signal.expired' : 'signal.decided';
  return {
    ok: false,
    code,
    detail: `expected a signal that waits, was ${before.status}`,
    extra: { reasonCode: 'NOT_PENDING', status: before.status },
  };
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

function sentenceOf(
  decision: 'approve' | 'reject',
  { placed, repeated }: { readonly placed: boolean; readonly repeated: boolean },
): string {
  if (repeated) return `It was ${decision === 'reject' ? 'rejected' : 'approved'} already; nothing was done again.`;
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
