/** Writes and reads the state of components as little-endian binary: every number, flag and typed array a component owns. */

/** A component is its own numbers, flags and typed arrays; objects it refers to are not its state. */
export interface StateIo {
  own(component: object): void;
}

type StateArray = Float64Array | Float32Array | Int32Array | Uint32Array | Int8Array | Uint8Array;

function isStateArray(value: unknown): value is StateArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

function bytesOf(array: StateArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Appends state to a buffer of fixed capacity; throws when the state outgrows it. */
export class StateWriter implements StateIo {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  own(component: object): void {
    for (const value of Object.values(component) as unknown[]) {
      if (typeof value === 'number') this.number(value);
      else if (typeof value === 'boolean') this.#view.setUint8(this.#claim(1), value ? 1 : 0);
      else if (isStateArray(value)) this.#bytes.set(bytesOf(value), this.#claim(value.byteLength));
    }
  }

  number(value: number): void {
    this.#view.setFloat64(this.#claim(8), value, true);
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  #claim(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.#bytes.length) {
      throw new RangeError(`snapshot: expected at most ${this.#bytes.length} bytes of state, was more; a component grew`);
    }
    this.#at = at + bytes;
    return at;
  }
}

/** Fills components from what a {@link StateWriter} wrote, in the same order. */
export class StateReader implements StateIo {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;

  constructor(bytes: Uint8Array, from = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = from;
  }

  own(component: object): void {
    const target = component as Record<string, unknown>;
    for (const [key, value] of Object.entries(target)) {
      if (typeof value === 'number') target[key] = this.number();
      else if (typeof value === 'boolean') target[key] = this.#view.getUint8(this.#claim(1)) === 1;
      else if (isStateArray(value)) {
        const at = this.#claim(value.byteLength);
        bytesOf(value).set(this.#bytes.subarray(at, at + value.byteLength));
      }
    }
  }

  /** Whole numbers come back as small integers, the form in which counters are fast. */
  number(): number {
    const value = this.#view.getFloat64(this.#claim(8), true);
    const whole = value | 0;
    return whole === value && (whole !== 0 || 1 / value > 0) ? whole : value;
  }

  get finished(): boolean {
    return this.#at === this.#bytes.length;
  }

  #claim(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.#bytes.length) {
      throw new RangeError(
        `snapshot: expected ${at + bytes} bytes or more, was ${this.#bytes.length}; it is cut off, take another`,
      );
    }
    this.#at = at + bytes;
    return at;
  }
}
