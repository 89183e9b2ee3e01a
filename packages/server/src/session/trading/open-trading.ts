/** Opens the trading side of a session: the kill switch before any account, the desks after it, and the timers that look after both. */
import type { Scope } from '@wyckoff/bounded';
import type { FlattenResult, KillSwitch, OutsideHalt, TradedInstrument } from '@wyckoff/domain';
import type { Store } from '../../store/store.ts';
import type { Journal } from '../journal.ts';
import { HaltFile } from '../safety/halt-file.ts';
import { KillSwitchGuard } from '../safety/kill-switch-guard.ts';
import type { Run } from '../run.ts';
import type { TradingDesk } from '../trading-desk.ts';
import type { PositionsAtVenue } from './actions.ts';
import { tradingDeskOf } from './desk.ts';
import { Halting, wireOf, type DirectVenue } from './halting.ts';

/** How often flag and file are looked at, and an unwritten flag is tried again. */
const WATCH_MS = 1_000;
/** The safety net under every deadline (trading.md 4.3, 11). */
const SWEEP_MS = 30_000;

export interface GuardParts {
  readonly scope: Scope;
  readonly store: Store;
  readonly journal: Journal;
  /** Folder of the halt file. */
  readonly dataDir: string;
  /** What must reach a person. */
  readonly onAlarm: (sentence: string) => void;
}

/** The kill switch, read once. */
export async function openGuard({ scope, store, journal, dataDir, onAlarm }: GuardParts): Promise<KillSwitchGuard> {
  const guard = new KillSwitchGuard({
    read: () => store.killSwitch(),
    write: async (kill) => {
      const { level, reason, actor, at, activationId, results } = kill;
      const state = { level, reason, actor: actor ?? 'system', at, activationId: activationId ?? '', results };
      const data = wireOf({ kill, readable: true, stored: true });
      await journal.change({
        facts: [{ at, topic: 'trading', type: 'killswitch.changed', data, entity: 'kill-switch', actor, audit: true }],
        writes: [{ kind: 'kill-switch', state }],
      });
    },
    file: new HaltFile(dataDir),
    timers: scope.timers,
    onAlarm: ({ sentence }) => onAlarm(sentence),
  });
  await guard.read();
  return guard;
}

export interface TradingParts extends GuardParts {
  readonly guard: KillSwitchGuard;
  /** Null: the session could not be resumed. */
  readonly run: Run | null;
  readonly venues: () => readonly DirectVenue[];
  /** Where a venue's quantities differ: what it holds of each position of the symbol. Default: nothing differs. */
  readonly positionsAtVenue?: PositionsAtVenue | undefined;
  readonly instrumentOf: (symbol: string) => TradedInstrument | null;
  readonly wallClock: () => number;
  readonly onSetting: (key: string, value: unknown) => void;
}

export interface Trading {
  readonly desk: TradingDesk;
  /** A halt that somebody outside the engine found, or found to be over (5.7). */
  setHalt(
    halt: OutsideHalt,
    of: { readonly symbol: string | null; readonly inForce: boolean; readonly reason: string },
  ): Promise<void>;
}

export async function openTrading(parts: TradingParts): Promise<Trading> {
  const { scope, guard, run, wallClock, onAlarm, journal } = parts;
  const runs = (): readonly Run[] => (run === null ? [] : [run]);
  const halting = new Halting({
    guard,
    runs,
    venues: parts.venues,
    workingOrders: (id) => parts.store.workingOrders(id),
    timers: scope.timers,
    wallClock,
    onAlarm,
  });
  const desk = tradingDeskOf({ ...parts, run: () => run, halting, change: (change) => journal.change(change) });
  const watch = new Watch({ guard, halting, runs });
  await watch.look();
  scope.interval(WATCH_MS, () => watch.look(), 'kill switch');
  scope.interval(SWEEP_MS, () => Promise.all(runs().map((one) => one.clock(one.now))), 'sweep');
  return {
    desk,
    async setHalt(halt, of) {
      const by = { actor: 'system', requestId: null };
      await Promise.all(runs().map((one) => one.command({ kind: 'setHalt', halt, ...of }, by)));
    },
  };
}

/** Tells the accounts of a flag that somebody else raised or lowered: the file, another process, or this one while its store was away. */
class Watch {
  readonly #parts: { readonly guard: KillSwitchGuard; readonly halting: Halting; readonly runs: () => readonly Run[] };
  #looking = false;

  constructor(parts: { readonly guard: KillSwitchGuard; readonly halting: Halting; readonly runs: () => readonly Run[] }) {
    this.#parts = parts;
  }

  async look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const { guard } = this.#parts;
      await guard.settle();
      const { kill, readable } = await guard.read();
      // An unreadable store is STOP at every gate already; an account could not store the command.
      if (readable && this.#isNews(kill)) await this.#parts.halting.tell(kill, { user: kill.actor ?? 'system', requestId: '' });
      await guard.report(this.#resultsSince(kill));
    } finally {
      this.#looking = false;
    }
  }

  /** What became of positions since the flag was written: it is the flag that people read and acknowledge. */
  #resultsSince({ activationId, results }: KillSwitch): readonly FlattenResult[] {
    const known = new Map(results.map((row) => [row.positionId, row.state]));
    return this.#parts.runs().flatMap(({ trading: { killSwitch } }) => {
      if (killSwitch.activationId !== activationId) return [];
      return killSwitch.results.filter((row) => known.get(row.positionId) !== row.state);
    });
  }

  #isNews(kill: KillSwitch): boolean {
    return this.#parts.runs().some(({ trading }) => trading.killSwitch.level !== kill.level);
  }
}
