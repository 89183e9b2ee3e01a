/** The verbs of trading: they speak with a running server. */
import type { PaperCosts } from '@wyckoff/contracts';
import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import type { RiskOptions, StatisticsOptions } from './account.ts';
import type { DecideOptions } from './decide.ts';
import type { HaltOptions, ResumeOptions } from './halt.ts';
import type { ExitOptions, HandOptions } from './hands.ts';
import type { AcceptanceOptions, AutomationOptions, ResetPaperOptions } from './how-it-trades.ts';
import type { ListOptions } from './lists.ts';

function ofServer(command: Command): Command {
  return command
    .option('--url <address>', 'address of the server (default: where the server of the data folder runs)')
    .option('-d, --data <folder>', 'folder of the server, for its token (default: data)')
    .option('--json', 'JSON on stdout, one object per line');
}

/** A number within bounds, both inclusive. */
function numberFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= least && value <= most))
      throw new InvalidArgumentError(`expected a number from ${least} to ${most}`);
    return value;
  };
}
const quantityArgument = numberFrom(1e-6, 1e9);
/** Written out, so that help does not load every schema. */
const COSTS = [
  'per-share',
  'per-share-pro',
  'zero-commission',
  'crypto',
  'future',
  'spread',
] as const satisfies readonly PaperCosts[];
const priceArgument = numberFrom(1e-8, 1e12);
const collected = (text: string, before: readonly string[] = []): string[] => [...before, text];

export function registerTrading(wyckoff: Command): void {
  registerDecisions(wyckoff);
  registerHands(wyckoff);
  registerHow(wyckoff);
  registerHalt(wyckoff);
}

function registerDecisions(wyckoff: Command): void {
  ofServer(wyckoff.command('signals').description('List the signals of a running server, newest first.'))
    .option('--status <status>', 'only these, such as PENDING')
    .option('-s, --symbol <symbol>', 'only of this symbol')
    .option('--limit <n>', 'at most so many, 1-200', '50')
    .action(async (options: ListOptions) => (await import('./lists.ts')).listSignals(options));

  ofServer(wyckoff.command('positions').description('List the positions of a running server, newest first.'))
    .option('--status <status>', 'OPEN or CLOSED')
    .option('-s, --symbol <symbol>', 'only of this symbol')
    .option('--limit <n>', 'at most so many, 1-200', '50')
    .action(async (options: ListOptions) => (await import('./lists.ts')).listPositions(options));

  ofServer(
    wyckoff
      .command('approve')
      .description('Approve a signal that waits; every check is made again now.')
      .argument('<signal>', 'id of the signal'),
  )
    .addOption(new Option('--quantity <units>', 'less than what was proposed').argParser(quantityArgument))
    .option('--dry-run', 'only say what would happen')
    .action(async (id: string, options: DecideOptions) => (await import('./decide.ts')).decide('approve', id, options));

  ofServer(wyckoff.command('reject').description('Reject a signal that waits.').argument('<signal>', 'id of the signal'))
    .requiredOption('--reason <text>', 'why, 3-500 characters')
    .option('--dry-run', 'only say what would happen')
    .action(async (id: string, options: DecideOptions) => (await import('./decide.ts')).decide('reject', id, options));
}

/** Positions and orders in hand. */
function registerHands(wyckoff: Command): void {
  ofServer(wyckoff.command('orders').description('List the orders of a running server, newest first.'))
    .option('--status <state>', 'only these, such as ACCEPTED')
    .option('-s, --symbol <symbol>', 'only of this symbol')
    .option('--limit <n>', 'at most so many, 1-200', '50')
    .action(async (options: ListOptions) => (await import('./lists.ts')).listOrders(options));

  ofServer(wyckoff.command('cancel').description('Cancel an entry that works.').argument('<order>', 'id of the order')) // prettier-ignore
    .action(async (id: string, options: HandOptions) => (await import('./hands.ts')).cancelOrder(id, options));

  ofServer(
    wyckoff
      .command('stop')
      .description('Move the stop of a position; only towards less risk.')
      .argument('<position>', 'id of the position')
      .argument('<price>', 'where the stop is to be', priceArgument),
  )
    .option('--dry-run', 'only say what would happen')
    .action(async (id: string, price: number, options: HandOptions) => (await import('./hands.ts')).moveStop(id, price, options));

  ofServer(
    wyckoff
      .command('exit')
      .description('Close a position or a part of it, at market or at a limit.')
      .argument('<position>', 'id of the position'),
  )
    .addOption(new Option('--ratio <share>', 'share of what is open, up to 1').argParser(numberFrom(1e-6, 1)))
    .addOption(new Option('--quantity <units>', 'so many units').argParser(quantityArgument).conflicts('ratio'))
    .addOption(new Option('--limit <price>', 'not at market but at this price or better').argParser(priceArgument))
    .option('--key <uuid>', 'of an exit asked for before: it is not made twice')
    .option('--dry-run', 'only say what would happen')
    .action(async (id: string, options: ExitOptions) => (await import('./hands.ts')).exitPosition(id, options));
}

