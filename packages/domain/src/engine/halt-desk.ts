/** The halts of an account: fed with equity, profit by class and what comes from outside; every change is told (trading.md 5.7). */
import type { OutsideHalt } from '../acceptance/command.ts';
import type { AssetClass, EpochMs } from '../bar/bar.ts';
import { newYorkDay } from '../market/new-york.ts';
import { Halts } from '../risk/halts.ts';
import type { HaltChange, HaltCommand, HaltRules } from '../risk/halts.ts';
import { NO_HEAT, nextHeat } from '../risk/heat-alert.ts';
import type { HeatAlertState } from '../risk/heat-alert.ts';
import { freshHalts, readHalts } from '../risk/halt-state.ts';
import type { Halt, HaltState } from '../risk/halt-state.ts';
import type { Micros } from '../setup/signal.ts';
import type { TradedInstrument } from '../trade/instrument.ts';
import { add } from '../trade/money.ts';
import { feesOf, unrealisedOf } from '../trade/open-position.ts';
import type { OpenPosition } from '../trade/open-position.ts';
import type { PositionBook } from '../trade/position-book.ts';
import type { FactDesk } from './fact-desk.ts';

type NetByClass = Readonly<Partial<Record<AssetClass, Micros>>>;

/** Plain JSON. */
export interface HaltDeskState {
  readonly halts: HaltState;
  /** Net profit of the closed positions of each class. */
  readonly closed: NetByClass;
  readonly heat: HeatAlertState;
}

export interface HaltDeskOptions {
  readonly accountId: string;
  readonly facts: FactDesk;
  readonly rules: HaltRules;
  readonly startingMicros: Micros;
  readonly book: PositionBook;
  /** Of all its series. */
  readonly classes: readonly AssetClass[];
}

const HOUR = 3_600_000;
/** Below this share of the heat limit there is nothing to warn of. */
const HEAT_FROM = 0.75;
const NONE: readonly string[] = Object.freeze([]);

export class HaltDesk {
  readonly #accountId: string;
  readonly #facts: FactDesk;
  readonly #book: PositionBook;
  readonly #halts: Halts;
  readonly #tell: (change: HaltChange) => void;
  /** An account of one class with one limit for both: its own halt is the halt of the class. */
  readonly #isOneClass: boolean;
  #closed: NetByClass;
  #heat: HeatAlertState;
  /** Classes are judged when equity moved; of no consequence for a continuation. */
  #lastMicros = NaN;

  constructor(options: HaltDeskOptions, saved?: HaltDeskState) {
    this.#accountId = options.accountId;
    this.#facts = options.facts;
    this.#book = options.book;
    // What was saved and cannot be read halts everything; only an account that never ran begins free (5.7).
    const state = saved === undefined ? freshHalts(options.startingMicros) : readHalts(saved.halts, options.facts.at);
    const [first, ...others] = new Set(options.classes);
    const { dailyLossBp, classLossBp } = options.rules;
    this.#isOneClass = others.length === 0 && (classLossBp?.[first] ?? dailyLossBp) === dailyLossBp;
    this.#halts = new Halts(options.rules, state);
    this.#closed = saved?.closed ?? {};
    this.#heat = saved?.heat ?? NO_HEAT;
    this.#tell = (change) => this.#changed(change);
  }

  /** Names of the halts that keep an entry in this instrument back; RECONCILE only what is automatic. */
  blocking({ symbol, assetClass }: TradedInstrument, automatic: boolean): readonly string[] {
    return this.#halts.blocking({ symbol, assetClass, automatic });
  }

  isStale(symbol: string): boolean {
    return this.#halts.inForce.some(({ rule, scope }) => rule === 'STALE' && scope === `symbol:${symbol}`);
  }

