/** Leave to go live without the track record: given by an administrator with a reason, shown for as long as it holds, void when settings change (trading.md 8.2). */
import type { SettingsStore } from '../../store/store.ts';
import type { Actor } from '../trading-desk.ts';
import type { AccountRun } from './account-run.ts';

export interface Override {
  readonly by: string;
  readonly at: number;
  readonly reason: string;
}

const VOID = 'the override is void: settings changed';

export class Overrides {
  readonly #store: Pick<SettingsStore, 'setting' | 'saveSetting'>;

  constructor(store: Pick<SettingsStore, 'setting' | 'saveSetting'>) {
    this.#store = store;
  }

  /** Null: there is none. */
  async of(accountId: string): Promise<Override | null> {
    return ((await this.#store.setting(keyOf(accountId))) ?? null) as Override | null;
  }

  async remember(accountId: string, override: Override | null): Promise<void> {
    if (override !== null || (await this.of(accountId)) !== null) await this.#store.saveSetting(keyOf(accountId), override);
  }

  /** What was agreed to is no longer what holds: the account opens nothing until it is allowed again. */
  async settingsChanged(run: AccountRun, by: Pick<Actor, 'user' | 'requestId'>): Promise<void> {
    if ((await this.of(run.accountId)) === null) return;
    await run.command({ kind: 'permit', allowed: false, reason: VOID }, { actor: by.user, requestId: by.requestId });
    await this.#store.saveSetting(keyOf(run.accountId), null);
  }
}

function keyOf(accountId: string): string {
  return `session.override.${accountId}`;
}
