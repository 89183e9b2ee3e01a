/** What stopped the entries of a run: without it a run that was halted reads like one that found nothing. */
import { TIMEFRAME_MS, type EpochMs, type Fact, type Timeframe } from '@wyckoff/domain';
import { timeText } from './table.ts';

/** Halts in force when the run ended; all null when there was none. */
export interface HaltOfRun {
  /** Opening time of the bar on which it was reached. */
  readonly haltedAt: EpochMs | null;
  /** `DRAWDOWN` lasts to the end of the run, `DAILY_LOSS` until its day turns. */
  readonly haltedBy: string | null;
  /** Loss that reached it and the limit, as shares of the equity. */
  readonly haltedValue: number | null;
  readonly haltedLimit: number | null;
  /** Signals refused with RK_HALTED, by this halt or by one that ended earlier. */
  readonly haltedRefusals: number;
}

const NONE = { haltedAt: null, haltedBy: null, haltedValue: null, haltedLimit: null } as const;

export class HaltWatch {
  readonly #barMs: number;
  // bounded: one entry per rule that can halt
  readonly #inForce = new Map<string, Omit<HaltOfRun, 'haltedRefusals'>>();

  constructor(timeframe: Timeframe) {
    this.#barMs = TIMEFRAME_MS[timeframe];
  }

  hear(fact: Fact): void {
    if (fact.kind !== 'risk.limit') return;
    const { rule, state, value, limit } = fact.data;
    // Facts are stamped with the close of their bar, people know a bar by its opening.
    const halt = { haltedAt: fact.at - this.#barMs, haltedBy: rule, haltedValue: value, haltedLimit: limit };
    if (state === 'REACHED') this.#inForce.set(rule, halt);
    else if (state === 'CLEARED') this.#inForce.delete(rule);
  }

  /** The halt that lasts goes before the one that ends by itself. */
  atEnd(rejections: Readonly<Record<string, number>>): HaltOfRun {
    const halt = this.#inForce.get('DRAWDOWN') ?? [...this.#inForce.values()].at(0) ?? NONE;
    return { ...halt, haltedRefusals: rejections['RK_HALTED'] ?? 0 };
  }
}

/** The same in words; none when nothing was halted. */
export function haltLines({ haltedAt, haltedBy, haltedValue, haltedLimit, haltedRefusals: refused }: HaltOfRun): string[] {
  const signals = `${refused} ${refused === 1 ? 'signal was' : 'signals were'} refused with RK_HALTED`;
  if (haltedAt === null) return refused === 0 ? [] : [`Entries were halted for a time: ${signals}.`];
  const percent = (ratio: number | null): string => `${(100 * (ratio ?? 0)).toFixed(1)} %`;
  const how = `a loss of ${percent(haltedValue)}, limit ${percent(haltedLimit)}`;
  return [
    `Entries were halted by ${haltedBy ?? ''} on ${timeText(haltedAt)} (${how}) and stayed so to the end: ${signals}.`,
    'Bars after that have no entries because of the halt, not for want of setups.',
  ];
}
