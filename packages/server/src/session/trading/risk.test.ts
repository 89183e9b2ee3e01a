/** The limits of an account: shown with their use also when nothing is open, changed at run time within their hard caps. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Scope } from '@wyckoff/bounded';
import { riskAnswer, type RiskAnswer } from '@wyckoff/contracts';
import { DEFAULT_LIMITS, LIMIT_FIELDS, tradedInstrument, type Account } from '@wyckoff/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Answer } from '../desk.ts';
import { openSession, type Session } from '../open.ts';
import type { Actor } from '../trading-desk.ts';
import { riskView, type Stake } from './risk-view.ts';

const EQUITY = 100_000_000_000;
/** A Wednesday. */
const WEDNESDAY = Date.UTC(2026, 10, 18, 15);
const SATURDAY = WEDNESDAY + 3 * 86_400_000;
const account = (at: number): Account => ({
  id: 'paper', kind: 'PAPER', currency: 'USD', startingMicros: EQUITY, cashMicros: EQUITY, equityMicros: EQUITY, peakMicros: EQUITY, drawdownRatio: 0,
  realisedMicros: 0, unrealisedMicros: 0, costsMicros: 0, heatRatio: 0, trades: 0, wins: 0, at,
}); // prettier-ignore
const stake = (changes: Partial<Stake>): Stake => ({
  id: 's-1', symbol: 'SPX', campaign: 'SPX-1d-L', isIntraday: false, leg: 'F', phase: 'C', buckets: ['TECH'], assetClass: 'STOCK', riskMicros: 1_000_000_000,
  notionalMicros: 15_000_000_000, marginMicros: 0, isOpen: true, ...changes,
}); // prettier-ignore
const viewOf = (stakes: readonly Stake[], at = WEDNESDAY, limits = DEFAULT_LIMITS): RiskAnswer =>
  riskView({
    account: account(at),
    positions: [],
    stakes,
    limits,
    instrumentOf: (symbol) => tradedInstrument({ symbol, assetClass: 'STOCK' }),
    correlations: { correlations: null, correlationsReason: 'nothing to compare' },
  });
const row = (view: RiskAnswer, label: string) => view.limits.find((one) => one.label === label);

describe('5.1 the limits as a trader sees them', () => {
  it('5.1 every measure is shown when nothing is open, with its warning and its limit', () => {
    const view = riskAnswer.parse(viewOf([]));
    expect(view.limits.map(({ rule, value, warn, limit }) => [rule, value, warn, limit])).toEqual([
      ['RK_HEAT', 0, 8e9, 10e9],
      ['RK_TRADE', 0, 1.6e9, 2e9],
      ['RK_CAMPAIGN', 0, 4e9, 5e9],
      ['RK_BUCKET', 0, 4.8e9, 6e9],
      ['RK_ASSET_CLASS', 0, 12e9, 15e9],
      ['RK_ORDER_VALUE', 0, 16e9, 20e9],
      ['RK_MARGIN', 0, 20e9, 50e9],
      ['RK_FX_NOTIONAL', 0, 240e9, 300e9],
      ['RK_FX_HEAT', 0, 4.8e9, 6e9],
      ['RK_MAX_POSITIONS', 0, null, 5],
      ['RK_MAX_POSITIONS', 0, null, 5],
      ['RK_MAX_CAMPAIGNS', 0, null, 3],
      ['RK_MAX_CAMPAIGNS', 0, null, 5],
      ['RK_MAX_CAMPAIGNS', 0, null, 3],
    ]);
    expect(view.settings.map(({ field }) => field)).toEqual(LIMIT_FIELDS);
    expect(view.settings.find(({ field }) => field === 'heatBp')).toEqual({ field: 'heatBp', value: 1_000, tightest: 500, loosest: 1_000 }); // prettier-ignore
  });

  it('RK_TRADE RK_MAX_POSITIONS a partly filled entry is one trade: its position and its reservation count together, and once', () => {
    const view = viewOf([stake({}), stake({ isOpen: false, riskMicros: 600_000_000 })]);
    expect(row(view, 'Largest single trade')).toMatchObject({ value: 1.6e9, state: 'WARNING', useRatio: 0.8 });
    expect(row(view, 'Open positions')).toMatchObject({ value: 1 });
    expect(row(view, 'Largest order value')).toMatchObject({ value: 15e9 });
    expect(row(view, 'Campaign')).toMatchObject({ of: 'SPX-1d-L', value: 1.6e9 });
  });

  it('5.1 a value equal to its limit is reached, one micro more is above it', () => {
    const state = (riskMicros: number) => row(viewOf([stake({ riskMicros })]), 'Largest single trade')?.state;
    expect([state(1_599_999_999), state(1_600_000_000), state(2_000_000_000), state(2_000_000_001)]).toEqual([
      'NORMAL',
      'WARNING',
      'REACHED',
      'EXCEEDED',
    ]);
  });

  it('RK_FX_HEAT over the week-end the limit is lower and every pair carries its allowance', () => {
    const pair = stake({ symbol: 'GBPUSD', assetClass: 'FOREX', buckets: ['GBP', 'USD'], marginMicros: 21e9 });
    expect(row(viewOf([pair]), 'FX heat')).toMatchObject({ value: 1e9, limit: 6e9 });
    // 0.3 % x phase C 1.2 x GBPUSD 1.1.
    expect(row(viewOf([pair], SATURDAY), 'FX heat, week-end')).toMatchObject({ value: 1e9 + 396e6, limit: 5.5e9 });
    expect(row(viewOf([pair]), 'Margin in use')).toMatchObject({ value: 21e9, state: 'WARNING' });
    expect(row(viewOf([pair], WEDNESDAY, { ...DEFAULT_LIMITS, marginBp: 2_100 }), 'Margin in use')).toMatchObject({ warn: 16.8e9, state: 'REACHED' }); // prettier-ignore
  });

  it('RK_MAX_CAMPAIGNS are counted by length of bar and by bucket', () => {
    const view = viewOf([
      stake({ id: 'a', campaign: 'A' }),
      stake({ id: 'b', campaign: 'B', isIntraday: true }),
      stake({ id: 'c', campaign: 'B', isIntraday: true, isOpen: false }),
      stake({ id: 'd', campaign: null }),
    ]);
    const counts = view.limits.filter(({ unit }) => unit === 'COUNT').map(({ label, value }) => [label, value]);
    expect(counts).toEqual([
      ['Open positions', 4],
      ['Positions in one campaign', 2],
      ['Intraday campaigns', 1],
      ['Daily and longer campaigns', 1],
      ['Campaigns in one bucket', 2],
    ]);
  });
});

