/** Dead letters as a person looks through them: what failed three times and is tried again by itself (C6, interface.md 2.2). */
import * as z from 'zod';
import { epochMs } from './primitives.ts';

/** Of a payload, shown; the store keeps up to 64 KiB of it. */
export const SHOWN_PAYLOAD_BYTES = 4_096;

export const deadLetter = z.object({
  id: z.string(),
  /** Which handler failed: `notify.email`, `bar.quarantined`, ... */
  topic: z.string(),
  attempts: z.number().int(),
  firstAt: epochMs,
  lastAt: epochMs,
  /** RETRYING: asked for by a person, tried at the next look (each minute). */
  state: z.enum(['WAITING', 'RETRYING']),
  /** At most 2,000 characters. */
  error: z.string(),
  /** The beginning of its JSON, at most 4 KiB of UTF-8. */
  payload: z.string(),
  /** Of the whole payload: more than is shown means that it was cut. */
  payloadBytes: z.number().int(),
});
export type DeadLetterWire = z.infer<typeof deadLetter>;

export const deadLettersQuery = z.strictObject({
  topic: z.string().min(1).max(80).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(400).optional(),
});
export const deadLettersAnswer = z.object({
  /** Oldest first. */
  items: z.array(deadLetter),
  nextCursor: z.string().nullable(),
  /** Of all topics, counted by the store. */
  total: z.number().int(),
});
export type DeadLettersAnswer = z.infer<typeof deadLettersAnswer>;

/** By id, all of a topic, or all: never by saying nothing. */
const which = {
  ids: z.array(z.string().max(64)).min(1).max(200).optional(),
  topic: z.string().min(1).max(80).optional(),
  all: z.literal(true).optional(),
};
const isOne = (body: { readonly ids?: unknown; readonly topic?: unknown; readonly all?: unknown }): boolean =>
  [body.ids, body.topic, body.all].filter((one) => one !== undefined).length === 1;
const EXACTLY_ONE = { message: 'exactly one of ids, topic and all: true', path: ['ids'] };
export const retryDeadLetters = z.strictObject({ action: z.literal('retryDeadLetters'), ...which }).refine(isOne, EXACTLY_ONE);
/** Needs a fresh confirmation of `purgeDeadLetters`. */
export const purgeDeadLetters = z.strictObject({ action: z.literal('purgeDeadLetters'), ...which }).refine(isOne, EXACTLY_ONE);
/** How many are tried at once, or have left. */
export const lettersActionAnswer = z.object({ count: z.number().int() });
