/** From a persisted order to one order at the venue, whatever is lost on the way (trading.md 7.2, TR-12). */
import type { Scope } from '@wyckoff/bounded';
import type { EpochMs } from '@wyckoff/domain';
import type { Broker } from './broker.ts';
import type { GateAnswer } from './gate.ts';
import { isWorking, moved, sent, type SentOrder } from './sent-order.ts';
import { VenueError, venueErrorOf } from './venue-error.ts';
import type { VenueOrder } from './venue-order.ts';

export interface RouterOptions {
  readonly broker: Broker;
  readonly scope: Scope;
  readonly now: () => EpochMs;
  /** Called before each try: an order goes only with a fresh clearance. */
  readonly clear: (order: SentOrder) => Promise<GateAnswer>;
  /** On disk when it resolves; what is sent was saved before. */
  readonly put: (order: SentOrder) => Promise<void>;
  /** What the venue says of it, with what hangs on it; answers the record after it. */
  readonly hear: (order: SentOrder, view: VenueOrder) => Promise<SentOrder>;
}

/** Waits before the second, third and fourth try. */
const RETRY_MS = [100, 500, 2_000] as const;
/** Between the first and the second denial that end an order. */
const DENIED_TWICE_MS = 5_000;

/** What asking by client id gave. */
type Asked = { readonly kind: 'found'; readonly view: VenueOrder } | { readonly kind: 'denied' } | { readonly kind: 'unknown' };

export class OrderRouter {
  readonly #options: RouterOptions;

  constructor(options: RouterOptions) {
    this.#options = options;
  }

  /**
   * Sends a saved order until the venue has it, refuses it, or four tries are over. An order that may be there already is asked for first, and
   * sent again only with the same id, only when the venue denies it, and only through the gate.
   */
  async send(order: SentOrder): Promise<SentOrder> {
    let now = order;
    for (let tried = 0; tried <= RETRY_MS.length; tried += 1) {
      if (now.state !== 'PENDING_NEW' || tried > 0) {
        const asked = now.uncertain || now.state !== 'PENDING_NEW' ? await this.#ask(now) : ({ kind: 'denied' } as const);
        if (asked.kind === 'found') return this.#hear(now, asked.view);
        if (asked.kind === 'unknown') {
          await this.#pause(tried);
          continue;
        }
      }
      const step = await this.#try(now);
      now = step.order;
      if (step.isOver) return now;
      await this.#pause(tried);
    }
    return now;
  }

  /** What became of an order nobody answered for: found, or denied twice 5 s apart and then FAILED; else it stays as it is. */
  async settle(order: SentOrder): Promise<SentOrder> {
    const asked = await this.#ask(order);
    if (asked.kind === 'found') return this.#hear(order, asked.view);
    if (asked.kind === 'unknown' || !isWorking(order)) return order;
    const at = this.#options.now();
    if (order.deniedAt === null) return this.#put({ ...order, deniedAt: at });
    if (at - order.deniedAt < DENIED_TWICE_MS) return order;
    const known = sent(order, at);
    const reason = 'the venue denied knowing it twice';
    // Past SUBMITTED it has been seen working there: it is gone, not lost.
    const state = known.state === 'SUBMITTED' ? 'FAILED' : 'EXPIRED';
    return this.#put({ ...moved(known, state, { at, reason }), uncertain: false });
  }

  /** Hears the order as the venue has it; false when the venue could not be asked. */
  async look(order: SentOrder): Promise<boolean> {
    const asked = await this.#ask(order);
    if (asked.kind === 'found') await this.#hear(order, asked.view);
    return asked.kind !== 'unknown';
  }

  async #try(order: SentOrder): Promise<{ readonly order: SentOrder; readonly isOver: boolean }> {
    const answer = await this.#options.clear(order);
    const judged = { ...order, gate: answer.result };
    if (!answer.ok) return this.#held(judged, answer.result.violations[0]?.code ?? 'GATE');
    // Whatever happens from here on, it may have been sent; the log says so before the network does.
    const going = await this.#put({ ...sent(judged, this.#options.now()), uncertain: true });
    const { broker } = this.#options;
    // Only what the venue does is judged here: a record that could not be written is no word of the venue.
    const answered = await (
      going.attached?.kind === 'OCO' ? broker.placeOco(answer.cleared) : broker.place(answer.cleared)
    ).catch(venueErrorOf);
    if (answered instanceof VenueError) return this.#failed(order, going, answered);
    return { order: await this.#hear(going, answered), isOver: true };
  }

  async #failed(
    before: SentOrder,
    going: SentOrder,
    error: VenueError,
  ): Promise<{ readonly order: SentOrder; readonly isOver: boolean }> {
    if (error.kind === 'refused' || error.kind === 'gone') return { order: await this.#end(going, error.message), isOver: true };
    // This sending cannot have arrived; an earlier one may have.
    if (error.kind === 'held') return this.#held({ ...going, uncertain: before.uncertain }, error.message);
    if (error.kind === 'unsent')
      return { order: await this.#put({ ...going, uncertain: before.uncertain, reason: error.message }), isOver: false };
    return { order: await this.#put({ ...going, reason: error.message }), isOver: false };
  }

  /** The gate said no: never sent is over, perhaps sent has to be asked for and is not sent again. */
  async #held(order: SentOrder, reason: string): Promise<{ readonly order: SentOrder; readonly isOver: boolean }> {
    if (order.uncertain) return { order: await this.#put({ ...order, reason }), isOver: true };
    if (order.intent === 'CLOSE') return { order: await this.#put({ ...order, reason }), isOver: true };
    return { order: await this.#end(order, reason), isOver: true };
  }

  #end(order: SentOrder, reason: string): Promise<SentOrder> {
    return this.#put({ ...moved(order, 'REJECTED', { at: this.#options.now(), reason }), uncertain: false });
  }

  async #ask(order: SentOrder): Promise<Asked> {
    try {
      const view = await this.#options.broker.getOrder(order.clientId);
      return view === null ? { kind: 'denied' } : { kind: 'found', view };
    } catch {
      return { kind: 'unknown' };
    }
  }

  #hear(order: SentOrder, view: VenueOrder): Promise<SentOrder> {
    return this.#options.hear(order, view);
  }

  async #put(order: SentOrder): Promise<SentOrder> {
    await this.#options.put(order);
    return order;
  }

  #pause(tried: number): Promise<void> {
    const ms = RETRY_MS[tried];
    return ms === undefined ? Promise.resolve() : this.#options.scope.delay(ms, 'order retry');
  }
}
