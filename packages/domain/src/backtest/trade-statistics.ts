/** What the finished trades add up to, online: sums are integers, everything else is running (backtesting.md 6). */
import type { Micros } from '../setup/signal.ts';
import type { Trade } from '../trade/trade.ts';
import { add } from '../trade/money.ts';
import { Moments } from './moments.ts';
import { wilson } from './wilson.ts';

export interface CostTotals {
  readonly commissionMicros: Micros;
  readonly slippageMicros: Micros;
  readonly impactMicros: Micros;
  readonly borrowMicros: Micros;
}

/** Null where a figure is not defined. */
export interface TradeSummary {
  readonly trades: number;
  readonly wins: number;
  readonly losses: number;
  readonly winRate: number | null;
  /** Wilson, 95 %. */
  readonly winRateInterval: readonly [number, number] | null;
  readonly grossProfitMicros: Micros;
  readonly grossLossMicros: Micros;
  readonly netPnlMicros: Micros;
  readonly profitFactor: number | null;
  readonly averageWinMicros: number | null;
  readonly averageLossMicros: number | null;
  readonly bestMicros: Micros | null;
  readonly worstMicros: Micros | null;
  readonly expectancyMicros: number | null;
  /** Mean R and the half-width of its 95 % interval. */
  readonly meanR: number | null;
  readonly meanRHalfWidth: number | null;
  readonly meanGrossR: number | null;
  readonly bestR: number | null;
  readonly worstR: number | null;
  readonly systemQuality: number | null;
  readonly longestWinningRun: number;
  readonly longestLosingRun: number;
  readonly meanBars: number | null;
  readonly costs: CostTotals;
}

export class TradeStatistics {
  readonly #r = new Moments();
  readonly #grossR = new Moments();
  readonly #bars = new Moments();
  #n = 0;
  #wins = 0;
  #losses = 0;
  #profit: Micros = 0;
  #loss: Micros = 0;
  #best: Micros = -Infinity;
  #worst: Micros = Infinity;
  #bestR = -Infinity;
  #worstR = Infinity;
  #run = 0;
  #longestWin = 0;
  #longestLoss = 0;
  #commission: Micros = 0;
  #slippage: Micros = 0;
  #impact: Micros = 0;
  #borrow: Micros = 0;

  next(trade: Trade): void {
    const net = trade.netPnlMicros;
    this.#n += 1;
    if (net > 0) this.#profit = add(this.#profit, net);
    if (net < 0) this.#loss = add(this.#loss, -net);
    if (net > 0) this.#wins += 1;
    if (net < 0) this.#losses += 1;
    this.#best = Math.max(this.#best, net);
    this.#worst = Math.min(this.#worst, net);
    this.#streak(net);
    this.#bars.next(trade.bars);
    if (trade.netR !== null) this.#rated(trade.netR, trade.grossR ?? trade.netR);
    this.#commission = add(this.#commission, trade.commissionMicros);
    this.#slippage = add(this.#slippage, trade.slippageMicros);
    this.#impact = add(this.#impact, trade.impactMicros);
    this.#borrow = add(this.#borrow, trade.borrowMicros);
  }

  summary(): TradeSummary {
    const n = this.#n;
    const sd = this.#r.sd;
    const averageWin = this.#wins > 0 ? this.#profit / this.#wins : null;
    const averageLoss = this.#losses > 0 ? -this.#loss / this.#losses : null;
    return {
      trades: n,
      wins: this.#wins,
      losses: this.#losses,
      winRate: n > 0 ? this.#wins / n : null,
      winRateInterval: wilson(this.#wins, n),
      grossProfitMicros: this.#profit,
      grossLossMicros: this.#loss,
      netPnlMicros: this.#profit - this.#loss,
      profitFactor: this.#loss > 0 ? this.#profit / this.#loss : null,
      averageWinMicros: averageWin,
      averageLossMicros: averageLoss,
      bestMicros: n > 0 ? this.#best : null,
      worstMicros: n > 0 ? this.#worst : null,
      expectancyMicros: n > 0 ? (this.#wins / n) * (averageWin ?? 0) - (this.#losses / n) * Math.abs(averageLoss ?? 0) : null,
      meanR: this.#r.n > 0 ? this.#r.mean : null,
      meanRHalfWidth: sd === null ? null : (1.96 * sd) / Math.sqrt(this.#r.n),
      meanGrossR: this.#grossR.n > 0 ? this.#grossR.mean : null,
      bestR: this.#r.n > 0 ? this.#bestR : null,
      worstR: this.#r.n > 0 ? this.#worstR : null,
      systemQuality: sd === null || sd === 0 ? null : (this.#r.mean / sd) * Math.sqrt(this.#r.n),
      longestWinningRun: this.#longestWin,
      longestLosingRun: this.#longestLoss,
      meanBars: n > 0 ? this.#bars.mean : null,
      costs: {
        commissionMicros: this.#commission,
        slippageMicros: this.#slippage,
        impactMicros: this.#impact,
        borrowMicros: this.#borrow,
      },
    };
  }

  #rated(netR: number, grossR: number): void {
    this.#r.next(netR);
    this.#grossR.next(grossR);
    this.#bestR = Math.max(this.#bestR, netR);
    this.#worstR = Math.min(this.#worstR, netR);
  }

  /** A trade that ends at exactly zero ends both kinds of run. */
  #streak(net: Micros): void {
    if (net === 0) this.#run = 0;
    else this.#run = net > 0 ? Math.max(0, this.#run) + 1 : Math.min(0, this.#run) - 1;
    this.#longestWin = Math.max(this.#longestWin, this.#run);
    this.#longestLoss = Math.max(this.#longestLoss, -this.#run);
  }
}
