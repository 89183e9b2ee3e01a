/** A market and a detector that do what a test writes down: bars by hand, records at chosen bars. */
import type { Bar } from '../../bar/bar.ts';
import type { DetectionEvent } from '../../wyckoff/event.ts';
import type { PhaseTransition, RangeView } from '../../wyckoff/view.ts';
import type { DetectorPort, PortView } from '../detector-port.ts';
import type { DataOf, Fact, FactKind } from '../fact.ts';
import { createTradingEngine, restoreTradingEngine } from '../trading-engine.ts';
import type { TradingEngine, TradingEngineOptions } from '../trading-engine.ts';
import type { Trade } from '../../trade/trade.ts';
import type { LedgerRow } from '../../trade/ledger.ts';

export const DAY = 86_400_000;
export const START = Date.UTC(2024, 0, 1);

/** Bar number `i` of a daily series. */
export function bar(i: number, prices: readonly [number, number, number, number], volume = 1_000_000): Bar {
  const [open, high, low, close] = prices;
  return { time: START + i * DAY, open, high, low, close, volume };
}

/** A bar that goes nowhere. */
export function flat(i: number, price: number): Bar {
  return bar(i, [price, price + 0.5, price - 0.5, price]);
}

/** A tradeable TEST of a Spring in a range 100-110 with objectives that pay; change what the test is about. */
export function springTest(at: number, changes: Partial<DetectionEvent> = {}): DetectionEvent {
  return {
    id: `1:A:TEST:${at}`, refId: `1:A:SPRING:${at - 5}`, rangeId: 1, kind: 'TEST', status: 'confirmed', hypothesis: 1, eventBar: at, confirmBar: at,
    eventTime: START + at * DAY, confirmTime: START + at * DAY, price: 100.2, level: 100, volRatio: 0.4, spreadRatio: 1, closePos: 0.6,
    metrics: {}, score: 84, components: {}, adjustments: {}, confidence: 84, tier: 'GOOD', phase: 'C', subPhase: 'C_TEST', phaseConfidence: 95,
    rangeQuality: 80, levelStrength: 74, tradeable: true, riskFactor: 1, reasons: [],
    prices: { support: 100, resistance: 110, springLow: 98.8, atr: 2, objectives: [118, 121, 124] },
    ...changes,
  }; // prettier-ignore
}

/** The mirror image around 105: a TEST of a UTAD. */
export function utadTest(at: number, changes: Partial<DetectionEvent> = {}): DetectionEvent {
  return springTest(at, {
    id: `1:D:TEST:${at}`, refId: `1:D:UTAD:${at - 5}`, hypothesis: -1,
    prices: { support: 100, resistance: 110, springLow: 111.2, atr: 2, objectives: [91, 88, 85] },
    ...changes,
  }); // prettier-ignore
}

/** An LPS at the broken edge. */
export function lps(at: number, changes: Partial<DetectionEvent> = {}): DetectionEvent {
  return springTest(at, { id: `1:A:LPS:${at}`, kind: 'LPS', phase: 'D', subPhase: null, ...changes });
}

const LEVEL = { price: 100, edge: 100, touches: 3, strength: 74 };

export function range(changes: Partial<RangeView> = {}): RangeView {
  return {
    rangeId: 1, state: 'ACTIVE', route: 'event', startBar: 0, startTime: START, endBar: null, endTime: null, support: LEVEL,
    resistance: { ...LEVEL, price: 110, edge: 110 }, quality: 80, durationBars: 45, columns: 8, boxSize: 1, objectives: [118, 121, 124],
    hypotheses: [], ...changes,
  }; // prettier-ignore
}

export interface Script {
  readonly events: Readonly<Record<number, readonly DetectionEvent[]>>;
  readonly transitions?: readonly PhaseTransition[];
  readonly view?: (atBar: number) => PortView;
}

const NO_EVENTS: readonly DetectionEvent[] = [];

/** A detector that says what the script says; its whole state is the number of bars it has seen. */
export class ScriptedDetector implements DetectorPort {
  readonly #script: Script;
  #bars: number;

  constructor(script: Script, bytes: Uint8Array | null) {
    this.#script = script;
    this.#bars = bytes === null ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  }

  onBar(): readonly DetectionEvent[] {
    const events = this.#script.events[this.#bars] ?? NO_EVENTS;
    this.#bars += 1;
    return events;
  }

  get revision(): number {
    return this.#bars === 0 ? 0 : 1 + this.transitions(0).length;
  }

  glance(): PortView {
    const last = Math.max(0, this.#bars - 1);
    return this.#script.view?.(last) ?? { range: range(), previous: null, regime: 'RANGING', features: null };
  }

  transitions(sinceSeq: number): readonly PhaseTransition[] {
    return (this.#script.transitions ?? []).filter((step) => step.seq > sinceSeq && step.bar < this.#bars);
  }

  snapshot(): Uint8Array {
    const out = new Uint8Array(4);
    new DataView(out.buffer).setUint32(0, this.#bars);
    return out;
  }
}

export interface Rig {
  readonly engine: TradingEngine;
  readonly facts: Fact[];
  readonly trades: Trade[];
  readonly rows: LedgerRow[];
  /** Steps and delivers. */
  run(bars: readonly Bar[]): void;
  /** The facts of a kind. */
  of<K extends FactKind>(kind: K): { readonly kind: K; readonly data: DataOf<K> }[];
  /** Snapshot, throw everything away, restore. */
  reborn(): Rig;
}

/** An engine over a script, with everything it says kept for looking at. */
export function rig(script: Script, changes: Partial<TradingEngineOptions> = {}, bytes: Uint8Array | null = null): Rig {
  const facts: Fact[] = [];
  const trades: Trade[] = [];
  const rows: LedgerRow[] = [];
  const options: TradingEngineOptions = {
    instrument: { symbol: 'TEST', assetClass: 'STOCK', timeZone: 'UTC', session: '24h' },
    timeframe: '1d',
    account: { id: 'paper', kind: 'PAPER', currency: 'USD', startingMicros: 100_000_000_000 },
    detector: (saved) => new ScriptedDetector(script, saved),
    sink: (fact) => facts.push(fact),
    onTrade: (trade) => trades.push(trade),
    onLedger: (row) => rows.push(row),
    ...changes,
  };
  const engine = bytes === null ? createTradingEngine(options) : restoreTradingEngine(bytes, options);
  return {
    engine,
    facts,
    trades,
    rows,
    run(bars) {
      for (const one of bars) {
        engine.step(one);
        engine.deliver();
      }
    },
    of: (kind) => facts.filter((fact) => fact.kind === kind) as never,
    reborn: () => rig(script, changes, engine.snapshot()),
  };
}

/** Quiet bars that get ever quieter, so that neither volatility nor volume is extreme; the last one is number `count - 1`. */
export function quiet(count: number, price = 101.5): readonly Bar[] {
  return Array.from({ length: count }, (_, i) => {
    const half = 2 - i / count;
    return bar(i, [price, price + half, price - half, price], 2_000_000 - 1000 * i);
  });
}
