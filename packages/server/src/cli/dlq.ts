/** `wyckoff dlq`: what could not be done in three tries, looked at, asked for again, discarded (C6). */
import type { Command } from 'commander';
import { ConfigError, readSettings, storePathIn } from '../settings.ts';
import { CHANNELS, letterTopic } from '../notify/routing.ts';
import type { Store } from '../store/store.ts';
import { Exit, EXIT } from './exit-codes.ts';
import { Output } from './output.ts';
import { tableLines, timeText } from './table.ts';

interface DlqOptions {
  readonly data?: string;
  readonly json?: boolean;
  readonly topic?: string;
  readonly id?: string;
  readonly all?: boolean;
}

const PAGE = 200;
/** What a server can try again; the others wait for a person. */
const RETRIED = CHANNELS.map(letterTopic);

export function registerDlq(program: Command): void {
  const dlq = program
    .command('dlq')
    .description(
      'Dead letters: what failed three times. A server tries them again by itself, further and further apart, for seven days.',
    )
    .addHelpText(
      'after',
      '\nThe embedded store is held by a running server: stop it first. PostgreSQL (DATABASE_URL) is worked on beside it.',
    );
  const verb = (name: string, description: string): Command =>
    dlq
      .command(name)
      .description(description)
      .option('-d, --data <folder>', 'folder of the embedded store')
      .option('--topic <topic>', 'those of one topic, such as notify.email')
      .option('--json', 'the result as one object on stdout');
  verb('list', 'Oldest first.').action(async (options: DlqOptions) => await withStore(options, list));
  for (const [name, description, act] of [
    ['retry', 'Have the server try them at its next look (each minute, or when it starts).', retry],
    ['purge', 'Discard them for good.', purge],
  ] as const)
    verb(name, description)
      .option('--id <id>', 'one letter')
      .option('--all', 'all of them')
      .action(async (options: DlqOptions) => await withStore(options, act));
}

async function withStore(options: DlqOptions, use: (store: Store, options: DlqOptions) => Promise<void>): Promise<void> {
  const { Scope } = await import('@wyckoff/bounded');
  const { openStore } = await import('../store/open.ts');
  await using scope = new Scope({ name: 'dlq' });
  await use(await openStore({ scope, ...placeOf(options) }), options);
}

function placeOf({ data }: DlqOptions): { readonly path: string; readonly databaseUrl: string | null } {
  try {
    const { dataDir, databaseUrl } = readSettings({ data });
    return { path: storePathIn(dataDir), databaseUrl };
  } catch (error) {
    if (error instanceof ConfigError) throw new Exit(EXIT.configuration, error.message);
    throw error;
  }
}

async function list(store: Store, { topic, json }: DlqOptions): Promise<void> {
  const output = new Output();
  // One page is a screen; the number of all is an aggregate.
  const items = await store.deadLetters({ topic, limit: PAGE });
  const total = await store.countDeadLetters();
  if (json === true) output.json({ total, items });
  else if (items.length === 0) output.line('no dead letters');
  else {
    const rows = items.map((letter) => [letter.id, letter.topic, String(letter.attempts), timeText(letter.lastAt), letter.state, letter.error.slice(0, 60)]); // prettier-ignore
    for (const line of tableLines(['id', 'topic', 'tries', 'last', 'state', 'error'], rows)) output.line(line);
  }
  output.flush();
}

/** Which are meant; nothing is taken for granted. */
function chosen({ id, topic, all }: DlqOptions): void {
  if (id === undefined && topic === undefined && all !== true)
    throw new Exit(EXIT.usage, 'expected --id, --topic or --all, was none: say which letters are meant');
}

async function retry(store: Store, options: DlqOptions): Promise<void> {
  chosen(options);
  const { id, topic } = options;
  const count = await store.retryDeadLetters({
    topics: RETRIED.filter((one) => topic === undefined || one === topic),
    ids: id === undefined ? undefined : [id],
  });
  print(options, { marked: count }, `${count} to be tried at the server's next look`);
}

async function purge(store: Store, options: DlqOptions): Promise<void> {
  chosen(options);
  const { id, topic } = options;
  const which = id !== undefined ? { ids: [id] } : topic !== undefined ? { topic } : 'all';
  const count = await store.removeDeadLetters(which);
  print(options, { purged: count }, `${count} discarded`);
}

function print(options: DlqOptions, value: unknown, text: string): void {
  const output = new Output();
  if (options.json === true) output.json(value);
  else output.line(text);
  output.flush();
}
