/** Kill switch and automatic halts in a trader's words: what each stops, how it ends, and what a person can do (trading.md 5.7, 7.6). */
import type { HaltAnswer, KillSwitchWire, TradingAction } from '@wyckoff/contracts';
import type { HaltFact } from '../stores/trading-book.ts';

/** What each level means for orders. */
export const LEVEL_WORDS: Readonly<Record<KillSwitchWire['level'], string>> = {
  OFF: 'Orders may open.',
  STOP: 'No order opens; working entries are cancelled. Stops and exits stay.',
  FLATTEN: 'No order opens, and every position is being closed at market.',
};

const KINDS: Readonly<Record<HaltFact['kind'], { readonly name: string; readonly ends: string }>> = {
  DAILY_LOSS: { name: 'Daily loss limit', ends: 'It ends with the next trading day.' },
  DRAWDOWN: { name: 'Drawdown limit', ends: 'It ends when you reset the drawdown; the peak is then the present equity.' },
  STALE: { name: 'Stale data', ends: 'It ends with the next fresh bar.' },
  RECONCILE: { name: 'Broker and ledger differ', ends: 'It ends when the difference is gone or acknowledged.' },
  EQUITY_UNKNOWN: { name: 'Equity unknown', ends: 'It ends when the ledger can be read again.' },
  REJECTS: { name: 'Broker refuses entries', ends: 'It ends 30 minutes after the fifth refusal.' },
  MEMORY: { name: 'Server memory', ends: 'It ends when the server has room again.' },
};

export const haltName = (halt: Pick<HaltFact, 'kind'>): string => KINDS[halt.kind].name;
export const haltEnds = (halt: Pick<HaltFact, 'kind'>): string => KINDS[halt.kind].ends;

/** What is halted: `all entries`, `entries in SPY`, `entries of stocks`. */
export function scopeWords(scope: string): string {
  const [kind, of = ''] = scope.split(/:(.*)/s);
  if (kind === 'symbol') return `entries in ${of}`;
  if (kind === 'class') return `entries of ${of.toLowerCase()}`;
  return kind === 'account' ? `entries of account ${of}` : 'all entries';
}

/** An action a trader can end a halt with. */
export type Remedy = Extract<TradingAction, { action: 'resetDrawdown' | 'acknowledgeReconcile' | 'resetBreaker' }>;

/** The remedy of a halt without its reason yet; null: it ends by itself. */
export function remedyOf(halt: HaltFact): { readonly label: string; readonly action: Remedy } | null {
  const { accountId: account, scope } = halt;
  if (halt.kind === 'DRAWDOWN') return { label: 'Reset drawdown', action: { action: 'resetDrawdown', account, reason: '' } };
  if (halt.kind === 'RECONCILE' && scope.startsWith('symbol:')) {
    const symbol = scope.slice('symbol:'.length);
    return { label: 'Acknowledge difference', action: { action: 'acknowledgeReconcile', account, symbol, reason: '' } };
  }
  return null;
}

const count = (n: number, one: string): string => `${String(n)} ${one}${n === 1 ? '' : 's'}`;

/** What a halt did, or a drill would do, in one sentence. */
export function haltSummary({ dryRun, cancels, closes, adapters, tookMs }: HaltAnswer, level: 'STOP' | 'FLATTEN'): string {
  const entries = count(cancels.length, 'working entry').replace('entrys', 'entries');
  const positions = level === 'FLATTEN' ? ` and ${count(closes.length, 'position')}` : '';
  const silent = adapters.filter((adapter) => !adapter.ok).map((adapter) => adapter.name);
  const asked = silent.length === 0 ? '' : ` No answer from ${silent.join(', ')}.`;
  const done = dryRun
    ? `Drill: would cancel ${entries}${positions === '' ? '' : positions.replace(' and', ' and close')}. Nothing was changed.`
    : `In force: cancelled ${entries}${positions === '' ? '' : positions.replace(' and', ', closing')}.`;
  return `${done} ${String(Math.round(tookMs))} ms.${asked}`;
}