/** How signals become orders, within which limits, and how that went. */
function registerHow(wyckoff: Command): void {
  const ofAccount = (command: Command): Command =>
    ofServer(command)
      .option('--account <id>', 'which one (default: the only one)')
      .option('--confirm <phrase>', 'typed out where more risk is let in; without it the phrase is said');
  const { count, confidence, losses } = { count: numberFrom(1, 50), confidence: numberFrom(60, 100), losses: numberFrom(1, 10) };

  ofAccount(
    wyckoff
      .command('acceptance')
      .description('Say how signals become orders, or change it: all (by themselves) or queue (a person approves).')
      .addArgument(new Argument('[mode]', 'new mode').choices(['all', 'queue'])),
  )
    .addOption(new Option('--minutes <n>', 'how long a signal waits for approval, 1-60').argParser(numberFrom(1, 60)))
    .option('--timeframe <timeframe>', 'with --minutes: only signals of these bars, such as 1d')
    .action(async (mode: 'all' | 'queue' | undefined, options: AcceptanceOptions) =>
      (await import('./how-it-trades.ts')).acceptance(mode, options),
    );

  ofAccount(
    wyckoff
      .command('automation')
      .description('Switch automatic entries on, within limits that are agreed to, or off.')
      .addArgument(new Argument('[state]', 'on or off; without it: how it stands').choices(['on', 'off'])),
  )
    .option('--agree', 'agree to the words that are shown without it')
    .addOption(new Option('--min-confidence <score>', 'at least, 60-100').argParser(confidence))
    .addOption(new Option('--max-trades <n>', 'automatic entries a trading day, 1-50').argParser(count))
    .addOption(new Option('--max-risk <percent>', 'of equity in automatic entries a day, up to 10').argParser(numberFrom(0.01, 10)))
    .addOption(new Option('--breaker-losses <n>', 'losses in a row that stop it, 1-10').argParser(losses))
    .option('--patterns <list>', 'such as SPRING,LPS')
    .option('--only <symbols>', 'nothing but these')
    .option('--never <symbols>', 'none of these')
    .action(async (state: 'on' | 'off' | undefined, options: AutomationOptions) =>
      (await import('./how-it-trades.ts')).automation(state, options),
    ); // prettier-ignore

  ofAccount(
    wyckoff
      .command('reset')
      .description(
        'Close the loss breaker, let entries through again after a drawdown (the peak is then the equity of now), or archive the paper account: entries are given up, positions closed at the last price, and another one begins on the same market.',
      )
      .addArgument(new Argument('<what>', 'what').choices(['breaker', 'drawdown', 'paper'])),
  )
    .requiredOption('--reason <text>', 'why, 3-500 characters')
    .addOption(
      new Option('--capital <amount>', 'with paper: what the next account begins with, 1,000-100,000,000')
        .argParser(numberFrom(1_000, 100_000_000))
        .default(100_000),
    ) // prettier-ignore
    .addOption(
      new Option('--costs <profile>', 'with paper: of its fills (default: as the class of each instrument)').choices(COSTS),
    ) // prettier-ignore
    .action(async (what: 'breaker' | 'drawdown' | 'paper', options: ResetPaperOptions) => {
      const { reset, resetPaper } = await import('./how-it-trades.ts');
      await (what === 'paper' ? resetPaper(options) : reset(what, options));
    });

  ofServer(wyckoff.command('risk').description('Show every limit with its use, or change limits within their caps.'))
    .addOption(new Option('--set <name=number>', 'such as heatBp=800 (basis points of equity, or how many); repeat').argParser(collected))
    .option('--reason <text>', 'why; kept with the change')
    .option('--confirm <phrase>', 'typed out where a limit is raised; without it the phrase is said')
    .option('--dry-run', 'only say what would change')
    .action(async (options: RiskOptions) => (await import('./account.ts')).risk(options)); // prettier-ignore

  ofServer(wyckoff.command('statistics').description('What became of the signals: funnel, win rate with its interval, refusals.'))
    .addOption(new Option('--by <what>', 'one row per').choices(['pattern', 'symbol', 'phase', 'stage']).default('pattern'))
    .option('--from <day>', 'signals since, such as 2026-01-31 (default: 30 days back)')
    .option('--to <day>', 'signals before (default: now)')
    .action(async (options: StatisticsOptions) => (await import('./account.ts')).statistics(options)); // prettier-ignore
}

function registerHalt(wyckoff: Command): void {
  ofServer(wyckoff.command('halt').description('Stop all opening orders (STOP), or close everything as well (FLATTEN).'))
    .addOption(new Option('--level <level>', 'how far').choices(['STOP', 'FLATTEN']).default('STOP'))
    .option('--confirm <word>', 'FLATTEN, typed out: needed to flatten')
    .option('--reason <text>', 'why, up to 500 characters')
    .option('--dry-run', 'the drill: ask everybody, change nothing')
    .addHelpText(
      'after',
      '\nWhen no server answers, the halt is left as a file in the data folder: a server of that folder obeys it within a second, also one that starts later.',
    ) // prettier-ignore
    .action(async (options: HaltOptions) => (await import('./halt.ts')).halt(options));

  ofServer(wyckoff.command('resume').description('Let opening orders through again after a halt.'))
    .requiredOption('--reason <text>', 'why it is safe, 3-500 characters')
    .option('--acknowledge <position...>', 'positions whose flatten result was read')
    .action(async (options: ResumeOptions) => (await import('./halt.ts')).resumeTrading(options));
}
