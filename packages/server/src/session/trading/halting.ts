/** STOP and FLATTEN: the flag first, then every account, then - when an account does not answer - its venue directly (trading.md 7.6). */
import { randomUUID } from 'node:crypto';
import type { Timers } from '@wyckoff/bounded';
import type { HaltAnswer, KillSwitchWire } from '@wyckoff/contracts';
import { activate, isTerminalOrder, type Fact, type FlattenResult, type KillSwitch } from '@wyckoff/domain';
import type { GuardedFlag, KillSwitchGuard } from '../safety/kill-switch-guard.ts';
import type { Actor } from '../trading-desk.ts';
import type { AccountRun, Outcome } from './account-run.ts';

/** How long an account may take to obey before its venue is told directly. */
const OBEY_MS = 700;
/** How long a venue may take to answer in the direct way. */
const VENUE_MS = 10_000;

/** A venue that can be told directly, past engine and journal: only to take risk away. */
export interface DirectVenue {
  readonly name: string;
  readonly accountId: string;
  /** Asks whether it is there; changes nothing. */
  ping(): Promise<void>;
  cancelEntries(): Promise<void>;
  /** Under the name of the activation: what the account orders for the same positions, sooner or later, is the same order. */
  closeAll(
    activationId: string,
  ): Promise<readonly { readonly symbol: string; readonly sentence: string; readonly failed: boolean }[]>;
}

/** An order as far as a halt lists it. */
export type WorkingOrder = Pick<Order, 'id' | 'symbol' | 'intent'>;

export interface HaltingParts {
  readonly guard: KillSwitchGuard;
  readonly runs: () => readonly AccountRun[];
  readonly venues: () => readonly DirectVenue[];
  /** Orders of an account that work; asked for the list only, the effect never waits for it. */
  readonly workingOrders: (accountId: string) => Promise<readonly WorkingOrder[]>;
  readonly timers: Timers;
  readonly wallClock: () => number;
  /** What must reach a person: an account that did not obey, a venue that did not answer. */
  readonly onAlarm: (sentence: string) => void;
}

export interface HaltRequest {
  readonly level: 'STOP' | 'FLATTEN';
  readonly reason: string;
  readonly dryRun: boolean;
}

export class Halting {
  readonly #parts: HaltingParts;

  constructor(parts: HaltingParts) {
    this.#parts = parts;
  }

  async halt(request: HaltRequest, by: Pick<Actor, 'user' | 'requestId'>): Promise<HaltAnswer> {
    return request.dryRun ? await this.#drill(request, by) : await this.#halt(request, by);
  }

  /** Tells every account of the flag as it is; for a resume, and for a flag that somebody else changed. */
  async tell(kill: KillSwitch, by: Pick<Actor, 'user' | 'requestId'>): Promise<readonly Told[]> {
    return await Promise.all(this.#parts.runs().map((run) => this.#tellOne(run, kill, by)));
  }

  async #halt({ level, reason }: HaltRequest, by: Pick<Actor, 'user' | 'requestId'>): Promise<HaltAnswer> {
    const { guard, timers, wallClock } = this.#parts;
    const began = timers.now();
    const writing = guard.activate({ level, activationId: randomUUID(), actor: by.user, reason, at: wallClock() });
    const working = this.#working();
    // In force from here on: the gate reads it before every opening order, whatever becomes of the rest.
    const told = await this.tell(guard.last.kill, by);
    const adapters = await this.#goAround(told, level);
    const tookMs = timers.now() - began;
    const flag = await writing;
    const closes = told.flatMap(({ run, outcome }) => closesOf(run, outcome));
    if (closes.length > 0 && level === 'FLATTEN') await guard.report(closes);
    return { dryRun: false, tookMs, halt: wireOf(guard.last.kill.level === 'OFF' ? flag : guard.last), cancels: withFacts(await working, told), closes, adapters }; // prettier-ignore
  }

