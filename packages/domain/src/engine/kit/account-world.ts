/** A small world for an account: four series of three symbols, whose prices, records, commands and venue follow from a seed. */
import type { Bar } from '../../bar/bar.ts';
import { KILL_SWITCH_OFF, activate } from '../../acceptance/kill-switch.ts';
import { tightenLimits } from '../../risk/limits.ts';
import { COST_MODELS } from '../../trade/costs.ts';
import { tradedInstrument } from '../../trade/instrument.ts';
import type { DetectionEvent } from '../../wyckoff/event.ts';
import type { SeriesOptions } from '../engine-settings.ts';
import type { DataOf, Fact } from '../fact.ts';
import type { EngineInput, SeriesBar } from '../input.ts';
import type { AccountEngineOptions } from '../trading-engine.ts';
import { DAY, START, ScriptedDetector, range, springTest, utadTest } from './scripted-market.ts';
import type { Script } from './scripted-market.ts';

/** A small fast generator: equal seeds, equal worlds. */
export function random(seed: number): (below: number) => number {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) >>> 0;
    const mixed = Math.imul(state ^ (state >>> 12), 0x297a2d39) >>> 0;
    return Math.floor((mixed / 2 ** 32) * below);
  };
}

export const SYMBOLS = ['AAA', 'BBB', 'CCC'] as const;
const BUCKETS = { AAA: ['TECH'], BBB: ['TECH'], CCC: ['OIL'] } as const;
/** Daily ones, and the first also by the week. */
export const NAMES = ['AAA 1d', 'BBB 1d', 'CCC 1d', 'AAA 1w'] as const;
const PAYING = [122, 125, 130];

export interface World {
  /** By name, in the order of `NAMES`. */
  readonly scripts: readonly Script[];
  /** Bars of instant `i`, by place in `NAMES`. */
  readonly instants: readonly (readonly SeriesBar[])[];
}

/** `thin`: a thousandth of the volume. Quiet bars first, so that the context of a signal is known, then a walk with records. */
export function world(seed: number, length: number, thin = false): World {
  const roll = random(seed);
  const events: Record<number, DetectionEvent[]>[] = NAMES.map(() => ({}));
  const prices = SYMBOLS.map(() => 101.5);
  const instants: SeriesBar[][] = [];
  const week: { bar: Bar; days: number }[] = [];
  for (let i = 0; i < QUIET + length; i += 1) {
    const bars: SeriesBar[] = SYMBOLS.map((_, s) => {
      const full = i < QUIET ? quietBar(i) : walkBar(i, prices, s, roll);
      const bar = thin ? { ...full, volume: full.volume / 1_000 } : full;
      if (i >= QUIET) speak(events[s], i, bar.close, roll);
      return { series: s, bar };
    });
    const [first] = bars;
    const day = i % 7;
    if (day === 0) week[0] = { bar: first.bar, days: 1 };
    else week[0] = { bar: joined(week[0].bar, first.bar), days: week[0].days + 1 };
    if (day === 6) {
      const w = Math.floor(i / 7);
      if (i >= QUIET && roll(3) === 0) events[3][w] = [record(w, first.bar.close, 'entry', roll)];
      bars.push({ series: 3, bar: week[0].bar });
    }
    instants.push(bars);
  }
  const view = () => ({ range: range({ hypotheses: [] }), previous: null, regime: 'RANGING' as const, features: null });
  return { scripts: events.map((one) => ({ events: one, view })), instants };
}

export const QUIET = 61;

function quietBar(i: number): Bar {
  const half = 2 - i / QUIET;
  return {
    time: START + i * DAY,
    open: 101.5,
    high: 101.5 + half,
    low: 101.5 - half,
    close: 101.5,
    volume: 2_000_000 - 1_000 * i,
  };
}

function walkBar(i: number, prices: number[], s: number, roll: (below: number) => number): Bar {
  const open = prices[s];
  const close = Math.max(92, Math.min(130, open + (roll(600) - 290) / 100));
  prices[s] = Math.round(close * 100) / 100;
  const high = Math.max(open, prices[s]) + roll(200) / 100;
  const low = Math.min(open, prices[s]) - roll(200) / 100;
  return { time: START + i * DAY, open, high, low, close: prices[s], volume: 500_000 + roll(1_000_000) };
}

function joined(week: Bar, day: Bar): Bar {
  const { time, open } = week;
  const volume = week.volume + day.volume;
  return { time, open, high: Math.max(week.high, day.high), low: Math.min(week.low, day.low), close: day.close, volume };
}

function speak(events: Record<number, DetectionEvent[]>, i: number, close: number, roll: (below: number) => number): void {
  const what = roll(10);
  if (what < 4) events[i] = [record(i, close, 'entry', roll)];
  else if (what === 4) events[i] = [record(i, close, 'failed', roll)];
  else if (what === 5) events[i] = [record(i, close, 'climax', roll), record(i, close, 'entry', roll)];
}

