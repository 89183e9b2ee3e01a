/** Speed of replaying a journal into an account: `npm run bench:ledger -- --facts 2000000 --json`. Goal: 200,000 facts/s. */
import { parseArgs } from 'node:util';
import { AccountReplay, tradedInstrument } from '@wyckoff/domain';
import type { JournalFill, LedgerRow } from '@wyckoff/domain';

const { values } = parseArgs({
  options: { facts: { type: 'string', default: '2000000' }, json: { type: 'boolean', default: false } },
});
const GOAL = 200_000;
/** A trade is a purchase and a sale, each a fill, a row of cash and a row of commission. */
const FACTS_PER_TRADE = 6;
const STARTING = 100_000_000_000;
const SYMBOLS = ['AAPL', 'MSFT', 'XOM', 'KO'];

const instruments = SYMBOLS.map((symbol) => tradedInstrument({ symbol, assetClass: 'STOCK' }));
const trades = Math.floor(Number(values.facts) / FACTS_PER_TRADE);
const replay = new AccountReplay('bench', instruments);
let seq = 0;

function row(kind: LedgerRow['kind'], amountMicros: number, refId: string): void {
  seq += 1;
  replay.row({ accountId: 'bench', seq, at: seq, kind, amountMicros, refId });
}

function fill(trade: number, side: JournalFill['side'], price: number): void {
  const orderId = `${trade}${side}`;
  const symbol = SYMBOLS[trade % SYMBOLS.length] ?? 'AAPL';
  const intent = side === 'BUY' ? 'OPEN' : 'CLOSE';
  replay.fill({
    orderId,
    positionKey: `p${trade}`,
    symbol,
    side,
    intent,
    qtyMicros: 100_000_000,
    price,
    commissionMicros: 1_000_000,
  });
  const value = Math.round(price * 100) * 1_000_000;
  row(side, side === 'BUY' ? -value : value, orderId);
  row('COMMISSION', -1_000_000, orderId);
}

row('DEPOSIT', STARTING, 'bench');
const began = process.hrtime.bigint();
for (let trade = 0; trade < trades; trade += 1) {
  fill(trade, 'BUY', 100 + (trade % 50) / 100);
  fill(trade, 'SELL', 100.02 + (trade % 50) / 100);
}
const account = replay.end();
const seconds = Number(process.hrtime.bigint() - began) / 1e9;
const facts = trades * FACTS_PER_TRADE;
const exact = account.cashMicros === STARTING + account.realisedMicros - account.feesMicros && account.open.length === 0;
const factsPerSecond = Math.round(facts / seconds);
const result = { bench: 'ledger', facts, seconds, factsPerSecond, goal: GOAL, exact, passed: exact && factsPerSecond >= GOAL };
console.log(
  values.json
    ? JSON.stringify(result)
    : `${facts} facts in ${seconds.toFixed(2)} s: ${factsPerSecond} facts/s (goal ${GOAL}), ${exact ? 'exact' : 'NOT EXACT'}`,
);
if (!result.passed) process.exitCode = 1;