  /** Symbols held whose mark is too old to count as equity. */
  stale(positions: readonly OpenPosition[]): readonly string[] {
    if (this.#halts.inForce.length === 0) return NONE;
    return [...new Set(positions.map(({ symbol }) => symbol).filter((symbol) => this.isStale(symbol)))];
  }

  /** Whether the equity of this instant could begin or end a halt; false on a quiet bar, which then costs nothing. */
  concernedBy(equity: Micros): boolean {
    return this.#halts.concernedBy(equity);
  }

  /** Equity and profit by class after the marks of an instant. */
  next(equity: Micros): void {
    const { at } = this.#facts;
    this.#halts.next(at, equity, this.#tell);
    if (this.#isOneClass || equity === this.#lastMicros) return;
    this.#lastMicros = equity;
    for (const [assetClass, pnlMicros] of this.#netByClass()) this.#halts.nextClass(at, { assetClass, pnlMicros }, this.#tell);
  }

  /** An alert on heat was told and not taken back. */
  get isHot(): boolean {
    return this.#heat.told !== 'NORMAL';
  }

  /** Heat as a share of its limit after an instant; below the warning nothing is asked (5.1). */
  judgeHeat(share: number): void {
    if (!this.isHot && share < HEAT_FROM) return;
    const heat = { at: this.#facts.at, riskMicros: Math.round(share * 1e6), limitMicros: 1_000_000 };
    const { state, alert } = nextHeat(this.#heat, heat);
    this.#heat = state;
    if (alert === null) return;
    const said = { NORMAL: 'CLEARED', WARNING: 'WARNING', CRITICAL: 'REACHED' } as const;
    this.#facts.tell('risk.limit', { rule: 'HEAT', state: said[alert.level], value: alert.ratio, limit: 1 });
  }

  closedPosition(position: OpenPosition): void {
    const { assetClass } = this.#book.instrumentOf(position.symbol);
    const net = position.realisedMicros - feesOf(position);
    this.#closed = { ...this.#closed, [assetClass]: add(this.#closed[assetClass] ?? 0, net) };
  }

  /** When a halt ends by itself; null: none does before its rule says so. */
  get nextEnd(): EpochMs | null {
    return this.#halts.inForce.reduce<EpochMs | null>(
      (next, { endsAt }) => (endsAt !== null && (next === null || endsAt < next) ? endsAt : next),
      null,
    );
  }

  /** When the trading day turns, if a halt waits for it; midnight in New York is asked for by the hour. */
  get nextTurn(): EpochMs | null {
    const waits = this.#halts.inForce.some(({ rule }) => rule === 'DAILY_LOSS');
    if (!waits) return null;
    const { at } = this.#facts;
    const today = newYorkDay(at);
    let next = at - (at % HOUR) + HOUR;
    while (newYorkDay(next) === today) next += HOUR;
    return next;
  }

  get inForce(): readonly Halt[] {
    return this.#halts.inForce;
  }

  get areAny(): boolean {
    return this.#halts.inForce.length > 0;
  }

  /** Time went by without a bar. */
  turn(): void {
    this.#halts.turn(this.#facts.at, this.#tell);
  }

  command(command: HaltCommand): void {
    this.#halts.command(this.#facts.at, command, this.#tell);
  }

  /** From outside; told twice, or ended twice, it changes nothing. */
  set(
    rule: OutsideHalt,
    of: { readonly symbol: string | null; readonly on: boolean; readonly reason: string; readonly actor: string | null },
  ): void {
    this.command({ kind: 'set', rule, ...of });
  }

  state(): HaltDeskState {
    return { halts: this.#halts.state(), closed: this.#closed, heat: this.#heat };
  }

  #netByClass(): readonly (readonly [AssetClass, Micros])[] {
    const net = new Map<AssetClass, Micros>(Object.entries(this.#closed) as [AssetClass, Micros][]);
    for (const position of this.#book.positions) {
      const instrument = this.#book.instrumentOf(position.symbol);
      const open = position.realisedMicros + unrealisedOf(position, instrument) - feesOf(position);
      net.set(instrument.assetClass, add(net.get(instrument.assetClass) ?? 0, open));
    }
    return [...net];
  }

  #changed(change: HaltChange): void {
    const { rule, state, value, limit, since, at, reason, actor } = change;
    const scope = change.scope === 'account' ? `account:${this.#accountId}` : change.scope;
    if (rule === 'DAILY_LOSS' || rule === 'DRAWDOWN') this.#facts.tell('risk.limit', { rule, state, value, limit });
    if (state === 'WARNING') return;
    this.#facts.tell('halt.changed', {
      id: `${this.#accountId}:${scope}:${rule}:${since}`,
      accountId: this.#accountId,
      scope,
      kind: rule,
      reason,
      actor,
      since,
      until: state === 'REACHED' ? null : at,
      value,
      limit,
    });
  }
}
