/** An account of a few series that say what a test writes down, after 61 quiet bars; asked, stepped and read in one place. */
import type { CommandAnswer } from '../../acceptance/command.ts';
import type { Bar } from '../../bar/bar.ts';
import type { Instruction } from '../../execution/instruction.ts';
import { COST_MODELS } from '../../trade/costs.ts';
import { tradedInstrument } from '../../trade/instrument.ts';
import type { DetectionEvent } from '../../wyckoff/event.ts';
import type { DataOf, Fact, FactKind } from '../fact.ts';
import type { TradingCommand } from '../input.ts';
import { createAccountEngine, restoreAccountEngine } from '../trading-engine.ts';
import type { AccountEngineOptions, TradingEngine } from '../trading-engine.ts';
import { DAY, START, ScriptedDetector, quiet, range } from './scripted-market.ts';

export const EVENING = START + 61 * DAY;
export type Said = Readonly<Record<number, readonly DetectionEvent[]>>;

export interface Account {
  readonly engine: TradingEngine;
  readonly facts: Fact[];
  of<K extends FactKind>(kind: K): DataOf<K>[];
  /** The same bar for every series. */
  run(bars: readonly Bar[]): void;
  ask(command: TradingCommand, at?: number): CommandAnswer;
  /** What was handed out to a venue so far. */
  readonly sent: Instruction[];
  /** Why signals were rejected. */
  rejections(): (string | null)[];
  /** Snapshot, throw everything away, restore. */
  reborn(): Account;
}

/** One series per symbol, each with its script, after 61 quiet bars. */
export function account(scripts: Readonly<Record<string, Said>>, changes: Partial<AccountEngineOptions> = {}): Account {
  const one = open(scripts, changes, null);
  one.run(quiet(61));
  return one;
}

function open(
  scripts: Readonly<Record<string, Said>>,
  changes: Partial<AccountEngineOptions>,
  bytes: Uint8Array | null,
): Account {
  const facts: Fact[] = [];
  const options: AccountEngineOptions = {
    account: { id: 'paper', kind: 'PAPER', currency: 'USD', startingMicros: 100_000_000_000 },
    analysis: 'records',
    series: Object.entries(scripts).map(([name, events]) => {
      const [symbol, bucket = 'UNKNOWN', timeframe = '1d'] = name.split(' ');
      const view = () => ({ range: range(), previous: null, regime: 'RANGING', features: null }) as const;
      return {
        instrument: { symbol, assetClass: 'STOCK', timeZone: 'UTC', session: '24h' },
        timeframe: timeframe as '1d',
        traded: tradedInstrument({ symbol, assetClass: 'STOCK', buckets: [bucket] }),
        costs: COST_MODELS.zero,
        detector: (bytes) => new ScriptedDetector({ events, view }, bytes),
      };
    }),
    sink: (fact) => facts.push(fact),
    ...changes,
  };
  const engine = bytes === null ? createAccountEngine(options) : restoreAccountEngine(bytes, options);
  const count = Object.keys(scripts).length;
  const sent: Instruction[] = [];
  const deliver = (): void => {
    // bounded: one life of a test
    if (options.broker === 'venue') sent.push(...engine.takeOrders());
    else engine.deliver();
  };
  return {
    engine,
    sent,
    facts,
    of: (kind) => facts.flatMap((fact) => (fact.kind === kind ? [fact.data as never] : [])),
    run(bars) {
      for (const each of bars) {
        engine.next({ kind: 'bars', bars: Array.from({ length: count }, (_, series) => ({ series, bar: each })) });
        deliver();
      }
    },
    ask(command, at = EVENING) {
      const answer = engine.next({ kind: 'command', at, actor: 'ann', command });
      deliver();
      if (answer === null) throw new Error('expected an answer');
      return answer;
    },
    rejections: () =>
      facts.flatMap((fact) =>
        (fact.kind === 'signal.created' || fact.kind === 'signal.changed') && fact.data.status === 'REJECTED'
          ? [fact.data.rejectCode]
          : [],
      ),
    reborn: () => open(scripts, changes, engine.snapshot()),
  };
}
