/** Checks of constructor arguments, made before anything is enrolled or allocated. */
import { ArgumentError } from './errors.ts';

const NAME = /^[a-z][A-Za-z0-9_-]*(\.[a-z0-9][A-Za-z0-9_-]*)*$/;
const LONGEST_NAME = 120;

/** A stable dotted name such as `server.ws.replay.signals`; ids and symbols never belong into it (they would be unbounded). */
export function checkName(name: string): string {
  if (name.length <= LONGEST_NAME && NAME.test(name)) return name;
  throw new ArgumentError(
    name,
    `expected a dotted name like server.ws.replay (at most ${LONGEST_NAME} characters), was ${JSON.stringify(name)}`,
  );
}

/** A whole number of at least `least` (1 unless told). */
export function checkCount(subject: string, what: string, value: number, least = 1): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new ArgumentError(subject, `${subject}: expected ${what} to be a whole number >= ${least}, was ${String(value)}`);
}

/** A finite number of milliseconds, >= 0 or > 0. */
export function checkMs(subject: string, what: string, value: number, least: 'zero' | 'positive' = 'positive'): number {
  if (Number.isFinite(value) && (least === 'zero' ? value >= 0 : value > 0)) return value;
  throw new ArgumentError(
    subject,
    `${subject}: expected ${what} to be milliseconds ${least === 'zero' ? '>= 0' : '> 0'}, was ${String(value)}`,
  );
}

/** The size of one item as its `sizeOf` says, refused when it is not a size. */
export function checkBytes(subject: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return value;
  throw new ArgumentError(subject, `${subject}: expected sizeOf to give bytes >= 0, was ${String(value)}`);
}
