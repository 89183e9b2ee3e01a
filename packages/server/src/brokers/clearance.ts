/** What has passed the execution gate, and only that: good for one sending, and asked once more directly before it. */
import type { ApprovedOrder } from '@wyckoff/domain';
import { VenueError } from './venue-error.ts';
import type { OrderRequest } from './venue-order.ts';

/** Asked when the request is about to leave: null lets it go, else the reason it stays. */
export type LastLook = () => Promise<string | null>;

export interface Clearing {
  readonly opens: boolean;
  readonly lastLook: LastLook;
  /** Which signal, and thereby which position, it belongs to; only a broker that keeps positions apart asks. */
  readonly signalId?: string;
  /** The risk desk's own; null on recovery, and for what closes. */
  readonly approved?: ApprovedOrder | null;
}

class ClearedOrder {
  readonly #mark = true;
  readonly request: OrderRequest;
  readonly opens: boolean;
  readonly signalId: string | null;
  readonly approved: ApprovedOrder | null;
  readonly #lastLook: LastLook;
  #spent = false;

  constructor(request: OrderRequest, of: Clearing) {
    this.request = Object.freeze(request);
    this.opens = of.opens;
    this.signalId = of.signalId ?? null;
    this.approved = of.approved ?? null;
    this.#lastLook = of.lastLook;
  }

  /** An adapter calls it as the last thing before the network. @throws {VenueError} `held`. */
  async spend(): Promise<void> {
    if (this.#spent)
      throw new VenueError('held', `${this.request.clientId}: expected a clearance for this sending, was a spent one`);
    this.#spent = true;
    const reason = await this.#lastLook();
    if (reason !== null) throw new VenueError('held', reason);
  }

  static bears(order: unknown): order is ClearedOrder {
    return typeof order === 'object' && order !== null && #mark in order && order.#mark;
  }
}

export type Cleared = ClearedOrder;

/** For the gate alone. */
export function clear(request: OrderRequest, of: Clearing): Cleared {
  return new ClearedOrder(request, of);
}

/** @throws {VenueError} `held` for anything the gate did not clear, also where types were cast away. */
export function expectCleared(order: unknown): asserts order is Cleared {
  if (!ClearedOrder.bears(order))
    throw new VenueError('held', 'expected an order cleared by the execution gate, was something else');
}
