/** Everything that changes the state of an engine: bars, reports of brokers, commands of people, time. Equal inputs give equal facts (TR-9). */
import type { ScheduledEvent } from '../setup/event-calendar.ts';
import type { Command } from '../acceptance/command.ts';
import type { FlattenResult } from '../acceptance/kill-switch.ts';
import type { Bar, EpochMs, Price, Ratio, Timeframe } from '../bar/bar.ts';
import type { BrokerReport } from '../execution/instruction.ts';
import type { Direction, Micros, QtyMicros } from '../setup/signal.ts';
import type { CostProfile } from '../trade/costs.ts';

/** A bar of one of the engine's series, by its place in `TradingEngineOptions.series`. */
export interface SeriesBar {
  readonly series: number;
  readonly bar: Bar;
}

export type EngineInput =
  /** One instant: all bars of one closing time, in any order (trading.md 4.4, backtesting.md 3). */
  | { readonly kind: 'bars'; readonly bars: readonly SeriesBar[] }
  /** What a venue reported; the simulated broker reports inside the step of its bar. */
  | { readonly kind: 'broker'; readonly at: EpochMs; readonly reports: readonly BrokerReport[] }
  | { readonly kind: 'command'; readonly at: EpochMs; readonly actor: string; readonly command: TradingCommand }
  /** Time went by: approvals expire, the trading day turns, halts end. Without effect, and untold, when nothing was due. */
  | { readonly kind: 'clock'; readonly at: EpochMs };

/** Inputs that are told as facts, so that what is stored is enough to step them again; bars are stored by themselves. */
export type ToldInput = Exclude<EngineInput, { readonly kind: 'bars' }>;

/** A position that was found at the broker and belongs to no signal of ours (7.5). */
export interface FoundPosition {
  readonly id: string;
  readonly symbol: string;
  readonly direction: Direction;
  readonly qtyMicros: QtyMicros;
  readonly avgEntry: Price;
  /** Null: none; its risk then counts as a tenth of its value. */
  readonly stop: Price | null;
}

/** A calendar as plain data, with the subjects of the account's series only. */
export interface KnownEvents {
  readonly loadedAt: EpochMs;
  readonly events: readonly ScheduledEvent[];
}

/** An entry somebody outside asked for (8.4); it has no confidence and always waits for a person. */
export interface ExternalSignal {
  /** Of the webhook; makes the id of the signal. */
  readonly signature: string;
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly direction: Direction;
  readonly stop: Price;
  /** Null: at market. */
  readonly entry: Price | null;
  /** 0-3; none: one rung at 3 R. */
  readonly targets: readonly Price[];
  readonly note: string | null;
}

/** What an account can be asked: by people (`Command`), and by what reads venues, feeds and webhooks. Who asks is the `actor` of the input. */
export type TradingCommand =
  | Command
  /** A signal that waits for approval or for its fill. */
  | { readonly kind: 'cancelSignal'; readonly signalId: string; readonly reason: string }
  /** Ends a campaign and keeps its positions as MANUAL, under their stops and targets; `cancelCampaign` closes them. */
  | { readonly kind: 'abandonCampaign'; readonly campaignId: string; readonly reason: string }
  /** What a venue could not close, or not yet. */
  | { readonly kind: 'flattenResult'; readonly result: FlattenResult }
  /** The broker's quantities are the truth: what differs is closed in the book at `price`, and the halt of the symbol ends. */
  | {
      readonly kind: 'acknowledgeReconcile';
      readonly symbol: string;
      readonly positions: readonly { readonly positionId: string; readonly qtyMicros: QtyMicros; readonly price: Price }[];
      readonly reason: string;
    }
  /** Whether the account may open positions at all: paper, or live and permitted (8.2). */
  | { readonly kind: 'permit'; readonly allowed: boolean; readonly reason: string }
  /** Entries are given up, positions closed at the last price, campaigns ended; nothing opens in it any more. Paper only (8.1). */
  | { readonly kind: 'closeAccount'; readonly reason: string }
  /** After `closeAccount`: another account goes on with the same market (8.1). */
  | { readonly kind: 'openAccount'; readonly capitalMicros: Micros; readonly costs: CostProfile | null }
  | { readonly kind: 'correction'; readonly amountMicros: Micros; readonly refId: string; readonly reason: string }
  | { readonly kind: 'importPosition'; readonly position: FoundPosition }
  /** Account currency per quote currency of a symbol. */
  | { readonly kind: 'fxRate'; readonly symbol: string; readonly rate: Ratio }
  /** Earnings and news as they are known from now on (ST-5 to ST-7); null: the file is gone or unreadable. */
  | { readonly kind: 'setCalendar'; readonly calendar: KnownEvents | null }
  | { readonly kind: 'external'; readonly signal: ExternalSignal };

export type TradingCommandKind = TradingCommand['kind'];
