/** The census: every bounded structure and every scope of a process, by name, with its figures, its books and its worst case. */
import { checkCount, checkName } from './checks.ts';
import type { Release } from './clock.ts';
import { BoundedError, FullError } from './errors.ts';
import type { DropReason, Drops } from './ledger.ts';

/** What a member answers when it is counted. */
export interface CensusFigures {
  /** Entries held now, never above `capacity`. */
  readonly size: number;
  readonly capacity: number;
  /** Estimated bytes of what is held; null when the member was told nothing about its items' size. */
  readonly bytes: number | null;
  /** Worst case in bytes (capacity x largest item, or the byte bound); null when undeclared. */
  readonly limitBytes: number | null;
  /** Largest `size` so far. */
  readonly highWater: number;
  readonly accepted: number;
  readonly delivered: number;
  /** What the conservation law counts as still here: mostly `size`; for a counter, the sum in its window. */
  readonly held: number;
  /** Part of `dropped`: items that had to make room for newer ones. */
  readonly evicted: number;
  readonly dropped: number;
  readonly droppedBy: Drops;
}

/** Kind of structure, as shown on the system page and in metric labels. */
export type CensusKind =
  'ring' | 'queue' | 'cache' | 'counter' | 'registry' | 'scope' | 'tasks' | 'topics' | 'wheel' | 'deadlines' | 'flights';

export interface CensusMember {
  readonly name: string;
  readonly kind: CensusKind;
  figures(): CensusFigures;
}

/** One line of the census: the members of one name, added up (`highWater` is the largest of any one of them). */
export interface CensusRow extends CensusFigures {
  readonly name: string;
  readonly kind: CensusKind;
  readonly instances: number;
}

/** What is set aside for members that will come later, so that the proof at start-up counts them. */
export interface Reservation {
  readonly name: string;
  readonly kind: CensusKind;
  /** The most there will be at one time. */
  readonly instances: number;
  /** Worst case of one, in bytes. */
  readonly bytesEach: number;
}

/** A law that does not hold: a defect, never a state of operation. */
export interface CensusFinding {
  readonly name: string;
  readonly law: 'conservation' | 'capacity' | 'bytes' | 'reservation';
  /** Expected and found, in words. */
  readonly text: string;
}

/** The proof table of the start-up: worst case by name, and the names that did not say theirs. */
export interface DeclaredBytes {
  readonly totalBytes: number;
  readonly rows: readonly {
    readonly name: string;
    readonly kind: CensusKind;
    readonly bytes: number;
    readonly reserved: boolean;
  }[];
  readonly undeclared: readonly string[];
}

export interface CensusOptions {
  /** Most different names at one time, each one a metric series (L7). */
  readonly maxNames?: number;
  /** Most members at one time, over all names. */
  readonly maxMembers?: number;
}

interface Group {
  readonly kind: CensusKind;
  readonly members: Set<CensusMember>;
  /** Totals of members that have left, so that the counters of a living name never run backwards. */
  retired: CensusFigures;
  reservation: Reservation | undefined;
}

const NOTHING: CensusFigures = Object.freeze({
  size: 0,
  capacity: 0,
  bytes: 0,
  limitBytes: 0,
  highWater: 0,
  accepted: 0,
  delivered: 0,
  held: 0,
  evicted: 0,
  dropped: 0,
  droppedBy: {},
});

/** Bytes are compared with this much room for rounding of estimates. */
const SLACK_BYTES = 1;

export class Census {
  readonly #maxNames: number;
  readonly #maxMembers: number;
  readonly #groups = new Map<string, Group>();
  #members = 0;

  constructor(options: CensusOptions = {}) {
    this.#maxNames = checkCount('census', 'maxNames', options.maxNames ?? 1_000);
    this.#maxMembers = checkCount('census', 'maxMembers', options.maxMembers ?? 50_000);
  }

  /** Members at present, over all names: zero when everything was disposed. */
  get size(): number {
    return this.#members;
  }

