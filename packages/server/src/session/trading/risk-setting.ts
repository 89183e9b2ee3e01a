/** The limits of 5.1 as the setting `risk`: kept by the account itself, changed by merge patch, audited; what lets more risk in is confirmed afresh. */
import type { SettingAnswer, SettingsAnswer } from '@wyckoff/contracts';
import { STEP_UP_PHRASES } from '@wyckoff/contracts';
import { changeLimits, DEFAULT_LIMITS, LIMIT_FIELDS, type KillSwitch, type RiskLimits } from '@wyckoff/domain';
import { VersionConflict } from '../../store/changes.ts';
import type { Answer, Refused } from '../desk.ts';
import type { Actor, SettingRequest } from '../trading-desk.ts';
import type { AccountRun } from './account-run.ts';
import type { Overrides } from './overrides.ts';
import { refusedAnswer } from './refusals.ts';
import { stale, type SettingParts } from './settings.ts';

export const RISK_SETTING = 'risk';
const UNSAID = 'changed by hand';

export interface RiskSettingParts extends Pick<SettingParts, 'store' | 'change' | 'wallClock'> {
  /** Null: the session could not be resumed. */
  readonly run: () => AccountRun | null;
  readonly kill: () => KillSwitch;
  readonly overrides: Overrides;
}

export class RiskSetting {
  readonly #parts: RiskSettingParts;

  constructor(parts: RiskSettingParts) {
    this.#parts = parts;
  }

  async item(by: Actor): Promise<SettingsAnswer['items'][number]> {
    const row = await this.#parts.store.settingRow(by.user, RISK_SETTING);
    return {
      key: RISK_SETTING,
      // The account says what holds; the row, who changed it last.
      value: this.#limits,
      defaults: DEFAULT_LIMITS,
      version: row?.version ?? 0,
      scope: 'own',
      updatedAt: row?.updatedAt ?? null,
      updatedBy: row?.updatedBy ?? null,
    };
  }

  async change(request: SettingRequest, by: Actor): Promise<Answer<SettingAnswer>> {
    const { run, store, kill } = this.#parts;
    const account = run();
    if (account === null) return { ok: false, code: 'server.internal', detail: 'the session could not be resumed; see /health' };
    const version = (await store.settingRow(by.user, RISK_SETTING))?.version ?? 0;
    if (version !== request.version) return stale(version, request.version);
    const before = this.#limits;
    const wanted = Object.fromEntries(Object.entries(request.value).map(([field, value]) => [field, value ?? DEFAULT_LIMITS[field as keyof RiskLimits]])); // prettier-ignore
    const after = changeLimits(before, wanted);
    if ('sentence' in after) return invalid(after.sentence);
    const changes = changesOf(before, after);
    const answer = (stored: number): Answer<SettingAnswer> => ({
      ok: true,
      value: { key: RISK_SETTING, value: after, version: stored, dryRun: request.dryRun, changes },
    });
    if (request.dryRun || changes.length === 0) return answer(version);
    if (changes.some(({ raisesRisk }) => raisesRisk) && !by.steppedUp) return unconfirmed(changes);
    const reason = request.reason ?? UNSAID;
    const command = { kind: 'setLimits', by: by.user, limits: wanted, reason } as const;
    const outcome = await account.command(command, { actor: by.user, requestId: by.requestId });
    if (!outcome.answer.done) return refusedAnswer(outcome.answer, kill());
    await this.#parts.overrides.settingsChanged(account, by);
    return (await this.#stored({ version, after, changes, reason }, by)) ?? answer(version + 1);
  }

  /** The account has it already; this is who said so, and the number of the next change. */
  async #stored(
    {
      version,
      after,
      changes,
      reason,
    }: { version: number; after: RiskLimits; changes: SettingAnswer['changes']; reason: string },
    by: Actor,
  ): Promise<Refused | null> {
    const { change, wallClock } = this.#parts;
    const data = { key: RISK_SETTING, version: version + 1, scope: 'own' as const, changes, reason };
    const audited = { userId: by.user, actor: by.user, requestId: by.requestId, audit: true };
    try {
      await change({
        facts: [{ at: wallClock(), topic: 'settings', type: 'settings.changed', data, entity: `settings:${RISK_SETTING}`, ...audited }],
        writes: [{ kind: 'setting', setting: { userId: by.user, key: RISK_SETTING, value: after, expected: version, by: by.user } }],
      }); // prettier-ignore
      return null;
    } catch (error) {
      if (error instanceof VersionConflict) return stale(error.was ?? 0, version);
      throw error;
    }
  }

  get #limits(): RiskLimits {
    return this.#parts.run()?.trading.limits ?? DEFAULT_LIMITS;
  }
}

function changesOf(before: RiskLimits, after: RiskLimits): SettingAnswer['changes'] {
  return LIMIT_FIELDS.filter((field) => before[field] !== after[field]).map((field) => ({
    field,
    from: before[field],
    to: after[field],
    raisesRisk: after[field] > before[field],
  }));
}

function invalid(sentence: string): Refused {
  const field = /^risk limit (\w+)/.exec(sentence)?.[1] ?? 'value';
  return {
    ok: false,
    code: 'request.invalid',
    detail: sentence,
    extra: { issues: [{ path: `value.${field}`, expected: sentence, found: 'another value' }] },
  };
}

function unconfirmed(changes: SettingAnswer['changes']): Refused {
  const raised = changes.filter(({ raisesRisk }) => raisesRisk).map(({ field }) => field);
  const phrase = STEP_UP_PHRASES.raiseRisk;
  return {
    ok: false,
    code: 'auth.step_up',
    detail: `${raised.join(', ')} would let more risk in: expected the phrase "${phrase}" at /auth/step-up and its token in X-Step-Up`,
    extra: { action: 'raiseRisk', phrase },
  };
}
