/** Accounts, exposures and inputs as the tests of the risk desk write them down. */
import { candidate, quietMarket } from '../setup/fixture.ts';
import { COST_MODELS } from '../trade/costs.ts';
import { tradedInstrument } from '../trade/instrument.ts';
import { SAME_CURRENCY } from './conversion.ts';
import type { Exposure, RiskSnapshot } from './exposure.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { DEFAULT_POLICY } from './policy.ts';
import type { SizeInput } from './size.ts';

/** 100,000 of the account's currency. */
export const EQUITY = 100_000_000_000;

export const stock = tradedInstrument({ symbol: 'S', assetClass: 'STOCK' });

export function snapshot(exposures: readonly Exposure[] = [], changes: Partial<RiskSnapshot> = {}): RiskSnapshot {
  return {
    equityMicros: EQUITY, cashMicros: EQUITY, exposures, halts: [], staleMarks: [], permissive: { today: 0, campaignIds: [] }, ...changes,
  }; // prettier-ignore
}

/** A position of another stock in another bucket, without anything at stake. */
export function exposure(changes: Partial<Exposure> = {}): Exposure {
  return {
    id: 'x', kind: 'POSITION', symbol: 'OTHER', assetClass: 'STOCK', buckets: ['OTHER'], direction: 'LONG', campaignId: 'other', intraday: false,
    leg: 'F', phase: 'C', riskMicros: 0, notionalMicros: 0, marginMicros: 0, cashMicros: 0, ...changes,
  }; // prettier-ignore
}

/** A Spring in a stock that takes 96 shares: 0.5 % of equity from 102.0075 to 96.82. */
export function sizeInput(changes: Partial<SizeInput> = {}): SizeInput {
  const instrument = changes.instrument ?? stock;
  return {
    candidate: candidate(), market: quietMarket({ assetClass: instrument.assetClass, causeFactor: 3 }), instrument, snapshot: snapshot(),
    limits: DEFAULT_LIMITS, campaign: { campaignId: 'c', refusal: null, shareLeftMicros: 2_000_000_000 }, timeframe: '1d',
    costs: COST_MODELS.zero, baseBp: 50, policy: DEFAULT_POLICY, conversion: SAME_CURRENCY, maxSteps: null,
    ...changes,
  }; // prettier-ignore
}
