/** `wyckoff adjust`: its options; the work is loaded when it is called for. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { symbolArgument } from './bar-options.ts';
import { dayOf, priceFactorOf } from './split-words.ts';
import type { AdjustCommandOptions } from './adjust.ts';

export function registerAdjust(program: Command): void {
  program
    .command('adjust')
    .description('Apply splits and changes of symbols to the stored bars before them; each once, whatever stops it.')
    .addOption(new Option('-s, --symbol <symbol>', 'symbol as it is stored').argParser(symbolArgument))
    .addOption(
      new Option('--split <ratio>', 'new shares for old ones: 4:1, or 1:10 for a reverse split').argParser(ratioArgument),
    )
    .addOption(new Option('--rename <symbol>', 'the new name of the symbol').argParser(symbolArgument))
    .addOption(new Option('--date <date>', 'first day after it: 2020-08-31').argParser(dayArgument))
    .option(
      '--actions <file>',
      'a CSV file instead: date,symbol,kind,value; kind split (value 4:1) or rename (value the new symbol)',
    )
    .option('-d, --data <folder>', 'folder of the store (DATABASE_URL names another)', 'data')
    .option('--dry-run', 'say what would be done')
    .option('--json', 'one object per action and series on stdout')
    .addHelpText(
      'after',
      '\nA split is applied only where the stored prices jump by it: adjusted bars are left alone.\nExample: wyckoff adjust --symbol AAPL --split 4:1 --date 2020-08-31',
    )
    .action(async (options: AdjustCommandOptions) => (await import('./adjust.ts')).adjust(options));
}

function ratioArgument(text: string): number {
  const factor = priceFactorOf(text);
  if (factor === null) throw new InvalidArgumentError('expected new shares to old ones, such as 4:1 or 1:10');
  return factor;
}

function dayArgument(text: string): number {
  const day = dayOf(text);
  if (day === null) throw new InvalidArgumentError('expected a day such as 2020-08-31');
  return day;
}
