/** Speaks Alpaca's market data protocol: `/v2/stocks/bars` with page tokens, and the `v2/iex` stream. */
import type { IncomingMessage } from 'node:http';
import { TIMEFRAME_MS, type Timeframe } from '@wyckoff/domain';
import { DataServer, type Peer, type RestAnswer, type RestFault } from './data-server.ts';
import type { TapeBar } from './tape.ts';

const NAMES: Readonly<Record<string, Timeframe>> = {
  '1Min': '1m',
  '5Min': '5m',
  '15Min': '15m',
  '30Min': '30m',
  '1Day': '1d',
  '1Week': '1w',
};
/** The credentials it takes. */
export const ALPACA_KEY = { id: 'PKTESTTESTTESTTEST', secret: 'not-a-secret-at-all-just-a-word' } as const;

export class AlpacaDataServer extends DataServer {
  pageSize = 10_000;
  /** Error code of the answer to the next login. */
  loginError: number | null = null;
  readonly #loggedIn = new WeakSet<Peer>();

  protected override streamOf(symbol: string, timeframe: Timeframe): string {
    return timeframe === '1m' ? symbol : '';
  }

  protected override barText(
    symbol: string,
    _: Timeframe,
    { bar, kind }: { readonly bar: TapeBar; readonly kind: string },
  ): string {
    return JSON.stringify([{ T: kind === 'revised' ? 'u' : 'b', S: symbol, ...wireOf(bar), n: 7, vw: bar.close }]);
  }

  protected override greet({ socket }: Peer): void {
    socket.send(JSON.stringify([{ T: 'success', msg: 'connected' }]));
  }

  protected override control(peer: Peer, text: string): void {
    const message = JSON.parse(text) as { action: string; key?: string; secret?: string; bars?: string[] };
    const reply = (what: object): void => peer.socket.send(JSON.stringify([what]));
    if (message.action === 'auth') {
      const code = this.loginError ?? (message.key === ALPACA_KEY.id && message.secret === ALPACA_KEY.secret ? null : 402);
      this.loginError = null;
      if (code !== null) {
        reply({ T: 'error', code, msg: code === 402 ? 'auth failed' : 'connection limit exceeded' });
        return;
      }
      this.#loggedIn.add(peer);
      reply({ T: 'success', msg: 'authenticated' });
      return;
    }
    if (!this.#loggedIn.has(peer)) {
      reply({ T: 'error', code: 401, msg: 'not authenticated' });
      return;
    }
    for (const symbol of message.bars ?? []) {
      if (message.action === 'subscribe') peer.streams.add(symbol);
      else peer.streams.delete(symbol);
    }
    reply({ T: 'subscription', trades: [], quotes: [], bars: [...peer.streams], updatedBars: [...peer.streams] });
  }

  protected override answer(
    path: string,
    query: URLSearchParams,
    { headers, fault }: { readonly headers: IncomingMessage['headers']; readonly fault: RestFault | undefined },
  ): RestAnswer {
    if (headers['apca-api-key-id'] !== ALPACA_KEY.id || headers['apca-api-secret-key'] !== ALPACA_KEY.secret) {
      return { status: 403, body: { message: 'forbidden.' } };
    }
    if (path === '/v1/corporate-actions')
      return { status: 200, body: { corporate_actions: this.actions, next_page_token: this.stuckActions ? 'c3R1Y2s=' : null } };
    const timeframe = NAMES[query.get('timeframe') ?? ''] as Timeframe | undefined;
    if (path !== '/v2/stocks/bars' || timeframe === undefined) return { status: 400, body: { message: 'invalid timeframe' } };
    const symbol = query.get('symbols') ?? '';
    const start = Date.parse(query.get('start') ?? '');
    const all = this.tape.between(symbol, timeframe, start, Date.parse(query.get('end') ?? ''));
    const from = Number(Buffer.from(query.get('page_token') ?? '', 'base64').toString() || '0');
    const size = Math.min(this.pageSize, Number(query.get('limit')));
    const page = this.bent(
      all.slice(from, from + size),
      fault,
      this.tape.between(symbol, timeframe, 0, (all[from]?.time ?? start) - TIMEFRAME_MS[timeframe]),
    );
    const next = fault === 'stuck' ? (query.get('page_token') ?? 'c3R1Y2s=') : this.circle && from > 2 * size ? Buffer.from('0').toString('base64') : from + size < all.length ? Buffer.from(String(from + size)).toString('base64') : null; // prettier-ignore
    return { status: 200, body: { bars: page.length === 0 ? {} : { [symbol]: page.map(wireOf) }, next_page_token: next } };
  }

  /** What `/v1/corporate-actions` answers. */
  actions: Readonly<Record<string, unknown>> = {};
  /** Its pages never end. */
  stuckActions = false;
}

function wireOf({ time, open, high, low, close, volume }: TapeBar): object {
  return { t: new Date(time).toISOString(), o: open, h: high, l: low, c: close, v: volume };
}
