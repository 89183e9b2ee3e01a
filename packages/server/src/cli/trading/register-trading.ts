/** The verbs of trading: they speak with a running server. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { DecideOptions } from './decide.ts';
import type { HaltOptions, ResumeOptions } from './halt.ts';
import type { ListOptions } from './lists.ts';

function ofServer(command: Command): Command {
  return command
    .option('--url <address>', 'address of the server (default: where the server of the data folder runs)')
    .option('-d, --data <folder>', 'folder of the server, for its token (default: data)')
    .option('--json', 'JSON on stdout, one object per line');
}

function quantityArgument(text: string): number {
  const quantity = Number(text);
  if (!(quantity > 0 && quantity <= 1e9)) throw new InvalidArgumentError('expected a quantity above 0');
  return quantity;
}

export function registerTrading(wyckoff: Command): void {
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
