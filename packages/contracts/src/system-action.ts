/** What an administrator may ask of the machine: the replay, the dead letters, and bars that are held back (interface.md 2.2). */
import * as z from 'zod';
import { lettersActionAnswer, purgeDeadLetters, retryDeadLetters } from './dead-letters.ts';
import { replayAction, replayActionAnswer } from './http.ts';

/** `id`: of the dead letter `bar.quarantined`; answered by how many were let in. */
const confirmBar = z.strictObject({ action: z.literal('confirmBar'), id: z.string().min(1).max(64) });

export const systemAction = z.discriminatedUnion('action', [replayAction, retryDeadLetters, purgeDeadLetters, confirmBar]);
export const systemActionAnswer = z.union([replayActionAnswer, lettersActionAnswer]);
