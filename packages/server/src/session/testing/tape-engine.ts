/**
 * An engine for tests of what surrounds an engine: it says something about every bar, trades by the calendar, and minds the law of the port -
 * orders are delivered before the next bar, and not saved while undelivered. Everything it says follows from the bars alone.
 */
import type { Account, Bar, Fact, FactSink, Order, Position, Signal, TradingEngine } from '@wyckoff/domain';
import type { EngineFactory } from '../engine-factory.ts';

interface TapeState {
  readonly bars: number;
  readonly cashMicros: number;
  readonly trades: number;
  /** Ids of what is under way; null between trades. */
  readonly order: Order | null;
  readonly position: Position | null;
  readonly at: number;
}

/** A trade begins every so many bars and lasts half as long. */
const EVERY = 7;

export interface TapeOptions {
  readonly accountId: string;
  readonly startingMicros: number;
  /** Changes what it says, as another version of an engine would. */
  readonly dialect?: number;
}

export function tapeFactory(options: TapeOptions): EngineFactory {
  const fresh: TapeState = { bars: 0, cashMicros: options.startingMicros, trades: 0, order: null, position: null, at: 0 };
  return {
    create: (sink) => tapeEngine(options, fresh, sink),
    restore: (bytes, sink) => tapeEngine(options, JSON.parse(new TextDecoder().decode(bytes)) as TapeState, sink),
  };
}

function tapeEngine(options: TapeOptions, start: TapeState, sink: FactSink): TradingEngine {
  let state = start;
  let undelivered = false;
  const dialect = options.dialect ?? 0;

  const tell = (fact: Fact): void => sink(Object.freeze(fact));

  const step = (bar: Bar): void => {
    if (undelivered) throw new Error('tape engine: expected the orders of the last bar to be delivered, was a new bar');
    const n = state.bars + 1;
    const at = bar.time + 86_400_000;
    state = { ...state, bars: n, at };
    tell({ kind: 'risk.limit', at, data: { rule: `BAR-${n}`, state: 'WARNING', value: bar.close + dialect, limit: bar.high } });
    if (state.order !== null) fill(bar, at);
    else if (state.position !== null && n % EVERY === 4) close(bar, at);
    else if (state.position === null && n % EVERY === 0) open(bar, at);
  };

  const open = (bar: Bar, at: number): void => {
    const id = `s-${state.bars}`;
    tell({ kind: 'signal.created', at, data: signal(id, bar) });
    const data = order(id, bar, at);
    state = { ...state, order: data };
    undelivered = true;
    tell({ kind: 'order.changed', at, data });
  };

  const fill = (bar: Bar, at: number): void => {
    const { order: working } = state;
    if (working === null) return;
    const filled: Order = {
      ...working,
      state: 'FILLED',
      filledQtyMicros: working.qtyMicros,
      averagePrice: bar.open,
      updatedAt: at,
      version: 2,
    };
    const { id: orderId, qtyMicros } = working;
    tell({
      kind: 'order.filled',
      at,
      data: {
        order: filled,
        fill: {
          orderId, n: 1, execId: `${orderId}-1`, ts: bar.time, qtyMicros, price: bar.open, grossPrice: bar.open,
          commissionMicros: 1_000_000, slippageMicros: 0, impactMicros: 0,
        }, // prettier-ignore
      },
    });
    const opened = position(working, bar);
    state = { ...state, order: null, position: opened, cashMicros: state.cashMicros - 1_000_000 };
    tell({ kind: 'position.opened', at, data: opened });
  };

  const close = (bar: Bar, at: number): void => {
    const { position: held } = state;
    if (held === null) return;
    const realisedMicros = Math.round((bar.close - held.avgEntry) * 1_000_000);
    const data: Position = {
      ...held,
      status: 'CLOSED',
      openQtyMicros: 0,
      realisedMicros,
      closedAt: at,
      avgExit: bar.close,
      exitReason: 'T1',
      version: 2,
    };
    state = { ...state, position: null, trades: state.trades + 1, cashMicros: state.cashMicros + realisedMicros };
    tell({ kind: 'position.closed', at, data });
  };

  const account = (): Account => ({
    id: options.accountId,
    kind: 'REPLAY',
    currency: 'USD',
    startingMicros: options.startingMicros,
    cashMicros: state.cashMicros,
    equityMicros: state.cashMicros,
    peakMicros: Math.max(options.startingMicros, state.cashMicros),
    drawdownRatio: 0,
    realisedMicros: state.cashMicros - options.startingMicros,
    unrealisedMicros: 0,
    costsMicros: 0,
    heatRatio: state.position === null ? 0 : 0.01,
    trades: state.trades,
    wins: 0,
    at: state.at,
  });

  return {
    next: () => null,
    get position() {
      return state.bars;
    },
    nextDeadline: null,
    newestOf: () => null,
    get bars() {
      return state.bars;
    },
    get equityMicros() {
      return state.cashMicros;
    },
    get openPositions() {
      return state.position === null ? 0 : 1;
    },
    isRuined: false,
    get ordersWaiting() {
      return undelivered;
    },
    step,
    takeOrders: () => {
      undelivered = false;
      return [];
    },
    deliver: () => {
      undelivered = false;
    },
    finish: () => undefined,
    report: () => ({ account: account(), openPositions: state.position === null ? [] : [state.position] }),
    snapshot: () => {
      if (undelivered) throw new Error('tape engine: expected no undelivered orders at a snapshot');
      return new TextEncoder().encode(JSON.stringify(state));
    },
  };
}

function signal(id: string, bar: Bar): Signal {
  return {
    id, symbol: 'SPX', timeframe: '1d', assetClass: 'INDEX', pattern: 'SPRING', leg: 'F', direction: 'LONG', status: 'APPROVED', eventId: `e-${id}`,
    phase: 'C', barTime: bar.time, entryType: 'MARKET', entryPrice: bar.close, stopPrice: bar.low, stopReason: 'low of the bar', targets: [bar.high],
    qtyMicros: 1_000_000, riskMicros: 1, notionalMicros: 1, rMultiple: 2, confidence: 80, reasons: [], chain: [], rejectCode: null, rejectText: null,
    validBars: 3, version: 1,
  }; // prettier-ignore
}

function order(signalId: string, bar: Bar, at: number): Order {
  return {
    id: `o-${signalId}`, clientId: `c-${signalId}`, signalId, positionId: null, symbol: 'SPX', leg: 'ENTRY', intent: 'OPEN', side: 'BUY', type: 'MARKET',
    state: 'SUBMITTED', qtyMicros: 1_000_000, filledQtyMicros: 0, limitPrice: null, stopPrice: null, averagePrice: null, reason: null,
    createdAt: at, updatedAt: at + (bar.close > 0 ? 0 : 1), version: 1,
  }; // prettier-ignore
}

function position({ id, signalId }: Order, bar: Bar): Position {
  return {
    id: `p-${id}`, signalId, symbol: 'SPX', direction: 'LONG', status: 'OPEN', openQtyMicros: 1_000_000, initialQtyMicros: 1_000_000, avgEntry: bar.open,
    initialStop: bar.low, stop: bar.low, targets: [bar.high], rungsDone: 0, last: bar.close, lastAt: bar.time, realisedMicros: 0, unrealisedMicros: 0,
    costsMicros: 0, riskMicros: 1, r: 0, mfeR: 0, maeR: 0, openedAt: bar.time, closedAt: null, avgExit: null, exitReason: null, version: 1,
  }; // prettier-ignore
}
