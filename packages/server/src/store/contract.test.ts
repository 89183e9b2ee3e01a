/** One suite over every store (interface.md 4.1): whatever holds the data, the port says the same. */
import { Scope } from '@wyckoff/bounded';
import type { BrokerReport } from '@wyckoff/domain';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../../e2e/support/postgres.ts';
import type { SentOrder } from '../brokers/sent-order.ts';
import type { WardState } from '../brokers/ward-state.ts';
import { DEMO_SYMBOL } from '../session/demo-series.ts';
import { VersionConflict } from './changes.ts';
import { CommitConflict } from './refused.ts';
import type { EngineRef, Series, Store } from './store.ts';
import { ACCOUNT, auditFact, campaign, columnsAt, commitOf, DAY_MS, factsOfBar, halt, job, judgedSignals, ledgerRow, notification, refOf, reservation, trade, upTo } from './testing/samples.ts'; // prettier-ignore
import type { Gate } from './sql/gate.ts';
import { execute } from './sql/work.ts';
import { openTestStore, STORES, type Wall } from './testing/stores.ts';

const servers = new Scope({ name: 'test.servers' });
let server: Promise<TestPostgres> | undefined;
const postgres = (): Promise<TestPostgres> => (server ??= startPostgres(servers));
beforeAll(async () => void (await postgres()));
afterAll(async () => void (await servers.dispose()));

