/** Wire forms shared by every message: times, prices, money, quantities, enumerations (interface.md 1.3). */
import {
  ASSET_CLASSES,
  DIRECTIONS,
  EVENT_KINDS,
  EVENT_STATUSES,
  PHASES,
  RANGE_STATES,
  REASON_CODES,
  SUB_PHASES,
  TIERS,
  TIMEFRAMES,
} from '@wyckoff/domain';
import * as z from 'zod';

/** Integer epoch milliseconds, UTC. */
export const epochMs = z.number().int().min(0).max(8.64e15);
/** Price in the quote currency. */
export const price = z.number().positive();
/** Integer micros of the account currency. */
export const micros = z.number().int();
/** Integer millionths of a unit. */
export const qtyMicros = z.number().int().min(0);
/** A fraction; per cent exist only on the screen. */
export const ratio = z.number();
/** Integer-like score 0..100. */
export const percentScore = z.number().min(0).max(100);
/** Number of a fact in the journal, from 1. */
export const seq = z.number().int().min(0);
export const symbol = z.string().regex(/^[A-Z0-9./^-]{1,20}$/, '1-20 of A-Z 0-9 . / ^ -');
export const timeframe = z.enum(TIMEFRAMES);
export const assetClass = z.enum(ASSET_CLASSES);
export const hypothesis = z.union([z.literal(1), z.literal(-1)]);
export const phase = z.enum(PHASES);
export const subPhase = z.enum(SUB_PHASES);
export const eventKind = z.enum(EVENT_KINDS);
export const eventStatus = z.enum(EVENT_STATUSES);
export const reasonCode = z.enum(REASON_CODES);
export const tier = z.enum(TIERS);
export const rangeState = z.enum(RANGE_STATES);
export const direction = z.enum(DIRECTIONS);
