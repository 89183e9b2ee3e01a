/** An account that the store failed: it stands still at once, and comes back from what is stored as soon as the store answers again. */
import type { Scope } from '@wyckoff/bounded';
import { StoreFailure } from '../store/refused.ts';
import { Backoff } from '../venue/backoff.ts';

/** The account stands still; what it was asked for changed nothing, or is found stored when it comes back. */
export class AccountDown extends Error {
  readonly code = 'store.unavailable';
  readonly status = 503;

  constructor() {
    super('run: expected a living engine, was one that failed to commit');
    this.name = 'AccountDown';
  }
}

/** Whether it is worth waiting: the store said so, or the account waits for it already. */
export function isOfStore(error: unknown): boolean {
  return error instanceof StoreFailure || error instanceof AccountDown;
}

export interface RecoveryOptions {
  readonly scope: Scope;
  /** Brings the account to where the store says it stands, and hands over what was ordered and not handed over. */
  readonly restore: () => Promise<void>;
  /** How long the store must answer before it is trusted, ms: another process may have taken the place of this one. Default 0. */
  readonly settleMs?: number | undefined;
  /** Rejects while the store does not answer. */
  readonly probe: () => Promise<unknown>;
  readonly onDown: (sentence: string) => void;
  readonly onBack: (sentence: string) => void;
  /** It does not come back in this process. */
  readonly onOver: (error: unknown) => void;
  readonly random?: (() => number) | undefined;
}

export class Recovery {
  readonly #options: RecoveryOptions;
  #underWay: Promise<boolean> | null = null;
  #sentence: string | null = null;
  #isOver = false;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** Why the account stands still; null: it does not. */
  get sentence(): string | null {
    return this.#sentence;
  }

  /** The account ended with this error. Tries until it is back, 1, 2, 4 ... 60 s apart; an error that is not the store's is the end. */
  begin(error: unknown): void {
    if (this.#isOver || this.#underWay !== null) return;
    if (isOfStore(error)) this.#underWay = this.#bringBack(error).finally(() => (this.#underWay = null));
    else this.#over(error);
  }

  /** From now on nothing is tried: somebody else has the account. */
  end(): void {
    this.#isOver = true;
  }

  /** Does the work, and once more when the account is back, for as long as the store is why it failed. `again` sees what was stored of it. */
  async surely<T>(work: () => Promise<T>, again: () => T | null = () => null): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!isOfStore(error) || !(await this.#isBack(error))) throw error;
        const done = again();
        if (done !== null) return done;
      }
    }
  }

  /** Null under way: it came back meanwhile, or the store failed somebody who has not this account. */
  async #isBack(error: unknown): Promise<boolean> {
    return this.#underWay === null ? error instanceof AccountDown && !this.#isOver : await this.#underWay;
  }

  async #bringBack(first: unknown): Promise<boolean> {
    const { scope, probe, restore, settleMs = 0, onDown, onBack, random } = this.#options;
    const why = first instanceof Error ? first.message : String(first);
    this.#sentence = `The account stands still, because nothing can be stored: ${why}. It goes on by itself when the store answers.`;
    onDown(this.#sentence);
    const since = scope.timers.now();
    for (const backoff = new Backoff({ firstMs: 1_000, mostMs: 60_000, ...(random !== undefined && { random }) }); ;) {
      try {
        await scope.delay(backoff.nextMs(), 'recovery');
        if (scope.state !== 'open') return false;
        await probe();
        if (settleMs > 0) await scope.delay(settleMs, 'recovery');
        if (this.#isOver || scope.state !== 'open') return false;
        await restore();
        this.#sentence = null;
        onBack(`The account goes on from what is stored, after ${Math.round((scope.timers.now() - since) / 1_000)} s and ${backoff.attempts} attempts.`); // prettier-ignore
        return true;
      } catch (error) {
        if (scope.state !== 'open') return false;
        if (isOfStore(error)) continue;
        this.#over(error);
        return false;
      }
    }
  }

  #over(error: unknown): void {
    this.#isOver = true;
    this.#sentence = null;
    this.#options.onOver(error);
  }
}
