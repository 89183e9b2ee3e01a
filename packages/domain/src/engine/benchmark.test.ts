/** A benchmark among the series of an account: its regime is the market's, its closes go to the detector (trading.md 2.2, 3; detection.md 8.2). */
import { describe, expect, it } from 'vitest';
import type { Bar } from '../bar/bar.ts';
import type { BarContext } from '../wyckoff/context.ts';
import type { DetectionEvent } from '../wyckoff/event.ts';
import type { Regime } from '../wyckoff/view.ts';
import type { SeriesOptions } from './engine-settings.ts';
import type { Fact } from './fact.ts';
import { createAccountEngine } from './trading-engine.ts';
import { ScriptedDetector, flat, quiet, range, springTest, type Script } from './kit/scripted-market.ts';

const AT = 60;

/** Hears what comes beside a bar. */
class Listening extends ScriptedDetector {
  readonly heard: (BarContext | undefined)[];

  constructor(script: Script, heard: (BarContext | undefined)[]) {
    super(script, null);
    this.heard = heard;
  }

  override onBar(_bar?: Bar, ctx?: BarContext): readonly DetectionEvent[] {
    this.heard.push(ctx);
    return super.onBar();
  }
}

function series(
  symbol: string,
  script: Script,
  of: { benchmark?: string; heard?: (BarContext | undefined)[] } = {},
): SeriesOptions {
  const { benchmark, heard = [] } = of;
  return {
    instrument: { symbol, assetClass: 'STOCK', timeZone: 'UTC', session: '24h' },
    timeframe: '1d',
    detector: () => new Listening(script, heard),
    ...(benchmark !== undefined && { benchmark }),
  };
}

const saying = (regime: Regime | null): Script => ({
  events: {},
  view: () => ({ range: range(), previous: null, regime, features: null }),
});
const SPRING: Script = { ...saying('RANGING'), events: { [AT]: [springTest(AT)] } };

/** Sixty quiet bars of both, then the TEST of a Spring; `absent`: the benchmark has no such bar. */
function run(all: readonly SeriesOptions[], absent: readonly number[] = []): Fact[] {
  const facts: Fact[] = [];
  const account = { id: 'paper', kind: 'PAPER', currency: 'USD', startingMicros: 100_000_000_000 } as const;
  const engine = createAccountEngine({ account, series: all, sink: (fact) => facts.push(fact) });
  for (const [i, bar] of quiet(AT + 1).entries()) {
    const bench = { series: 1, bar: { ...flat(i, 400 + i), time: bar.time } };
    engine.next({ kind: 'bars', bars: [{ series: 0, bar }, ...(absent.includes(i) || all.length === 1 ? [] : [bench])] });
    engine.deliver();
  }
  return facts;
}

function codesOf(facts: readonly Fact[]): readonly string[] {
  const signal = facts.find((fact) => fact.kind === 'signal.created');
  if (signal?.kind !== 'signal.created') throw new Error('expected a signal, was none');
  return signal.data.chain.map(({ code }) => code);
}

describe('trading.md 3 the regime of the benchmark', () => {
  it('ST-4 a Spring while the benchmark falls warns, though the symbol itself ranges', () => {
    const falling = run([series('AAA', SPRING, { benchmark: 'SPY' }), series('SPY', saying('TREND_DOWN'))]);
    expect(codesOf(falling)).toContain('ST_AGAINST_TREND');
    const ranging = run([series('AAA', SPRING, { benchmark: 'SPY' }), series('SPY', saying('RANGING'))]);
    expect(codesOf(ranging)).not.toContain('ST_AGAINST_TREND');
  });

  it('ST-1 a benchmark that is watched and not understood yet is a context that is missing', () => {
    expect(codesOf(run([series('AAA', SPRING, { benchmark: 'SPY' }), series('SPY', saying(null))]))).toContain('ST_CONTEXT');
  });

  it('2.2 without a benchmark, or one nobody watches, the regime of the symbol counts', () => {
    expect(codesOf(run([series('AAA', SPRING), series('SPY', saying('TREND_DOWN'))]))).not.toContain('ST_AGAINST_TREND');
    expect(codesOf(run([series('AAA', SPRING, { benchmark: 'SPY' })]))).not.toContain('ST_AGAINST_TREND');
  });
});

describe('detection.md 8.2 closes of the benchmark', () => {
  it('ADJ-1 the detector hears close and low of the same instant, nothing where the benchmark has none, and the benchmark hears nothing', () => {
    const heard: (BarContext | undefined)[] = [];
    const bench: (BarContext | undefined)[] = [];
    run(
      [series('AAA', SPRING, { benchmark: 'SPY', heard }), series('SPY', saying('RANGING'), { benchmark: 'SPY', heard: bench })],
      [7],
    );
    expect(heard).toHaveLength(AT + 1);
    expect(heard[6]).toEqual({ benchClose: 406, benchLow: 405.5 });
    expect(heard[7]).toBeUndefined();
    expect(bench.every((ctx) => ctx === undefined)).toBe(true);
  });
});
