/** What an account engine is made of: its options, what a snapshot keeps of it, and how its lanes and desks are opened. */
import { TIMEFRAME_MS } from '../bar/bar.ts';
import { RiskDesk } from '../risk/desk.ts';
import type { RiskDeskState } from '../risk/desk.ts';
import type { EventCalendar } from '../setup/event-calendar.ts';
import type { LedgerSink } from '../trade/ledger.ts';
import { PositionBook } from '../trade/position-book.ts';
import type { AccountSpec, BookState } from '../trade/position-book.ts';
import type { Trade } from '../trade/trade.ts';
import type { LaterAccount } from './account-life.ts';
import type { DetectorPort } from './detector-port.ts';
import { accountSettings, fingerprintOf, seriesSettings } from './engine-settings.ts';
import type { AccountChoices, SeriesOptions } from './engine-settings.ts';
import type { FactDesk } from './fact-desk.ts';
import type { FactSink } from './fact.ts';
import { Tray } from './floor.ts';
import type { Floor } from './floor.ts';
import { HaltDesk } from './halt-desk.ts';
import type { HaltDeskState } from './halt-desk.ts';
import { createDetectorInContext, restoreDetectorInContext } from './htf-detector.ts';
import type { KnownEvents } from './input.ts';
import { Lane } from './lane.ts';
import type { LaneOptions, LaneState } from './lane.ts';
import { OrderBook } from './order-book.ts';
import type { OrderBookState } from './order-book.ts';
import { SignalBook } from './signal-book.ts';
import type { SignalBookState } from './signal-book.ts';
import { TradingDesk } from './trading-desk.ts';
import type { TradingDeskState } from './trading-desk.ts';

interface EngineEnds {
  readonly account: AccountSpec;
  /** Of the code that runs: a snapshot that another one took is refused, because it might go on differently. Default: none. */
  readonly codeVersion?: string;
  /** `full` (default): ranges and phases are facts; `records`: only what trading needs, for runs nobody looks at. */
  readonly analysis?: 'full' | 'records';
  /** Earnings and news; default: none, and the chain says so. */
  readonly calendar?: EventCalendar;
  readonly sink: FactSink;
  readonly onTrade?: (trade: Trade) => void;
  readonly onLedger?: LedgerSink;
}

/** An account with one series. */
export interface TradingEngineOptions extends EngineEnds, AccountChoices, SeriesOptions {}

/** An account with 1-200 series; inputs name them by their place in this list. */
export interface AccountEngineOptions extends EngineEnds, AccountChoices {
  readonly series: readonly SeriesOptions[];
}

const MAX_SERIES = 200;

export function oneSeries(options: TradingEngineOptions): AccountEngineOptions {
  const { instrument, timeframe, traded, costs, limitFill, participationCap, hours, pack, detector, ...account } = options;
  const series: SeriesOptions = {
    instrument,
    timeframe,
    ...(traded !== undefined && { traded }),
    ...(costs !== undefined && { costs }),
    ...(limitFill !== undefined && { limitFill }),
    ...(participationCap !== undefined && { participationCap }),
    ...(hours !== undefined && { hours }),
    ...(pack !== undefined && { pack }),
    ...(detector !== undefined && { detector }),
  };
  return { ...account, series: [series] };
}

/** Plain JSON. */
export interface EngineState {
  readonly identity: string;
  readonly position: number;
  readonly bars: number;
  readonly trades: number;
  readonly at: number;
  /** The account; what is absent begins anew. */
  readonly book?: BookState;
  readonly risk?: RiskDeskState;
  readonly halts?: HaltDeskState;
  readonly trading?: Partial<TradingDeskState>;
  readonly orders?: OrderBookState;
  readonly signals?: SignalBookState;
  readonly lanes: readonly LaneState[];
  /** Absent: the account the engine was made with. */
  readonly later?: LaterAccount;
  /** Earnings and news that an input told. */
  readonly known?: KnownEvents;
}

/** Longer timeframe first, then by symbol: the order of an instant, whatever the order of the request (BT-8). */
export function inOrder(series: readonly SeriesOptions[]): readonly SeriesOptions[] {
  return [...series].sort((a, b) => {
    const longer = TIMEFRAME_MS[b.timeframe] - TIMEFRAME_MS[a.timeframe];
    if (longer !== 0) return longer;
    return a.instrument.symbol < b.instrument.symbol ? -1 : 1;
  });
}

