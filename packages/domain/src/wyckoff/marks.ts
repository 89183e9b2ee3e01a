/** What a hypothesis remembers of its events, in slots made once. Prices are mirrored: a distribution's are negative. */
import type { StateIo } from '../bar/state-io.ts';
import { fraction } from '../bar/fraction.ts';

/** A confirmed event: climax, rally, secondary test, test, last point. */
export class Mark {
  /** Index into EVENT_KINDS. */
  kind = 0;
  eventBar = -1;
  confirmBar = -1;
  price = NaN;
  volRatio = NaN;
  score = fraction(0);
  confidence = 0;
  /** Point-and-figure column at confirmation. */
  column = 0;

  adjust(priceFactor: number): void {
    this.price *= priceFactor;
  }
}

/** A sign of strength (weakness), its repeats included. */
export class BreakMark extends Mark {
  eventTime = NaN;
  spreadRatio = NaN;
  closePos = NaN;
  high = NaN;
  close = NaN;
  level = NaN;
  /** Components kept for the direct entry. */
  readonly points = new Float64Array(7);

  override adjust(priceFactor: number): void {
    super.adjust(priceFactor);
    this.high *= priceFactor;
    this.close *= priceFactor;
    this.level *= priceFactor;
  }
}

/** A Spring, Shakeout or UTAD. */
export class SpringMark extends Mark {
  eventTime = NaN;
  spreadRatio = NaN;
  closePos = NaN;
  level = NaN;
  recoveryBars = 0;
  session = -1;
  volumePoints = fraction(0);
  depthPoints = fraction(0);
  recoveryPoints = fraction(0);
  closePoints = fraction(0);
  testPoints = fraction(0);
  tests = 0;
  lastTestBar = -1;
  lastTestVolRatio = NaN;
  failed = false;
  premature = false;
  opening = false;
  /** Takes no (more) tests: its window or its phase is over. */
  closed = false;
  /** Its volume satisfies the trading rule of its kind. */
  volumeFits = false;

  override adjust(priceFactor: number): void {
    super.adjust(priceFactor);
    this.level *= priceFactor;
  }
}

/** A short list of slots, oldest first; a full one gives up its oldest. */
export class MarkList<M extends Mark> {
  readonly #slots: M[];
  /** Slots in use. */
  count = 0;

  constructor(slots: M[]) {
    this.#slots = slots;
  }

  /** Oldest first. */
  at(index: number): M {
    return this.#slots[index];
  }

  latest(): M | null {
    return this.count === 0 ? null : this.#slots[this.count - 1];
  }

  /** The slot to fill for a new event. */
  next(): M {
    const slots = this.#slots;
    if (this.count < slots.length) return slots[this.count++];
    const reused = slots[0];
    for (let i = 1; i < slots.length; i++) slots[i - 1] = slots[i];
    slots[slots.length - 1] = reused;
    return reused;
  }

  clear(): void {
    this.count = 0;
  }

  adjust(priceFactor: number): void {
    for (const slot of this.#slots) slot.adjust(priceFactor);
  }

  persist(io: StateIo): void {
    const stored = { count: new Int32Array([this.count]) };
    io.own(stored);
    this.count = stored.count[0];
    for (const slot of this.#slots) io.own(slot);
  }
}

/** A list of `capacity` slots made by `make`. */
export function markList<M extends Mark>(capacity: number, make: () => M): MarkList<M> {
  return new MarkList(Array.from({ length: capacity }, make));
}
