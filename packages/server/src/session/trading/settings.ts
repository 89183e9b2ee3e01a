/** Settings of the user that change at run time: versioned, audited, by merge patch; what decides over risk is changed by actions instead. */
import { timeframe, type SettingAnswer, type SettingsAnswer } from '@wyckoff/contracts';
import type { QueueRules } from '@wyckoff/domain';
import * as z from 'zod';
import { notificationSettings } from '../../notify/settings.ts';
import { VersionConflict, type Change, type StoredFact } from '../../store/changes.ts';
import type { SettingsStore } from '../../store/store.ts';
import type { Answer, Refused } from '../desk.ts';
import type { Actor, SettingRequest } from '../trading-desk.ts';

export const APPROVALS = 'approvals';
const MAX_BYTES = 16 * 1024;

/** How long a signal waits for a person, and how many may wait (trading.md 4.3, 4.5). */
const minutes = z.number().int().min(1).max(60);
const approvals = z.strictObject({
  capacity: z.number().int().min(1).max(200).default(50),
  minutes: minutes.default(5),
  /** Where a timeframe has its own time. */
  byTimeframe: z.partialRecord(timeframe, minutes).default({}),
});

const free = z.record(z.string().max(64), z.union([z.string().max(200), z.number(), z.boolean()]));

/** Every key a user may change, with its form; defaults are what an empty value gives. */
const SCHEMAS = {
  notifications: notificationSettings,
  [APPROVALS]: approvals,
  appearance: free,
  keys: free,
} as const satisfies Readonly<Record<string, z.ZodType>>;
type SettingKey = keyof typeof SCHEMAS;

export interface SettingParts {
  readonly store: SettingsStore;
  /** Stores a change and tells its facts. */
  readonly change: (change: Change) => Promise<readonly StoredFact[]>;
  readonly wallClock: () => number;
  /** Told after it was stored. */
  readonly onChanged: (key: string, value: unknown) => void;
}

export class UserSettings {
  readonly #parts: SettingParts;

  constructor(parts: SettingParts) {
    this.#parts = parts;
  }

  async all(by: Actor): Promise<SettingsAnswer> {
    const rows = await this.#parts.store.settingRows(by.user);
    const items = (Object.keys(SCHEMAS) as SettingKey[]).map((key) => {
      const row = rows.find((one) => one.key === key);
      const defaults = SCHEMAS[key].parse({}) as unknown;
      return {
        key,
        value: row === undefined ? defaults : parsed(key, row.value),
        defaults,
        version: row?.version ?? 0,
        scope: 'own' as const,
        updatedAt: row?.updatedAt ?? null,
        updatedBy: row?.updatedBy ?? null,
      };
    });
    return { items };
  }

  /** How the approval queue is kept for a user. */
  async queueRules(user: string): Promise<QueueRules> {
    return approvals.parse(parsed(APPROVALS, (await this.#parts.store.settingRow(user, APPROVALS))?.value ?? {}));
  }

  async change(key: string, request: SettingRequest, by: Actor): Promise<Answer<SettingAnswer>> {
    if (!isKey(key))
      return { ok: false, code: 'resource.not_found', detail: `expected one of ${Object.keys(SCHEMAS).join(', ')}, was ${key}` };
    const { store, change, wallClock, onChanged } = this.#parts;
    const row = await store.settingRow(by.user, key);
    const version = row?.version ?? 0;
    if (version !== request.version) return stale(version, request.version);
    const before = parsed(key, row?.value ?? {});
    const wanted = SCHEMAS[key].safeParse(merged(before, request.value));
    if (!wanted.success || JSON.stringify(wanted.data).length > MAX_BYTES) return invalid(wanted.error);
    const value = wanted.data as Readonly<Record<string, unknown>>;
    const answer = {
      key,
      value,
      version: request.dryRun ? version : version + 1,
      dryRun: request.dryRun,
      changes: changesOf(before, value),
    };
    if (request.dryRun) return { ok: true, value: answer };
    const at = wallClock();
    const data = { key, version: version + 1, scope: 'own' as const };
    try {
      await change({
        facts: [
          { at, topic: 'settings', type: 'settings.changed', data, userId: by.user, entity: `settings:${key}`, actor: by.user, requestId: by.requestId, audit: true },
        ],
        writes: [{ kind: 'setting', setting: { userId: by.user, key, value, expected: version, by: by.user } }],
      }); // prettier-ignore
    } catch (error) {
      if (error instanceof VersionConflict) return stale(error.was ?? 0, request.version);
      throw error;
    }
    onChanged(key, value);
    return { ok: true, value: answer };
  }
}

function isKey(key: string): key is SettingKey {
  return Object.hasOwn(SCHEMAS, key);
}

/** What is stored, or the defaults when it no longer fits: a setting never stops the desk. */
function parsed(key: SettingKey, value: unknown): Readonly<Record<string, unknown>> {
  const answer = SCHEMAS[key].safeParse(value);
  return answer.success ? answer.data : SCHEMAS[key].parse({});
}

/** RFC 7396: objects are merged, null removes. */
function merged(before: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const base = isObject(before) ? before : {};
  const kept = Object.entries(base).filter(([field]) => !Object.hasOwn(patch, field));
  const given = Object.entries(patch).filter(([field, value]) => value !== null && field !== '__proto__');
  return Object.fromEntries([...kept, ...given.map(([field, value]) => [field, merged(base[field], value)])]);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function changesOf(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): SettingAnswer['changes'] {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return fields
    .filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
    .map((field) => ({ field, from: before[field] ?? null, to: after[field] ?? null, raisesRisk: false }));
}

/** Somebody changed it meanwhile. */
export function stale(now: number, was: number): Refused {
  return { ok: false, code: 'request.version_conflict', detail: `expected version ${now}, was ${was}`, extra: { version: now } };
}

function invalid(error: z.ZodError | undefined): Answer<never> {
  const issues = (error?.issues ?? [])
    .slice(0, 20)
    .map((issue) => ({ path: issue.path.join('.'), expected: issue.message, found: issue.code }));
  const detail =
    issues.length === 0
      ? `expected at most ${MAX_BYTES} bytes`
      : issues.map((issue) => `${issue.path}: ${issue.expected}`).join('; ');
  return { ok: false, code: 'request.invalid', detail: detail.slice(0, 500), extra: { issues } };
}
