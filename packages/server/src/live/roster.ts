/** Who is connected: entries by id and by user, seats per user, and the unchanging list that broadcasts walk (C1). */
import type { CensusFigures, CensusMember } from '@wyckoff/bounded';
import type { Connection } from './connection.ts';

/** An entry of the three indexes with its connection object; the socket itself is Node's. */
const ENTRY_BYTES = 2_048;

export class Roster implements CensusMember {
  readonly name = 'server.ws.connections';
  readonly kind = 'registry';
  readonly #capacity: number;
  // bounded: at most `maxConnections`, checked by the hub when a line opens.
  readonly #byId = new Map<number, Connection>();
  // bounded: one list per user with a living connection, at most `maxPerUser` long.
  readonly #byUser = new Map<string, readonly Connection[]>();
  /** Made anew after a change, never changed itself. */
  #snapshot: readonly Connection[] | null = [];
  #greeting = 0;
  #opened = 0;
  #highWater = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#byId.size;
  }

  get users(): number {
    return this.#byUser.size;
  }

  /** Connections that have not said hello yet. */
  get greeting(): number {
    return this.#greeting;
  }

  /** Safe to walk while connections come and go: those that left meanwhile are `closed`. */
  all(): readonly Connection[] {
    return (this.#snapshot ??= [...this.#byId.values()]);
  }

  add(connection: Connection): void {
    this.#byId.set(connection.id, connection);
    this.#snapshot = null;
    this.#greeting += 1;
    this.#opened += 1;
    this.#highWater = Math.max(this.#highWater, this.#byId.size);
  }

  /** Of this user, oldest first. */
  of(user: string): readonly Connection[] {
    return this.#byUser.get(user) ?? [];
  }

  /** It has said who it is. */
  seat(connection: Connection): void {
    this.#greeting -= 1;
    this.#byUser.set(connection.user, [...this.of(connection.user), connection]);
  }

  /** Removed once, whatever ends it. */
  remove(connection: Connection): void {
    if (!this.#byId.delete(connection.id)) return;
    this.#snapshot = null;
    if (connection.stage === 'greeting') this.#greeting -= 1;
    const left = this.of(connection.user).filter((one) => one !== connection);
    if (left.length === 0) this.#byUser.delete(connection.user);
    else this.#byUser.set(connection.user, left);
  }

  figures(): CensusFigures {
    return {
      size: this.size,
      capacity: this.#capacity,
      bytes: this.size * ENTRY_BYTES,
      limitBytes: this.#capacity * ENTRY_BYTES,
      highWater: this.#highWater,
      accepted: this.#opened,
      delivered: this.#opened - this.size,
      held: this.size,
      evicted: 0,
      dropped: 0,
      droppedBy: {},
    };
  }
}