function record(i: number, close: number, what: 'entry' | 'failed' | 'climax', roll: (below: number) => number): DetectionEvent {
  if (what === 'failed') return springTest(i, { id: `1:A:SPRING:${i - 5}`, kind: 'SPRING', status: 'failed' });
  if (what === 'climax') return springTest(i, { kind: 'BC', id: `1:D:BC:${i}` });
  const rangeId = 1 + roll(3);
  const confidence = 72 + roll(26);
  const prices = { support: 100, resistance: 110, springLow: 98.8, atr: 2, objectives: PAYING };
  if (close < 105)
    return springTest(i, { rangeId, confidence, prices, id: `${rangeId}:A:TEST:${i}`, refId: `${rangeId}:A:SPRING:${i - 5}` });
  if (close < 110) return utadTest(i, { rangeId, confidence, id: `${rangeId}:D:TEST:${i}`, refId: `${rangeId}:D:UTAD:${i - 5}` });
  return springTest(i, { rangeId, confidence, prices, id: `${rangeId}:A:LPS:${i}`, kind: 'LPS', phase: 'D', subPhase: null });
}

export const LIMITS = tightenLimits({ heatBp: 600, bucketBp: 300, assetClassBp: 500, campaignBp: 300, openPositions: 4 });

/** Options of the account over a world; `order`: in which order the series are asked for. */
export function accountOptions(
  of: World,
  changes: Partial<AccountEngineOptions> & { readonly order?: readonly number[]; readonly cap?: number | null } = {},
): Omit<AccountEngineOptions, 'sink'> {
  const { order = [0, 1, 2, 3], cap = null, ...rest } = changes;
  const series = order.map((s): SeriesOptions => {
    const [symbol, timeframe] = NAMES[s].split(' ') as ['AAA', '1d'];
    return {
      instrument: { symbol, assetClass: 'STOCK', timeZone: 'UTC', session: '24h' },
      timeframe,
      traded: tradedInstrument({ symbol, assetClass: 'STOCK', buckets: BUCKETS[symbol] }),
      costs: COST_MODELS['per-share'],
      participationCap: cap,
      detector: (bytes) => new ScriptedDetector(of.scripts[s], bytes),
    };
  });
  return {
    account: { id: 'paper', kind: 'PAPER', currency: 'USD', startingMicros: 100_000_000_000 },
    limits: LIMITS,
    patternRisk: { SPRING: 150, UTAD: 150, TEST: 100, SOS: 100, SOW: 100, LPS: 200, LPSY: 200, EXTERNAL: 100 },
    halts: { dailyLossBp: null, drawdownBp: null },
    analysis: 'records',
    series,
    ...rest,
  };
}

const TRADER = { user: 'ann', role: 'trader' } as const;

/** A command somebody might give now, by what the facts so far have shown. */
export function someCommand(facts: readonly Fact[], at: number, roll: (below: number) => number): EngineInput {
  const last = <K extends Fact['kind']>(kind: K): { readonly data: DataOf<K> } | undefined =>
    facts.findLast((fact) => fact.kind === kind) as { readonly data: DataOf<K> } | undefined;
  const signalId = last('approval.changed')?.data.signalId ?? 'none';
  const positionId = last('position.opened')?.data.id ?? 'none';
  const command = ((): Extract<EngineInput, { kind: 'command' }>['command'] => {
    switch (roll(14)) {
      case 0:
      case 1:
      case 2:
        return { kind: 'approve', signalId, by: TRADER, qtyMicros: roll(2) === 0 ? null : 20_000_000 };
      case 3:
        return { kind: 'reject', signalId, by: TRADER, reason: 'not today' };
      case 4:
        return { kind: 'moveStop', positionId, by: 'ann', stop: 95 + roll(15), version: null };
      case 5:
        return { kind: 'exit', positionId, by: 'ann', qtyMicros: roll(2) === 0 ? null : 5_000_000, limitPrice: null };
      case 6:
        return { kind: 'cancelOrder', orderId: last('order.changed')?.data.id ?? 'none', by: 'ann' };
      case 7:
        return {
          kind: 'cancelCampaign',
          campaignId: last('campaign.changed')?.data.id ?? 'none',
          by: 'ann',
          reason: 'enough',
          version: null,
        };
      case 8:
        return { kind: 'setHalt', halt: 'STALE', symbol: SYMBOLS[roll(3)], inForce: roll(2) === 0, reason: 'feed' };
      case 9:
        return { kind: 'setConnection', connected: roll(3) > 0 };
      case 10:
        return {
          kind: 'setAcceptance',
          by: 'ann',
          mode: (['all', 'queue', 'auto'] as const)[roll(3)],
          queue: { capacity: 3, minutes: 60 },
        };
      case 11: {
        const level = roll(2) === 0 ? 'STOP' : 'FLATTEN';
        return {
          kind: 'setKillSwitch',
          kill: activate(KILL_SWITCH_OFF, { level, activationId: `a${at}`, actor: 'ann', reason: 'drill', at }),
        };
      }
      case 12:
        return { kind: 'setKillSwitch', kill: { ...KILL_SWITCH_OFF, actor: 'ann', at } };
      default:
        return { kind: 'cancelSignal', signalId: last('signal.created')?.data.id ?? 'none', reason: 'no' };
    }
  })();
  return { kind: 'command', at, actor: 'ann', command };
}

/** Random sequences of a property by default; `ENGINE_RUNS=10` makes it ten times as many. */
export function runs(usual: number): number {
  const { process } = globalThis as { readonly process?: { readonly env: Readonly<Record<string, string | undefined>> } };
  return Math.round(usual * Number(process?.env['ENGINE_RUNS'] ?? 1));
}