describe.each(STORES)('%s', (name) => {
  let scope: Scope;
  let wall: Wall;
  let store: Store;
  let series: Series;
  let engine: EngineRef;
  beforeEach(async () => {
    scope = new Scope({ name: 'test' });
    wall = { ms: 1_000_000 };
    store = await openTestStore(name, scope, wall, postgres);
    series = await store.saveSymbol(DEMO_SYMBOL, '1d');
    engine = refOf(series);
  });
  afterEach(async () => void (await scope.dispose()));
  const gate = (): Gate => (store as Store & { gate: Gate }).gate;
  const withAccount = (): Promise<unknown> => store.openEngine(engine, ACCOUNT);

  const streamed = async (own: Series, chunk: number, meanwhile?: () => Promise<unknown>): Promise<number[]> => {
    const times: number[] = [];
    for await (const columns of store.streamBars(own, { chunk })) {
      times.push(...columns.time.subarray(0, columns.length));
      await meanwhile?.();
    }
    return times;
  };

  describe('H2 H3 bars by key', () => {
    it('H2 a walk by pages is the full load, newest first or oldest first', async () => {
      const times = upTo(2500);
      await store.importBars(series, columnsAt(times), 'test');
      expect(await store.countBars(series)).toBe(2500);
      expect(await store.countBars(series, { after: times[9], until: times[19] })).toBe(10);
      expect(await streamed(series, 1000)).toEqual(times);
      expect(await streamed(series, 1001)).toEqual(times);
      const back: number[] = [];
      for (let before: number | undefined; ;) {
        const page = await store.barsBefore(series, { ...(before !== undefined && { before }), limit: 700 });
        if (page.length === 0) break;
        back.unshift(...page.time);
        before = page.time[0];
      }
      expect(back).toEqual(times);
    });

    it('H2 the limit is 1 to 10,000', async () => {
      for (const limit of [0, 10_001, 1.5, NaN]) await expect(store.barsBefore(series, { limit })).rejects.toThrow(/1\.\.10000/);
    });

    it('H2 prices and volumes come back as they were given, to the last bit', async () => {
      const columns = columnsAt([-5e12, 0, 1_700_000_000_000]);
      columns.close.set([0.1 + 0.2, 1e-12, 123_456.789_012_345_6]);
      columns.volume.set([2 ** 53 - 1, 0, 0.5]);
      await store.importBars(series, columns, 'test');
      expect(await store.barsAfter(series, { limit: 10 })).toEqual(columns);
    });

    it('H2 bars inserted while a stream runs are neither skipped nor doubled', async () => {
      let n = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 7 }),
          fc.array(fc.nat({ max: 600 }), { maxLength: 20 }),
          async (chunk, inserts) => {
            const own = await store.saveSymbol({ ...DEMO_SYMBOL, symbol: `S${(n += 1)}` }, '1d');
            const times = upTo(50);
            await store.importBars(own, columnsAt(times), 'test');
            const queue = [...inserts];
            const seen = await streamed(own, chunk, async () => {
              const time = queue.pop();
              if (time !== undefined) await store.importBars(own, columnsAt([time]), 'test');
            });
            expect(new Set(seen).size).toBe(seen.length);
            expect([...seen].sort((a, b) => a - b)).toEqual(seen);
            expect(seen).toEqual(expect.arrayContaining(times));
          },
        ),
        { numRuns: name === 'PostgreSQL' ? 15 : 60, seed: 20 },
      );
    });

    it('trading 9.2 rule 4: import again changes nothing; another content corrects', async () => {
      expect(await store.importBars(series, columnsAt(upTo(100)), 'test')).toEqual({ inserted: 100, duplicate: 0, corrected: 0 });
      expect(await store.importBars(series, columnsAt(upTo(100)), 'test')).toEqual({ inserted: 0, duplicate: 100, corrected: 0 });
      expect(await store.importBars(series, columnsAt(upTo(101), 11), 'test')).toEqual({
        inserted: 1,
        duplicate: 0,
        corrected: 100,
      });
    });
  });

  describe('trading 9.2 flags, coverage and other names', () => {
    const daily = (days: readonly number[], close = 10) => columnsAt(days.map((day) => day * DAY_MS), close); // prettier-ignore
    const known = async (symbol: string, calendar: '24/7' | null) => await store.saveSymbol({ ...DEMO_SYMBOL, symbol, calendar }, '1d'); // prettier-ignore

    it('BAR_GAP the survey counts what the calendar expects over all imports; without a calendar it is null and no zero', async () => {
      const coin = await known('COIN', '24/7');
      await store.importBars(coin, daily([1, 2, 3]), 'test');
      await store.importBars(coin, daily([6, 7, 10]), 'test');
      expect(await store.surveyBars(coin)).toMatchObject({ bars: 6, gaps: 4, zeroVolume: 2, reflagged: 2 });
      expect(await store.surveyBars(coin)).toMatchObject({ gaps: 4, reflagged: 0 });
      const row = { symbol: 'COIN', timeframe: '1d', provider: 'test', from: DAY_MS, to: 10 * DAY_MS, bars: 6, gaps: 4 };
      expect(await store.coverage({ symbol: 'COIN', limit: 10 })).toMatchObject([row]);
      await store.importBars(coin, daily([4, 5]), 'test');
      expect(await store.surveyBars(coin)).toMatchObject({ bars: 8, gaps: 2, reflagged: 1 });
      const other = await known('OTHER', null);
      await store.importBars(other, daily([1, 9]), 'test');
      expect(await store.surveyBars(other)).toMatchObject({ gaps: null });
      expect((await store.coverage({ symbol: 'OTHER', limit: 1 }))[0]?.gaps).toBeNull();
      expect((await store.findSymbol('COIN'))?.calendar).toBe('24/7');
    });

    it('BAR_OUTLIER flags of an import are stored: right ones are left alone, and the survey puts wrong ones right', async () => {
      const coin = await known('COIN', '24/7');
      const columns = daily([1, 2, 3]);
      columns.close[1] = columns.high[1] = 20;
      await store.importBars(coin, columns, 'test', { flags: Uint8Array.of(0, 8, 0) });
      expect(await store.surveyBars(coin)).toMatchObject({ outliers: 1, reflagged: 0 });
      const wrong = await known('WRONG', '24/7');
      await store.importBars(wrong, columns, 'test', { flags: Uint8Array.of(2, 0, 0) });
      expect(await store.surveyBars(wrong)).toMatchObject({ outliers: 1, reflagged: 2 });
    });

    it('ADJ-4 bars move to another name with their coverage; what that name has itself holds, and later bars stay', async () => {
      const [old, now] = [await known('OLD', '24/7'), await known('NEW', '24/7')];
      await store.importBars(old, daily([1, 2, 3, 4, 9], 10), 'test');
      await store.importBars(now, daily([4, 5], 20), 'test');
      expect(await store.moveBars(old, now, 5 * DAY_MS)).toBe(4);
      expect(await store.moveBars(old, now, 5 * DAY_MS)).toBe(0);
      const moved = await store.barsAfter(now, { limit: 10 });
      expect([...moved.time].map((time) => time / DAY_MS)).toEqual([1, 2, 3, 4, 5]);
      expect([...moved.close]).toEqual([10, 10, 10, 20, 20]);
      expect(await store.countBars(old)).toBe(1);
      expect(await store.surveyBars(now)).toMatchObject({ bars: 5, gaps: 0 });
      await store.surveyBars(old);
      expect((await store.coverage({ limit: 10 })).map(({ symbol, bars }) => [symbol, bars])).toEqual([['NEW', 5], ['OLD', 1]]); // prettier-ignore
      await expect(store.moveBars(old, old, 0)).rejects.toThrow(/two symbols/);
    });

    it('ADJ-4 a free new name is given to all that is stored, in one transaction with its fact; a taken one is refused', async () => {
      const old = await known('OLD', null);
      await store.importBars(old, daily([1, 2]), 'test');
      const facts = [auditFact('symbol.renamed', { to: 'NEW' })];
      await store.change({ facts, writes: [{ kind: 'symbol.renamed', from: 'OLD', to: 'NEW' }] });
      expect(await store.findSymbol('OLD')).toBeNull();
      expect((await store.findSeries('NEW', '1d'))?.symbolId).toBe(old.symbolId);
      await expect(store.change({ facts, writes: [{ kind: 'symbol.renamed', from: 'NEW', to: DEMO_SYMBOL.symbol }] })).rejects.toBeInstanceOf(VersionConflict); // prettier-ignore
      expect(await store.checkAudit()).toMatchObject({ ok: true, checked: 1 });
    });
  });

  describe('interface 4.1 the journal', () => {
    it('a commit numbers its facts, keeps the newest state of their entities, and is read back as it was', async () => {
      await withAccount();
      const rows = await store.commit(commitOf(engine, 0, 3));
      expect(rows.map((row) => row.seq)).toEqual(upTo(15, 1).map((i) => i + 1));
      expect(await store.factsAfter(0, 100)).toEqual(rows);
      expect(await store.lastSeq()).toBe(15);
      expect((await store.factsAfter(0, 100, { topics: ['signals'] })).map((row) => row.type)).toEqual(Array.from({ length: 3 }, () => ['signal.created', 'signal.changed']).flat()); // prettier-ignore
      const signals = await store.signals({ limit: 10 });
      expect(signals.map(({ item }) => item.status)).toEqual(['APPROVED', 'APPROVED', 'APPROVED']);
      // A signal counts from when it was made, not from its last change.
      expect(signals.map(({ key }) => key.at)).toEqual([3 * DAY_MS, 2 * DAY_MS, DAY_MS]);
      expect((await store.positions({ limit: 2 })).map(({ item }) => item.id)).toEqual(['position-id-0003', 'position-id-0002']);
      expect(await store.account(ACCOUNT.id)).toEqual({ ...ACCOUNT, at: 3 });
      const snapshot = await store.snapshot({ ranges: 5, events: 5, signals: 2, orders: 5, positions: 5 });
      expect([snapshot.seq, snapshot.signals.length, snapshot.orders.length, snapshot.positions.length]).toEqual([15, 2, 3, 3]);
      expect(await store.factsOfBars(engine.id, { after: 1, until: 2, limit: 100 })).toEqual(factsOfBar(2, 2 * DAY_MS).map((fact) => ({ bar: 2, fact }))); // prettier-ignore
      expect(await store.openEngine(engine, ACCOUNT)).toEqual({ id: engine.id, position: 3, barTime: 3 * DAY_MS, forgotten: 0 });
    });

    it('the same bars are not booked twice, and nothing of a refused commit stays', async () => {
      await withAccount();
      await store.commit(commitOf(engine, 0, 2));
      await expect(store.commit(commitOf(engine, 0, 2))).rejects.toBeInstanceOf(CommitConflict);
      const broken = commitOf(engine, 2, 4);
      const twice = { ...broken, facts: [...broken.facts, { bar: 4, fact: factsOfBar(1, DAY_MS)[3] }] };
      await expect(store.commit(twice)).rejects.toThrow();
      expect(await store.lastSeq()).toBe(10);
      expect((await store.openEngine(engine, ACCOUNT)).position).toBe(2);
      expect(await store.signals({ limit: 10 })).toHaveLength(2);
    });

    it('facts of many writers at once are numbered without a gap, in the order of their commits', async () => {
      await withAccount();
      const asked = Array.from({ length: 40 }, (_, i) => store.change({ facts: [auditFact('note.changed', { i }), auditFact('note.changed', { i })], writes: [] })); // prettier-ignore
      const told = (await Promise.all(asked)).map((facts) => facts.map((fact) => fact.seq));
      expect(told.flat().sort((a, b) => a - b)).toEqual(upTo(80, 1).map((i) => i + 1));
      for (const [a, b] of told) expect(b).toBe(a + 1);
      expect(await store.checkAudit()).toEqual({ ok: true, checked: 80, lastSeq: 80 });
    });

    it('inputs of an engine are journalled in their order, seen by the engine and by no client', async () => {
      await withAccount();
      await store.commit(commitOf(engine, 0, 2));
      const inputs = [{ bar: 2, kind: 'decision', at: 9, data: { approve: true } }, { bar: 2, kind: 'halt', at: 10, data: null }]; // prettier-ignore
      const alone = { ...commitOf(engine, 2, 2), barTime: 2 * DAY_MS, inputs };
      expect(await store.commit(alone)).toEqual([]);
      expect(await store.inputsOfBars(engine.id, { after: 1, until: 2, limit: 10 })).toEqual(inputs);
      expect(await store.factsOfBars(engine.id, { after: 1, until: 2, limit: 100 })).toHaveLength(5);
      expect((await store.factsAfter(0, 100)).map((row) => row.type)).not.toContain('input.halt');
      expect(await store.lastSeq()).toBe(12);
      const rows = await store.commit({ ...commitOf(engine, 2, 3), inputs: [{ bar: 2, kind: 'halt', at: 11, data: 1 }] });
      expect(rows.map((row) => row.seq)).toEqual([14, 15, 16, 17, 18]);
      await expect(store.commit({ ...commitOf(engine, 3, 3), facts: [] })).rejects.toThrow(/at least one bar or input/);
    });

    it('C11 only the newest snapshot of an engine is kept, whatever its size', async () => {
      await withAccount();
      const bytes = new Uint8Array(700_000).map((_, i) => (i * 2_654_435_761) >>> 24);
      await store.commit({ ...commitOf(engine, 0, 1), snapshot: new Uint8Array([1]) });
      await store.commit({ ...commitOf(engine, 1, 2), snapshot: bytes });
      const newest = await store.newestSnapshot(engine.id);
      expect([newest?.position, newest?.barTime]).toEqual([2, 2 * DAY_MS]);
      expect(Buffer.compare(newest?.bytes ?? new Uint8Array(), bytes)).toBe(0);
      expect(await store.newestSnapshot('another')).toBeNull();
    });

    it('M15 an equity curve has at most 2,000 points, the first and the last among them, whatever there is', async () => {
      await withAccount();
      expect(await store.equity(ACCOUNT.id)).toEqual([]);
      const few = commitOf(engine, 0, 100);
      await store.commit({ ...few, facts: [] });
      expect(await store.equity(ACCOUNT.id)).toEqual(
        few.equity.map((point) => [point.ts, point.equityMicros, point.cashMicros, point.heatRatio]),
      );
      await store.commit({ ...commitOf(engine, 100, 5000), facts: [] });
      const many = await store.equity(ACCOUNT.id);
      expect(many.length).toBeLessThanOrEqual(2000);
      expect(many.length).toBeGreaterThan(1600);
      expect([many[0][0], many.at(-1)?.[0]]).toEqual([DAY_MS, 5000 * DAY_MS]);
      expect(new Set(many.map((point) => point[0])).size).toBe(many.length);
    });
  });

  describe('trading 5 to 7 money and safety', () => {
    it('7.6 a new store says OFF; a flag that is missing or malformed is STOP', async () => {
      expect(await store.killSwitch()).toMatchObject({ level: 'OFF', readable: true, at: null });
      const state = {
        level: 'FLATTEN' as const,
        reason: 'enough',
        actor: 'local',
        at: 77,
        activationId: 'a-1',
        results: [{ id: 'p', state: 'closed' }],
      };
      await store.change({ facts: [auditFact('trading.changed')], writes: [{ kind: 'kill-switch', state }] });
      expect(await store.killSwitch()).toEqual({ ...state, readable: true });
      const odd = { ...state, level: 'off' as 'OFF' };
      await store.change({ facts: [], writes: [{ kind: 'kill-switch', state: odd }] });
      expect(await store.killSwitch()).toMatchObject({ level: 'STOP', readable: false });
    });

    it('7.6 a store that does not answer is STOP, and halts that cannot be read reject', async () => {
      await store.close();
      expect(await store.killSwitch()).toMatchObject({ level: 'STOP', readable: false });
      await expect(store.haltsInForce()).rejects.toThrow();
    });

    it('5.7 a halt is in force until it ends, and the same one twice is one', async () => {
      const begin = { kind: 'halt.began' as const, halt: halt('h-1') };
      await store.change({ facts: [], writes: [begin, begin, { kind: 'halt.began', halt: halt('h-2', 'DRAWDOWN') }] });
      expect((await store.haltsInForce()).map((row) => row.id)).toEqual(['h-1', 'h-2']);
      await store.change({ facts: [], writes: [{ kind: 'halt.ended', id: 'h-1', until: 99 }] });
      expect(await store.haltsInForce()).toEqual([halt('h-2', 'DRAWDOWN')]);
    });

    it('2.1 the ledger is append-only and without a gap; its sum is an aggregate', async () => {
      await withAccount();
      const book = (...rows: ReturnType<typeof ledgerRow>[]): Promise<unknown> =>
        store.change({ facts: [], writes: [{ kind: 'ledger', rows }] });
      await book(ledgerRow(1, 4e15), ledgerRow(2, -1));
      await expect(book(ledgerRow(2, 5))).rejects.toBeInstanceOf(VersionConflict);
      await expect(book(ledgerRow(4, 5))).rejects.toBeInstanceOf(VersionConflict);
      await book(ledgerRow(3, 4e15));
      expect(await store.ledgerSum(ACCOUNT.id)).toEqual({ accountId: ACCOUNT.id, rows: 3, lastSeq: 3, cashMicros: 8e15 - 1 });
      expect(await store.ledgerAfter(ACCOUNT.id, 1, 10)).toEqual([ledgerRow(2, -1), ledgerRow(3, 4e15)]);
      expect(await store.ledgerSum('nobody')).toEqual({ accountId: 'nobody', rows: 0, lastSeq: 0, cashMicros: 0 });
    });

    it('5.6 a reservation is held until it is committed or released, and terminal then', async () => {
      await withAccount();
      const save = (row: ReturnType<typeof reservation>): Promise<unknown> =>
        store.change({ facts: [], writes: [{ kind: 'reservation', reservation: row }] });
      await save(reservation('r-1'));
      await save({ ...reservation('r-1'), amounts: { tradeMicros: 3 }, updatedAt: 5 });
      await save(reservation('r-2'));
      expect((await store.heldReservations(ACCOUNT.id)).map((row) => [row.id, row.amounts])).toEqual([['r-1', { tradeMicros: 3 }], ['r-2', { tradeMicros: 5 }]]); // prettier-ignore
      await save(reservation('r-2', 'RELEASED'));
      await expect(save(reservation('r-2', 'HELD'))).rejects.toBeInstanceOf(VersionConflict);
      expect((await store.heldReservations(ACCOUNT.id)).map((row) => row.id)).toEqual(['r-1']);
      expect(await store.reservationOf('s-r-2')).toEqual(reservation('r-2', 'RELEASED'));
    });

    it('6 a campaign changes only from the version that was read; its allocations stay with it', async () => {
      await withAccount();
      const save = (row: ReturnType<typeof campaign>): Promise<unknown> =>
        store.change({ facts: [], writes: [{ kind: 'campaign', campaign: row }] });
      await save(campaign('c-1'));
      await save({ ...campaign('c-1', 2), status: 'MARKUP' });
      await expect(save({ ...campaign('c-1', 2), status: 'DORMANT' })).rejects.toBeInstanceOf(VersionConflict);
      await expect(save(campaign('c-1', 1))).rejects.toBeInstanceOf(VersionConflict);
      expect(await store.campaign('c-1')).toEqual({ ...campaign('c-1', 2), status: 'MARKUP' });
      const allocation = {
        id: 'a-1',
        campaignId: 'c-1',
        signalId: 's-1',
        leg: 'F',
        shareRatio: 0.4,
        usedRatio: 0.2,
        rebalanced: true,
        binding: 'TRADE',
        reason: null,
        at: 3,
      };
      await store.change({ facts: [], writes: [{ kind: 'allocation', allocation }] });
      expect(await store.allocationsOf('c-1')).toEqual([allocation]);
      await save(campaign('c-12'));
      const newest = await store.campaigns({ limit: 1 });
      expect(newest.map(({ item }) => item.id)).toEqual(['c-12']);
      expect((await store.campaigns({ below: newest[0].key, limit: 5, accountId: ACCOUNT.id, symbol: 'SPX', status: 'MARKUP' })).map(({ item }) => item.id)).toEqual(['c-1']); // prettier-ignore
    });

    it('7.1 working orders, orders by page and by client id; accounts', async () => {
      await withAccount();
      await store.commit(commitOf(engine, 0, 3));
      expect(await store.workingOrders(ACCOUNT.id)).toEqual([]);
      const working = factsOfBar(9, 9)[2];
      await store.commit({ ...commitOf(engine, 3, 4), facts: [{ bar: 4, fact: working }] });
      expect((await store.workingOrders(ACCOUNT.id)).map((order) => order.id)).toEqual(['id-0009']);
      expect((await store.orderByClientId('wx1-id-0002'))?.state).toBe('FILLED');
      expect(await store.orderByClientId('wx1-other')).toBeNull();
      const page = await store.orders({ symbol: 'SPX', state: 'FILLED', accountId: ACCOUNT.id, limit: 2 });
      expect(page.map(({ item }) => item.id)).toEqual(['id-0003', 'id-0002']);
      expect((await store.orders({ below: page[1].key, limit: 10 })).map(({ item }) => item.id)).toEqual(['id-0001', 'id-0009']);
      await store.change({
        facts: [],
        writes: [{ kind: 'account', account: { ...ACCOUNT, id: 'live-1', kind: 'LIVE', broker: 'alpaca', archivedAt: 5 } }],
      });
      expect((await store.accounts()).map((row) => [row.id, row.broker])).toEqual([[ACCOUNT.id, 'paper']]);
      expect((await store.accounts({ archived: true, kind: 'LIVE' })).map((row) => [row.id, row.userId, row.broker])).toEqual([
        ['live-1', 'local', 'alpaca'],
      ]);
    });

    it('a change that fails half-way leaves neither its rows nor its facts', async () => {
      await withAccount();
      const writes = [
        { kind: 'halt.began' as const, halt: halt('h-9') },
        { kind: 'ledger' as const, rows: [ledgerRow(7, 1)] },
      ];
      await expect(store.change({ facts: [auditFact('halt.changed')], writes })).rejects.toBeInstanceOf(VersionConflict);
      expect(await store.haltsInForce()).toEqual([]);
      expect(await store.lastSeq()).toBe(0);
    });
  });

  describe('trading 4.7 statistics', () => {
    it('4.7 M15 the database sums what became of signals, and says the same as a walk over them', async () => {
      await withAccount();
      const judged = judgedSignals(60);
      const facts = judged.flatMap((one) => one.facts);
      const writes = judged.flatMap(({ reserved }) => (reserved === null ? [] : [{ kind: 'reservation' as const, reservation: reserved }])); // prettier-ignore
      await store.commit({ ...commitOf(engine, 0, 1), facts: facts.map((fact) => ({ bar: 1, fact })), writes });
      const period = { accountId: ACCOUNT.id, from: 10 * DAY_MS, to: 50 * DAY_MS };
      const inside = judged.filter(({ at }) => at >= period.from && at < period.to);
      const walked = (rows: typeof judged, title: string) => {
        const net = rows.flatMap(({ net }) => net ?? []);
        const mean = (values: number[]) => (values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length);
        const count = (is: (row: (typeof judged)[number]) => boolean) => rows.filter(is).length;
        const confidence = rows.flatMap((row) => row.confidence ?? []);
        const r = rows.flatMap((row) => row.r ?? []);
        const near = (value: number | null) => (value === null ? null : (expect.closeTo(value, 9) as number));
        return {
          name: title, candidates: rows.length, generated: count(({ isGenerated }) => isGenerated), approved: count(({ reserved }) => reserved !== null),
          executed: count(({ isExecuted }) => isExecuted), closed: net.length, profitable: net.filter((one) => one > 0).length,
          confidence: near(mean(confidence)), nConfidence: confidence.length, plannedR: 2.5, nPlannedR: rows.length, r: near(mean(r)), nR: r.length,
          gainsMicros: net.filter((one) => one > 0).reduce((a, b) => a + b, 0), lossesMicros: net.filter((one) => one < 0).reduce((a, b) => a + b, 0),
        }; // prettier-ignore
      };
      expect(await store.funnels(period, null)).toEqual([walked(inside, 'all')]);
      for (const group of ['pattern', 'phase', 'stage'] as const) {
        const names = [...new Set(inside.map((row) => row[group] ?? 'none'))];
        const wanted = names.map((title) => walked(inside.filter((row) => (row[group] ?? 'none') === title), title)); // prettier-ignore
        const rows = await store.funnels(period, group);
        expect(rows).toHaveLength(wanted.length);
        expect(rows).toEqual(expect.arrayContaining(wanted));
        expect(rows.map((row) => row.candidates)).toEqual(rows.map((row) => row.candidates).sort((a, b) => b - a));
      }
      expect((await store.funnels(period, 'symbol')).map((row) => row.name)).toEqual(['SPX']);
      const refusals = await store.refusals(period);
      expect(new Set(refusals.map(({ stage, code }) => `${stage} ${code}`))).toEqual(new Set(['VOLUME VOL_HIGH', 'RISK RK_HEAT', 'DECISION USER', 'GATE HALTED'])); // prettier-ignore
      expect(refusals.reduce((sum, { n }) => sum + n, 0)).toBe(inside.filter(({ stage }) => stage !== null).length);
      expect(await store.signalCounts(ACCOUNT.id, [10 * DAY_MS, 30 * DAY_MS, 59 * DAY_MS])).toEqual([60, 50, 30, 1]);
      expect(await store.funnels({ ...period, accountId: 'another' }, null)).toEqual([]);
      expect(await store.signalCounts('another', [0, 0, 0])).toEqual([0, 0, 0, 0]);
    });
  });

  describe('trading 8.2 the track record', () => {
    it('8.2 what an account traded over history, before it was opened, is no record: trades, days and drawdown count from then on', async () => {
      wall.ms = 10 * DAY_MS;
      await withAccount();
      const judged = judgedSignals(40);
      const equity = [1e11, 5e10, 1e11, 9e10].map((equityMicros, i) => ({ ts: (8 + i * 2) * DAY_MS, equityMicros, cashMicros: 1e11, heatRatio: 0 })); // prettier-ignore
      const facts = judged.flatMap((one) => one.facts).map((fact) => ({ bar: 1, fact }));
      await store.commit({ ...commitOf(engine, 0, 1), facts, equity });
      const counted = judged.filter(({ at, r }) => at >= 10 * DAY_MS && r !== null).map(({ r }) => r ?? 0);
      expect(counted.length).toBeLessThan(judged.filter(({ r }) => r !== null).length);
      expect(await store.tradeSums(ACCOUNT.id)).toEqual({
        trades: counted.length,
        sumR: expect.closeTo(
          counted.reduce((a, b) => a + b, 0),
          9,
        ) as number,
        sumSquaresR: expect.closeTo(
          counted.reduce((a, b) => a + b * b, 0),
          9,
        ) as number,
        startedAt: 10 * DAY_MS,
        // The half that was lost on the eighth day is history.
        maxDrawdownRatio: expect.closeTo(0.1, 9) as number,
      });
      expect(await store.tradeSums('nobody')).toMatchObject({ trades: 0, startedAt: null, maxDrawdownRatio: 0 });
    });
  });

  describe('interface 4.2 facts and ledger only grow', () => {
    const refused = /never changed or deleted/;
    it('4.2 the database refuses to change or delete a fact or a row of the ledger, whoever asks; retention may', async () => {
      await withAccount();
      await store.commit({ ...commitOf(engine, 0, 3), snapshot: new Uint8Array([1]) });
      await store.change({ facts: [auditFact('note.changed')], writes: [{ kind: 'ledger', rows: [ledgerRow(1, 5)] }] });
      const statements = [
        'update facts set actor = null',
        'delete from facts where seq = 1',
        'update ledger set amount_micros = 0',
        'delete from ledger',
        ...(store.kind === 'postgres' ? ['truncate facts', 'truncate ledger'] : []),
      ];
      for (const statement of statements) await expect(gate().transaction('tamper', () => execute(statement)), statement).rejects.toThrow(refused); // prettier-ignore
      expect([await store.lastSeq(), (await store.checkAudit()).ok]).toEqual([16, true]);
      wall.ms += 40 * DAY_MS;
      const left = await store.retain({ now: wall.ms, pauseMs: 0 });
      expect(left.find((line) => line.table === 'facts')?.rows).toBe(10);
      // The door is shut again behind it.
      await expect(gate().transaction('tamper', () => execute('delete from facts'))).rejects.toThrow(refused);
    });

    it('4.2 the twin: without the guard of schema 5 the same statement goes through', async () => {
      await store.change({ facts: [auditFact('note.changed')], writes: [] });
      const unguard = store.kind === 'postgres' ? 'drop trigger facts_kept on facts' : 'drop trigger facts_unchanged';
      await gate().transaction('unguard', () => execute(unguard));
      await gate().transaction('tamper', () => execute("update facts set actor = 'nobody'"));
      expect((await store.checkAudit()).ok).toBe(false);
    });
  });

  describe('settings and the audit chain', () => {
    it('a setting has a version, changes from the one that was read, and belongs to its user', async () => {
      const save = (value: unknown, expected: number | null, userId = ''): Promise<unknown> =>
        store.change({
          facts: [auditFact('settings.changed', { after: value })],
          writes: [{ kind: 'setting', setting: { userId, key: 'risk', value, expected, by: 'local' } }],
        });
      await save({ a: 1 }, 0);
      await save({ a: 2 }, 1);
      await expect(save({ a: 3 }, 1)).rejects.toBeInstanceOf(VersionConflict);
      await save({ a: 4 }, null);
      await save('mine', 0, 'local');
      expect(await store.setting('risk')).toEqual({ a: 4 });
      expect(await store.settingRow('', 'risk')).toEqual({
        userId: '',
        key: 'risk',
        value: { a: 4 },
        version: 3,
        updatedAt: wall.ms,
        updatedBy: 'local',
      });
      expect((await store.settingRows('local')).map((row) => row.value)).toEqual(['mine']);
      expect(await store.settingRow('local', 'none')).toBeNull();
      expect((await store.auditAfter(0, 10)).map((fact) => fact.data)).toEqual([
        { after: { a: 1 } },
        { after: { a: 2 } },
        { after: { a: 4 } },
        { after: 'mine' },
      ]);
    });
  });

  describe('H4 C6 notices', () => {
    it('H4 notifications page by key, are counted by aggregate, and are read by id or up to one', async () => {
      const writes = upTo(25, 1).map((n) => ({ kind: 'notification' as const, notification: notification(n) }));
      await store.change({ facts: [], writes: [...writes, { kind: 'notification', notification: notification(1) }] });
      expect(await store.unreadNotifications('local')).toBe(25);
      const first = await store.notifications({ userId: 'local', limit: 10 });
      const rest = await store.notifications({ userId: 'local', belowId: first.at(-1)?.id, limit: 200 });
      expect([...first, ...rest]).toEqual(upTo(25, 1).reverse().map((n) => notification(n))); // prettier-ignore
      expect(await store.markNotificationsRead('local', { ids: ['n-000003', 'n-000004', 'nobody'] }, 9)).toBe(23);
      expect(await store.markNotificationsRead('another', { upToId: 'n-999999' }, 9)).toBe(0);
      expect(await store.markNotificationsRead('local', { upToId: 'n-000010' }, 9)).toBe(14);
      expect((await store.notifications({ userId: 'local', unread: true, limit: 200 })).at(-1)?.id).toBe('n-000011');
    });

    it('8.3 an account says which adapter its money is at, also one that was opened before that was kept', async () => {
      await store.openEngine(engine, ACCOUNT);
      expect((await store.accounts({}))[0].broker).toBe('paper');
      expect((await store.openEngine(engine, { ...ACCOUNT, broker: 'alpaca' })).position).toBe(0);
      const other = { ...ACCOUNT, id: 'other' };
      await store.openEngine({ ...engine, id: 'other:SPX:1d' }, { ...other, broker: 'ccxt:kraken' });
      await store.openEngine({ ...engine, id: 'other:SPX:1d' }, other);
      expect(new Map((await store.accounts({})).map(({ id, broker }) => [id, broker]))).toEqual(new Map([[ACCOUNT.id, 'alpaca'], ['other', 'ccxt:kraken']])); // prettier-ignore
      expect(await store.account('other')).toEqual(other);
    });

    it('C6 dead letters are kept, listed oldest first, replaced by a retry, and leave', async () => {
      const letter = (n: number) => ({ id: `d-${n}`, topic: n % 2 === 0 ? 'orders' : 'bars', payload: { n }, error: 'x'.repeat(3000), attempts: 3, firstAt: n, lastAt: n, state: 'WAITING' as const }); // prettier-ignore
      for (const n of [1, 2, 3, 4]) await store.saveDeadLetter(letter(n));
      await store.saveDeadLetter({ ...letter(2), attempts: 4, state: 'RETRYING' });
      expect(await store.countDeadLetters()).toBe(4);
      expect((await store.deadLetters({ limit: 10 })).map((row) => [row.id, row.attempts, row.error.length])).toEqual([['d-1', 3, 2000], ['d-2', 4, 2000], ['d-3', 3, 2000], ['d-4', 3, 2000]]); // prettier-ignore
      expect((await store.deadLetters({ topic: 'orders', afterId: 'd-2', limit: 10 })).map((row) => row.payload)).toEqual([
        { n: 4 },
      ]);
      await expect(store.saveDeadLetter({ ...letter(5), payload: 'y'.repeat(70_000) })).rejects.toThrow(/65536/);
      expect(await store.retryDeadLetters({ topics: ['orders', 'none'] })).toBe(2);
      expect(await store.retryDeadLetters({ topics: ['bars', 'orders'], ids: ['d-1', 'd-9'] })).toBe(1);
      expect(await store.retryDeadLetters({ topics: ['bars'], ids: ['d-2'] })).toBe(0);
      await store.changeDeadLetter({ ...letter(4), attempts: 9 });
      await store.changeDeadLetter({ ...letter(8), attempts: 9 });
      expect((await store.deadLetters({ limit: 10 })).map((row) => `${row.id} ${row.state} ${row.attempts}`)).toEqual(['d-1 RETRYING 3', 'd-2 RETRYING 4', 'd-3 WAITING 3', 'd-4 WAITING 9']); // prettier-ignore
      expect(await store.removeDeadLetters({ ids: ['d-1', 'd-9'] })).toBe(1);
      expect(await store.removeDeadLetters({ topic: 'orders' })).toBe(2);
      expect(await store.removeDeadLetters('all')).toBe(1);
    });
  });

  describe('trading 7.2 the log of orders at a venue', () => {
    it('7.2 an order, its ward and its reports are saved together; reports wait until they are confirmed', async () => {
      const log = store.orderLog('live-1');
      const order = (clientId: string, state: string) => ({ clientId, signalId: 's-1', state }) as unknown as SentOrder;
      const ward = (done: boolean) => ({ signalId: 's-1', done }) as unknown as WardState;
      const report = { kind: 'accepted' } as unknown as BrokerReport;
      expect(
        await log.save({ orders: [order('a', 'NEW'), order('a', 'SENT'), order('b', 'NEW')], ward: ward(false), at: 5.5 }),
      ).toBeNull();
      expect(await log.save({ reports: [report, report], at: 6 })).toEqual({ seq: 1, at: 6, reports: [report, report] });
      expect((await log.save({ orders: [order('b', 'SENT')], reports: [report], at: 7 }))?.seq).toBe(2);
      expect(await log.order('a')).toEqual(order('a', 'SENT'));
      expect(await log.order('c')).toBeNull();
      const whole = { ward: ward(false), orders: [order('a', 'SENT'), order('b', 'SENT')] };
      expect(await log.openWards()).toEqual([whole]);
      expect(await log.ward('s-1')).toEqual(whole);
      expect(await store.orderLog('live-2').openWards()).toEqual([]);
      await log.confirm(1);
      expect((await log.outbox()).map((row) => row.seq)).toEqual([2]);
      await log.confirm(2);
      expect(await log.outbox()).toEqual([]);
      expect((await log.save({ ward: ward(true), reports: [report], at: 8 }))?.seq).toBe(3);
      expect(await log.openWards()).toEqual([]);
      expect(await log.ward('s-2')).toBeNull();
    });
  });

  describe('M7 C9 jobs', () => {
    it('M7 a job is added once per key, changes, is listed and leaves with all it has', async () => {
      expect(await store.addJob(job(1))).toEqual({ job: job(1), isNew: true });
      expect(await store.addJob(job(2, 'key-1'))).toEqual({ job: job(1), isNew: false });
      await store.addJob(job(3));
      const running = await store.changeJob('j-000001', { status: 'RUNNING', done: 5, heartbeatAt: 9, summary: { trades: 3 } });
      expect(running).toEqual({ ...job(1), status: 'RUNNING', done: 5, heartbeatAt: 9, summary: { trades: 3 } });
      expect(await store.changeJob('j-000009', { done: 1 })).toBeNull();
      expect((await store.activeJobs()).map((row) => row.id)).toEqual(['j-000001', 'j-000003']);
      expect((await store.jobs({ limit: 1 })).map((row) => row.id)).toEqual(['j-000003']);
      expect(
        (await store.jobs({ belowId: 'j-000003', status: 'RUNNING', kind: 'backtest', userId: 'local', limit: 9 })).map(
          (row) => row.id,
        ),
      ).toEqual(['j-000001']);
      await store.addJobTrades('j-000001', [trade(1)]);
      const bytes = new Uint8Array(600_000).map((_, i) => (i * 40_503) >>> 8);
      await store.saveBlob({ kind: 'JOB', id: 'j-000001' }, 'equity', bytes);
      await store.saveBlob({ kind: 'JOB', id: 'j-000001' }, 'empty', new Uint8Array());
      expect(Buffer.compare((await store.blob({ kind: 'JOB', id: 'j-000001' }, 'equity')) ?? new Uint8Array(), bytes)).toBe(0);
      expect(await store.blob({ kind: 'JOB', id: 'j-000001' }, 'empty')).toEqual(new Uint8Array());
      expect(await store.deleteJob('j-000001')).toBe(true);
      expect(await store.deleteJob('j-000001')).toBe(false);
      expect(await store.blob({ kind: 'JOB', id: 'j-000001' }, 'equity')).toBeNull();
      expect(await store.countJobTrades('j-000001')).toBe(0);
    });

    it('C9 trades are written in batches of 100 and read by key', async () => {
      await store.addJob(job(1));
      for (let from = 0; from < 500; from += 100) await store.addJobTrades('j-000001', upTo(100, 1).map((i) => trade(from + i + 1))); // prettier-ignore
      expect(await store.countJobTrades('j-000001')).toBe(500);
      expect(await store.jobTrades('j-000001', { after: 498, limit: 100 })).toEqual([trade(499), trade(500)]);
      await expect(store.addJobTrades('j-000001', [trade(501), trade(500)])).rejects.toThrow();
      expect(await store.countJobTrades('j-000001')).toBe(500);
    });

    it('parts of a job are saved, replaced, listed by state and counted', async () => {
      await store.addJob(job(1));
      const part = (key: string, state: 'WAITING' | 'DONE', result: unknown = null) => ({
        jobId: 'j-000001',
        key,
        params: { key },
        state,
        attempts: 1,
        result,
      });
      await store.saveJobTasks([part('aa', 'WAITING'), part('bb', 'WAITING'), part('cc', 'WAITING')]);
      await store.saveJobTasks([part('bb', 'DONE', { sharpe: 1.5 })]);
      expect(await store.countJobTasks('j-000001')).toEqual({ WAITING: 2, RUNNING: 0, DONE: 1, FAILED: 0 });
      expect((await store.jobTasks('j-000001', { state: 'WAITING', afterKey: 'aa', limit: 9 })).map((row) => row.key)).toEqual([
        'cc',
      ]);
      expect((await store.jobTasks('j-000001', { state: 'DONE', limit: 9 }))[0].result).toEqual({ sharpe: 1.5 });
      await expect(store.saveJobTasks([part('dd', 'DONE', 'z'.repeat(20_000))])).rejects.toThrow(/16384/);
    });
  });
});
