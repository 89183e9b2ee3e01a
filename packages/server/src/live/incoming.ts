/** Reads what a client sent: small, well-formed, known ops only; everything else ends the connection (4400). */
import { clientOp, type ClientOp } from '@wyckoff/contracts';

export const MAX_INCOMING_BYTES = 4_096;
export const FRAMES_PER_SECOND = 20;
export const FRAMES_BURST = 40;
const MAX_OPS = 50;
const OPS: readonly unknown[] = ['hello', 'subscribe', 'unsubscribe'] satisfies ClientOp['op'][];

/** `invalid`: a known op with wrong fields, refused while the connection stays. */
export type Incoming =
  { readonly kind: 'op'; readonly op: ClientOp } | { readonly kind: 'invalid'; readonly op: string; readonly sentence: string };

/** The ops of a frame, or null when it is abuse. */
export function readIncoming(text: string): readonly Incoming[] | null {
  const value = parsed(text);
  const ops = Array.isArray(value) ? (value as unknown[]) : [value];
  if (ops.length === 0 || ops.length > MAX_OPS) return null;
  const read = ops.map(readOp);
  return read.every((op) => op !== null) ? read : null;
}

function readOp(value: unknown): Incoming | null {
  const name = typeof value === 'object' && value !== null && 'op' in value ? value.op : undefined;
  if (typeof name !== 'string' || !OPS.includes(name)) return null;
  const op = clientOp.safeParse(value);
  if (op.success) return { kind: 'op', op: op.data };
  const issue = op.error.issues[0];
  return {
    kind: 'invalid',
    op: name,
    sentence: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong form'}`.slice(0, 200),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