  /** Asks everybody what would happen; changes nothing. */
  async #drill({ level, reason }: HaltRequest, by: Pick<Actor, 'user' | 'requestId'>): Promise<HaltAnswer> {
    const { guard, timers, wallClock, runs, venues } = this.#parts;
    const began = timers.now();
    const working = this.#working();
    const { kill: now } = await guard.read();
    const kill = activate(now, { level, activationId: 'drill', actor: by.user, reason, at: wallClock() });
    const told = await Promise.all(
      runs().map(async (run): Promise<Told> => {
        const outcome = await run.rehearse({ kind: 'setKillSwitch', kill }, inputBy(by)).catch(() => null);
        return { run, outcome };
      }),
    );
    const adapters = await Promise.all(venues().map((venue) => this.#asked(venue.name, () => venue.ping())));
    return {
      dryRun: true,
      tookMs: timers.now() - began,
      halt: wireOf(guard.last),
      cancels: withFacts(await working, told),
      closes: told.flatMap(({ run, outcome }) => closesOf(run, outcome)),
      adapters,
    };
  }

  /** Entries that work now, of every account; what cannot be read in time is left out. */
  async #working(): Promise<HaltAnswer['cancels']> {
    const late = this.#late(OBEY_MS);
    try {
      const lists = this.#parts.runs().map(async ({ accountId }) => {
        const orders = await this.#parts.workingOrders(accountId).catch(() => []);
        return orders.filter(({ intent }) => intent === 'OPEN').map(({ id, symbol }) => ({ accountId, orderId: id, symbol }));
      });
      return (await Promise.race([Promise.all(lists), late.passed]))?.flat() ?? [];
    } finally {
      late.cancel();
    }
  }

  async #tellOne(run: AccountRun, kill: KillSwitch, by: Pick<Actor, 'user' | 'requestId'>): Promise<Told> {
    const late = this.#late(OBEY_MS);
    try {
      const outcome = await Promise.race([run.command({ kind: 'setKillSwitch', kill }, inputBy(by)), late.passed]);
      return { run, outcome };
    } catch {
      return { run, outcome: null };
    } finally {
      late.cancel();
    }
  }

  /** Whoever did not obey in time is stopped at its venue. */
  async #goAround(told: readonly Told[], level: 'STOP' | 'FLATTEN'): Promise<HaltAnswer['adapters']> {
    const silent = told.filter(({ outcome }) => outcome === null).map(({ run }) => run.accountId);
    for (const accountId of silent)
      this.#parts.onAlarm(
        `Account ${accountId} did not confirm ${level} in time; no opening order leaves it, its venue is told directly.`,
      );
    const venues = this.#parts.venues().filter((venue) => silent.includes(venue.accountId));
    return await Promise.all(
      venues.map((venue) =>
        this.#asked(venue.name, async () => {
          await venue.cancelEntries();
          if (level === 'STOP') return;
          const failed = (await venue.closeAll(this.#parts.guard.last.kill.activationId ?? 'unnamed')).filter(
            (one) => one.failed,
          );
          if (failed.length > 0) throw new Error(failed.map((one) => `${one.symbol}: ${one.sentence}`).join('; '));
        }),
      ),
    );
  }

  async #asked(name: string, ask: () => Promise<void>): Promise<HaltAnswer['adapters'][number]> {
    const late = this.#late(VENUE_MS);
    try {
      const answer = await Promise.race([ask().then(() => 'done' as const), late.passed]);
      if (answer !== null) return { name, ok: true, sentence: '' };
      throw new Error(`no answer within ${VENUE_MS / 1000} s`);
    } catch (error) {
      const sentence = error instanceof Error ? error.message : String(error);
      this.#parts.onAlarm(`${name}: ${sentence}`);
      return { name, ok: false, sentence };
    } finally {
      late.cancel();
    }
  }

  #late(ms: number): { readonly passed: Promise<null>; readonly cancel: () => void } {
    let cancel: () => void = () => undefined;
    const passed = new Promise<null>((resolve) => {
      cancel = this.#parts.timers.after(ms, () => resolve(null));
    });
    return { passed, cancel };
  }
}

interface Told {
  readonly run: AccountRun;
  /** Null: it did not answer. */
  readonly outcome: Outcome | null;
}

/** The switch on the wire. */
export function wireOf({ kill, readable, stored }: GuardedFlag): KillSwitchWire {
  const { level, reason, actor, at, activationId, results } = kill;
  return {
    level,
    reason,
    by: actor,
    at: at === 0 ? null : at,
    activationId,
    readable,
    stored,
    results: results.map((row) => ({ ...row })),
  };
}

function inputBy({ user, requestId }: Pick<Actor, 'user' | 'requestId'>): { readonly actor: string; readonly requestId: string } {
  return { actor: user, requestId };
}

/** A cancel is handed out after its command is stored: what worked before is what it takes away, with what was told of it at once. */
function withFacts(working: HaltAnswer['cancels'], told: readonly Told[]): HaltAnswer['cancels'] {
  const known = new Set(working.map(({ orderId }) => orderId));
  return [...working, ...told.flatMap(cancelsOf).filter(({ orderId }) => !known.has(orderId))];
}

function cancelsOf({ run, outcome }: Told): HaltAnswer['cancels'] {
  const newest = newestOrders(outcome?.facts ?? []);
  return newest
    .filter((order) => order.intent === 'OPEN' && (order.state === 'CANCEL_PENDING' || isTerminalOrder(order.state)))
    .map((order) => ({ accountId: run.accountId, orderId: order.id, symbol: order.symbol }));
}

/** One row per open position: the closing order that was made for it, or that there is none. */
function closesOf(run: AccountRun, outcome: Outcome | null): FlattenResult[] {
  if (outcome === null) return [];
  const orders = newestOrders(outcome.facts).filter((order) => order.leg.startsWith('FLATTEN'));
  const told = outcome.facts.findLast((fact) => fact.kind === 'trading.changed');
  const results = told?.data.killSwitch.results ?? [];
  const known = new Set(results.map((row) => row.positionId));
  const made = orders
    .filter((order) => !known.has(order.positionId ?? order.id))
    .map((order): FlattenResult => ({
      accountId: run.accountId,
      positionId: order.positionId ?? order.signalId ?? order.id,
      symbol: order.symbol,
      orderId: order.id,
      state: 'CLOSING',
      sentence: 'A closing order at market was made.',
    }));
  return [...results, ...made];
}

type Order = Extract<Fact, { readonly kind: 'order.changed' }>['data'];

function newestOrders(facts: readonly Fact[]): readonly Order[] {
  // bounded: orders of one command, gone with the call
  const newest = new Map<string, Order>();
  for (const fact of facts) if (fact.kind === 'order.changed') newest.set(fact.data.id, fact.data);
  return [...newest.values()];
}
