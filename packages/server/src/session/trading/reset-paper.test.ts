/** trading.md 8.1: a paper account is reset through the desk: archived with all it did, another one goes on, and a restart finds both. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { Scope } from '@wyckoff/bounded';
import { accountsAnswer, tradingAction, type TradingAction } from '@wyckoff/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Answer } from '../desk.ts';
import { openSession, type Session } from '../open.ts';
import type { Actor } from '../trading-desk.ts';

const ann: Actor = { user: 'ann', role: 'admin', address: '127.0.0.1', requestId: 'r-1', steppedUp: true };
/** The first entry of the demo series comes before this bar. */
const FAR = 1_200;
const reset = (account: string, capital: number): TradingAction => ({
  action: 'resetPaper',
  account,
  capitalMicros: capital * 1e6,
  costs: 'per-share',
  reason: 'a new beginning',
});

let folder: string;
let scope: Scope;
let session: Session;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-reset-'));
});
afterEach(async () => {
  await scope.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** Without snapshots a restart steps every bar and every input again, and compares each fact with the stored one. */
async function open(snapshotEvery: number): Promise<void> {
  scope = new Scope({ name: 'test' });
  session = await openSession({ scope, storePath: join(folder, 'wyckoff.db'), speed: null, play: false, snapshotEvery });
}

function valueOf<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Error(`${answer.code}: ${answer.detail}`);
  return answer.value;
}

async function bars(count: number): Promise<void> {
  const { replay } = session.desk;
  for (let n = 0; n < count; n += 1) {
    const { position } = replay.step().replay ?? {};
    while (replay.state().replay?.position === position) await turn();
  }
}

const positions = async (status: 'OPEN' | 'CLOSED') => valueOf(await session.desk.positions({ status, limit: 50 })).items;
async function untilOpen(): Promise<void> {
  for (let n = 0; n < FAR && (await positions('OPEN')).length === 0; n += 1) await bars(1);
  expect(await positions('OPEN')).not.toEqual([]);
}
const accounts = async (archived: boolean) => accountsAnswer.parse(await session.trading.desk.accounts({ archived })).items;
const act = (action: TradingAction) => session.trading.desk.act(action, ann);

describe('8.1 reset of a paper account', () => {
  it.each([
    ['from a snapshot', 50],
    ['from the journal alone', 1e9],
  ])(
    '8.1 it is archived with its curve, the next one trades on, and both come back %s',
    async (_, snapshotEvery) => {
      await open(snapshotEvery);
      await untilOpen();
      const [position] = await positions('OPEN');
      const state = valueOf(await act(reset('replay', 50_000)));
      expect(state.accounts).toMatchObject([
        { id: 'replay-2', acceptance: 'all', permitted: true, automation: { enabled: false } },
      ]);
      expect(await positions('OPEN')).toEqual([]);
      expect((await positions('CLOSED')).find(({ id }) => id === position.id)).toMatchObject({ exitReason: 'MANUAL' });
      expect(session.desk.series()?.account.id).toBe('replay-2');
      expect(await accounts(false)).toMatchObject([{ id: 'replay-2', cashMicros: 5e10, trades: 0, archivedAt: null }]);
      const [, archived] = await accounts(true);
      expect(archived).toMatchObject({ id: 'replay', trades: 1, startingMicros: 1e11 });
      expect(archived.archivedAt).not.toBeNull();
      expect(valueOf(await session.desk.equity('replay')).items.length).toBeGreaterThan(100);
      // The old name is nobody's any more.
      expect(await act(reset('replay', 50_000))).toMatchObject({ code: 'resource.not_found' });
      await untilOpen();
      const [second] = await positions('OPEN');
      const before = [await accounts(true), await positions('OPEN'), await session.trading.desk.state()];
      await scope.dispose();
      await open(snapshotEvery);
      expect(session.desk.health().failure).toBeNull();
      expect([await accounts(true), await positions('OPEN'), await session.trading.desk.state()]).toEqual(before);
      await bars(3);
      expect((await positions('OPEN')).map(({ id }) => id)).toContain(second.id);
      const ledger = await session.store.ledgerSum('replay-2');
      expect(ledger.cashMicros).toBe((await accounts(false))[0].cashMicros);
      const facts = valueOf(await session.desk.facts({ type: 'input.command', limit: 200 })).items;
      expect(facts.map(({ actor, data }) => [actor, (data as { command: { kind: string } }).command.kind])).toEqual([
        ['ann', 'closeAccount'],
        ['ann', 'openAccount'],
      ]);
    },
    60_000,
  );

  it('8.1 the form of the request: capital within its range, costs that are charged, a reason', () => {
    const good = { action: 'resetPaper', account: 'paper', capitalMicros: 1e9, costs: null, reason: 'why' };
    expect(tradingAction.safeParse(good).success).toBe(true);
    for (const bad of [{ capitalMicros: 1e9 - 1 }, { capitalMicros: 1e14 + 1 }, { costs: 'zero' }, { reason: '' }])
      expect(tradingAction.safeParse({ ...good, ...bad }).success, JSON.stringify(bad)).toBe(false);
  });
});
