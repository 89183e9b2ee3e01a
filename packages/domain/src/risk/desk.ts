/** The risk desk: the only place where an order becomes an approved order; it holds the reservations (trading.md 5.5, 5.6). */
import type { Price } from '../bar/bar.ts';
import type { Candidate } from '../setup/candidate.ts';
import { fail, warn } from '../setup/chain.ts';
import type { Finding } from '../setup/chain.ts';
import type { Refusal } from '../setup/refusal.ts';
import type { Micros } from '../setup/signal.ts';
import { isIntraday } from '../market/intraday.ts';
import { clientOrderId, orderIdOf } from '../trade/client-order-id.ts';
import type { TradedInstrument } from '../trade/instrument.ts';
import type { ExitReason } from '../trade/position.ts';
import { approve } from './approved-order.ts';
import type { ApprovedOrder } from './approved-order.ts';
import { assess, warnedMeasures } from './assess.ts';
import type { Exposure } from './exposure.ts';
import type { Size, SizeInput } from './size.ts';

export interface Approval {
  readonly order: ApprovedOrder;
  readonly size: Size;
  readonly refusal: null;
}

/** What is open of a position; a closing order may take no more. */
export interface OpenQuantity {
  readonly signalId: string;
  readonly side: 1 | -1;
  readonly openSteps: number;
  readonly stop: Price;
}

export class RiskDesk {
  readonly #instrument: TradedInstrument;
  /** HELD reservations only, one per working entry, by signal: bounded by the limit of positions. */
  #held: readonly Exposure[];

  constructor(instrument: TradedInstrument, held: readonly Exposure[] = []) {
    this.#instrument = instrument;
    this.#held = held;
  }

  get held(): readonly Exposure[] {
    return this.#held;
  }

  /** The risk stage of the chain: the whole check, nothing reserved. */
  findings(input: SizeInput): readonly Finding[] {
    const assessed = assess(input);
    if (assessed.refusal !== null) return [fail(assessed.refusal.code, assessed.refusal.sentence, assessed.refusal)];
    return warnedMeasures(assessed).map(({ code, measured, limit }) =>
      warn(code, 'A limit is near after this trade.', { measured, limit }),
    );
  }

  /** Check and reservation in one step: there is one writer, so nothing changes between them. */
  approveEntry(input: SizeInput): Approval | { readonly refusal: Refusal } {
    const assessed = assess(input);
    if (assessed.refusal !== null) return assessed;
    const { candidate } = input;
    const { size } = assessed;
    // bounded: openPositions of the limits, checked by assess
    this.#held = [...this.#held, this.#reservation(input, size)];
    return { order: this.#entry(candidate, size), size, refusal: null };
  }

  /** The reservation ends: filled (the position's own risk takes its place) or given back. */
  release(signalId: string): void {
    this.#held = this.#held.filter((row) => row.id !== signalId);
  }

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

  /** A protective stop moved towards profit. @throws {RangeError} when it would widen the risk (STOP_WIDENED). */
  approveStop(position: OpenQuantity, revision: number, price: Price): ApprovedOrder {
    if (position.side * (price - position.stop) < 0)
      throw new RangeError(
        `stop of ${position.signalId}: expected a move towards profit from ${position.stop}, was ${price} (STOP_WIDENED)`,
      );
    const replaces = clientOrderId(position.signalId, `STOP.${revision - 1}`);
    return this.#close(position, { leg: `STOP.${revision}`, type: 'STOP', stopPrice: price, reason: null, replaces });
  }

  #entry(candidate: Candidate, size: Size): ApprovedOrder {
    const { plan, signalId, side } = candidate;
    return approve({
      orderId: orderIdOf(signalId, 'ENTRY'),
      clientId: clientOrderId(signalId, 'ENTRY'),
      signalId,
      symbol: this.#instrument.symbol,
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
      readonly type: 'MARKET' | 'STOP';
      readonly stopPrice: Price | null;
      readonly reason: ExitReason | null;
      readonly replaces: string | null;
    },
  ): ApprovedOrder {
    if (position.openSteps <= 0)
      throw new RangeError(`close of ${position.signalId}: expected an open quantity, was ${position.openSteps}`);
    return approve({
      orderId: orderIdOf(position.signalId, of.leg),
      clientId: clientOrderId(position.signalId, of.leg),
      signalId: position.signalId,
      symbol: this.#instrument.symbol,
      intent: 'CLOSE',
      side: position.side === 1 ? 'SELL' : 'BUY',
      steps: position.openSteps,
      limitPrice: null,
      validBars: null,
      protection: null,
      ...of,
    });
  }

  #reservation(input: SizeInput, size: Size): Exposure {
    const { candidate, campaign, timeframe } = input;
    const { symbol, assetClass, buckets } = this.#instrument;
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
}
