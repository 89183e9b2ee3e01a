import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { externalCandidate } from '../setup/external.ts';
import { candidate, quietMarket, springRecord, utadRecord } from '../setup/fixture.ts';
import { riskOf } from '../trade/amount.ts';
import { tradedInstrument } from '../trade/instrument.ts';
import type { TradedInstrument } from '../trade/instrument.ts';
import { mulDiv } from '../trade/money.ts';
import { assess } from './assess.ts';
import { RiskDesk } from './desk.ts';
import type { RiskDeskState } from './desk.ts';
import type { Exposure, RiskSnapshot } from './exposure.ts';
import { EQUITY, exposure, sizeInput, snapshot, stock } from './fixture.ts';
import { tightenLimits } from './limits.ts';
import type { RiskLimits } from './limits.ts';
import { measuresFor } from './measures.ts';
import { DEFAULT_POLICY } from './policy.ts';
import { hold } from './reservation.ts';
import type { Reservation } from './reservation.ts';
import type { SizeInput } from './size.ts';

const named = (signalId: string, input: SizeInput): SizeInput => ({ ...input, candidate: { ...input.candidate, signalId } });
const MARGIN = { leverage: 10, lotStepMicros: 10_000 } as const;
const INSTRUMENTS: readonly TradedInstrument[] = [
  stock,
  tradedInstrument({ symbol: 'T', assetClass: 'STOCK', buckets: ['TECH'] }),
  tradedInstrument({ symbol: 'BTC', assetClass: 'CRYPTO', buckets: ['BTC'], lotStepMicros: 1_000 }),
  tradedInstrument({ symbol: 'ES', assetClass: 'FUTURE', buckets: ['US'], contractSize: 5, ...MARGIN }),
  tradedInstrument({ symbol: 'EURUSD', assetClass: 'FOREX', contractSize: 1_000, tickSize: 0.01, ...MARGIN }),
  tradedInstrument({ symbol: 'GBPUSD', assetClass: 'FOREX', contractSize: 1_000, tickSize: 0.01, ...MARGIN }),
];

