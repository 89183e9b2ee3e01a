/** The id a broker knows an order by: the same on every retry (trading.md 7.2). */
import { hex, idOf, sha256, utf8 } from '../setup/digest.ts';

/** `wx1-` and 32 hexadecimal digits of SHA-256(signalId | leg): 36 characters. */
export function clientOrderId(signalId: string, leg: string): string {
  return `wx1-${hex(sha256(utf8(`${signalId}|${leg}`)).subarray(0, 16))}`;
}

/** Our own id of the same order. */
export function orderIdOf(signalId: string, leg: string): string {
  return idOf('order', signalId, leg);
}
