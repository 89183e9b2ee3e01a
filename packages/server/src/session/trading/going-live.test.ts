/** Going live: by the record of a paper account beside it, or by an override that holds as long as nothing changes. */
import { Scope } from '@wyckoff/bounded';
import { DEFAULT_LIMITS, DEFAULT_QUEUE, type Account, type TradingCommand } from '@wyckoff/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import type { Store } from '../../store/store.ts';
import { ACCOUNT, DAY_MS } from '../../store/testing/samples.ts';
import { DEMO_SYMBOL } from '../demo-series.ts';
import type { Actor } from '../trading-desk.ts';
import type { AccountRun } from './account-run.ts';
import { TradingActions } from './actions.ts';
import { idleState } from './idle-state.ts';
import { TradingLists } from './lists.ts';
import { Overrides } from './overrides.ts';
import { trackRecordOf } from './track-record.ts';

const ann: Actor = { user: 'ann', role: 'admin', address: '127.0.0.1', requestId: 'r-1', steppedUp: true };
const SUMS = { trades: 40, sumR: 20, sumSquaresR: 40, maxDrawdownRatio: 0.1, startedAt: 0 };

describe('8.2 the record', () => {
  it('8.2 each of the four conditions decides, and is shown with what it needs', () => {
    const eligible = (changes: Partial<typeof SUMS>, days = 90): boolean =>
      trackRecordOf('paper', { ...SUMS, ...changes }, days * DAY_MS).eligible;
    expect(eligible({})).toBe(true);
    expect(eligible({}, 89.9)).toBe(false);
    expect(eligible({ trades: 29 })).toBe(false);
    expect(eligible({ trades: 30 })).toBe(true);
    // A mean of 0.5 is not above zero beyond doubt when results are scattered.
    expect(eligible({ sumSquaresR: 400 })).toBe(false);
    expect(eligible({ maxDrawdownRatio: 0.15 })).toBe(true);
    expect(eligible({ maxDrawdownRatio: 0.150_001 })).toBe(false);
    expect(trackRecordOf('paper', SUMS, 45 * DAY_MS)).toMatchObject({ days: 45, accountId: 'paper', needs: { days: 90, trades: 30, meanRLower: 0, maxDrawdownRatio: 0.15 } }); // prettier-ignore
  });
});

describe('8.2 the override', () => {
  let scope: Scope;
  let store: Store;
  let run: AccountRun & { readonly told: TradingCommand[] };
  beforeEach(() => {
    scope = new Scope({ name: 'test' });
    store = scope.own(openSqliteStore({ path: ':memory:' }), (one) => one.close());
    const account: Account = { ...ACCOUNT, id: 'live', kind: 'LIVE' };
    const told: TradingCommand[] = [];
    let trading = { ...idleState('live', 'queue'), permitted: false, limits: DEFAULT_LIMITS };
    run = {
      accountId: 'live', account, series: [], newestOf: () => null, openPositions: [], pending: [], told,
      get trading() {
        return trading;
      },
      command: (command) => {
        told.push(command);
        if (command.kind === 'permit') trading = { ...trading, permitted: command.allowed };
        if (command.kind === 'setAcceptance') trading = { ...trading, acceptance: command.mode };
        return Promise.resolve({ answer: { done: true, refusal: null, gate: null, orderId: null, repeated: false, at: 0 }, facts: [] });
      },
      rehearse: () => Promise.reject(new Error('not asked for')),
    }; // prettier-ignore
  });
  afterEach(() => scope.dispose());

  const overrides = (): Overrides => new Overrides(store);
  const actions = (): TradingActions => {
    const guard = { last: { kill: idleState('live', 'queue').killSwitch } } as never;
    return new TradingActions({ guard, halting: {} as never, lists: new TradingLists({ scope, store }), overrides: overrides(), queueRules: () => Promise.resolve(DEFAULT_QUEUE), runOf: () => run, wallClock: () => 7 }); // prettier-ignore
  };
  const goLive = (by = ann) =>
    actions().act(
      { action: 'setMode', account: 'live', mode: 'LIVE', confirm: 'LIVE', override: { reason: 'a small account' } },
      by,
    );

  it('8.2 only an administrator overrides; who, when and why are kept, and it is void when settings change', async () => {
    expect(await goLive({ ...ann, role: 'trader' })).toMatchObject({ code: 'live.not_eligible' });
    expect(await goLive()).toBeNull();
    expect(run.trading.permitted).toBe(true);
    expect(await overrides().of('live')).toEqual({ by: 'ann', at: 7, reason: 'a small account' });
    // The same settings again change nothing.
    await actions().act({ action: 'setAcceptance', account: 'live', mode: 'queue' }, ann);
    expect(run.trading.permitted).toBe(true);
    await actions().act({ action: 'setAcceptance', account: 'live', mode: 'all' }, ann);
    expect(run.trading.permitted).toBe(false);
    expect(run.told.at(-1)).toMatchObject({ kind: 'permit', allowed: false, reason: 'the override is void: settings changed' });
    expect(await overrides().of('live')).toBeNull();
  });

  it('8.2 a live account is judged by the paper accounts beside it, never by its own trades', async () => {
    const lists = new TradingLists({ scope, store });
    expect(await lists.eligibility(run.account)).toMatchObject({ accountId: 'live', trades: 0, eligible: false });
    const series = await store.saveSymbol(DEMO_SYMBOL, '1d');
    await store.openEngine({ id: 'paper:SPX', series }, ACCOUNT); // prettier-ignore
    expect(await lists.eligibility(run.account)).toMatchObject({ accountId: ACCOUNT.id, eligible: false });
  });
});
