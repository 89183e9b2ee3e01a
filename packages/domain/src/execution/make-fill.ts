/** From the price an order met to the fill that is booked: slippage, impact, commission (backtesting.md 5). */
import type { EpochMs, Price } from '../bar/bar.ts';
import type { Micros } from '../setup/signal.ts';
import { qtyOf } from '../trade/amount.ts';
import { commissionOf, slip } from '../trade/costs.ts';
import type { Liquidity, Market } from '../trade/costs.ts';
import type { Fill } from './order.ts';

/** What an order filled so far; plain numbers, kept with it. */
export interface FillTally {
  n: number;
  steps: number;
  /** Sum of price x steps. */
  value: number;
  commissionMicros: Micros;
}

export interface FillingOrder {
  readonly clientId: string;
  readonly orderId: string;
  readonly tally: FillTally;
}

export interface Met {
  readonly price: Price;
  readonly steps: number;
  readonly side: 1 | -1;
  /** False for LIMIT orders and targets: they pay their price. */
  readonly slips: boolean;
}

export function emptyTally(): FillTally {
  return { n: 0, steps: 0, value: 0, commissionMicros: 0 };
}

/** The next fill of an order; its commission is that of the whole order less what its former parts paid. */
export function makeFill(
  market: Market,
  order: FillingOrder,
  met: Met & { readonly liquidity: Liquidity; readonly ts: EpochMs },
): Fill {
  const { instrument, costs } = market;
  const { tally } = order;
  const paid = met.slips ? slip(costs, instrument, met) : { price: met.price, slippageMicros: 0, impactMicros: 0 };
  const steps = tally.steps + met.steps;
  const mean = tally.n === 0 ? paid.price : (tally.value + paid.price * met.steps) / steps;
  return {
    orderId: order.orderId,
    n: tally.n + 1,
    execId: `${order.clientId}#${tally.n + 1}`,
    ts: met.ts,
    qtyMicros: qtyOf(instrument, met.steps),
    price: paid.price,
    grossPrice: met.price,
    commissionMicros: Math.max(0, commissionOf(costs, instrument, { price: mean, steps }) - tally.commissionMicros),
    slippageMicros: paid.slippageMicros,
    impactMicros: paid.impactMicros,
  };
}

export function count(tally: FillTally, fill: Fill, steps: number): void {
  tally.n += 1;
  tally.steps += steps;
  tally.value += fill.price * steps;
  tally.commissionMicros += fill.commissionMicros;
}