describe('TR-2', () => {
  const WEDNESDAY = quietMarket().at;
  const SATURDAY = Date.UTC(2024, 0, 13, 12);
  const wish = fc.record({
    kind: fc.constantFrom('enter', 'enter', 'enter', 'enter', 'enter', 'fill', 'part', 'release', 'close', 'equity'),
    which: fc.integer({ min: 0, max: INSTRUMENTS.length - 1 }),
    side: fc.constantFrom<1 | -1>(1, -1),
    bp: fc.integer({ min: 10, max: 200 }),
    campaign: fc.integer({ min: 0, max: 1 }),
    pick: fc.nat(20),
    share: fc.integer({ min: 1, max: 100 }),
    hourly: fc.boolean(),
    weekEnd: fc.boolean(),
  });
  const limits = fc.constantFrom<RiskLimits>(
    tightenLimits({ openPositions: 50 }),
    tightenLimits({ openPositions: 8, bucketBp: 300, assetClassBp: 500, heatBp: 600 }),
    tightenLimits({ openPositions: 50, orderValueBp: 500, marginBp: 1_000, fxNotionalBp: 10_000, fxHeatBp: 300 }),
  );

  interface Account {
    readonly desk: RiskDesk;
    positions: readonly Exposure[];
    equity: number;
  }

  const view = ({ desk, positions, equity }: Account): RiskSnapshot =>
    snapshot([...positions, ...desk.held], { equityMicros: equity, cashMicros: equity });

  function inputOf(
    account: Account,
    of: typeof wish extends fc.Arbitrary<infer T> ? T : never,
    of2: { n: number; limits: RiskLimits },
  ): SizeInput {
    const instrument = INSTRUMENTS[of.which] ?? stock;
    const timeframe = of.hourly ? '1h' : '1d';
    const record = of.side === 1 ? springRecord() : utadRecord();
    return named(`s${of2.n}`, sizeInput({
      instrument, limits: of2.limits, baseBp: of.bp, timeframe, snapshot: view(account),
      candidate: candidate(record, of.side === 1 ? 'SPRING' : 'UTAD', { symbol: instrument.symbol }),
      market: quietMarket({ assetClass: instrument.assetClass, timeframe, at: of.weekEnd ? SATURDAY : WEDNESDAY, session: 'OVERLAP' }),
      campaign: { campaignId: `${instrument.symbol}${of.side}${of.campaign}`, refusal: null, shareLeftMicros: account.equity },
    })); // prettier-ignore
  }

  /** Every limit of 5.1 at the equity of acceptance, counted again from the rows themselves. */
  function expectWithinLimits(account: Account, input: SizeInput, signalId: string): void {
    const mine = account.desk.held.find((row) => row.id === signalId) ?? expect.fail('nothing is held');
    const rows = [...account.positions, ...account.desk.held];
    const { limits: bounds, instrument } = input;
    const most = (bp: number): number => mulDiv(account.equity, bp, 10_000, 'down');
    const sum = (which: (row: Exposure) => boolean, field: 'riskMicros' | 'marginMicros' | 'notionalMicros'): number =>
      rows.filter(which).reduce((total, row) => total + row[field], 0);
    expect(mine.riskMicros).toBeLessThanOrEqual(most(bounds.tradeBp));
    expect(sum((row) => row.campaignId === mine.campaignId, 'riskMicros')).toBeLessThanOrEqual(most(bounds.campaignBp));
    for (const bucket of mine.buckets)
      expect(sum((row) => row.buckets.includes(bucket), 'riskMicros')).toBeLessThanOrEqual(most(bounds.bucketBp));
    expect(sum((row) => row.assetClass === mine.assetClass, 'riskMicros')).toBeLessThanOrEqual(most(bounds.assetClassBp));
    expect(sum(() => true, 'riskMicros')).toBeLessThanOrEqual(most(bounds.heatBp));
    if (instrument.settlement === 'CASH') expect(mine.notionalMicros).toBeLessThanOrEqual(most(bounds.orderValueBp));
    else expect(sum(() => true, 'marginMicros')).toBeLessThanOrEqual(most(bounds.marginBp));
    if (instrument.assetClass === 'FOREX') {
      expect(sum((row) => row.assetClass === 'FOREX', 'notionalMicros')).toBeLessThanOrEqual(most(bounds.fxNotionalBp));
      expect(sum((row) => row.assetClass === 'FOREX', 'riskMicros')).toBeLessThanOrEqual(most(bounds.fxHeatBp));
    }
    expect(new Set(rows.map((row) => row.id)).size).toBeLessThanOrEqual(bounds.openPositions);
    expect(rows.some((row) => row.symbol === mine.symbol && row.direction !== mine.direction)).toBe(false);
  }

  test('TR-2 after any accepted sequence over many symbols every limit holds at the equity of acceptance', () => {
    let accepted = 0;
    let refused = 0;
    fc.assert(
      fc.property(fc.array(wish, { minLength: 8, maxLength: 30 }), limits, (wishes, bounds) => {
        const account: Account = { desk: new RiskDesk(), positions: [], equity: EQUITY };
        wishes.forEach((one, n) => {
          const held = account.desk.held[one.pick % Math.max(1, account.desk.held.length)];
          const open = account.positions[one.pick % Math.max(1, account.positions.length)];
          if (one.kind === 'enter') {
            const input = inputOf(account, one, { n, limits: bounds });
            const approval = account.desk.approveEntry(input);
            if (approval.refusal !== null) {
              expect(approval.isDefect, approval.refusal.sentence).toBe(false);
              refused += 1;
              return;
            }
            accepted += 1;
            expectWithinLimits(account, input, `s${n}`);
          } else if (one.kind === 'release' && held !== undefined) account.desk.release(held.id);
          else if ((one.kind === 'fill' || one.kind === 'part') && held !== undefined) {
            const steps = one.kind === 'fill' ? held.unfilledSteps : Math.ceil((held.unfilledSteps * one.share) / 100);
            const before = held.riskMicros;
            const after = account.desk.filled(held.id, steps);
            // What was reserved for the part becomes the risk of the position, which is never more.
            account.positions = [...account.positions, { ...held, kind: 'POSITION', riskMicros: before - after.riskMicros }];
          } else if (one.kind === 'close') account.positions = account.positions.filter((row) => row !== open);
          else if (one.kind === 'equity') account.equity = mulDiv(EQUITY, 50 + one.share, 100, 'down');
        });
        expect(account.desk.held.every((row) => row.state === 'HELD' && row.unfilledSteps > 0)).toBe(true);
      }),
      { seed: 14, numRuns: 10_000 },
    );
    expect(accepted).toBeGreaterThan(10_000);
    expect(refused).toBeGreaterThan(5_000);
  }, 120_000);

  test('TR-2 of two signals of which one fits exactly one passes; the twin: without a reservation both would', () => {
    const desk = new RiskDesk();
    const bounds = tightenLimits({ openPositions: 1 });
    expect(desk.approveEntry(named('a', sizeInput({ limits: bounds }))).refusal).toBeNull();
    const second = named('b', sizeInput({ limits: bounds, snapshot: snapshot(desk.held) }));
    expect(desk.approveEntry(second).refusal?.code).toBe('RK_MAX_POSITIONS');
    expect(assess({ ...second, snapshot: snapshot() }).refusal).toBeNull();
  });

  test('TR-2 two symbols share one heat: what the first reserved is gone for the second', () => {
    const desk = new RiskDesk();
    const room = exposure({ riskMicros: mulDiv(EQUITY, 1_000, 10_000, 'down') - 500_000_000 });
    expect(desk.approveEntry(named('a', sizeInput({ snapshot: snapshot([room]) }))).refusal).toBeNull();
    const other = named('b', sizeInput({ instrument: INSTRUMENTS[1] ?? stock, campaign: { campaignId: 'd', refusal: null, shareLeftMicros: EQUITY }, snapshot: snapshot([room, ...desk.held]) })); // prettier-ignore
    expect(desk.approveEntry(other).refusal?.code).toBe('RK_HEAT');
  });
});

