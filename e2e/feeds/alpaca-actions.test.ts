/** Corporate actions as Alpaca tells them, and what they do to a download that met the jump. */
import { Census, Scope } from '@wyckoff/bounded';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alpacaActions } from '../../packages/server/src/feeds/alpaca/alpaca-actions.ts';
import { AlpacaDataServer, ALPACA_KEY } from './alpaca-data-server.ts';

let server: AlpacaDataServer;
let scope: Scope;
beforeEach(async () => {
  server = new AlpacaDataServer();
  await server.listen();
  scope = new Scope({ name: 'test', census: new Census() });
});
afterEach(async () => {
  await scope.dispose();
  await server.close();
});

const asked = { symbols: ['AMZN', 'FB'], from: Date.UTC(2022, 0, 1), to: Date.UTC(2022, 11, 31) };
const actions = (): ReturnType<typeof alpacaActions> =>
  alpacaActions({ scope, restUrl: server.url, key: () => ALPACA_KEY, random: () => 0 }, asked);

describe('splits and symbol changes', () => {
  it('forward, reverse and renames come in order of time, as factors of the price', async () => {
    server.actions = {
      forward_splits: [{ symbol: 'AMZN', new_rate: 20, old_rate: 1, ex_date: '2022-06-06', process_date: '2022-06-06' }],
      reverse_splits: [{ symbol: 'XYZ', new_rate: 1, old_rate: 8, ex_date: '2022-03-01' }],
      name_changes: [{ old_symbol: 'FB', new_symbol: 'META', process_date: '2022-06-09' }],
    };
    expect(await actions()).toEqual([
      { kind: 'SPLIT', symbol: 'XYZ', from: Date.UTC(2022, 2, 1), priceFactor: 8 },
      { kind: 'SPLIT', symbol: 'AMZN', from: Date.UTC(2022, 5, 6), priceFactor: 0.05 },
      { kind: 'RENAME', symbol: 'FB', to: 'META', from: Date.UTC(2022, 5, 9) },
    ]);
  });

  it.each([
    [{ forward_splits: [{ symbol: 'A', new_rate: 0, old_rate: 1, ex_date: '2022-06-06' }] }, /rates of a split/],
    [{ forward_splits: [{ symbol: 'A', new_rate: 2, old_rate: 1, ex_date: 'soon' }] }, /the day of a corporate action/],
  ])('%j is refused, nothing is guessed', async (wrong, says) => {
    server.actions = wrong;
    await expect(actions()).rejects.toThrow(says);
  });

  it('pages that never end are told: a part of the splits is not taken for all of them', async () => {
    server.stuckActions = true;
    await expect(actions()).rejects.toThrow(/DATA_STUCK: .*corporate actions/);
  });

  it('HTML instead of JSON is told', async () => {
    server.faults.push('html');
    await expect(actions()).rejects.toThrow(/DATA_MALFORMED/);
  });
});
