/** The execution gate: the last check before any adapter, for every path an order can come by (trading.md 7.3, TR-11). */
import { allowsOpening, amt, isApproved, unreadable } from '@wyckoff/domain';
import type { ApprovedOrder, EpochMs, KillSwitch, Micros, Price, TradedInstrument } from '@wyckoff/domain';
import type { Scope } from '@wyckoff/bounded';
import { clear, type Cleared } from './clearance.ts';
import { isOnTick } from './decimal.ts';
import type { OrderRequest } from './venue-order.ts';

/** An amount a reservation covers, or an order needs. */
export interface Amounts {
  readonly riskMicros: Micros;
  readonly notionalMicros: Micros;
  readonly marginMicros: Micros;
}

/** One limit of 5.1, recomputed with this order in it. */
export interface LimitReading {
  readonly code: string;
  readonly valueMicros: Micros | null;
  readonly limitMicros: Micros | null;
}

/** What an opening order is judged by. Null: could not be known, and then it is refused. */
export interface GateContext {
  readonly reservation: (Amounts & { readonly state: string }) | null;
  readonly needs: Amounts | null;
  /** Names of the halts in force for account, class and symbol. */
  readonly halts: readonly string[] | null;
  readonly account: { readonly kind: 'PAPER' | 'LIVE'; readonly liveAllowed: boolean } | null;
  readonly instrument: TradedInstrument | null;
  /** Whether the venue trades the symbol. */
  readonly supported: boolean | null;
  readonly market: { readonly open: boolean } | null;
  readonly lastPrice: Price | null;
  readonly orderValueLimitMicros: Micros | null;
  readonly limits: readonly LimitReading[] | null;
}

export interface GatePorts {
  /** The persisted flag, read now. What takes longer than 500 ms or fails is STOP. */
  readonly readHalt: () => Promise<KillSwitch>;
  readonly contextOf: (order: OrderRequest, signalId: string) => Promise<GateContext>;
  readonly isConnected: () => boolean;
  /** Wall clock. */
  readonly now: () => EpochMs;
}

export interface Violation {
  readonly code: string;
  readonly sentence: string;
}

/** Stored with the order. */
export interface GateResult {
  readonly allowed: boolean;
  readonly at: EpochMs;
  readonly violations: readonly Violation[];
  /** What was read: level of the kill switch, prices, limits. */
  readonly values: Readonly<Record<string, number | string | boolean | null>>;
}

export type GateAnswer =
  | { readonly ok: true; readonly cleared: Cleared; readonly result: GateResult }
  | { readonly ok: false; readonly result: GateResult };

/** Asked before an opening order. */
export interface Opening {
  readonly request: OrderRequest;
  readonly signalId: string;
  /** Null on recovery: the order was approved in a former life and its record says so. */
  readonly approved: ApprovedOrder | null;
  /** Its client id works or is filled already. */
  readonly known: boolean;
}

const READ_MS = 500;

export class ExecutionGate {
  readonly #ports: GatePorts;
  readonly #scope: Scope;

  constructor(scope: Scope, ports: GatePorts) {
    this.#scope = scope;
    this.#ports = ports;
  }