describe('5.6 the desk', () => {
  test('5.6 every change of a reservation is told; terminal ones leave memory', () => {
    const told: Reservation[] = [];
    const desk = new RiskDesk(undefined, { onChange: (one) => told.push(one) });
    desk.approveEntry(named('a', sizeInput()));
    desk.filled('a', 40);
    expect(desk.reserved('a')).toBe(mulDiv(told[0]?.riskMicros ?? NaN, 56, 96, 'up'));
    desk.filled('a', 56);
    desk.approveEntry(named('b', sizeInput()));
    desk.release('b');
    desk.release('b');
    expect(told.map((one) => `${one.id} ${one.state} ${one.unfilledSteps}`)).toEqual([
      'a HELD 96', 'a HELD 56', 'a COMMITTED 0', 'b HELD 96', 'b RELEASED 96',
    ]); // prettier-ignore
    expect(desk.held).toEqual([]);
    expect(() => desk.filled('a', 1)).toThrow(/expected one that is HELD/);
  });

  test('5.6 a signal reserves once', () => {
    const desk = new RiskDesk();
    desk.approveEntry(named('a', sizeInput()));
    expect(desk.approveEntry(named('a', sizeInput())).refusal?.code).toBe('DUPLICATE');
    expect(desk.held.length).toBe(1);
  });

  test('5.6 a working entry without reservation is given one, even above limits', () => {
    const desk = new RiskDesk();
    desk.adopt(hold(exposure({ id: 'found', riskMicros: EQUITY }), { steps: 5, at: 0 }));
    expect(desk.held.map((row) => row.id)).toEqual(['found']);
    expect(desk.approveEntry(named('a', sizeInput({ snapshot: snapshot(desk.held) }))).refusal?.code).toBe('RK_ASSET_CLASS');
  });

  test('5.6 the state is plain JSON and continues', () => {
    const desk = new RiskDesk();
    desk.approveEntry(named('a', sizeInput()));
    const again = new RiskDesk(JSON.parse(JSON.stringify(desk.state())) as RiskDeskState);
    expect(again.state()).toEqual(desk.state());
    expect(again.filled('a', 96).state).toBe('COMMITTED');
  });

  test('5.5 4 RK_PREREQUISITE the desk counts permissive entries by trading day and remembers their campaigns', () => {
    const policy = { ...DEFAULT_POLICY, prerequisites: 'permissive' } as const;
    const desk = new RiskDesk();
    const at = quietMarket().at;
    const enter = (n: number, when: number): string | null =>
      desk.approveEntry(named(`p${n}`, sizeInput({
        policy, candidate: candidate(springRecord(), 'SPRING', { tightened: true }), market: quietMarket({ assetClass: 'STOCK', implied: true, at: when }),
        campaign: { campaignId: `c${n}`, refusal: null, shareLeftMicros: EQUITY }, snapshot: snapshot([], { permissive: desk.permissive(when) }),
      }))).refusal?.code ?? null; // prettier-ignore
    expect([enter(1, at), enter(2, at), enter(3, at), enter(4, at + 86_400_000)]).toEqual([null, null, 'RK_PREREQUISITE', null]);
    expect(desk.permissive(at + 86_400_000)).toEqual({ today: 1, campaignIds: ['c1', 'c2', 'c4'] });
  });

  test('5.5 11 a defect is alarmed and nothing is reserved', () => {
    const alarms: string[] = [];
    const desk = new RiskDesk(undefined, { onDefect: (refusal) => alarms.push(refusal.code) });
    const broken = { ...sizeInput(), costs: undefined as unknown as SizeInput['costs'] };
    expect(desk.approveEntry(broken).refusal?.code).toBe('RK_CONTEXT');
    expect(alarms).toEqual(['RK_CONTEXT']);
    expect(desk.held).toEqual([]);
  });

  test('RK-W the stage warns of each near limit by its name; RK refuses with its code', () => {
    const desk = new RiskDesk();
    const near = exposure({ riskMicros: mulDiv(EQUITY, 800, 10_000, 'down') });
    expect(desk.findings(sizeInput({ snapshot: snapshot([near]) })).map((one) => `${one.result} ${one.code}`)).toEqual([
      'WARN RK_WARN_HEAT',
    ]);
    expect(desk.findings(sizeInput({ baseBp: 0 }))[0]).toMatchObject({
      result: 'FAIL',
      code: 'RK_PATTERN_RISK',
      measured: 0,
      limit: 200,
    });
    const outside = externalCandidate(
      { signature: 'x', side: 1, entry: null, stop: 97, targets: [] },
      { accountId: 'a', timeframe: '1d', tickSize: 0.01, bar: { time: 0, close: 101.5 }, at: 0 },
    );
    expect(desk.findings(sizeInput({ candidate: outside })).map((one) => one.code)).toEqual(['NOT_APPLICABLE']);
    expect(measuresFor(sizeInput()).length).toBe(6);
  });

  test('5.5 the approved entry carries size, prices and the risk that was reserved', () => {
    const approval = new RiskDesk().approveEntry(sizeInput());
    if (approval.refusal !== null) return expect.fail(approval.refusal.code);
    expect(approval.order.terms).toMatchObject({
      symbol: 'S',
      leg: 'ENTRY',
      intent: 'OPEN',
      side: 'BUY',
      type: 'MARKET',
      steps: 96,
    });
    expect(approval.order.terms.protection).toMatchObject({
      stopPrice: 96.82,
      maxRiskMicros: riskOf(stock, [102.0075, 96.82], 96),
    });
  });
});

test('6.3 STOP_WIDENED a stop is never widened and an exit never opens', () => {
  const desk = new RiskDesk();
  const position = { signalId: 's', symbol: 'S', side: 1, openSteps: 10, stop: 95 } as const;
  expect(desk.approveStop(position, 2, 95.01).terms).toMatchObject({
    leg: 'STOP.2',
    side: 'SELL',
    steps: 10,
    intent: 'CLOSE',
    symbol: 'S',
  });
  expect(() => desk.approveStop(position, 2, 94.99)).toThrow(/STOP_WIDENED/);
  expect(() => desk.approveStop({ ...position, side: -1 }, 2, 95.01)).toThrow(/STOP_WIDENED/);
  expect(() => desk.approveExit({ ...position, openSteps: 0 }, 1, 'RULE_1')).toThrow(/expected an open quantity/);
});
