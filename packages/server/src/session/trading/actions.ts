/** Resume, automation, modes and resets: what lets more risk in, each as a command of its account (trading.md 4.6, 5.7, 7.6, 8.2). */
import type { TradingAction } from '@wyckoff/contracts';
import type { QueueRules, TradingCommand } from '@wyckoff/domain';
import type { Answer, Refused } from '../desk.ts';
import type { KillSwitchGuard } from '../safety/kill-switch-guard.ts';
import type { Actor } from '../trading-desk.ts';
import type { AccountRun } from './account-run.ts';
import type { Halting } from './halting.ts';
import { wireOf } from './halting.ts';
import type { TradingLists } from './lists.ts';
import type { Overrides } from './overrides.ts';
import { notFound, refusedAnswer } from './refusals.ts';

/** What a venue holds of each position of a symbol, where it differs. */
export type PositionsAtVenue = (
  symbol: string,
) => readonly { readonly positionId: string; readonly qtyMicros: number; readonly price: number }[];

export interface ActionParts {
  readonly positionsAtVenue?: PositionsAtVenue | undefined;
  readonly guard: KillSwitchGuard;
  readonly halting: Halting;
  readonly lists: TradingLists;
  readonly overrides: Overrides;
  readonly queueRules: (user: string) => Promise<QueueRules>;
  readonly runOf: (accountId: string) => AccountRun | null;
  readonly wallClock: () => number;
}

export class TradingActions {
  readonly #parts: ActionParts;

  constructor(parts: ActionParts) {
    this.#parts = parts;
  }

  /** Null: done. */
  async act(action: TradingAction, by: Actor): Promise<Refused | null> {
    if (action.action === 'resume') return await this.#resume(action, by);
    const run = this.#parts.runOf(action.account);
    if (run === null) return notFound('account', action.account);
    if (action.action === 'setMode') return await this.#setMode(run, action, by);
    const before = JSON.stringify(settingsOf(run));
    const queue = await this.#parts.queueRules(by.user);
    for (const command of this.#commandsOf(action, run, { ...by, queue })) {
      const { answer } = await run.command(command, { actor: by.user, requestId: by.requestId });
      if (!answer.done) return refusedAnswer(answer, this.#parts.guard.last.kill);
    }
    if (JSON.stringify(settingsOf(run)) !== before) await this.#parts.overrides.settingsChanged(run, by);
    return null;
  }

  #commandsOf(
    action: Exclude<TradingAction, { action: 'resume' | 'setMode' }>,
    run: AccountRun,
    by: Actor & { readonly queue: QueueRules },
  ): readonly TradingCommand[] {
    const { automation, consent } = run.trading;
    const actor = by.user;
    switch (action.action) {
      case 'setAcceptance':
        return [{ kind: 'setAcceptance', by: actor, mode: action.mode, queue: by.queue }];
      case 'enableAutomation': {
        const version = automation.version + 1;
        const agreed = {
          settingsVersion: version,
          by: actor,
          at: this.#parts.wallClock(),
          address: by.address,
          text: action.consent,
        };
        const settings = { ...action.limits, version, enabled: true };
        return [
          { kind: 'setAutomation', by: actor, settings, consent: agreed },
          { kind: 'setAcceptance', by: actor, mode: 'auto', queue: by.queue },
        ];
      }
      case 'disableAutomation':
        // The settings stay, so that what was agreed can be read; what is off asks nobody.
        return automation.enabled
          ? [{ kind: 'setAutomation', by: actor, settings: { ...automation, enabled: false }, consent }]
          : [];
      case 'resetPaper':
        // Two commands of the journal: cut off between them the account is closed, and the same asked again opens the next.
        return [
          { kind: 'closeAccount', reason: action.reason },
          { kind: 'openAccount', capitalMicros: action.capitalMicros, costs: action.costs },
        ];
      case 'resetBreaker':
        return [{ kind: 'resetBreaker', by: actor, reason: action.reason }];
      case 'resetDrawdown':
        return [{ kind: 'resetDrawdown', by: actor, reason: action.reason }];
      case 'acknowledgeReconcile':
        return [
          {
            kind: 'acknowledgeReconcile',
            symbol: action.symbol,
            positions: this.#parts.positionsAtVenue?.(action.symbol) ?? [],
            reason: action.reason,
          },
        ];
    }
  }

  async #resume(action: Extract<TradingAction, { action: 'resume' }>, by: Actor): Promise<Refused | null> {
    const { guard, halting, wallClock } = this.#parts;
    const request = {
      actor: by.user,
      isAdmin: by.role === 'admin',
      steppedUp: by.steppedUp,
      reason: action.reason,
      at: wallClock(),
      acknowledged: action.acknowledge,
    };
    const answer = await guard.resume(request);
    if ('refusal' in answer) {
      const { code, sentence } = answer.refusal;
      return { ok: false, code: code === 'FORBIDDEN' ? 'auth.forbidden' : code === 'STEP_UP' ? 'auth.step_up' : 'request.invalid', detail: sentence, extra: { reasonCode: code, halt: wireOf(guard.last) } }; // prettier-ignore
    }
    await halting.tell(answer.flag.kill, by);
    return null;
  }

  /** LIVE needs the track record, or an administrator who overrides it with a reason; back to PAPER needs nothing (8.2). */
  async #setMode(run: AccountRun, action: Extract<TradingAction, { action: 'setMode' }>, by: Actor): Promise<Refused | null> {
    let overridden: string | null = null;
    if (action.mode === 'LIVE') {
      const trackRecord = await this.#parts.lists.eligibility(run.account);
      const isOverridden = action.override !== undefined && by.role === 'admin';
      if (action.confirm !== 'LIVE' || !(trackRecord.eligible || isOverridden))
        return {
          ok: false,
          code: 'live.not_eligible',
          detail: 'expected an eligible track record and the typed word LIVE',
          extra: { trackRecord },
        };
      if (!trackRecord.eligible) overridden = action.override?.reason ?? null;
      if (run.account.kind !== 'LIVE')
        return { ok: false, code: 'live.not_eligible', detail: `expected an account with a venue, was ${run.account.kind}: configure a broker first`, extra: { trackRecord } }; // prettier-ignore
    }
    const reason = overridden ?? `mode ${action.mode}`;
    // What never goes live is always permitted: PAPER said to a paper account must not lock it.
    const allowed = action.mode === 'LIVE' || run.account.kind !== 'LIVE';
    const command = { kind: 'permit', allowed, reason } as const;
    const { answer } = await run.command(command, { actor: by.user, requestId: by.requestId });
    if (!answer.done) return refusedAnswer(answer, this.#parts.guard.last.kill);
    await this.#parts.overrides.remember(
      run.accountId,
      overridden === null ? null : { by: by.user, at: this.#parts.wallClock(), reason: overridden },
    );
    return null;
  }
}

/** What an override was given for: another consent or another way to accept is another risk. */
function settingsOf({ trading }: AccountRun): unknown {
  const { acceptance, automation, limits } = trading;
  return [acceptance, { ...automation, version: 0 }, limits];
}

/** For handlers that answer with a state. */
export function answerOf<T>(refused: Refused | null, value: T): Answer<T> {
  return refused ?? { ok: true, value };
}