/** What a snapshot belongs to: the detectors add their own version and rules to it. */
export function identityOf(options: AccountEngineOptions): string {
  const { account, codeVersion } = options;
  const series = inOrder(options.series);
  const settings = [accountSettings(options, series), ...series.map((one) => seriesSettings(one, options))];
  const names = series.map(({ instrument, timeframe }) => `${instrument.symbol} ${instrument.assetClass} ${timeframe}`);
  return [
    account.id,
    account.startingMicros,
    names.join(', '),
    `settings ${fingerprintOf(settings)}`,
    `code ${codeVersion ?? 'unnamed'}`,
  ].join(' ');
}

export function checkSeries(series: readonly SeriesOptions[]): void {
  if (series.length === 0 || series.length > MAX_SERIES)
    throw new RangeError(`trading engine: expected 1-${MAX_SERIES} series, was ${series.length}`);
  const names = new Set(series.map(({ instrument, timeframe }) => `${instrument.symbol} ${timeframe}`));
  if (names.size < series.length) throw new RangeError('trading engine: expected each series once, was one twice');
}

interface Opening {
  readonly series: readonly SeriesOptions[];
  readonly facts: FactDesk;
  readonly saved: EngineState | null;
}

type CampaignTellers = Pick<LaneOptions['campaigns'], 'onChange' | 'onAllocation'>;

export function openLanes(
  options: AccountEngineOptions,
  of: Opening & {
    /** By rank: the bytes of their snapshots, or themselves. */
    readonly detectors: readonly (Uint8Array | DetectorPort)[] | null;
    readonly campaigns: CampaignTellers;
    /** Of the equity, in force now. */
    readonly campaignBp: () => number;
  },
): readonly Lane[] {
  const { account } = options;
  const { series, facts, saved, detectors, campaigns, campaignBp } = of;
  const settings = accountSettings(options, series);
  return series.map((one, rank) => {
    // The finest series of a symbol stands last.
    const isFinest = !series.slice(rank + 1).some(({ instrument }) => instrument.symbol === one.instrument.symbol);
    const lane = {
      rank,
      settings: seriesSettings(one, options),
      currency: account.currency,
      campaigns: { ...campaigns, accountId: account.id, campaignBp, now: () => facts.at },
      facts,
      detector: openDetector(one, detectors?.[rank] ?? null),
      tellsAnalysis: options.analysis !== 'records',
      fills: isFinest && settings.broker === 'simulated',
    };
    return new Lane(lane, saved?.lanes[rank]);
  });
}

function openDetector(series: SeriesOptions, bytes: Uint8Array | DetectorPort | null): DetectorPort {
  if (bytes !== null && !(bytes instanceof Uint8Array)) return bytes;
  if (series.detector !== undefined) return series.detector(bytes);
  const { instrument, timeframe, pack } = series;
  return bytes === null
    ? createDetectorInContext(instrument, timeframe, pack)
    : restoreDetectorInContext(bytes, instrument, timeframe, pack);
}

export function openFloor(
  options: AccountEngineOptions,
  of: Opening & { readonly lanes: readonly Lane[]; readonly onLedger: LedgerSink },
): Floor {
  const { account } = options;
  const { series, facts, lanes, saved, onLedger } = of;
  const settings = accountSettings(options, series);
  const markets = lanes.map(({ instrument, costs }) => ({ instrument, costs }));
  const book = new PositionBook({ account, markets, onLedger }, saved?.book);
  const { startingMicros, id: accountId } = account;
  const classes = lanes.map(({ instrument }) => instrument.assetClass);
  const halts = new HaltDesk({ accountId, facts, rules: settings.halts, startingMicros, book, classes }, saved?.halts);
  const { acceptance, queue } = settings;
  const trading = new TradingDesk({ accountId, facts, acceptance, queue, limits: settings.limits }, saved?.trading);
  const risk = new RiskDesk(saved?.risk, {
    onChange: (row) => {
      const { id, campaignId, symbol, state, riskMicros, notionalMicros, marginMicros, cashMicros } = row;
      const { buckets, assetClass, version } = row;
      facts.tell('reservation.changed', {
        id, accountId, signalId: id, campaignId, symbol, state, riskMicros, notionalMicros, marginMicros, cashMicros, buckets, assetClass, version,
      }); // prettier-ignore
    },
    // The alarm of 5.5 check 11: nothing was traded, and somebody must look at the program.
    onDefect: ({ code, measured, limit }) =>
      facts.tell('risk.limit', { rule: `DEFECT ${code}`, state: 'REACHED', value: measured ?? 0, limit: limit ?? 0 }),
  });
  return {
    accountId,
    settings,
    facts,
    lanes,
    book,
    risk,
    halts,
    trading,
    orders: new OrderBook(facts, saved?.orders),
    signals: new SignalBook(facts, saved?.signals),
    tray: new Tray(),
    get isWatched() {
      return trading.queue.entries.length > 0 || halts.areAny || trading.now.kill.level === 'FLATTEN';
    },
  };
}
