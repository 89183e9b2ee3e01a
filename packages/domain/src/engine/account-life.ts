/**
 * An account ends and another begins on the same market (trading.md 8.1, reset): books, reservations, halts, signals and campaigns are new, while the
 * detectors, the bars they have seen, the kill switch and the limits a person tightened stay.
 */
import { AUTOMATION_OFF } from '../acceptance/automation.ts';
import type { OutsideHalt } from '../acceptance/command.ts';
import { OUTSIDE_HALTS } from '../acceptance/command.ts';
import { refusal } from '../setup/refusal.ts';
import type { Refusal } from '../setup/refusal.ts';
import type { Micros } from '../setup/signal.ts';
import { COST_MODELS } from '../trade/costs.ts';
import type { CostProfile } from '../trade/costs.ts';
import type { AccountSpec } from '../trade/position-book.ts';
import type { AccountEngineOptions, EngineState } from './account-parts.ts';
import type { Floor } from './floor.ts';

/** The account in force when it is not the one the engine was made with. Plain JSON. */
export interface LaterAccount {
  /** 2 for the first one after the first. */
  readonly generation: number;
  readonly spec: AccountSpec;
  /** Null: as each series says. */
  readonly costs: CostProfile | null;
}

/** What a paper account may begin with (8.1), micros. */
export const LEAST_CAPITAL_MICROS = 1_000_000_000;
export const MOST_CAPITAL_MICROS = 100_000_000_000_000;

export function refuseClosing({ settings }: Floor, { account }: AccountEngineOptions): Refusal | null {
  if (account.kind === 'LIVE' || settings.broker === 'venue')
    return refusal('LIVE_ACCOUNT', 'An account at a venue is what it is; only a paper account begins anew.');
  return null;
}

export function refuseOpening(floor: Floor, options: AccountEngineOptions, capitalMicros: Micros): Refusal | null {
  const { book, signals, orders, lanes, trading } = floor;
  if (!(Number.isSafeInteger(capitalMicros) && capitalMicros >= LEAST_CAPITAL_MICROS && capitalMicros <= MOST_CAPITAL_MICROS))
    return refusal('SETTING', `The capital is 1,000 to 100,000,000, was ${capitalMicros / 1e6}.`, {
      measured: capitalMicros / 1e6,
      limit: MOST_CAPITAL_MICROS / 1e6,
    });
  const isEnded =
    !trading.now.permitted &&
    book.positions.length === 0 &&
    signals.living.length === 0 &&
    orders.living.length === 0 &&
    lanes.every(({ campaigns }) => campaigns.living.length === 0);
  return (
    refuseClosing(floor, options) ??
    (isEnded ? null : refusal('NOT_CLOSED', 'The account before it is not closed yet: close it first.'))
  );
}

/** The account that follows: ids `paper`, `paper-2`, `paper-3`. */
export function nextAccount(
  { account }: AccountEngineOptions,
  former: LaterAccount | null,
  of: { readonly capitalMicros: Micros; readonly costs: CostProfile | null },
): LaterAccount {
  const generation = (former?.generation ?? 1) + 1;
  const { capitalMicros: startingMicros, costs } = of;
  return { generation, spec: { ...account, id: `${account.id}-${generation}`, startingMicros }, costs };
}

export function optionsOf(options: AccountEngineOptions, later: LaterAccount | null): AccountEngineOptions {
  if (later === null) return options;
  const { spec: account, costs } = later;
  if (costs === null) return { ...options, account };
  return { ...options, account, series: options.series.map((one) => ({ ...one, costs: COST_MODELS[costs] })) };
}

/** Of what an engine stood at, what the next account begins with. What the former one agreed to, nobody has agreed to for this one. */
export function marketOf(state: EngineState, later: LaterAccount): EngineState {
  const { identity, position, bars, at, known, lanes, trading = {} } = state;
  const { kill, mode, rules, automation, brokerConnected, limits } = trading;
  const kept = {
    ...(kill !== undefined && { kill }),
    ...(mode !== undefined && { mode: mode === 'auto' ? ('queue' as const) : mode }),
    ...(rules !== undefined && { rules }),
    ...(brokerConnected !== undefined && { brokerConnected }),
    ...(limits !== undefined && { limits }),
    automation: { ...AUTOMATION_OFF, version: (automation?.version ?? 0) + 1 },
  };
  const markets = lanes.map((lane) => ({ ...lane, campaigns: undefined, passedParents: [] }));
  const next = {
    identity,
    position,
    bars,
    at,
    trades: 0,
    trading: kept,
    lanes: markets,
    later,
    ...(known !== undefined && { known }),
  };
  // As it comes out of a snapshot: the account goes on the same, whether its engine was restored or not.
  return JSON.parse(JSON.stringify(next)) as EngineState;
}

/** Halts that are about the world, not about the money of the account: the next one has them too. */
export function outsideHalts({
  halts,
}: Floor): readonly { readonly rule: OutsideHalt; readonly symbol: string | null; readonly reason: string }[] {
  return halts.inForce.flatMap(({ rule, scope, reason }) => {
    const outside = OUTSIDE_HALTS.find((one) => one === rule);
    if (outside === undefined) return [];
    return [{ rule: outside, symbol: scope.startsWith('symbol:') ? scope.slice('symbol:'.length) : null, reason }];
  });
}
