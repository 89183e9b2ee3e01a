/** From a closed position to the trade that is kept of it (backtesting.md 6). */
import type { Timeframe } from '../bar/bar.ts';
import { qtyOf } from './amount.ts';
import type { TradedInstrument } from './instrument.ts';
import { excursionR, feesOf, inR } from './open-position.ts';
import type { OpenPosition } from './open-position.ts';
import type { Trade } from './trade.ts';

/** @throws {RangeError} when the position is still open. */
export function finishedTrade(
  position: OpenPosition,
  instrument: TradedInstrument,
  of: { readonly seq: number; readonly timeframe: Timeframe },
): Trade {
  const { closedAt, exitReason } = position;
  if (closedAt === null || exitReason === null) throw new RangeError(`position ${position.id}: expected closed, was open`);
  const netPnlMicros = position.realisedMicros - feesOf(position);
  const grossPnlMicros = position.realisedMicros + position.slippageMicros + position.impactMicros;
  const { signalId, pattern, leg, direction, phase, confidence, campaignId, signalAt, initialStop } = position;
  return {
    seq: of.seq,
    positionId: position.id,
    signalId, symbol: instrument.symbol, timeframe: of.timeframe, pattern, leg, direction, phase, confidence, campaignId, signalAt,
    entryTime: position.entryTime,
    entryPrice: position.entryPrice,
    qtyMicros: qtyOf(instrument, position.initialSteps),
    initialStop,
    exitTime: closedAt,
    exitPrice: position.exitSum / position.initialSteps,
    exitReason,
    initialRiskMicros: position.initialRiskMicros,
    grossPnlMicros,
    commissionMicros: position.commissionMicros,
    slippageMicros: position.slippageMicros,
    impactMicros: position.impactMicros,
    borrowMicros: position.borrowMicros,
    netPnlMicros,
    equityBeforeMicros: position.equityBeforeMicros,
    grossR: inR(grossPnlMicros, position),
    netR: inR(netPnlMicros, position),
    mfeR: excursionR(position, position.best),
    maeR: excursionR(position, position.worst),
    bars: closedAt > position.lastAt ? position.bars + 1 : Math.max(1, position.bars),
  }; // prettier-ignore
}
