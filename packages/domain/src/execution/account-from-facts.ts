/** The account from the facts of its journal: what was filled and what was booked must say the same (TR-8). */
import type { TradedInstrument } from '../trade/instrument.ts';
import type { LedgerRow } from '../trade/ledger.ts';
import { AccountReplay } from '../trade/replay-account.ts';
import type { ReplayedAccount } from '../trade/replay-account.ts';
import type { Fill, Order } from './order.ts';

/** The facts that move an account; every other kind is passed over. */
export type AccountFact =
  | { readonly kind: 'order.filled'; readonly data: { readonly fill: Fill; readonly order: Order } }
  | { readonly kind: 'ledger.booked'; readonly data: LedgerRow };

/**
 * Cash, realised profit, fees and open positions, to the micro.
 * @throws {JournalMismatch} when a row is missing, was changed, or does not belong to the fill before it.
 */
export function accountFromFacts(
  account: { readonly id: string; readonly instruments: Iterable<TradedInstrument> },
  facts: Iterable<AccountFact | { readonly kind: string }>,
): ReplayedAccount {
  const replay = new AccountReplay(account.id, account.instruments);
  for (const fact of facts) {
    if (!isAccountFact(fact)) continue;
    if (fact.kind === 'ledger.booked') replay.row(fact.data);
    else if (fact.data.fill.qtyMicros > 0) fill(replay, fact.data);
  }
  return replay.end();
}

function fill(replay: AccountReplay, { fill, order }: { readonly fill: Fill; readonly order: Order }): void {
  const { symbol, side, intent, signalId, positionId, id } = order;
  const positionKey = signalId ?? positionId ?? id;
  const { orderId, qtyMicros, price, commissionMicros } = fill;
  replay.fill({ orderId, positionKey, symbol, side, intent, qtyMicros, price, commissionMicros });
}

function isAccountFact(fact: { readonly kind: string }): fact is AccountFact {
  return fact.kind === 'order.filled' || fact.kind === 'ledger.booked';
}
