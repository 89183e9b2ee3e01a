/** The market of the crash test at a venue: moved by each bar, it fills in parts, and outlives every session. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AlpacaServer } from '../venues/alpaca-server.ts';
import type { MarketOrder } from '../venues/market.ts';

/** Enough for 200 kills: alerts see to the entries. */
export const VENUE_DRAWN = { schematic: 'all', seed: 1042, number: 3, bars: 1200, noise: 'low' } as const;

interface Moved {
  readonly symbol: string;
  readonly at: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

export class VenueMarket {
  readonly venue: AlpacaServer;
  readonly #control: Server;
  partFills = 0;

  private constructor(venue: AlpacaServer) {
    this.venue = venue;
    venue.market.fillsAtOnce = false;
    this.#control = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        this.#move(JSON.parse(Buffer.concat(parts).toString()) as Moved);
        response.end('{}');
      });
    });
  }

  static async open(): Promise<VenueMarket> {
    const made = new VenueMarket(await AlpacaServer.start());
    await new Promise<void>((resolve) => void made.#control.listen(0, '127.0.0.1', resolve));
    return made;
  }

  get controlUrl(): string {
    return `http://127.0.0.1:${(this.#control.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#control.closeAllConnections();
    await new Promise((resolve) => this.#control.close(resolve));
    await this.venue.stop();
  }

  #move({ symbol, at, open, high, low, close }: Moved): void {
    const { market } = this.venue;
    market.now = () => at;
    // Entries are filled at their own price, in two parts: nearly every kill then hits something that is at stake.
    for (const order of market.working(symbol))
      if (order.orderClass === 'oto' && order.parent === null && order.type !== 'market')
        this.#fillPart(order, order.limitPrice ?? order.stopPrice ?? String(open));
    for (const price of [open, low, high, close]) {
      market.setPrice(symbol, Math.round(price * 100) / 100);
      // Orders at market are filled in two parts, the second at the next price.
      for (const order of market.working(symbol)) if (order.type === 'market') this.#fillPart(order);
    }
  }

  #fillPart(order: MarketOrder, price = String(this.venue.market.price(order.symbol))): void {
    const left = order.qty - order.filled;
    const isFirst = order.filled === 0 && left > 1_000_000;
    if (isFirst) this.partFills += 1;
    this.venue.market.fill(order.id, { price, ...(isFirst && { qty: Math.floor(left / 2_000_000) * 1_000_000 || left }) });
  }
}
