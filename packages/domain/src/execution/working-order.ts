/** An order that works at the simulated broker, and where a bar meets it (backtesting.md 4.1). */
import type { Bar, Price } from '../bar/bar.ts';
import type { OrderTerms } from '../risk/approved-order.ts';
import type { Parts } from '../trade/amount.ts';
import { metAtOpen, touchLimit, touchStop } from './fill-rules.ts';
import { emptyTally } from './make-fill.ts';
import type { FillTally } from './make-fill.ts';

/** Plain JSON. */
export interface WorkingOrder {
  readonly terms: OrderTerms;
  /** Whole quantity; a partner's fill takes from it. */
  steps: number;
  /** Bars with volume it may still work; null: until filled or cancelled. */
  barsLeft: number | null;
  /** Its stop was met: a STOP is a market order from the next open on, a STOP_LIMIT a LIMIT. */
  triggered: boolean;
  readonly tally: FillTally;
  /** What an order filled whose place it took. */
  readonly before: Parts;
  /** Client id of the other order of its pair. */
  readonly partner: string | null;
  done: boolean;
}

/** Where an order is filled on a bar, before costs. */
export interface Meeting {
  readonly price: Price;
  readonly slips: boolean;
  /** The rest of the bar came after the fill. */
  readonly atOpen: boolean;
}

/** With a cap on participation a MARKET order works on for as long as a STOP. */
const MARKET_BARS_WHEN_CAPPED = 5;

export function workingOrder(
  terms: OrderTerms,
  of: { readonly partner: string | null; readonly isCapped: boolean; readonly before?: Parts },
): WorkingOrder {
  const longer = of.isCapped && terms.type === 'MARKET' && terms.validBars !== null;
  const barsLeft = longer ? Math.max(MARKET_BARS_WHEN_CAPPED, terms.validBars) : terms.validBars;
  return {
    terms,
    steps: terms.steps,
    barsLeft,
    triggered: false,
    tally: emptyTally(),
    before: of.before ?? { value: 0, steps: 0 },
    partner: of.partner,
    done: false,
  };
}

export function restOf(order: WorkingOrder): number {
  return order.steps - order.tally.steps;
}

export function sideOfOrder(order: WorkingOrder): 1 | -1 {
  return order.terms.side === 'BUY' ? 1 : -1;
}

/** Null: the bar does not meet it. A stop that is met stays triggered. */
export function meetingOf(order: WorkingOrder, bar: Bar, passBy: Price): Meeting | null {
  const { type } = order.terms;
  if (type === 'MARKET' || (type === 'STOP' && order.triggered)) return { price: bar.open, slips: true, atOpen: true };
  return type === 'LIMIT' || order.triggered ? atLimit(order, bar, passBy) : atStop(order, bar);
}

function atLimit(order: WorkingOrder, bar: Bar, passBy: Price): Meeting | null {
  const side = sideOfOrder(order);
  const price = order.terms.limitPrice ?? NaN;
  const met = touchLimit(side, bar, { price, passBy });
  return Number.isNaN(met) ? null : { price: met, slips: false, atOpen: metAtOpen('LIMIT', side, { open: bar.open, price }) };
}

function atStop(order: WorkingOrder, bar: Bar): Meeting | null {
  const side = sideOfOrder(order);
  const { type, stopPrice, limitPrice } = order.terms;
  const price = stopPrice ?? NaN;
  const met = touchStop(side, bar, price);
  if (Number.isNaN(met)) return null;
  order.triggered = true;
  if (type === 'STOP_LIMIT' && side * (met - (limitPrice ?? NaN)) > 0) return null;
  return { price: met, slips: type === 'STOP', atOpen: metAtOpen('STOP', side, { open: bar.open, price }) };
}

/** An exit at market: it precedes everything else of its bar. */
export function isExit(order: WorkingOrder): boolean {
  return order.terms.intent === 'CLOSE' && order.terms.type === 'MARKET';
}

/** Everything its entry has filled so far, also under former names. */
export function filledParts({ tally, before }: WorkingOrder): Parts {
  return { value: before.value + tally.value, steps: before.steps + tally.steps };
}
