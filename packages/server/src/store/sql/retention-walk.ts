/** How retention goes through a table: slices of 50,000 keys are looked at, a thousand rows at a time leave, each slice and each removal an own hold of the gate. */
import type { RetentionAges } from '../retention.ts';
import type { SqlDialect } from './dialect.ts';
import { execute, rawRows, type Work } from './work.ts';

/** Rows of one transaction. */
export const ROWS = 1_000;
/** Keys looked at in one go (interface.md 4.1). */
export const SLICE_KEYS = 50_000;

export type Key = readonly unknown[];

export interface RuleContext {
  readonly dialect: SqlDialect;
  readonly ages: RetentionAges;
  readonly now: number;
  /** Where the find before ended; null at first. */
  readonly key: unknown;
}

export interface Found {
  /** Rows that leave by their key, and what `remove` wants to know of them; at most `ROWS`. */
  readonly keys: readonly Key[];
  /** Where the next find begins; null after the last. */
  readonly next: unknown;
}

export interface Removed {
  /** Rows of the table that left. */
  readonly rows: number;
  /** Keys that still wait: they had more to take along than goes into one transaction. */
  readonly left: readonly Key[];
}

/** Finding only reads, and is the same in a dry run. */
export interface Rule {
  find(context: RuleContext): Work<Found>;
  /** One transaction, of at most `ROWS` rows. */
  remove(context: RuleContext, keys: readonly Key[]): Work<Removed>;
}

export interface Walked {
  readonly table: string;
  /** The columns of a unique key, in its order. */
  readonly columns: readonly string[];
  /** Before every key. */
  readonly first: Key;
  /** Further columns that `remove` wants. */
  readonly more?: readonly string[];
  /** What leaves; the table is `t` in it. */
  readonly where: string;
  readonly parameters: readonly unknown[];
}

interface Place {
  readonly after: Key;
  /** Last key of the slice; null: it begins. */
  readonly edge: Key | null;
}

/** The next rows that leave within a slice, and the slice behind it when there are no more. */
export function* foundIn({ dialect, key }: Pick<RuleContext, 'dialect' | 'key'>, of: Walked): Work<Found> {
  const { table, columns, first, more = [], where, parameters } = of;
  const place = (key ?? { after: first, edge: null }) as Place;
  const list = columns.join(', ');
  const marks = columns.map(() => '?').join(', ');
  const { after } = place;
  let { edge } = place;
  if (edge === null) {
    const slice = `select ${list} from ${table} where (${list}) > (${marks}) order by ${list} limit ${SLICE_KEYS}`;
    const backwards = columns.map((column) => `${column} desc`).join(', ');
    const [last] = yield* rawRows<[...unknown[]]>(dialect.text(`select ${list} from (${slice}) as slice order by ${backwards} limit 1`), after); // prettier-ignore
    edge = last ?? null;
    if (edge === null) return { keys: [], next: null };
  }
  const own = columns.map((column) => `t.${column}`).join(', ');
  const wanted = [...columns, ...more].map((column) => `t.${column}`).join(', ');
  const text = dialect.text(`select ${wanted} from ${table} t
    where (${own}) > (${marks}) and (${own}) <= (${marks}) and ${where} order by ${own} limit ${ROWS}`);
  const keys = yield* rawRows<[...unknown[]]>(text, [...after, ...edge, ...parameters]);
  const last = keys.at(-1);
  if (keys.length < ROWS || last === undefined) return { keys, next: { after: edge, edge: null } satisfies Place };
  return { keys, next: { after: last.slice(0, columns.length), edge } satisfies Place };
}

export interface Doomed {
  readonly table: string;
  readonly key: string;
  readonly keys: readonly unknown[];
  /** What must still hold of them. */
  readonly also?: { readonly where: string; readonly parameters: readonly unknown[] };
}

/** Answers how many rows left. */
export function* deleteKeys(dialect: SqlDialect, { table, key, keys, also }: Doomed): Work<number> {
  const and = also === undefined ? '' : ` and ${also.where}`;
  const text = dialect.text(`delete from ${table} where ${key} in (${keys.map(() => '?').join(', ')})${and}`);
  return (yield* execute(text, [...keys, ...(also?.parameters ?? [])])).changes;
}
