/** The id a broker knows an order by: the same on every retry (trading.md 7.2). */
import { hex, idOf, sha256, utf8 } from '../setup/digest.ts';

/** Revisions `r` and counters `n` start at 1, are kept with the position, and rise only after the former order is terminal. */
export const LEG = {
  entry: 'ENTRY',
  stop: (revision: number) => `STOP.${revision}`,
  target: (rung: 1 | 2 | 3, revision: number) => `T${rung}.${revision}`,
  exit: (n: number) => `EXIT.${n}`,
  trim: (n: number) => `TRIM.${n}`,
  flatten: (activationId: string) => `FLATTEN.${activationId}`,
} as const;

const LEG_PATTERN = /^(ENTRY|(STOP|T[123]|EXIT|TRIM)\.[1-9]\d*|FLATTEN\.\S+)$/;

/** Whether a word names a leg of 7.2. */
export function isLeg(leg: string): boolean {
  return LEG_PATTERN.test(leg);
}

/** The rung a leg stands for; null: it is no target. */
export function rungOf(leg: string): 1 | 2 | 3 | null {
  const rung = /^T([123])\./.exec(leg)?.[1];
  return rung === undefined ? null : (Number(rung) as 1 | 2 | 3);
}

/** `signalId` is the position's id where there is no signal. `wx1-` and 32 hexadecimal digits of SHA-256(signalId | leg): 36 characters. */
export function clientOrderId(signalId: string, leg: string): string {
  return `wx1-${hex(sha256(utf8(`${signalId}|${leg}`)).subarray(0, 16))}`;
}

/** Our own id of the same order. */
export function orderIdOf(signalId: string, leg: string): string {
  return idOf('order', signalId, leg);
}