  /** The kill switch as it is this instant; nobody's silence is an OFF. */
  async readHalt(): Promise<KillSwitch> {
    let giveUp: () => void = () => undefined;
    const late = new Promise<KillSwitch>((resolve) => {
      giveUp = this.#scope.timeout(READ_MS, () => resolve(unreadable(`no answer within ${READ_MS} ms`)), 'halt reading');
    });
    try {
      return await Promise.race([this.#ports.readHalt(), late]);
    } catch (error) {
      return unreadable(error instanceof Error ? error.message : String(error));
    } finally {
      giveUp();
    }
  }

  /** The eight checks of 7.3, in order; all are asked, so that the record says everything that was wrong. */
  async opening(of: Opening): Promise<GateAnswer> {
    const halt = await this.readHalt();
    const context = await this.#contextOf(of);
    const violations = context === null ? [] : openingViolations(of, context, this.#ports.isConnected());
    if (!allowsOpening(halt))
      violations.unshift({ code: 'KILL_SWITCH', sentence: `The kill switch is at ${halt.level}: ${halt.reason}` });
    if (context === null) violations.push({ code: 'RK_CONTEXT', sentence: 'What the order is judged by could not be read.' });
    if (of.approved !== null && !isApproved(of.approved))
      violations.push({ code: 'ORDER_INVALID', sentence: 'The order was not approved by the risk desk.' });
    const result = this.#result(violations, { halt: halt.level, lastPrice: context?.lastPrice ?? null });
    if (violations.length > 0) return { ok: false, result };
    return {
      ok: true,
      result,
      cleared: clear(of.request, { opens: true, lastLook: () => this.#lastLook(), signalId: of.signalId, approved: of.approved }),
    };
  }

  /** Closing orders need a position, a quantity within it and a connection: nothing else ever stops an exit. */
  closing(request: OrderRequest, openQtyMicros: number): GateAnswer {
    const violations: Violation[] = [];
    if (!(openQtyMicros > 0)) violations.push({ code: 'NO_POSITION', sentence: 'There is nothing to close.' });
    else if (request.qtyMicros > openQtyMicros)
      violations.push({
        code: 'ORDER_INVALID',
        sentence: `Expected at most ${openQtyMicros / 1e6} units to close, was ${request.qtyMicros / 1e6}.`,
      });
    if (!this.#ports.isConnected()) violations.push({ code: 'BROKER_DOWN', sentence: 'The venue is not connected.' });
    const result = this.#result(violations, { openQtyMicros });
    if (violations.length > 0) return { ok: false, result };
    return { ok: true, result, cleared: clear(request, { opens: false, lastLook: () => Promise.resolve(null) }) };
  }

  async #lastLook(): Promise<string | null> {
    const halt = await this.readHalt();
    return allowsOpening(halt) ? null : `KILL_SWITCH: it went to ${halt.level} while the order waited`;
  }

  async #contextOf(of: Opening): Promise<GateContext | null> {
    try {
      return await this.#ports.contextOf(of.request, of.signalId);
    } catch {
      return null;
    }
  }

  #result(violations: readonly Violation[], values: GateResult['values']): GateResult {
    return { allowed: violations.length === 0, at: this.#ports.now(), violations, values };
  }
}

function openingViolations(of: Opening, context: GateContext, connected: boolean): Violation[] {
  const out: Violation[] = [];
  const unless = (isFine: boolean, code: string, sentence: string): void => {
    if (!isFine) out.push({ code, sentence });
  };
  const { reservation, needs, halts, account, market, instrument } = context;
  unless(
    reservation?.state === 'HELD' && needs !== null && covers(reservation, needs),
    'NO_RESERVATION',
    'No held reservation covers the order.',
  );
  unless(halts?.length === 0, 'HALTED', halts === null ? 'The halts could not be read.' : `Halted: ${halts.join(', ')}.`);
  unless(
    account !== null && (account.kind === 'PAPER' || account.liveAllowed),
    'LIVE_NOT_ALLOWED',
    'The account may not trade live.',
  );
  unless(connected, 'BROKER_DOWN', 'The venue is not connected.');
  unless(context.supported === true, 'NO_ROUTE', 'The venue does not trade the symbol.');
  unless(
    market !== null && (market.open || mayWait(of.request)),
    'MARKET_CLOSED',
    'The market is closed and the order cannot wait.',
  );
  const invalid = instrument === null ? 'The instrument is not known.' : invalidity(of.request, instrument, context);
  unless(invalid === null, 'ORDER_INVALID', invalid ?? '');
  unless(!of.known, 'DUPLICATE', 'The client id works or is filled already.');
  if (context.limits === null) out.push({ code: 'RK_CONTEXT', sentence: 'The limits could not be recomputed.' });
  for (const { code, valueMicros, limitMicros } of context.limits ?? [])
    unless(
      valueMicros !== null && limitMicros !== null && valueMicros <= limitMicros,
      code,
      `Expected at most ${amountText(limitMicros)}, was ${amountText(valueMicros)}.`,
    );
  return out;
}

/** Money for people: with its cents. */
function amountText(micros: number | null): string {
  return micros === null ? 'unknown' : (micros / 1e6).toFixed(2);
}

function covers(held: Amounts, needs: Amounts): boolean {
  return (
    held.riskMicros >= needs.riskMicros && held.notionalMicros >= needs.notionalMicros && held.marginMicros >= needs.marginMicros
  );
}

/** LIMIT and STOP orders that live beyond the day can be left for the open. */
function mayWait(request: OrderRequest): boolean {
  return request.type !== 'MARKET' && (request.tif === 'GTC' || request.tif === 'DAY');
}

/** What is wrong with tick, lot, notional or value; null: nothing. */
function invalidity(request: OrderRequest, instrument: TradedInstrument, context: GateContext): string | null {
  const { tickSize, lotStepMicros, minSteps, maxSteps, minNotionalMicros } = instrument;
  for (const price of [request.limitPrice, request.stopPrice, request.attached?.stopPrice ?? null])
    if (price !== null && !isOnTick(price, tickSize)) return `Expected a price on the tick ${tickSize}, was ${price}.`;
  const steps = request.qtyMicros / lotStepMicros;
  if (!Number.isInteger(steps) || steps < minSteps || steps > maxSteps)
    return `Expected whole steps of ${lotStepMicros} millionths between ${minSteps} and ${maxSteps}, was ${request.qtyMicros}.`;
  const price = request.limitPrice ?? request.stopPrice ?? context.lastPrice;
  if (price === null || !(price > 0)) return 'No price is known to value the order.';
  const value = amt(instrument, price, { steps, mode: 'up' });
  if (value < minNotionalMicros) return `Expected a value of at least ${minNotionalMicros} micros, was ${value}.`;
  if (context.orderValueLimitMicros === null || value > context.orderValueLimitMicros)
    return `Expected a value of at most ${context.orderValueLimitMicros ?? 'unknown'} micros, was ${value}.`;
  return null;
}
