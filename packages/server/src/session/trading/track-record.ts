/** Whether an account may go live: ninety days, thirty trades, a mean R that is above zero beyond doubt, a drawdown within 15 % (trading.md 8.2). */
import type { TrackRecordWire } from '@wyckoff/contracts';
import type { TradeSums } from '../../store/entity-store.ts';

const DAY_MS = 86_400_000;
const MIN_DAYS = 90;
const MIN_TRADES = 30;
const MAX_DRAWDOWN = 0.15;
/** Two-sided 95 %. */
const Z = 1.96;

/** What all four must reach. */
const NEEDS = { days: MIN_DAYS, trades: MIN_TRADES, meanRLower: 0, maxDrawdownRatio: MAX_DRAWDOWN } as const;

/** `now`: time of the account. What it traded over history, before it was opened, does not count: a replay never is a track record. */
export function trackRecordOf(accountId: string, sums: TradeSums, now: number): TrackRecordWire {
  const { trades, sumR, sumSquaresR, maxDrawdownRatio, startedAt } = sums;
  const days = startedAt === null ? 0 : Math.max(0, (now - startedAt) / DAY_MS);
  const meanR = trades === 0 ? null : sumR / trades;
  const variance = trades < 2 ? null : Math.max(0, (sumSquaresR - (sumR * sumR) / trades) / (trades - 1));
  const meanRLower = meanR === null || variance === null ? null : meanR - Z * Math.sqrt(variance / trades);
  const eligible =
    days >= MIN_DAYS && trades >= MIN_TRADES && meanRLower !== null && meanRLower > 0 && maxDrawdownRatio <= MAX_DRAWDOWN;
  return { days, trades, meanR, meanRLower, maxDrawdownRatio, eligible, accountId, needs: NEEDS };
}
