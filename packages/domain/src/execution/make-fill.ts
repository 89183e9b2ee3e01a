/** From the price an order met to the fill that is booked: slippage, impact, commission (backtesting.md 5). */
import type { EpochMs, Price } from '../bar/bar.ts';
import { qtyOf } from '../trade/amount.ts';
import type { TradedInstrument } from '../trade/instrument.ts';
import { commissionOf, slip } from '../trade/costs.ts';
import type { CostModel, Liquidity } from '../trade/costs.ts';
import type { Fill } from './order.ts';

export function makeFill(
  market: { readonly instrument: TradedInstrument; readonly costs: CostModel },
  order: { readonly clientId: string; readonly orderId: string },
  met: {
    readonly price: Price;
    readonly steps: number;
    readonly side: 1 | -1;
    /** False for LIMIT orders and targets: they pay their price. */
    readonly slips: boolean;
    readonly liquidity: Liquidity;
    readonly ts: EpochMs;
  },
): Fill {
  const { instrument, costs } = market;
  const paid = met.slips ? slip(costs, instrument, met) : { price: met.price, slippageMicros: 0, impactMicros: 0 };
  return {
    orderId: order.orderId,
    n: 1,
    execId: `${order.clientId}#1`,
    ts: met.ts,
    qtyMicros: qtyOf(instrument, met.steps),
    price: paid.price,
    grossPrice: met.price,
    commissionMicros: commissionOf(costs, instrument, { price: paid.price, steps: met.steps }),
    slippageMicros: paid.slippageMicros,
    impactMicros: paid.impactMicros,
  };
}
