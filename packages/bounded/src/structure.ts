/** What every bounded structure has in common: a name, a capacity, its books, its place in the census and its owner. */
import { type Census, type CensusFigures, type CensusKind, type CensusMember, processCensus } from './census.ts';
import { checkCount, checkName } from './checks.ts';
import type { Release } from './clock.ts';
import { Ledger } from './ledger.ts';

/** Who ends a structure: a `Scope`. */
export interface Owner {
  readonly census: Census;
  /** Registers `release` to be called when the owner ends; the returned function takes it back. Throws when the owner has ended. */
  adopt(label: string, release: () => void | PromiseLike<unknown>): Release;
}

export interface StructureOptions {
  /** Stable dotted name, the whole path: `server.ws.replay.signals`. Several structures may share one. */
  readonly name: string;
  /** The most entries it ever holds, a whole number >= 1. */
  readonly capacity: number;
  /** Bytes of the largest item, for the worst case in the proof at start-up. Without it and without a byte bound it is undeclared. */
  readonly itemBytes?: number | undefined;
  /** Disposes the structure when it ends, and lends its census. */
  readonly scope?: Owner | undefined;
  /** Where to enrol: the scope's census unless told, else the one of the process. */
  readonly census?: Census | undefined;
}

/** The figures a structure adds to those of its ledger. */
export interface OwnFigures {
  readonly size: number;
  readonly capacity: number;
  readonly bytes: number | null;
  readonly limitBytes: number | null;
  readonly held: number;
}

/** Base class; a subclass keeps the books, says its figures, and empties itself in `release`. */
export abstract class Structure implements CensusMember, Disposable {
  readonly name: string;
  readonly kind: CensusKind;
  protected readonly ledger = new Ledger();
  readonly #itemBytes: number | undefined;
  readonly #leave: Release;
  readonly #disown: Release | undefined;
  #highWater = 0;
  #disposed = false;

  constructor(kind: CensusKind, options: StructureOptions) {
    checkName(options.name);
    checkCount(options.name, 'capacity', options.capacity);
    if (options.itemBytes !== undefined) checkCount(options.name, 'itemBytes', options.itemBytes, 0);
    this.name = options.name;
    this.kind = kind;
    this.#itemBytes = options.itemBytes;
    this.#disown = options.scope?.adopt(options.name, () => this.end());
    try {
      this.#leave = (options.census ?? options.scope?.census ?? processCensus).enrol(this);
    } catch (error) {
      this.#disown?.();
      throw error;
    }
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /** Items lost so far, for whatever reason. */
  get dropped(): number {
    return this.ledger.dropped;
  }

  /** The line this structure has in the census. */
  figures(): CensusFigures {
    const ledger = this.ledger;
    return {
      ...this.ownFigures(),
      highWater: this.#highWater,
      accepted: ledger.accepted,
      delivered: ledger.delivered,
      evicted: ledger.evicted,
      dropped: ledger.dropped,
      droppedBy: { ...ledger.drops },
    };
  }

  /** Empties the structure (what it held is counted as dropped), leaves the census and its owner. Again: nothing. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    try {
      this.release();
    } finally {
      this.#leave();
      this.#disown?.();
    }
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  protected abstract ownFigures(): OwnFigures;

  /** What the owner calls when it ends; a promise when the end takes its time. */
  protected end(): void | PromiseLike<unknown> {
    this.dispose();
  }

  /** Lets go of everything held and writes it into the books. Called once. */
  protected abstract release(): void;

  /** To be called with the size after every growth. */
  protected mark(size: number): void {
    if (size > this.#highWater) this.#highWater = size;
  }

  /** Worst case for `capacity` entries that cost `overheadBytes` each beside the item; null when nothing was declared. */
  protected worstCase(capacity: number, maxBytes: number | undefined, overheadBytes: number): number | null {
    const items = maxBytes ?? (this.#itemBytes === undefined ? undefined : capacity * this.#itemBytes);
    return items === undefined ? null : items + capacity * overheadBytes;
  }

  /** Estimate for `size` entries: counted bytes where items are measured, else `size` x the largest item. */
  protected estimate(size: number, counted: number | undefined): number | null {
    if (counted !== undefined) return counted;
    return this.#itemBytes === undefined ? null : size * this.#itemBytes;
  }
}
