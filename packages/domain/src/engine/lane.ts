/** One series of an account: its detector, its window on the market, its campaigns, and the bar it is at. */
import type { Bar, EpochMs, Timeframe } from '../bar/bar.ts';
import { TIMEFRAME_MS } from '../bar/bar.ts';
import { BarCursor, appendBar, createBarColumns } from '../bar/columns.ts';
import { CampaignBook } from '../campaign/campaign-book.ts';
import type { CampaignBookOptions, CampaignBookState } from '../campaign/campaign-book.ts';
import { ExitTracker } from '../campaign/exit-tracker.ts';
import type { ExitTrackerState } from '../campaign/exit-tracker.ts';
import { SimulatedBroker } from '../execution/simulated-broker.ts';
import type { SimulatedBrokerState } from '../execution/simulated-broker.ts';
import { SAME_CURRENCY, atRate } from '../risk/conversion.ts';
import type { Conversion } from '../risk/conversion.ts';
import type { CalendarId } from '../market/calendar.ts';
import { calendarOf } from '../market/calendars.ts';
import { closesSession } from '../market/session-end.ts';
import { STALE_GRACE_MS } from '../market/staleness.ts';
import { MarketTracker } from '../setup/market-tracker.ts';
import type { MarketTrackerState } from '../setup/market-tracker.ts';
import type { CostModel } from '../trade/costs.ts';
import type { TradedInstrument } from '../trade/instrument.ts';
import type { BarContext } from '../wyckoff/context.ts';
import type { DetectionEvent } from '../wyckoff/event.ts';
import type { PhaseTransition } from '../wyckoff/view.ts';
import type { DetectorPort } from './detector-port.ts';
import type { SeriesSettings } from './engine-settings.ts';
import type { FactDesk } from './fact-desk.ts';
import { RangeLog } from './range-log.ts';
import type { RangeLogState } from './range-log.ts';

/** Plain JSON; the detector's bytes travel beside it. */
export interface LaneState {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly bars: number;
  readonly lastBar: Bar | null;
  readonly ranges: RangeLogState;
  readonly tracker: MarketTrackerState;
  readonly exits: ExitTrackerState;
  /** Absent: an account that begins anew has none. */
  readonly campaigns?: CampaignBookState;
  readonly passedParents: readonly string[];
  readonly broker: SimulatedBrokerState | null;
  readonly fx: { readonly rate: number; readonly at: EpochMs } | null;
}

export interface LaneOptions {
  /** Its place in the order of an instant. */
  readonly rank: number;
  readonly settings: SeriesSettings;
  /** Of the account. */
  readonly currency: string;
  readonly campaigns: Pick<CampaignBookOptions, 'accountId' | 'campaignBp' | 'now' | 'onChange' | 'onAllocation'>;
  readonly facts: FactDesk;
  readonly detector: DetectorPort;
  readonly tellsAnalysis: boolean;
  /** The orders of its symbol meet its bars: the finest series of the symbol, where the broker is simulated. */
  readonly fills: boolean;
}

const NO_EVENTS: readonly DetectionEvent[] = Object.freeze([]);
const NO_STEPS: readonly PhaseTransition[] = Object.freeze([]);

/** Rates come from the currency market: their age counts while it is open (9.5). */
const CURRENCIES = calendarOf('FX');

export class Lane {
  readonly rank: number;
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly barMs: number;
  readonly warmupBars: number;
  readonly costs: CostModel;
  readonly detector: DetectorPort;
  readonly ranges: RangeLog;
  readonly tracker: MarketTracker;
  /** What exit rules see of the last bars. */
  readonly exits: ExitTracker;
  readonly campaigns: CampaignBook;
  readonly broker: SimulatedBroker | null;
  /** The last bar, copied: the one handed in may be a reused cursor. */
  readonly bar: BarCursor;
  /** Whose regime and closes it is measured by; null: nobody's, or of somebody the account does not watch. */
  benchmark: Lane | null = null;
  readonly #benchmarkSymbol: string | null;
  /** Of the account. */
  readonly #currency: string;
  /** What the detector said of the last bar. */
  events: readonly DetectionEvent[] = NO_EVENTS;
  transitions: readonly PhaseTransition[] = NO_STEPS;
  bars: number;
  /** Parents whose TEST has passed: later tests are TESTs. The detector keeps 5 per hypothesis and range. */
  passedParents: readonly string[];
  #instrument: TradedInstrument;
  #fx: LaneState['fx'];
  readonly #last = createBarColumns(1);
  /** Closing time of its last bar, in a cell. */
  readonly closing = new Float64Array(1);

