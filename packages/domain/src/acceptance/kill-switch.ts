/** The kill switch: one flag for the whole system that stops opening orders, or closes everything (trading.md 7.6). */
import type { EpochMs } from '../bar/bar.ts';
import { IllegalTransition } from '../setup/illegal-transition.ts';
import { refusal } from '../setup/refusal.ts';
import type { Refusal } from '../setup/refusal.ts';

/** `STOP`: no opening orders; `FLATTEN`: close all as well. */
export const HALT_LEVELS = ['OFF', 'STOP', 'FLATTEN'] as const;
export type HaltLevel = (typeof HALT_LEVELS)[number];

export const FLATTEN_STATES = ['CLOSING', 'CLOSED', 'FAILED', 'WAITING'] as const;

/** What became of one position under FLATTEN; `WAITING`: its market is closed. */
export interface FlattenResult {
  readonly accountId: string;
  readonly positionId: string;
  readonly symbol: string;
  readonly orderId: string | null;
  readonly state: (typeof FLATTEN_STATES)[number];
  readonly sentence: string;
}

export interface KillSwitch {
  readonly level: HaltLevel;
  /** Of this activation; part of the client ids of its closing orders. Null while OFF. */
  readonly activationId: string | null;
  readonly actor: string | null;
  /** At most 500 characters. */
  readonly reason: string;
  readonly at: EpochMs;
  readonly results: readonly FlattenResult[];
}

/** Positions a FLATTEN can have closed: 50 open ones per account, a few accounts. */
const MAX_RESULTS = 1_000;
const MAX_REASON = 500;

export const KILL_SWITCH_OFF: KillSwitch = Object.freeze({
  level: 'OFF',
  activationId: null,
  actor: null,
  reason: '',
  at: 0,
  results: Object.freeze([]),
});

export const HALT_TRANSITIONS: Readonly<Record<HaltLevel, readonly HaltLevel[]>> = {
  OFF: ['STOP', 'FLATTEN'],
  STOP: ['FLATTEN', 'OFF'],
  FLATTEN: ['OFF'],
};

/** @throws {IllegalTransition} when the table does not list the step. */
export function advanceHalt(from: HaltLevel, to: HaltLevel): HaltLevel {
  if (!HALT_TRANSITIONS[from].includes(to)) throw new IllegalTransition('kill switch', from, to);
  return to;
}

/** What was stored, read again: whatever is missing, malformed or of another program is STOP, never OFF. */
export function readKillSwitch(stored: unknown): KillSwitch {
  return isKillSwitch(stored) ? stored : unreadable('The kill switch could not be read: treated as STOP.');
}

/** The STOP that stands for "nobody knows". */
export function unreadable(reason: string): KillSwitch {
  return { level: 'STOP', activationId: 'unreadable', actor: null, reason: reason.slice(0, MAX_REASON), at: 0, results: [] };
}

export interface Activation {
  readonly level: Exclude<HaltLevel, 'OFF'>;
  readonly activationId: string;
  readonly actor: string;
  readonly reason: string;
  readonly at: EpochMs;
}

/** Idempotent: what is already halted as far, or further, stays as it is. */
export function activate(from: KillSwitch, to: Activation): KillSwitch {
  if (from.level === to.level || from.level === 'FLATTEN') return from;
  advanceHalt(from.level, to.level);
  const { level, activationId, actor, at } = to;
  return { level, activationId, actor, reason: to.reason.slice(0, MAX_REASON), at, results: [] };
}

export interface Resumption {
  readonly actor: string;
  readonly isAdmin: boolean;
  /** The fresh confirmation of this very action was given. */
  readonly steppedUp: boolean;
  readonly reason: string;
  readonly at: EpochMs;
  /** Positions whose flatten result was read and acknowledged. */
  readonly acknowledged: readonly string[];
}

/** Back to OFF: the same user or an admin, confirmed, with a reason, every result of FLATTEN acknowledged. OFF stays OFF. */
export function resume(from: KillSwitch, by: Resumption): { readonly next: KillSwitch } | { readonly refusal: Refusal } {
  if (from.level === 'OFF') return { next: from };
  if (by.actor !== from.actor && !by.isAdmin)
    return { refusal: refusal('FORBIDDEN', `Only ${from.actor ?? 'an administrator'} or an administrator may resume.`) };
  if (!by.steppedUp) return { refusal: refusal('STEP_UP', 'Resuming needs a fresh confirmation.') };
  if (by.reason.trim().length < 3) return { refusal: refusal('REASON', 'Resuming needs a reason of at least 3 characters.') };
  const open = from.results.filter((row) => !by.acknowledged.includes(row.positionId));
  if (open.length > 0)
    return {
      refusal: refusal('UNACKNOWLEDGED', `Results not acknowledged: ${open.map((row) => row.positionId).join(', ')}.`, {
        measured: open.length,
        limit: 0,
      }),
    };
  advanceHalt(from.level, 'OFF');
  return { next: { ...KILL_SWITCH_OFF, actor: by.actor, reason: by.reason.slice(0, MAX_REASON), at: by.at } };
}

/** Only OFF lets an opening order through; exits always pass. */
export function allowsOpening(kill: KillSwitch): boolean {
  return kill.level === 'OFF';
}

/** The newest result per position. */
export function withResults(kill: KillSwitch, news: readonly FlattenResult[]): KillSwitch {
  const kept = kill.results.filter((row) => !news.some((one) => one.positionId === row.positionId));
  return { ...kill, results: [...kept, ...news].slice(-MAX_RESULTS) };
}

function isKillSwitch(stored: unknown): stored is KillSwitch {
  if (typeof stored !== 'object' || stored === null) return false;
  const { level, activationId, actor, reason, at, results } = stored as Partial<Record<keyof KillSwitch, unknown>>;
  return (
    HALT_LEVELS.some((known) => known === level) &&
    (level === 'OFF' ? activationId === null : typeof activationId === 'string' && activationId !== '') &&
    (actor === null || typeof actor === 'string') &&
    typeof reason === 'string' &&
    Number.isSafeInteger(at) &&
    Array.isArray(results) &&
    results.every(isResult)
  );
}

function isResult(row: unknown): boolean {
  if (typeof row !== 'object' || row === null) return false;
  const { positionId, state } = row as Partial<FlattenResult>;
  return typeof positionId === 'string' && FLATTEN_STATES.some((known) => known === state);
}
