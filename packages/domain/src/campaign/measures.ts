/** What a campaign and its legs achieved (trading.md 6.5): R from initial stops, weighted prices, excursions. */
import type { Price, Ratio } from '../bar/bar.ts';
import type { Leg, Micros } from '../setup/signal.ts';
import { LEGS } from '../setup/signal.ts';
import type { TradedInstrument } from '../trade/instrument.ts';
import { excursionR, feesOf, unrealisedOf } from '../trade/open-position.ts';
import type { OpenPosition } from '../trade/open-position.ts';
import type { CampaignMeasures } from './campaign-record.ts';

/** Running sums over positions; plain numbers. */
export interface LegTally {
  positions: number;
  wins: number;
  pnlMicros: Micros;
  r: number;
  /** Steps entered, and price x steps. */
  steps: number;
  entryValue: number;
  /** Steps left, and price x steps. */
  exitSteps: number;
  exitValue: number;
  /** Best price x steps entered. */
  bestValue: number;
  mfeR: number;
  maeR: number;
  bars: number;
}

export function emptyLegTally(): LegTally {
  return {
    positions: 0, wins: 0, pnlMicros: 0, r: 0, steps: 0, entryValue: 0, exitSteps: 0, exitValue: 0, bestValue: 0, mfeR: 0, maeR: 0, bars: 0,
  }; // prettier-ignore
}

/** Quantity-weighted `(exit - entry) / (entry - initialStop)`, what is open at its last mark; 0 without a stop distance. */
export function positionR(position: OpenPosition): Ratio {
  const closed = position.initialSteps - position.openSteps;
  const exit = (position.exitSum + position.last * position.openSteps) / (closed + position.openSteps);
  const r = (exit - position.entryPrice) / (position.entryPrice - position.initialStop);
  return Number.isFinite(r) ? r : 0;
}

/** Adds a position, open or closed. */
export function tallyPosition(tally: LegTally, position: OpenPosition, instrument: TradedInstrument): void {
  const open = position.openSteps === 0 ? 0 : unrealisedOf(position, instrument);
  const pnl = position.realisedMicros + open - feesOf(position);
  tally.positions += 1;
  if (pnl > 0 && position.openSteps === 0) tally.wins += 1;
  tally.pnlMicros += pnl;
  tally.r += positionR(position);
  tally.steps += position.initialSteps;
  tally.entryValue += position.entryPrice * position.initialSteps;
  tally.exitSteps += position.initialSteps - position.openSteps;
  tally.exitValue += position.exitSum;
  tally.bestValue += position.best * position.initialSteps;
  tally.mfeR += excursionR(position, position.best);
  tally.maeR += excursionR(position, position.worst);
  tally.bars += position.bars;
}

export interface MeasureOptions {
  readonly objective: Price | null;
  readonly equityAtStart: Micros;
  /** Of the campaign; null: of the positions. */
  readonly bars: number | null;
  readonly days: Ratio;
  /** Positions that are still open: a win is only counted when closed. */
  readonly openPositions: number;
}

export function measuresOf(tally: LegTally, of: MeasureOptions): CampaignMeasures {
  const avgEntry = ratio(tally.entryValue, tally.steps);
  const best = ratio(tally.bestValue, tally.steps);
  const closed = tally.positions - of.openPositions;
  const reached =
    avgEntry === null || best === null || of.objective === null ? null : ratio(best - avgEntry, of.objective - avgEntry);
  return {
    positions: tally.positions,
    wins: tally.wins,
    winRate: ratio(tally.wins, closed),
    r: tally.r,
    pnlMicros: tally.pnlMicros,
    returnRatio: ratio(tally.pnlMicros, of.equityAtStart),
    avgEntry,
    avgExit: ratio(tally.exitValue, tally.exitSteps),
    targetAchievement: reached,
    mfeR: tally.mfeR,
    maeR: tally.maeR,
    efficiency: tally.mfeR > 0 ? tally.r / tally.mfeR : null,
    bars: of.bars ?? tally.bars,
    days: of.days,
  };
}

/** The closed legs and what is open now, together and apart. */
export function tallyCampaign(
  closed: Readonly<Record<Leg, LegTally>>,
  open: readonly OpenPosition[],
  instrument: TradedInstrument,
): { readonly all: LegTally; readonly byLeg: Readonly<Record<Leg, LegTally>> } {
  const byLeg = { F: { ...closed.F }, S: { ...closed.S }, L: { ...closed.L } };
  for (const position of open) tallyPosition(byLeg[position.leg], position, instrument);
  const all = emptyLegTally();
  for (const leg of LEGS) addTally(all, byLeg[leg]);
  return { all, byLeg };
}

function addTally(sum: LegTally, one: LegTally): void {
  for (const key of Object.keys(sum) as (keyof LegTally)[]) sum[key] += one[key];
}

function ratio(a: number, b: number): Ratio | null {
  const value = a / b;
  return b !== 0 && Number.isFinite(value) ? value : null;
}
