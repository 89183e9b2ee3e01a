/** What is at stake in an account, open and reserved, with the campaign it belongs to (trading.md 5.1, 5.6). */
import type { CampaignWire } from '@wyckoff/contracts';
import { mulDiv, type Position, type TradedInstrument } from '@wyckoff/domain';
import type { ReservationRow } from '../../store/trading-store.ts';
import type { Stake } from './risk-view.ts';

export interface StakesInput {
  readonly positions: readonly Position[];
  readonly held: readonly ReservationRow[];
  readonly campaigns: readonly CampaignWire[];
  readonly instrumentOf: (symbol: string) => TradedInstrument | null;
}

/** What a reservation holds, as it was told. */
type Amounts = Pick<Stake, 'symbol' | 'riskMicros' | 'notionalMicros' | 'marginMicros' | 'buckets' | 'assetClass'>;
type OfCampaign = Pick<Stake, 'campaign' | 'isIntraday' | 'leg' | 'phase'>;

/** Of what was found at a venue and belongs to no campaign. */
const NO_CAMPAIGN: OfCampaign = { campaign: null, isIntraday: false, leg: null, phase: null };

export function stakesOf({ positions, held, campaigns, instrumentOf }: StakesInput): readonly Stake[] {
  // bounded: entries of the campaigns asked for, gone with the call
  const known = new Map<string, OfCampaign>();
  for (const { label, timeframe, phase, entries } of campaigns)
    for (const { signalId, leg } of entries)
      known.set(signalId, { campaign: label, isIntraday: timeframe !== '1d' && timeframe !== '1w', leg, phase });
  const ofSignal = (signalId: string | null): OfCampaign => (signalId === null ? null : known.get(signalId)) ?? NO_CAMPAIGN;
  return [
    ...positions.map((position): Stake => {
      const { id, signalId, symbol, riskMicros } = position;
      const instrument = instrumentOf(symbol);
      const notionalMicros = notionalOf(position, instrument);
      return {
        id: signalId ?? id, symbol, riskMicros, notionalMicros, isOpen: true, ...ofSignal(signalId), ...placeOf(instrument),
        marginMicros: instrument === null || instrument.settlement === 'CASH' ? 0 : mulDiv(notionalMicros, 1, instrument.leverage, 'up'),
      }; // prettier-ignore
    }),
    ...held.map(({ signalId, amounts }): Stake => {
      const { symbol, riskMicros, notionalMicros, marginMicros, buckets, assetClass } = amounts as Amounts;
      return { id: signalId, symbol, riskMicros, notionalMicros, marginMicros, buckets, assetClass, isOpen: false, ...ofSignal(signalId) }; // prettier-ignore
    }),
  ];
}

function placeOf(instrument: TradedInstrument | null): Pick<Stake, 'buckets' | 'assetClass'> {
  return { buckets: instrument?.buckets ?? ['UNKNOWN'], assetClass: instrument?.assetClass ?? 'UNKNOWN' };
}

/** Worth of what is open at the last price, rounded up. */
function notionalOf({ last, openQtyMicros }: Position, instrument: TradedInstrument | null): number {
  const size = instrument === null ? 1 : instrument.contractSize * instrument.fx;
  return Math.ceil(last * openQtyMicros * size);
}
