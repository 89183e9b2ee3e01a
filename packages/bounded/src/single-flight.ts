/** One call per key at a time: who asks meanwhile shares it, and it is aborted when nobody waits for it any more. */
import { FullError, ScopeClosedError } from './errors.ts';
import { host, onAbort, type StopController, type StopSignal } from './host.ts';
import { type OwnFigures, Structure, type StructureOptions } from './structure.ts';

/** Does the work for one key; must heed the signal. */
export type Load<V> = (signal: StopSignal) => Promise<V>;

interface Flight<V> {
  readonly controller: StopController;
  readonly landed: Promise<V>;
  waiting: number;
}

/** `capacity` is the most calls under way at one time. */
export class SingleFlight<K, V> extends Structure {
  readonly capacity: number;
  readonly #flights = new Map<K, Flight<V>>();

  constructor(options: StructureOptions) {
    super('flights', options);
    this.capacity = options.capacity;
  }

  /** Calls under way. */
  get size(): number {
    return this.#flights.size;
  }

  /**
   * Joins the call for this key or begins it. Rejects with the signal's reason when this caller gives up; the call itself goes on
   * as long as another one waits.
   * @throws FullError (as a rejection) when as many calls as may are under way for other keys.
   */
  async run(key: K, load: Load<V>, signal?: StopSignal): Promise<V> {
    signal?.throwIfAborted();
    if (this.disposed) throw new ScopeClosedError(this.name);
    return this.#wait(key, this.#flights.get(key) ?? this.#begin(key, load), signal);
  }

  /** Aborts the call for this key; those who wait get the rejection. */
  abort(key: K, reason?: unknown): boolean {
    const flight = this.#flights.get(key);
    flight?.controller.abort(reason);
    return flight !== undefined;
  }

  protected ownFigures(): OwnFigures {
    return {
      size: this.size,
      capacity: this.capacity,
      bytes: this.estimate(this.size, undefined),
      limitBytes: this.worstCase(this.capacity, undefined, 0),
      held: this.size,
    };
  }

  protected release(): void {
    for (const flight of this.#flights.values()) flight.controller.abort(new ScopeClosedError(this.name));
    this.ledger.drop('disposed', this.size);
    this.#flights.clear();
  }

  #begin(key: K, load: Load<V>): Flight<V> {
    if (this.#flights.size >= this.capacity) {
      this.ledger.accept();
      this.ledger.drop('refused');
      throw new FullError(this.name, this.capacity);
    }
    const controller = new host.AbortController();
    this.ledger.accept();
    // The load begins in a microtask, when the flight is already listed: it may ask for its own key, or throw at once.
    const landed = Promise.resolve().then(() => load(controller.signal));
    const flight: Flight<V> = { controller, landed, waiting: 0 };
    this.#flights.set(key, flight);
    this.mark(this.size);
    landed.then(
      () => this.#land(key, flight, 'deliver'),
      () => this.#land(key, flight, 'drop'),
    );
    return flight;
  }

  #land(key: K, flight: Flight<V>, end: 'deliver' | 'drop'): void {
    if (this.#flights.get(key) !== flight) return;
    this.#flights.delete(key);
    if (end === 'deliver') this.ledger.deliver();
    else this.ledger.drop('failed');
  }

  #wait(key: K, flight: Flight<V>, signal: StopSignal | undefined): Promise<V> {
    flight.waiting += 1;
    return new Promise((resolve, reject) => {
      let waits = true;
      const leave = (): void => {
        if (!waits) return;
        waits = false;
        flight.waiting -= 1;
        offSignal?.();
        offFlight();
      };
      const offSignal =
        signal === undefined
          ? undefined
          : onAbort(signal, () => {
              leave();
              reject(signal.reason as Error);
              if (flight.waiting === 0) this.#abandon(key, flight, signal.reason);
            });
      // A load that does not heed its signal must not keep those who wait.
      const offFlight = onAbort(flight.controller.signal, () => {
        leave();
        reject(flight.controller.signal.reason as Error);
      });
      flight.landed.then(
        (value) => {
          leave();
          resolve(value);
        },
        (error: unknown) => {
          leave();
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what the load rejected with is handed on as it is
          reject(error);
        },
      );
    });
  }

  /** Nobody waits: the next who asks begins anew. */
  #abandon(key: K, flight: Flight<V>, reason: unknown): void {
    if (this.#flights.get(key) === flight) {
      this.#flights.delete(key);
      this.ledger.drop('removed');
    }
    flight.controller.abort(reason);
  }
}
