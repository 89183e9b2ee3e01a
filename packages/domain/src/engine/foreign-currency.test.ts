/** trading.md 2.2: a pair whose profit comes in another currency is not traded without a rate into the one of the account. */
import { expect, test } from 'vitest';
import { COST_MODELS } from '../trade/costs.ts';
import { tradedInstrument } from '../trade/instrument.ts';
import { account } from './kit/account-rig.ts';
import type { Account } from './kit/account-rig.ts';
import { ScriptedDetector, range, springTest } from './kit/scripted-market.ts';

/** A Spring test in a pair, in an account kept in dollars; warm before bar 60. */
function pair(symbol: string, fx?: number): Account {
  const traded = tradedInstrument({ symbol, assetClass: 'FOREX', tickSize: 0.01, ...(fx !== undefined && { fx }) });
  const view = () => ({ range: range(), previous: null, regime: 'RANGING', features: null }) as const;
  return account({ [`${symbol} A`]: {} }, {
    series: [
      {
        instrument: { symbol, assetClass: 'FOREX', timeZone: 'UTC', session: '24h' },
        timeframe: '1d',
        traded,
        costs: COST_MODELS.zero,
        detector: (bytes) => new ScriptedDetector({ events: { 60: [springTest(60)] }, view }, bytes),
      },
    ],
  }); // prettier-ignore
}
const codes = (one: Account) => one.of('signal.created').map(({ rejectCode }) => rejectCode);

test('FX_RATE_MISSING yen and pounds are no dollars: refused without a rate, with its sentence in the chain', () => {
  for (const symbol of ['USDJPY', 'EURGBP', 'EUR/GBP']) {
    const one = pair(symbol);
    expect(codes(one), symbol).toEqual(['FX_RATE_MISSING']);
    expect(one.of('signal.created')[0].chain.at(-1)).toMatchObject({ stage: 'RISK', sentence: 'There is no rate into the currency of the account.' }); // prettier-ignore
  }
});

test('FX_RATE_MISSING is not said of a pair in the currency of the account, nor where a rate is known', () => {
  expect(codes(pair('EURUSD'))).not.toContain('FX_RATE_MISSING');
  expect(codes(pair('USDJPY', 1 / 150))).not.toContain('FX_RATE_MISSING');
});
