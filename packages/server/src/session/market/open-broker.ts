/** Opens the venue a person names; addresses and keys come from the environment only, and the money is play money unless an address says otherwise. */
import type { Scope } from '@wyckoff/bounded';
import type { Broker } from '../../brokers/broker.ts';
import type { Environment } from '../../feeds/open-provider.ts';
import type { BrokerName } from '../../market-choice.ts';

const ALPACA_URL = 'https://paper-api.alpaca.markets';

export async function openBroker(
  name: Exclude<BrokerName, 'paper'>,
  { scope, env, symbols }: { readonly scope: Scope; readonly env: Environment; readonly symbols: readonly string[] },
): Promise<Broker> {
  if (name === 'alpaca') {
    const { AlpacaBroker } = await import('../../brokers/alpaca/alpaca-broker.ts');
    return new AlpacaBroker({
      scope,
      baseUrl: env['WYCKOFF_ALPACA_URL'] ?? ALPACA_URL,
      keys: () => ({ keyId: env['APCA_API_KEY_ID'] ?? '', secret: env['APCA_API_SECRET_KEY'] ?? '' }),
    });
  }
  const { CcxtBroker } = await import('../../brokers/ccxt/ccxt-broker.ts');
  return new CcxtBroker({
    scope,
    exchange: name.replace(/^ccxt:/, ''),
    keys: () => ({ keyId: env['WYCKOFF_CCXT_KEY'] ?? '', secret: env['WYCKOFF_CCXT_SECRET'] ?? '' }),
    sandbox: env['WYCKOFF_CCXT_SANDBOX'] !== 'false',
    baseUrl: env['WYCKOFF_CCXT_URL'],
    symbols: [...symbols],
  });
}
