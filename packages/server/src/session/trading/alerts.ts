/** Signed alerts become EXTERNAL signals: judged for risk and strategy, then always waiting for a person (trading.md 8.4). */
import type { WebhookAnswer } from '@wyckoff/contracts';
import { idOf } from '@wyckoff/domain';
import type { EntityStore } from '../../store/entity-store.ts';
import type { Answer } from '../desk.ts';
import type { Actor, SignedAlert } from '../trading-desk.ts';
import type { AccountRun } from './account-run.ts';

export interface AlertParts {
  readonly store: EntityStore;
  /** Null: the session could not be resumed. */
  readonly run: () => AccountRun | null;
}

/** The account and the signature are the identity of the signal: the same alert cannot make two. */
export function alertId(accountId: string, signature: string): string {
  return idOf(accountId, 'EXTERNAL', signature);
}

/** Resolves when the signal is stored, waiting or refused; `symbol.unknown` when the account has no bars of the series. */
export async function takeAlert({ store, run }: AlertParts, alert: SignedAlert, by: Actor): Promise<Answer<WebhookAnswer>> {
  const account = run();
  if (account === null) return { ok: false, code: 'server.internal', detail: 'the session could not be resumed; see /health' };
  const { signature, symbol, timeframe, side, stop, entry, targets, note } = alert;
  const signalId = alertId(account.accountId, signature);
  const stored = await store.signalById(signalId);
  if (stored !== null)
    return { ok: true, value: { signalId, status: stored.status, code: null, sentence: 'This alert came before.' } };
  const direction = side === 'buy' ? 'LONG' : 'SHORT';
  const signal = {
    signature,
    symbol,
    timeframe,
    direction,
    stop,
    entry: entry ?? null,
    targets: targets ?? [],
    note: note ?? null,
  } as const;
  const { answer } = await account.command({ kind: 'external', signal }, { actor: by.user, requestId: by.requestId });
  if (answer.refusal?.code === 'NO_SERIES') return { ok: false, code: 'symbol.unknown', detail: answer.refusal.sentence };
  const { status } = (await store.signalById(signalId)) ?? { status: null };
  const sentence = answer.refusal?.sentence ?? 'The signal waits for approval.';
  return { ok: true, value: { signalId, status, code: answer.refusal?.code ?? null, sentence } };
}
