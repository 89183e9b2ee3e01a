/** What an administrator may ask of the machine: the replay, and the dead letters (interface.md 2.2). */
import * as z from 'zod';
import { lettersActionAnswer, purgeDeadLetters, retryDeadLetters } from './dead-letters.ts';
import { replayAction, replayActionAnswer } from './http.ts';

export const systemAction = z.discriminatedUnion('action', [replayAction, retryDeadLetters, purgeDeadLetters]);
export const systemActionAnswer = z.union([replayActionAnswer, lettersActionAnswer]);
