/** Makes an exchange of ccxt ready to be asked, or says why orders are never sent there (trading.md 8.3). */
import { VenueError } from '../venue-error.ts';
import type { CcxtExchange, CcxtModule } from './load-ccxt.ts';

export interface ExchangeTerms {
  /** Id of the exchange, `binance`. */
  readonly exchange: string;
  readonly keys: () => { readonly keyId: string; readonly secret: string };
  readonly sandbox: boolean;
  /** In place of scheme and host of every address of the exchange; paths stay. */
  readonly baseUrl?: string | undefined;
  /** Given to the exchange as they are. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  readonly timeoutMs: number;
}

const NEEDED = ['createOrder', 'cancelOrder', 'fetchOrder', 'fetchOpenOrders', 'fetchMyTrades', 'fetchBalance'];
/** Of no order of ours: ours carry hex digits. */
const NOBODY = 'wx1-nobody-asks';

/** @throws VenueError `refused` */
export function openExchange(module: CcxtModule, terms: ExchangeTerms): CcxtExchange {
  const { exchange: id, keys, sandbox, baseUrl, options, timeoutMs } = terms;
  const Exchange = Object.hasOwn(module, id) ? module[id] : undefined;
  if (typeof Exchange !== 'function') throw new VenueError('refused', `ccxt: expected an exchange it knows, was ${id}`);
  const { keyId, secret } = keys();
  const exchange = new Exchange({ apiKey: keyId, secret, timeout: timeoutMs, enableRateLimit: true, options: { ...options } });
  const missing = NEEDED.filter((what) => !(exchange.has[what] ?? false));
  if (missing.length > 0) throw new VenueError('refused', `ccxt: ${id} cannot be traded live: it lacks ${missing.join(', ')}`);
  if (sandbox) enterSandbox(exchange);
  if (baseUrl !== undefined) exchange.urls.api = led(exchange.urls.api, baseUrl.replace(/\/+$/, ''));
  spotOnly(exchange);
  return exchange;
}

/**
 * Asks for an order nobody made by a name of ours, which an exchange without client order ids cannot answer; and whether it takes stops.
 * @throws VenueError `refused` where one of both is missing.
 */
export async function refuseUnsafe(exchange: CcxtExchange, symbol: string, ask: () => Promise<unknown>): Promise<void> {
  if (exchange.featureValue?.(symbol, 'createOrder', 'triggerPrice') === false)
    throw new VenueError('refused', `ccxt: ${exchange.id} cannot be traded live: it takes no stops on ${symbol}, and a position would stand unprotected`); // prettier-ignore
  try {
    await ask();
  } catch (error) {
    if (error instanceof VenueError && error.kind === 'gone') return;
    if (error instanceof VenueError && error.kind === 'refused')
      throw new VenueError('refused', `ccxt: ${exchange.id} cannot be traded live: it does not find orders by our ids (${error.message})`); // prettier-ignore
    throw error;
  }
  throw new VenueError('refused', `ccxt: ${exchange.id} cannot be traded live: asked for an order nobody made it answered one, so it does not go by our ids`); // prettier-ignore
}

/** The parameters under which an order is asked for by a client id that no order has. */
export const NOBODYS_ORDER = { clientOrderId: NOBODY };

function enterSandbox(exchange: CcxtExchange): void {
  let isIn = true;
  try {
    exchange.setSandboxMode(true);
    // One that has none may enter it all the same: its addresses are gone then.
    isIn = Object.keys(Object(exchange.urls.api ?? {}) as object).length > 0;
  } catch {
    isIn = false;
  }
  if (!isIn) throw new VenueError('refused', `ccxt: ${exchange.id} has no sandbox, orders would be of real money: WYCKOFF_CCXT_SANDBOX=false says that this is meant`); // prettier-ignore
}

/** The same addresses with another host, however deep they stand. */
function led(value: unknown, baseUrl: string): unknown {
  if (typeof value === 'string') return value.replace(/^https?:\/\/[^/]+/, baseUrl);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]: [string, unknown]) => [key, led(one, baseUrl)]));
}

/** Lists of markets that are never traded here are not asked for. */
function spotOnly({ options }: CcxtExchange): void {
  const asked = options['fetchMarkets'] as { types?: unknown } | undefined;
  if (typeof asked === 'object' && Array.isArray(asked.types) && asked.types.includes('spot')) asked.types = ['spot'];
}
