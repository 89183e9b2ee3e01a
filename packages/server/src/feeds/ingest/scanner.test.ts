/** The scanner's states, pace, batches and verdicts on a virtual clock. */
import { Census, Scope } from '@wyckoff/bounded';
import { VirtualClock } from '@wyckoff/bounded/leak-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SeriesKey } from '../contract/series-key.ts';
import { Scanner, type ScanCycle, type ScannerState } from './scanner.ts';

let clock: VirtualClock;
let scope: Scope;
let cycles: ScanCycle[];
let states: ScannerState[];
let scanned: string[];
beforeEach(() => {
  clock = new VirtualClock();
  scope = new Scope({ name: 'test', timers: clock, census: new Census() });
  [cycles, states, scanned] = [[], [], []];
});
afterEach(() => scope.dispose());

const some = (count: number): SeriesKey[] => Array.from({ length: count }, (_, n) => ({ symbol: `S${n}`, timeframe: '1d' }));

function open(series: readonly SeriesKey[], scan: (symbol: string) => Promise<void> = () => Promise.resolve()): Scanner {
  return new Scanner({
    scope,
    due: () => series,
    scan: async ({ symbol }) => {
      scanned.push(symbol);
      await scan(symbol);
    },
    onCycle: (cycle) => cycles.push(cycle),
    onState: (state) => states.push(state),
    now: () => clock.now(),
  });
}

describe('9.1 the scanner', () => {
  it('scans at once and every 300 s, ten at a time with a pause, one fact per cycle', async () => {
    const scanner = open(some(25));
    scanner.start();
    await clock.run(50);
    expect(scanned).toHaveLength(10);
    await clock.run(100);
    expect(scanned).toHaveLength(20);
    await clock.run(100);
    expect(cycles).toMatchObject([{ status: 'COMPLETED', scanned: 25, failed: [] }]);
    await clock.run(300_000);
    expect(cycles).toHaveLength(2);
    await scanner.stop();
    expect(states).toEqual(['STARTING', 'WAITING', 'SCANNING', 'WAITING', 'SCANNING', 'WAITING', 'STOPPING', 'STOPPED']);
    expect(clock.pending).toBe(0);
  });

  it('a cycle is PARTIAL, FAILED or SKIPPED by what became of it, and one series harms no other', async () => {
    const failing = new Set(['S1']);
    const scanner = open(some(3), (symbol) => (failing.has(symbol) ? Promise.reject(new Error('down')) : Promise.resolve()));
    scanner.start();
    await clock.run(10);
    expect(cycles[0]).toMatchObject({ status: 'PARTIAL', scanned: 3, failed: [{ series: 'S1 1d', reason: 'down' }] });
    for (const symbol of ['S0', 'S2']) failing.add(symbol);
    await clock.run(300_000);
    expect(cycles[1].status).toBe('FAILED');
    await scanner.stop();
    const idle = open([]);
    idle.start();
    await clock.run(10);
    expect(cycles[2]).toMatchObject({ status: 'SKIPPED', scanned: 0 });
    await idle.stop();
  });

  it('C12 a slow cycle is not overlapped, and stopping in the middle leaves nothing', async () => {
    const scanner = open(some(12), () => new Promise((resolve) => void clock.after(400_000, resolve)));
    scanner.start();
    await clock.run(700_000);
    expect(scanned).toHaveLength(12);
    expect(cycles).toHaveLength(0);
    const stopping = scanner.stop();
    expect(scanner.state).toBe('STOPPING');
    await clock.run(400_000);
    await stopping;
    expect(scanner.state).toBe('STOPPED');
    scanner.start();
    await clock.run(1);
    expect(scanner.state).toBe('SCANNING');
    await Promise.all([scope.dispose(), clock.run(500_000)]);
    expect([scanner.state, clock.pending]).toEqual(['STOPPED', 0]);
  });

  it('a pace outside its range is refused', () => {
    const make = (options: { everyMs?: number; batch?: number }): Scanner => new Scanner({ scope, due: () => [], scan: () => Promise.resolve(), onCycle: () => undefined, ...options }); // prettier-ignore
    expect(() => make({ everyMs: 59_999 })).toThrow(/60000 to 3600000/);
    expect(() => make({ batch: 51 })).toThrow(/1 to 50/);
  });
});