  /**
   * Takes a member in; the returned function lets it leave. Several members may share a name (one queue per connection): they are
   * added up. A name without members and without reservation disappears.
   * @throws BoundedError `census.conflict` when the name is taken by another kind; FullError above `maxNames` or `maxMembers`.
   */
  enrol(member: CensusMember): Release {
    const group = this.#group(member.name, member.kind);
    if (this.#members >= this.#maxMembers) throw new FullError('census.members', this.#maxMembers);
    group.members.add(member);
    this.#members += 1;
    return () => this.#leave(member);
  }

  /** Declares members to come (a queue for each of 1,000 connections). Their name stays, with its counters, until released. */
  reserve(reservation: Reservation): Release {
    checkCount(reservation.name, 'instances', reservation.instances);
    checkCount(reservation.name, 'bytesEach', reservation.bytesEach, 0);
    const group = this.#group(reservation.name, reservation.kind);
    if (group.reservation !== undefined) {
      throw new BoundedError('census.conflict', reservation.name, `${reservation.name} is reserved already; reserve a name once`);
    }
    group.reservation = reservation;
    return () => {
      if (group.reservation !== reservation) return;
      group.reservation = undefined;
      this.#forgetWhenEmpty(reservation.name, group);
    };
  }

  /** All lines, by name. */
  rows(): CensusRow[] {
    const names = [...this.#groups.keys()].sort();
    return names.flatMap((name) => this.row(name) ?? []);
  }

  row(name: string): CensusRow | undefined {
    const group = this.#groups.get(name);
    if (group === undefined) return undefined;
    let sum = group.retired;
    for (const member of group.members) sum = add(sum, member.figures());
    return { name, kind: group.kind, instances: group.members.size, ...sum };
  }

  /** Checks every law of every name; an empty answer is what a healthy process gives at any moment. */
  audit(): CensusFinding[] {
    return [...this.#groups].flatMap(([name, group]) => [
      ...[...group.members].flatMap((member) => auditFigures(name, member.figures())),
      ...auditFigures(name, group.retired),
      ...auditReservation(name, group),
    ]);
  }

  /** Sum of all bounds, capacity x largest item: for the governor's table at start-up. Undeclared names are listed, not guessed. */
  declared(): DeclaredBytes {
    const undeclared: string[] = [];
    const rows = this.rows().flatMap((row) => {
      const reservation = this.#groups.get(row.name)?.reservation;
      if (row.limitBytes === null && reservation === undefined) {
        undeclared.push(row.name);
        return [];
      }
      const reservedBytes = reservation === undefined ? 0 : reservation.instances * reservation.bytesEach;
      const bytes = Math.max(row.limitBytes ?? 0, reservedBytes);
      return [{ name: row.name, kind: row.kind, bytes, reserved: reservation !== undefined }];
    });
    return { totalBytes: rows.reduce((sum, row) => sum + row.bytes, 0), rows, undeclared };
  }

  /** `declared().totalBytes`. */
  declaredBytes(): number {
    return this.declared().totalBytes;
  }

  #group(name: string, kind: CensusKind): Group {
    const known = this.#groups.get(checkName(name));
    if (known !== undefined) {
      if (known.kind === kind) return known;
      throw new BoundedError(
        'census.conflict',
        name,
        `expected ${name} to be a ${known.kind} as before, was a ${kind}; choose another name`,
      );
    }
    if (this.#groups.size >= this.#maxNames) throw new FullError('census.names', this.#maxNames);
    const group: Group = { kind, members: new Set(), retired: NOTHING, reservation: undefined };
    this.#groups.set(name, group);
    return group;
  }

  #leave(member: CensusMember): void {
    const group = this.#groups.get(member.name);
    if (group === undefined || !group.members.delete(member)) return;
    this.#members -= 1;
    const last = member.figures();
    group.retired = {
      ...add(group.retired, last),
      size: 0,
      capacity: 0,
      bytes: 0,
      limitBytes: 0,
      held: last.held + group.retired.held,
    };
    this.#forgetWhenEmpty(member.name, group);
  }

  #forgetWhenEmpty(name: string, group: Group): void {
    if (group.members.size === 0 && group.reservation === undefined) this.#groups.delete(name);
  }
}

/**
 * The census of this process (of this worker, of this tab), used when a structure is told neither a scope nor a census.
 * Tests make their own, and so does everything below a scope that was given one.
 */
export const processCensus = new Census();

function add(a: CensusFigures, b: CensusFigures): CensusFigures {
  return {
    size: a.size + b.size,
    capacity: a.capacity + b.capacity,
    bytes: a.bytes === null || b.bytes === null ? null : a.bytes + b.bytes,
    limitBytes: a.limitBytes === null || b.limitBytes === null ? null : a.limitBytes + b.limitBytes,
    highWater: Math.max(a.highWater, b.highWater),
    accepted: a.accepted + b.accepted,
    delivered: a.delivered + b.delivered,
    held: a.held + b.held,
    evicted: a.evicted + b.evicted,
    dropped: a.dropped + b.dropped,
    droppedBy: addDrops(a.droppedBy, b.droppedBy),
  };
}

function addDrops(a: Drops, b: Drops): Drops {
  const sum: Partial<Record<DropReason, number>> = { ...a };
  for (const [reason, count] of Object.entries(b) as [DropReason, number][]) sum[reason] = (sum[reason] ?? 0) + count;
  return sum;
}

function auditFigures(name: string, of: CensusFigures): CensusFinding[] {
  const findings: CensusFinding[] = [];
  const byReason = Object.values(of.droppedBy).reduce((sum, count) => sum + count, 0);
  if (of.accepted !== of.delivered + byReason + of.held || byReason !== of.dropped) {
    const found = `${of.accepted} accepted, ${of.delivered} delivered + ${byReason} dropped (total ${of.dropped}) + ${of.held} held`;
    findings.push({ name, law: 'conservation', text: `${name}: expected accepted = delivered + dropped + held, was ${found}` });
  }
  if (of.size > of.capacity) {
    findings.push({ name, law: 'capacity', text: `${name}: expected at most ${of.capacity} entries, was ${of.size}` });
  }
  if (of.bytes !== null && of.limitBytes !== null && of.bytes > of.limitBytes + SLACK_BYTES) {
    findings.push({ name, law: 'bytes', text: `${name}: expected at most ${of.limitBytes} bytes, was ${of.bytes}` });
  }
  return findings;
}

function auditReservation(name: string, group: Group): CensusFinding[] {
  const reserved = group.reservation?.instances;
  if (reserved === undefined || group.members.size <= reserved) return [];
  const text = `${name}: expected at most ${reserved} members as reserved, was ${group.members.size}`;
  return [{ name, law: 'reservation', text }];
}