  constructor(options: LaneOptions, saved?: LaneState) {
    const { settings, facts, tellsAnalysis } = options;
    const { traded, costs, timeframe, limitFill, participationCap, hours } = settings;
    const { symbol } = traded;
    this.rank = options.rank;
    this.symbol = symbol;
    this.timeframe = timeframe;
    this.barMs = TIMEFRAME_MS[timeframe];
    this.warmupBars = settings.warmupBars;
    this.#benchmarkSymbol = settings.benchmark ?? null;
    this.#currency = options.currency;
    this.costs = costs;
    this.detector = options.detector;
    this.#fx = saved?.fx ?? null;
    this.#instrument = this.#fx === null ? traded : atRate(traded, this.#fx.rate);
    this.ranges = new RangeLog(facts, { symbol, timeframe, tellsAnalysis }, saved?.ranges);
    this.tracker = new MarketTracker(saved?.tracker);
    this.exits = new ExitTracker(saved?.exits);
    this.campaigns = new CampaignBook({ ...options.campaigns, symbol, timeframe }, saved?.campaigns);
    this.broker = options.fills
      ? new SimulatedBroker(
          {
            instrument: this.#instrument,
            costs,
            limitFill,
            participationCap,
            ...(hours !== null && { closesSession: endOf(hours, timeframe) }),
          },
          saved?.broker ?? undefined,
        )
      : null;
    this.bars = saved?.bars ?? 0;
    this.passedParents = saved?.passedParents ?? [];
    this.bar = new BarCursor(this.#last);
    if (saved?.lastBar == null) return;
    appendBar(this.#last, saved.lastBar);
    this.closing[0] = saved.lastBar.time + this.barMs;
  }

  get instrument(): TradedInstrument {
    return this.#instrument;
  }

  get isWarm(): boolean {
    return this.bars > this.warmupBars;
  }

  /** False: it was here already, or comes late; that is the store's business (TR-13). */
  take(bar: Bar): boolean {
    if (this.bars > 0 && !(bar.time > this.bar.time)) return false;
    this.#last.length = 0;
    appendBar(this.#last, bar);
    this.closing[0] = this.#last.time[0] + this.barMs;
    this.bars += 1;
    return true;
  }

  /** Looks for its benchmark among the series of the account. */
  meetBenchmark(lanes: readonly Lane[]): void {
    const symbol = this.#benchmarkSymbol;
    if (symbol === this.symbol) return;
    this.benchmark = lanes.find((one) => one.symbol === symbol && one.timeframe === this.timeframe) ?? null;
  }

  /** Close and low of the benchmark at this instant; undefined when it has no bar of it (detection.md 8.2). */
  besideBenchmark(): BarContext | undefined {
    const other = this.benchmark;
    if (other === null || other.closing[0] !== this.closing[0]) return undefined;
    return { benchClose: other.bar.close, benchLow: other.bar.low };
  }

  /** Whether a bar of so long a timeframe counts the age of what belongs to this series. */
  owns(symbol: string, timeframe: Timeframe | undefined): boolean {
    return this.symbol === symbol && (timeframe === undefined || timeframe === this.timeframe);
  }

  /** From now on it converts at this rate. */
  convert(rate: number, at: EpochMs): void {
    this.#fx = { rate, at };
    this.#instrument = atRate(this.#instrument, rate);
    this.broker?.retrade(this.#instrument);
  }

  conversionAt(at: EpochMs): Conversion {
    // 9.5: two bars of open market and the grace.
    const maxAgeMs = 2 * this.barMs + STALE_GRACE_MS;
    // Yen are no dollars: a pair whose profit comes in another currency needs a rate from somewhere (2.2).
    if (this.#fx === null && this.#instrument.fx === 1 && isForeign(this.#instrument, this.#currency))
      return { kind: 'RATE', rate: null, ageMs: 0, maxAgeMs };
    if (this.#fx === null)
      return this.#instrument.fx === 1 ? SAME_CURRENCY : { kind: 'RATE', rate: this.#instrument.fx, ageMs: 0, maxAgeMs };
    return { kind: 'RATE', rate: this.#fx.rate, ageMs: CURRENCIES.openMs(this.#fx.at, at), maxAgeMs };
  }

  state(): LaneState {
    return {
      symbol: this.symbol,
      timeframe: this.timeframe,
      bars: this.bars,
      lastBar: this.bars === 0 ? null : copyOf(this.bar),
      ranges: this.ranges.state(),
      tracker: this.tracker.state(),
      exits: this.exits.state(),
      campaigns: this.campaigns.state(),
      passedParents: this.passedParents,
      broker: this.broker?.state() ?? null,
      fx: this.#fx,
    };
  }
}

/** A pair that is quoted in another currency than the account is kept in. */
function isForeign({ assetClass, symbol }: TradedInstrument, currency: string): boolean {
  const pair = symbol.replace(/[^A-Z]/g, '');
  return assetClass === 'FOREX' && pair.length === 6 && pair.slice(3) !== currency;
}

/** Once all series are there. */
export function meetBenchmarks(lanes: readonly Lane[]): void {
  for (const lane of lanes) lane.meetBenchmark(lanes);
}

function endOf(hours: CalendarId, timeframe: Timeframe): (opensAt: EpochMs) => boolean {
  const calendar = calendarOf(hours);
  return (opensAt) => closesSession(calendar, timeframe, opensAt);
}

function copyOf({ time, open, high, low, close, volume }: Bar): Bar {
  return { time, open, high, low, close, volume };
}
