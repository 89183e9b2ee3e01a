/**
 * The kill switch of a running server: the strictest of what is stored, what stands in the data folder and what was said and could not be written.
 * It acts in memory first, so neither a busy engine nor a dead database can delay it (trading.md 7.6).
 */
import type { Timers } from '@wyckoff/bounded';
import {
  HALT_LEVELS,
  KILL_SWITCH_OFF,
  activate,
  readKillSwitch,
  resume,
  unreadable,
  withResults,
  type Activation,
  type FlattenResult,
  type KillSwitch,
  type Refusal,
  type Resumption,
} from '@wyckoff/domain';
import type { KillSwitch as StoredFlag } from '../../store/trading-store.ts';
import type { HaltFile } from './halt-file.ts';

/** The most a reading may take; what takes longer is unreadable, and that is STOP. */
const READ_MS = 500;
/** The most a writing is waited for before it counts as failed; it is repeated until it succeeds. */
const WRITE_MS = 500;

export interface GuardOptions {
  /** Reads the persisted flag. */
  readonly read: () => Promise<StoredFlag>;
  /** Persists it, with its fact. */
  readonly write: (kill: KillSwitch) => Promise<void>;
  readonly file: HaltFile;
  readonly timers: Timers;
  /** The flag could not be written, or can be again: somebody must be told. */
  readonly onAlarm: (alarm: { readonly kill: KillSwitch; readonly sentence: string }) => void;
}

export interface GuardedFlag {
  readonly kill: KillSwitch;
  /** False: nobody could read what is stored. */
  readonly readable: boolean;
  /** False: it holds in this process, and perhaps in the file, but the store does not know. */
  readonly stored: boolean;
}

export class KillSwitchGuard {
  readonly #options: GuardOptions;
  /** Said, and not stored yet. */
  #unwritten: KillSwitch | null = null;
  #writing: Promise<boolean> | null = null;
  #last: GuardedFlag = { kill: unreadable('The kill switch was not read yet.'), readable: false, stored: true };

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** As it was at the last reading or change; for showing, never for deciding. */
  get last(): GuardedFlag {
    return this.#last;
  }

  /** Reads it now: asked before every opening order. Never rejects, never takes longer than half a second. */
  async read(): Promise<GuardedFlag> {
    const [stored, file] = await Promise.all([this.#readStored(), this.#readFile()]);
    const unwritten = this.#unwritten;
    const said = [stored.kill, file, ...(unwritten === null ? [] : [unwritten])];
    // Equal levels: the store's own row names who may resume.
    const kill = said.reduce((strictest, one) => (rank(one) > rank(strictest) ? one : strictest));
    this.#last = { kill, readable: stored.readable, stored: unwritten === null && (stored.readable || kill === stored.kill) };
    return this.#last;
  }

  /** Halts, or halts further. In force when this function has been called; the promise is about the writing. */
  async activate(to: Activation): Promise<GuardedFlag> {
    const from = this.#unwritten ?? this.#last.kill;
    // What nobody could read is replaced by what somebody said.
    const next = activate(from.activationId === 'unreadable' ? KILL_SWITCH_OFF : from, to);
    if (next === from && this.#last.stored && this.#last.readable) return this.#last;
    this.#unwritten = next;
    this.#last = { kill: next, readable: this.#last.readable, stored: false };
    await this.#write();
    return this.#last;
  }

  /** Back to OFF, when the table allows it; stored first, because an unwritten OFF would be forgotten by the next reading. */
  async resume(by: Resumption): Promise<{ readonly flag: GuardedFlag } | { readonly refusal: Refusal }> {
    const { kill } = await this.read();
    const answer = resume(kill.activationId === 'unreadable' ? { ...kill, actor: by.actor } : kill, by);
    if ('refusal' in answer) return answer;
    if (answer.next === kill) return { flag: this.#last };
    await this.#options.write(answer.next);
    this.#unwritten = null;
    await this.#options.file.remove();
    this.#last = { kill: answer.next, readable: true, stored: true };
    return { flag: this.#last };
  }

  /** What became of positions under FLATTEN. */
  async report(results: readonly FlattenResult[]): Promise<void> {
    const { kill } = this.#last;
    if (kill.level === 'OFF' || results.length === 0) return;
    this.#unwritten = withResults(kill, results);
    this.#last = { kill: this.#unwritten, readable: this.#last.readable, stored: false };
    await this.#write();
  }

  /** Tries again what could not be written; call it now and then. */
  async settle(): Promise<void> {
    if (this.#unwritten !== null) await this.#write();
  }

  async #readStored(): Promise<{ readonly kill: KillSwitch; readonly readable: boolean }> {
    const late = this.#late(READ_MS);
    try {
      const stored = await Promise.race([this.#options.read(), late.passed]);
      if (stored === null)
        return { kill: unreadable('The kill switch was not read within half a second: STOP.'), readable: false };
      return { kill: fromStored(stored), readable: stored.readable };
    } catch {
      return { kill: unreadable('The kill switch could not be read: STOP.'), readable: false };
    } finally {
      late.cancel();
    }
  }

  async #readFile(): Promise<KillSwitch> {
    const late = this.#late(READ_MS);
    try {
      return (
        (await Promise.race([this.#options.file.read(), late.passed])) ?? unreadable('The halt file was not read in time: STOP.')
      );
    } finally {
      late.cancel();
    }
  }

  /** One writing at a time; a flag said meanwhile is written by the next round. */
  async #write(): Promise<void> {
    while (this.#unwritten !== null) {
      const kill = this.#unwritten;
      this.#writing ??= this.#writeOnce(kill).finally(() => {
        this.#writing = null;
      });
      const written = await this.#writing;
      if (!written) return;
    }
  }

  async #writeOnce(kill: KillSwitch): Promise<boolean> {
    const late = this.#late(WRITE_MS);
    try {
      const done = this.#options.write(kill).then(() => true);
      // A writing that comes late is repeated: the flag is a state, not an event.
      done.catch(() => undefined);
      if ((await Promise.race([done, late.passed])) === null) throw new Error('it was not written within half a second');
      if (this.#unwritten === kill) this.#unwritten = null;
      this.#last = { kill: this.#unwritten ?? kill, readable: true, stored: this.#unwritten === null };
      return true;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const kept = await this.#options.file.write(kill).then(
        () => `It stands in ${this.#options.file.path} instead.`,
        () => 'Nor could it be written to the data folder: it would be lost with this process.',
      );
      this.#options.onAlarm({ kill, sentence: `The kill switch acts, but could not be stored: ${why}. ${kept}` });
      return false;
    } finally {
      late.cancel();
    }
  }

  #late(ms: number): { readonly passed: Promise<null>; readonly cancel: () => void } {
    let cancel: () => void = () => undefined;
    const passed = new Promise<null>((resolve) => {
      cancel = this.#options.timers.after(ms, () => resolve(null));
    });
    return { passed, cancel };
  }
}

function rank(kill: KillSwitch): number {
  return HALT_LEVELS.indexOf(kill.level);
}

/** The store's row as the domain knows it; whatever does not fit is STOP. */
export function fromStored(stored: StoredFlag): KillSwitch {
  const { level, readable, reason, actor, at, activationId, results } = stored;
  if (!readable) return unreadable(reason === '' ? 'The stored kill switch is unreadable: STOP.' : reason);
  return readKillSwitch({
    level,
    activationId: level === 'OFF' ? null : (activationId ?? 'stored'),
    actor,
    reason,
    at: at ?? 0,
    results: Array.isArray(results) ? results : [],
  });
}
