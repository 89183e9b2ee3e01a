/** Speaks Binance's public market data protocol: `/api/v3/klines`, and combined kline streams. */
import { TIMEFRAME_MS, type Timeframe } from '@wyckoff/domain';
import type { IncomingMessage } from 'node:http';
import { DataServer, type Peer, type RestAnswer, type RestFault } from './data-server.ts';
import type { TapeBar } from './tape.ts';

export class BinanceDataServer extends DataServer {
  pageSize = 1000;
  /** Said to be used up in this minute. */
  usedWeight = 2;

  protected override streamOf(symbol: string, timeframe: Timeframe): string {
    return `${symbol.replace(/[/-]/g, '').toLowerCase()}@kline_${timeframe}`;
  }

  protected override barText(
    symbol: string,
    timeframe: Timeframe,
    { bar, kind }: { readonly bar: TapeBar; readonly kind: string },
  ): string {
    const closes = bar.time + TIMEFRAME_MS[timeframe] - 1;
    const k = { t: bar.time, T: closes, s: symbol, i: timeframe, o: String(bar.open), c: String(bar.close), h: String(bar.high), l: String(bar.low), v: String(bar.volume), n: 3, x: kind !== 'forming' }; // prettier-ignore
    return JSON.stringify({
      stream: this.streamOf(symbol, timeframe),
      data: { e: 'kline', E: closes + 1 + this.skewMs, s: symbol, k },
    });
  }

  protected override greet(): void {
    // It says nothing of its own.
  }

  protected override control(peer: Peer, text: string): void {
    const { method, params = [], id } = JSON.parse(text) as { method: string; params?: string[]; id: number };
    for (const stream of params) {
      if (method === 'SUBSCRIBE') peer.streams.add(stream);
      else peer.streams.delete(stream);
    }
    if (peer.streams.size > 1024) {
      peer.socket.close(1008, 'too many streams');
      return;
    }
    peer.socket.send(JSON.stringify({ result: method === 'LIST_SUBSCRIPTIONS' ? [...peer.streams] : null, id }));
  }

  protected override answer(
    path: string,
    query: URLSearchParams,
    { fault }: { readonly headers: IncomingMessage['headers']; readonly fault: RestFault | undefined },
  ): RestAnswer {
    if (path === '/api/v3/exchangeInfo')
      return { status: 200, body: { timezone: 'UTC', serverTime: 0, rateLimits: [], symbols: LISTED } };
    const timeframe = query.get('interval') as Timeframe;
    if (path !== '/api/v3/klines' || !(timeframe in TIMEFRAME_MS))
      return { status: 400, body: { code: -1120, msg: 'Invalid interval.' } };
    const symbol = query.get('symbol') ?? '';
    const from = fault === 'stuck' ? 0 : Number(query.get('startTime'));
    const to = fault === 'stuck' ? Number(query.get('startTime')) - 1 : Number(query.get('endTime') ?? 8e15);
    const all = this.tape.between(symbol, timeframe, from, to).slice(0, Math.min(this.pageSize, Number(query.get('limit'))));
    const page = this.bent(all, fault, this.tape.between(symbol, timeframe, 0, from - 1));
    const headers = { 'x-mbx-used-weight-1m': String(this.usedWeight) };
    return { status: 200, headers, body: page.map((bar) => wireOf(bar, timeframe)) };
  }
}

/** What a client library asks for before anything else. */
const LISTED = [{ symbol: 'BTCUSDT', status: 'TRADING', baseAsset: 'BTC', quoteAsset: 'USDT', baseAssetPrecision: 8, quotePrecision: 8, isSpotTradingAllowed: true, permissions: ['SPOT'], permissionSets: [['SPOT']], filters: [] }]; // prettier-ignore

function wireOf({ time, open, high, low, close, volume }: TapeBar, timeframe: Timeframe): unknown[] {
  const price = (value: number): string | null => (Number.isNaN(value) ? null : String(value));
  return [time, price(open), price(high), price(low), price(close), String(volume), time + TIMEFRAME_MS[timeframe] - 1, '0', 3, '0', '0', '0']; // prettier-ignore
}
