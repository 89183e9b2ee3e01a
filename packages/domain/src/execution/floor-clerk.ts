/** What every fill of the simulated broker goes through: liquidity, costs, the tally of its order, the report (backtesting.md 4, 5). */
import type { Bar, Price } from '../bar/bar.ts';
import { qtyOf } from '../trade/amount.ts';
import { halfSpread } from '../trade/costs.ts';
import type { CostModel } from '../trade/costs.ts';
import type { TradedInstrument } from '../trade/instrument.ts';
import type { BrokerReport } from './instruction.ts';
import { count, makeFill } from './make-fill.ts';
import type { FillingOrder, Met } from './make-fill.ts';
import type { Fill } from './order.ts';
import { TurnoverRing } from './turnover-ring.ts';
import type { TurnoverState } from './turnover-ring.ts';

export interface ClerkOptions {
  readonly instrument: TradedInstrument;
  readonly costs: CostModel;
  /** `through`: a LIMIT must be passed by one tick; default `touch`. */
  readonly limitFill?: 'touch' | 'through';
  /** The most a fill may take of its bar's volume, above 0 and at most 1; null (default): everything. Off where volume is not real. */
  readonly participationCap?: number | null;
}

const NOTHING: readonly BrokerReport[] = Object.freeze([]);

export class FloorClerk {
  /** How far the bar must trade beyond a LIMIT or a target. */
  readonly passBy: Price;
  readonly #costs: CostModel;
  readonly #cap: number | null;
  readonly #turnover: TurnoverRing;
  #instrument: TradedInstrument;
  #reports: BrokerReport[];

  constructor(
    options: ClerkOptions,
    saved: { readonly reports: readonly BrokerReport[]; readonly turnover: TurnoverState } | undefined,
  ) {
    const { instrument, costs, limitFill } = options;
    this.#cap = options.participationCap ?? null;
    if (this.#cap !== null && !(this.#cap > 0 && this.#cap <= 1))
      throw new RangeError(`simulated broker: participationCap: expected above 0 and at most 1, was ${this.#cap}`);
    this.passBy = halfSpread(costs, instrument) + (limitFill === 'through' ? instrument.tickSize : 0);
    this.#instrument = instrument;
    this.#costs = costs;
    this.#turnover = new TurnoverRing(instrument, saved?.turnover);
    this.#reports = [...(saved?.reports ?? [])];
  }

  get instrument(): TradedInstrument {
    return this.#instrument;
  }

  /** The instrument's terms changed: another exchange rate. */
  retrade(instrument: TradedInstrument): void {
    this.#instrument = instrument;
  }

  get isCapped(): boolean {
    return this.#cap !== null && this.#instrument.volumeReal;
  }

  /** Whole steps one fill may take of a bar. */
  available(bar: Bar): number {
    if (this.#cap === null || !this.#instrument.volumeReal) return Infinity;
    return Math.floor((this.#cap * bar.volume) / (this.#instrument.lotStepMicros / 1e6));
  }

  /** Nobody traded on it, where that means something: it fills nothing and uses up no validity (4.1). */
  isSilent(bar: Bar): boolean {
    return bar.volume === 0 && this.#instrument.volumeReal;
  }

  price(order: FillingOrder, bar: Bar, met: Met): Fill {
    const liquidity = { turnover: this.#turnover.mean(), volume: bar.volume };
    return makeFill({ instrument: this.#instrument, costs: this.#costs }, order, { ...met, liquidity, ts: bar.time });
  }

  book(order: FillingOrder, fill: Fill, steps: number): void {
    count(order.tally, fill, steps);
    this.tell({ kind: 'filled', clientId: order.clientId, fill });
  }

  fill(order: FillingOrder, bar: Bar, met: Met): void {
    this.book(order, this.price(order, bar, met), met.steps);
  }

  tell(report: BrokerReport): void {
    // bounded: emptied on every bar; a bar reports a few lines per living order
    this.#reports.push(report);
  }

  end(clientId: string, state: 'CANCELLED' | 'EXPIRED' | 'REJECTED', reason: string): void {
    this.tell({ kind: 'ended', clientId, state, reason });
  }

  tellSize(clientId: string, steps: number): void {
    this.tell({ kind: 'resized', clientId, qtyMicros: qtyOf(this.#instrument, steps) });
  }

  /** The bar is over: it counts for the liquidity of the next. */
  close(bar: Bar): void {
    this.#turnover.push(bar);
  }

  takeReports(): readonly BrokerReport[] {
    if (this.#reports.length === 0) return NOTHING;
    const reports = this.#reports;
    this.#reports = [];
    return reports;
  }

  state(): { readonly reports: readonly BrokerReport[]; readonly turnover: TurnoverState } {
    return { reports: [...this.#reports], turnover: this.#turnover.state() };
  }
}
