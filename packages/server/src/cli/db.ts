/** `wyckoff db`: the store looked at, brought up to date, thinned, copied and restored. */
import type { Command } from 'commander';
import process from 'node:process';
import { ConfigError, readSettings, storePathIn } from '../settings.ts';
import type { BackupReport, DatabaseStatus } from '../store/maintenance.ts';
import type { RetentionLine } from '../store/retention.ts';
import { Exit, EXIT } from './exit-codes.ts';
import { Output } from './output.ts';
import { Progress } from '../jobs/progress.ts';
import { tableLines, timeText } from './table.ts';

interface DbOptions {
  readonly data?: string;
  readonly json?: boolean;
  readonly dryRun?: boolean;
}

/** The store that `serve` would open with the same options. */
interface Place {
  readonly path: string;
  readonly databaseUrl: string | null;
}

export function registerDb(program: Command): void {
  const db = program
    .command('db')
    .description('The store: look at it, bring it up to date, thin it, copy it. DATABASE_URL names a PostgreSQL one.');
  const verb = (name: string, description: string, argument?: string): Command => {
    const command = db.command(name).description(description);
    if (argument !== undefined) command.argument(argument);
    return command
      .option('-d, --data <folder>', 'folder of the embedded store')
      .option('--json', 'the result as one object on stdout');
  };
  verb('status', 'Schema, size, rows and soundness; also while a server runs.').action(async (options: DbOptions) => {
    printStatus(await statusOf(placeOf(options)), options);
  });
  verb('migrate', 'Bring the schema up to this program; forward only.').action(async (options: DbOptions) => {
    const { from, to } = await migrate(placeOf(options));
    print(options, { from, to }, [from === to ? `schema ${to}: up to date` : `schema ${from} brought to ${to}`]);
  });
  verb('retention', 'Delete what is older than it is to be kept, in small batches.')
    .option('--dry-run', 'count and delete nothing')
    .action(retention);
  verb('backup', 'Copy the store into one file; also while a server runs.', '<file>').action(
    async (file: string, options: DbOptions) => {
      printBackup(await backup(placeOf(options), file), options);
    },
  );
  verb('restore', 'Fill an empty place from a backup.', '<file>').action(async (file: string, options: DbOptions) => {
    printBackup(await restore(placeOf(options), file), options);
  });
}

function placeOf({ data }: DbOptions): Place {
  try {
    const { dataDir, databaseUrl } = readSettings({ data });
    return { path: storePathIn(dataDir), databaseUrl };
  } catch (error) {
    if (error instanceof ConfigError) throw new Exit(EXIT.configuration, error.message);
    throw error;
  }
}

async function statusOf({ path, databaseUrl }: Place): Promise<DatabaseStatus> {
  if (databaseUrl !== null) return await (await import('../store/postgres/maintenance.ts')).postgresStatus(databaseUrl);
  return (await import('../store/sqlite/maintenance.ts')).sqliteStatus(path);
}

async function migrate({ path, databaseUrl }: Place): Promise<{ from: number; to: number }> {
  if (databaseUrl !== null) return await (await import('../store/postgres/maintenance.ts')).migratePostgresAt(databaseUrl);
  return (await import('../store/sqlite/maintenance.ts')).migrateSqlite(path);
}

async function backup({ path, databaseUrl }: Place, file: string): Promise<BackupReport> {
  if (databaseUrl !== null) return await (await import('../store/postgres/maintenance.ts')).backupPostgres(databaseUrl, file);
  return await (await import('../store/sqlite/maintenance.ts')).backupSqlite(path, file);
}

async function restore({ path, databaseUrl }: Place, file: string): Promise<BackupReport> {
  if (databaseUrl !== null) return await (await import('../store/postgres/maintenance.ts')).restorePostgres(databaseUrl, file);
  return (await import('../store/sqlite/maintenance.ts')).restoreSqlite(path, file);
}

async function retention(options: DbOptions): Promise<void> {
  const { Scope } = await import('@wyckoff/bounded');
  const { openStore } = await import('../store/open.ts');
  await using scope = new Scope({ name: 'db' });
  const signal = { aborted: false };
  // Ctrl-C ends it after the batch under way; what has left has left.
  for (const name of ['SIGINT', 'SIGTERM'] as const) scope.listen(process, name, () => (signal.aborted = true));
  const store = await openStore({ scope, ...placeOf(options) });
  const dryRun = options.dryRun === true;
  const progress = new Progress('retention', options.json !== true);
  const lines = await store.retain({
    now: Date.now(),
    dryRun,
    signal,
    onBatch: ({ table, rows }) => {
      if (rows > 0) progress.show(rows, 0, `${table} ${dryRun ? 'would leave' : 'left'}`);
    },
  });
  progress.done();
  const rows = lines.map(({ table, rows: count, batches, ms }) => ({ table, rows: count, batches, ms: Math.round(ms) }));
  print(options, { dryRun, tables: rows }, retentionText(rows, dryRun));
  if (signal.aborted) throw new Exit(EXIT.interrupted, 'interrupted; what has left has left');
}

function retentionText(lines: readonly RetentionLine[], dryRun: boolean): readonly string[] {
  const found = lines.filter((line) => line.rows > 0).map(({ table, rows }) => [table, String(rows)]);
  if (found.length === 0) return ['nothing is older than it is to be kept'];
  return tableLines(['table', dryRun ? 'would leave' : 'left'], found);
}

function printStatus(status: DatabaseStatus, options: DbOptions): void {
  const { kind, where, version, known, bytes, integrity, rows, coverage } = status;
  const schema =
    version === known
      ? `schema ${version}`
      : version > known
        ? `schema ${version}, newer than the ${known} of this program: use the newer program again`
        : `schema ${version} of ${known}: run "wyckoff db migrate"`;
  const counts = Object.entries(rows).filter(([, count]) => count > 0).map(([table, count]) => [table, String(count)]); // prettier-ignore
  const text = [`${kind} at ${where}: ${schema}, ${(bytes / 1e6).toFixed(1)} MB, ${integrity}`];
  const tables = counts.length === 0 ? [] : tableLines(['table', 'rows'], counts);
  print(options, status, [...text, ...tables, ...(coverage.length === 0 ? [] : coverageLines(coverage))]);
  if (integrity !== 'ok') throw new Exit(EXIT.gateFailed, `the store is damaged: ${integrity}`);
}

function coverageLines(coverage: DatabaseStatus['coverage']): readonly string[] {
  const rows = coverage.map(({ symbol, timeframe, from, to, bars, gaps }) => [
    symbol,
    timeframe,
    timeText(from),
    timeText(to),
    String(bars),
    gaps === null ? 'unjudged' : String(gaps),
  ]);
  return ['', ...tableLines(['symbol', 'timeframe', 'from', 'to', 'bars', 'gaps'], rows)];
}

function printBackup(report: BackupReport, options: DbOptions): void {
  const { file, bytes, rows, version } = report;
  print(options, report, [`${file}: ${rows} rows, ${(bytes / 1e6).toFixed(1)} MB, schema ${version}`]);
}

function print(options: DbOptions, value: unknown, text: readonly string[]): void {
  const output = new Output();
  if (options.json === true) output.json(value);
  else for (const line of text) output.line(line);
  output.flush();
}
