/** What the execution gate judges an opening order by, read anew from store and account: what cannot be read is null, and null refuses (trading.md 7.3). */
import type { Calendar, EpochMs, TradedInstrument } from '@wyckoff/domain';
import { amt, DEFAULT_LIMITS, mulDiv, riskOf } from '@wyckoff/domain';
import type { RiskAnswer } from '@wyckoff/contracts';
import type { Amounts, GateContext, LimitReading } from '../../brokers/gate.ts';
import type { OrderRequest } from '../../brokers/venue-order.ts';
import type { Store } from '../../store/store.ts';
import type { AccountRun } from '../trading/account-run.ts';

export interface GateContextParts {
  readonly store: Pick<Store, 'reservationOf' | 'signalById' | 'haltsInForce'>;
  readonly run: () => AccountRun | null;
  readonly risk: () => Promise<RiskAnswer>;
  readonly instrumentOf: (symbol: string) => TradedInstrument | null;
  readonly calendar: Calendar;
  readonly lastPrice: () => number | null;
  readonly wallClock: () => EpochMs;
}

export async function gateContextOf(parts: GateContextParts, order: OrderRequest, signalId: string): Promise<GateContext> {
  const { store, run, risk, instrumentOf, calendar, lastPrice, wallClock } = parts;
  const [row, signal, halts, view] = await Promise.all([
    store.reservationOf(signalId),
    store.signalById(signalId),
    store.haltsInForce(),
    risk(),
  ]);
  const account = run();
  const instrument = instrumentOf(order.symbol);
  const price = order.limitPrice ?? order.stopPrice ?? lastPrice();
  const equity = Math.max(0, view.equityMicros);
  return {
    reservation: row === null ? null : { ...(row.amounts as Amounts), state: row.state },
    needs:
      signal === null || instrument === null || price === null
        ? null
        : needsOf(order, instrument, { price, stop: signal.stopPrice }),
    halts: halts.filter(({ scope }) => concerns(scope, order.symbol, instrument)).map(({ kind }) => kind),
    account:
      account === null
        ? null
        : { kind: account.account.kind === 'LIVE' ? 'LIVE' : 'PAPER', liveAllowed: account.trading.permitted },
    instrument,
    supported: instrument !== null,
    market: { open: calendar.isOpen(wallClock()) },
    lastPrice: price,
    orderValueLimitMicros: mulDiv(equity, (account?.trading.limits ?? DEFAULT_LIMITS).orderValueBp, 10_000, 'down'),
    limits: limitsOf(view),
  };
}

function needsOf(
  { qtyMicros }: OrderRequest,
  instrument: TradedInstrument,
  { price, stop }: { readonly price: number; readonly stop: number },
): Amounts | null {
  const steps = qtyMicros / instrument.lotStepMicros;
  if (!Number.isInteger(steps)) return null;
  const notionalMicros = amt(instrument, price, { steps, mode: 'up' });
  const marginMicros = instrument.settlement === 'CASH' ? 0 : mulDiv(notionalMicros, 1, instrument.leverage, 'up');
  return { riskMicros: riskOf(instrument, [price, stop], steps), notionalMicros, marginMicros };
}

function concerns(scope: string, symbol: string, instrument: TradedInstrument | null): boolean {
  return scope === `symbol:${symbol}` || (!scope.startsWith('symbol:') && (!scope.startsWith('class:') || scope === `class:${instrument?.assetClass ?? ''}`)); // prettier-ignore
}

/** Sums over the account that reservations could have passed while equity fell; one entry's own limits are in its reservation. */
const SUMS = ['RK_HEAT', 'RK_CAMPAIGN', 'RK_BUCKET', 'RK_ASSET_CLASS'];

function limitsOf({ limits }: RiskAnswer): readonly LimitReading[] {
  return limits
    .filter(({ rule }) => SUMS.includes(rule))
    .map(({ rule, value, limit }) => ({ code: rule, valueMicros: value, limitMicros: limit }));
}
