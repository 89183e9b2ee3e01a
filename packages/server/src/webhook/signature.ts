/** How an alert is signed: the hex HMAC-SHA256 of its time and its bytes (trading.md 8.4); the relay makes it, the server checks it. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Seconds an alert may be old, or ahead of our clock. */
export const SIGNATURE_WINDOW_S = 300;
/** Shortest secret, in characters. */
export const SECRET_CHARS = 32;

export interface SignedAlert {
  /** Header `X-Timestamp`: Unix seconds, as sent. */
  readonly timestamp: string;
  /** Header `X-Signature`: 64 hex digits. */
  readonly signature: string;
  /** The body, byte for byte. */
  readonly body: Uint8Array;
}

/** Hex HMAC-SHA256 over `timestamp + "." + body`. */
export function sign(secret: string, timestamp: string, body: Uint8Array): string {
  return createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex');
}

/** Why the signature is not accepted, or null. The comparison takes the same time wherever the two differ. */
export function signatureFault(secret: string, alert: SignedAlert, nowMs: number): string | null {
  const { timestamp, signature, body } = alert;
  if (!/^\d{9,11}$/.test(timestamp)) return `expected X-Timestamp in Unix seconds, was "${timestamp.slice(0, 30)}"`;
  const ageS = nowMs / 1000 - Number(timestamp);
  if (Math.abs(ageS) > SIGNATURE_WINDOW_S)
    return `expected X-Timestamp within ${SIGNATURE_WINDOW_S} s of now, was ${Math.abs(Math.round(ageS))} s ${ageS > 0 ? 'old' : 'ahead'}`;
  if (!/^[0-9a-f]{64}$/i.test(signature)) return 'expected X-Signature of 64 hex digits';
  const expected = Buffer.from(sign(secret, timestamp, body), 'hex');
  return timingSafeEqual(expected, Buffer.from(signature, 'hex'))
    ? null
    : 'expected X-Signature of this body and time under our secret';
}
