/** The risk desk: the only place where an order becomes an approved order; it holds the reservations (trading.md 5.5, 5.6). */
import type { EpochMs, Price } from '../bar/bar.ts';
import { newYorkDay } from '../market/new-york.ts';
import { fail, notApplicable, pass, warn } from '../setup/chain.ts';
import type { Finding } from '../setup/chain.ts';
import { refusal } from '../setup/refusal.ts';
import type { Refusal } from '../setup/refusal.ts';
import type { Micros, SignalFigures } from '../setup/signal.ts';
import { isIntraday } from '../market/intraday.ts';
import { clientOrderId, orderIdOf } from '../trade/client-order-id.ts';
import type { TimeInForce } from '../trade/order-terms.ts';
import type { ExitReason } from '../trade/position.ts';
import { approve } from './approved-order.ts';
import type { ApprovedOrder } from './approved-order.ts';
import { assess, warnedMeasures } from './assess.ts';
import type { Assessment, Refused } from './assess.ts';
import type { Exposure, PermissiveUse } from './exposure.ts';
import { knownFigures } from './figures.ts';
import type { Measure } from './measures.ts';
import { isPermissive } from './prerequisites.ts';
import { fillPart, giveUp, hold } from './reservation.ts';
import type { Reservation } from './reservation.ts';
import type { Size, SizeInput } from './size.ts';

export interface Approval {
  readonly order: ApprovedOrder;
  readonly size: Size;
  readonly measures: readonly Measure[];
  readonly refusal: null;
}

/** What is open of a position; a closing order may take no more. */
export interface OpenQuantity {
  readonly signalId: string;
  readonly symbol: string;
  readonly side: 1 | -1;
  readonly openSteps: number;
  readonly stop: Price;
}

/** Plain JSON. */
export interface RiskDeskState {
  readonly held: readonly Reservation[];
  /** Trading day of the counter, entries `permissive` let through on it, campaigns entered so. */
  readonly permissive: { readonly day: number; readonly count: number; readonly campaignIds: readonly string[] };
}

export interface RiskDeskOptions {
  /** Told of every reservation that is new, smaller, filled or given back: `reservation.changed`. */
  readonly onChange?: (reservation: Reservation) => void;
  /** The last recheck of a size found a breach: an error of the program, never of the market. */
  readonly onDefect?: (refusal: Refusal) => void;
  /** Number of the trading day an instant belongs to; default: New York. */
  readonly dayOf?: (at: EpochMs) => number;
}

/** Campaigns entered permissively that are remembered; the oldest have long ended. */
const MAX_PERMISSIVE = 64;

export class RiskDesk {
  readonly #options: RiskDeskOptions;
  /** HELD reservations only, one per working entry of the account, by signal: bounded by the limit of positions. */
  #held: readonly Reservation[];
  #permissive: RiskDeskState['permissive'];

  constructor(saved?: RiskDeskState, options: RiskDeskOptions = {}) {
    this.#options = options;
    this.#held = saved?.held ?? [];
    this.#permissive = saved?.permissive ?? { day: -1, count: 0, campaignIds: [] };
  }

  get held(): readonly Reservation[] {
    return this.#held;
  }