describe('5.1 changing limits at run time', () => {
  const ann: Actor = { user: 'local', role: 'admin', address: '127.0.0.1', requestId: 'r-1', steppedUp: false };
  let folder: string;
  let scope: Scope;
  let session: Session;
  const open = async (): Promise<void> => {
    scope = new Scope({ name: 'test' });
    session = await openSession({ scope, storePath: join(folder, 'wyckoff.db'), speed: null, play: false });
  };
  const change = (value: Record<string, unknown>, version: number, more: object = {}, by = ann) =>
    session.trading.desk.changeSetting('risk', { value, version, dryRun: false, ...more }, by);
  const codeOf = (answer: Answer<unknown>): string => (answer.ok ? 'ok' : answer.code);
  const heat = async () => (await session.trading.desk.risk()).settings.find(({ field }) => field === 'heatBp')?.value;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wyckoff-limits-'));
    await open();
  });
  afterEach(async () => {
    await scope.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it('5.1 tighter limits hold at once and after a restart, are numbered and audited with what they were', async () => {
    expect(await change({ heatBp: 800 }, 0, { reason: 'a calm month' })).toMatchObject({
      ok: true,
      value: { version: 1, changes: [{ field: 'heatBp', from: 1_000, to: 800, raisesRisk: false }] },
    });
    expect(row(await session.trading.desk.risk(), 'Portfolio heat')).toMatchObject({ limit: 8e9, warn: 6.4e9 });
    expect(codeOf(await change({ heatBp: 700 }, 0))).toBe('request.version_conflict');
    const facts = (await session.store.journalPage({ afterSeq: 0, limit: 2_000, type: 'settings.changed' })).at(-1);
    expect(facts).toMatchObject({ actor: 'local', data: { key: 'risk', reason: 'a calm month', changes: [{ from: 1_000, to: 800 }] } }); // prettier-ignore
    await scope.dispose();
    await open();
    expect(await heat()).toBe(800);
    const { items } = await session.trading.desk.settings(ann);
    expect(items.find(({ key }) => key === 'risk')).toMatchObject({ version: 1, value: { heatBp: 800, tradeBp: 200 } });
  });

  it('5.1 outside the hard caps, out of order, or unknown: refused with the range, and nothing changes', async () => {
    for (const value of [{ heatBp: 1_001 }, { heatBp: 499 }, { campaignBp: 500, heatBp: 500 }, { nosuch: 1 }, { heatBp: 'all' }])
      expect(codeOf(await change(value, 0))).toBe('request.invalid');
    expect(await change({ heatBp: 2_000 }, 0)).toMatchObject({
      detail: expect.stringContaining('an integer 500-1000') as string,
    });
    expect(await heat()).toBe(1_000);
    expect(codeOf(await change({ heatBp: 900 }, 0, { dryRun: true }))).toBe('ok');
    expect(await heat()).toBe(1_000);
  });

  it('interface 6.4 what lets more risk in needs its confirmation, up to the hard cap', async () => {
    await change({ heatBp: 600 }, 0);
    expect(await change({ heatBp: 900, tradeBp: 100 }, 1)).toMatchObject({ ok: false, code: 'auth.step_up', extra: { action: 'raiseRisk' } }); // prettier-ignore
    expect(await heat()).toBe(600);
    expect(codeOf(await change({ heatBp: null }, 1, {}, { ...ann, steppedUp: true }))).toBe('ok');
    expect(await heat()).toBe(1_000);
  });
});
