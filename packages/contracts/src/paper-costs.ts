/** What fills of a paper account may cost (backtesting.md 5); null in a request: as the class of each instrument says. */
import type { CostProfile } from '@wyckoff/domain';

/** Not without costs: a track record is net of them (trading.md 8.2). */
export const PAPER_COSTS = [
  'per-share',
  'per-share-pro',
  'zero-commission',
  'crypto',
  'future',
  'spread',
] as const satisfies readonly CostProfile[];
export type PaperCosts = (typeof PAPER_COSTS)[number];