  state(): RiskDeskState {
    return { held: this.#held, permissive: this.#permissive };
  }

  /** For the snapshot of a check. */
  permissive(at: EpochMs): PermissiveUse {
    const { day, count, campaignIds } = this.#permissive;
    return { today: day === this.#dayOf(at) ? count : 0, campaignIds };
  }

  /** The whole check, nothing reserved: for a signal before it is accepted, and to show whether it fits now. */
  check(input: SizeInput): Assessment | Refused {
    const assessed = assess(input);
    if (assessed.refusal !== null && assessed.isDefect) this.#options.onDefect?.(assessed.refusal);
    return assessed;
  }

  /** The risk stage of the chain. */
  findings(input: SizeInput): readonly Finding[] {
    return this.judge(input).findings;
  }

  /** The same, with every figure that was known when it was decided; null: it was refused before the limits were asked. */
  judge(input: SizeInput): { readonly findings: readonly Finding[]; readonly figures: () => SignalFigures | null } {
    const assessed = this.check(input);
    return { findings: this.#found(input, assessed), figures: () => knownFigures(input, assessed) };
  }

  #found(input: SizeInput, assessed: Assessment | Refused): readonly Finding[] {
    if (assessed.refusal !== null) return [fail(assessed.refusal.code, assessed.refusal.sentence, assessed.refusal)];
    const warned = warnedMeasures(assessed).map(({ code, of, measured, limit }) =>
      warn(code, of === null ? 'A limit is near after this trade.' : `The limit of ${of} is near after this trade.`, {
        measured,
        limit,
      }),
    );
    if (input.candidate.pattern === 'EXTERNAL') return [notApplicable('earlier event'), ...warned];
    if (warned.length > 0) return warned;
    const limit = assessed.measures.find(({ code }) => code === 'RK_TRADE')?.limitMicros ?? null;
    return [pass({ measured: assessed.size.riskMicros, limit })];
  }

  /** Check and reservation in one step: there is one writer, so nothing changes between them. */
  approveEntry(input: SizeInput): Approval | Refused {
    const assessed = this.check(input);
    if (assessed.refusal !== null) return assessed;
    const { candidate } = input;
    if (this.#held.some((row) => row.id === candidate.signalId))
      return { refusal: refusal('DUPLICATE', 'The signal has reserved already.'), isDefect: false };
    const { size, measures } = assessed;
    const reservation = hold(reservedBy(input, size), { steps: size.steps, at: input.market.at });
    // bounded: openPositions of the limits, checked by assess
    this.#held = [...this.#held, reservation];
    if (isPermissive(input)) this.#countPermissive(input);
    this.#options.onChange?.(reservation);
    return { order: this.#entry(input, size), size, measures, refusal: null };
  }

  /** A part of a working entry was filled: the position's own risk takes its place. @throws {RangeError} when nothing is held. */
  filled(signalId: string, steps: number): Reservation {
    return this.#replace(fillPart(this.#heldBy(signalId), steps));
  }

  /** What is still held is given back; nothing held: nothing happens. */
  release(signalId: string): void {
    const held = this.#held.find((row) => row.id === signalId);
    if (held !== undefined) this.#replace(giveUp(held));
  }

  /** A working entry without reservation was found at start: it gets one, even above the limits (the caller alarms). */
  adopt(reservation: Reservation): void {
    // bounded: one per working order of the account
    this.#held = [...this.#held.filter((row) => row.id !== reservation.id), reservation];
    this.#options.onChange?.(reservation);
  }

  /** Risk still held for a signal. */
  reserved(signalId: string): Micros {
    return this.#held.find((row) => row.id === signalId)?.riskMicros ?? 0;
  }

  /**
   * A closing order at market for everything open. @throws {RangeError} when nothing is open: an exit that opens
   * a position would be a defect.
   */
  approveExit(position: OpenQuantity, revision: number, reason: ExitReason): ApprovedOrder {
    const leg = `EXIT.${revision}`;
    return this.#close(position, { leg, type: 'MARKET', stopPrice: null, reason, replaces: null });
  }

  /** A closing order of another name: a part by hand, at a limit, a trim, a flatten. @throws {RangeError} when nothing is open. */
  approveClose(
    position: OpenQuantity,
    of: {
      readonly leg: string;
      readonly limitPrice: Price | null;
      readonly reason: ExitReason;
      /** Default GTC. */
      readonly tif?: TimeInForce;
    },
  ): ApprovedOrder {
    return this.#close(position, { ...of, type: of.limitPrice === null ? 'MARKET' : 'LIMIT', stopPrice: null, replaces: null });
  }

  /** A protective stop moved towards profit. @throws {RangeError} when it would widen the risk (STOP_WIDENED). */
  approveStop(position: OpenQuantity, revision: number, price: Price): ApprovedOrder {
    if (position.side * (price - position.stop) < 0)
      throw new RangeError(
        `stop of ${position.signalId}: expected a move towards profit from ${position.stop}, was ${price} (STOP_WIDENED)`,
      );
    const replaces = clientOrderId(position.signalId, `STOP.${revision - 1}`);
    return this.#close(position, { leg: `STOP.${revision}`, type: 'STOP', stopPrice: price, reason: null, replaces });
  }

  #entry({ candidate, instrument }: SizeInput, size: Size): ApprovedOrder {
    const { plan, signalId, side } = candidate;
    return approve({
      orderId: orderIdOf(signalId, 'ENTRY'),
      clientId: clientOrderId(signalId, 'ENTRY'),
      signalId,
      symbol: instrument.symbol,
      leg: 'ENTRY',
      intent: 'OPEN',
      side: side === 1 ? 'BUY' : 'SELL',
      type: plan.entryType,
      steps: size.steps,
      limitPrice: plan.entryType === 'LIMIT' ? plan.entryPrice : null,
      stopPrice: plan.entryType === 'STOP' ? plan.entryPrice : null,
      validBars: plan.validBars,
      protection: { stopPrice: plan.stopPrice, targets: plan.targets, maxRiskMicros: size.riskMicros },
      reason: null,
      replaces: null,
    });
  }

  #close(
    position: OpenQuantity,
    of: {
      readonly leg: string;
      readonly type: 'MARKET' | 'LIMIT' | 'STOP';
      readonly limitPrice?: Price | null;
      readonly stopPrice: Price | null;
      readonly reason: ExitReason | null;
      readonly replaces: string | null;
      readonly tif?: TimeInForce;
    },
  ): ApprovedOrder {
    if (position.openSteps <= 0)
      throw new RangeError(`close of ${position.signalId}: expected an open quantity, was ${position.openSteps}`);
    return approve({
      orderId: orderIdOf(position.signalId, of.leg),
      clientId: clientOrderId(position.signalId, of.leg),
      signalId: position.signalId,
      symbol: position.symbol,
      intent: 'CLOSE',
      side: position.side === 1 ? 'SELL' : 'BUY',
      steps: position.openSteps,
      limitPrice: null,
      validBars: null,
      protection: null,
      ...of,
    });
  }

  #heldBy(signalId: string): Reservation {
    const held = this.#held.find((row) => row.id === signalId);
    if (held === undefined) throw new RangeError(`reservation of ${signalId}: expected one that is HELD, was none`);
    return held;
  }

  /** Terminal ones leave memory. */
  #replace(next: Reservation): Reservation {
    const others = this.#held.filter((row) => row.id !== next.id);
    this.#held = next.state === 'HELD' ? this.#held.map((row) => (row.id === next.id ? next : row)) : others;
    this.#options.onChange?.(next);
    return next;
  }

  #countPermissive({ market, campaign }: SizeInput): void {
    const day = this.#dayOf(market.at);
    const count = this.#permissive.day === day ? this.#permissive.count + 1 : 1;
    const campaignIds = [...this.#permissive.campaignIds, campaign.campaignId].slice(-MAX_PERMISSIVE);
    this.#permissive = { day, count, campaignIds };
  }

  #dayOf(at: EpochMs): number {
    return (this.#options.dayOf ?? newYorkDay)(at);
  }
}

function reservedBy({ candidate, campaign, timeframe, instrument }: SizeInput, size: Size): Exposure {
  const { symbol, assetClass, buckets } = instrument;
  return {
    id: candidate.signalId,
    kind: 'RESERVATION',
    symbol,
    assetClass,
    buckets,
    direction: candidate.direction,
    campaignId: campaign.campaignId,
    intraday: isIntraday(timeframe),
    leg: candidate.leg,
    phase: candidate.event.phase,
    riskMicros: size.riskMicros,
    notionalMicros: size.notionalMicros,
    marginMicros: size.marginMicros,
    cashMicros: size.cashMicros,
  };
}
