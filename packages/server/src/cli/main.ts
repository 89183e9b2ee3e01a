/** The command line: one verb per file, each loaded only when it is called for. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import process from 'node:process';
import { withBarOptions } from './bar-options.ts';
import { registerAccuracy } from '../jobs/accuracy/register-accuracy.ts';
import { registerCertify } from '../jobs/certify/register-certify.ts';
import { registerExplain } from '../jobs/explain/register-explain.ts';
import { registerExport } from '../jobs/export/register-export.ts';
import { registerImport } from '../jobs/import/register-import.ts';
import { registerGenerate } from '../jobs/generate/register-generate.ts';
import { registerSensitivity } from '../jobs/sensitivity/register-sensitivity.ts';
import { registerTrading } from './trading/register-trading.ts';
import { registerAdjust } from './register-adjust.ts';
import { registerRelay } from './register-relay.ts';
import { registerDownload } from './register-download.ts';
import { SERVE_HELP } from '../serve-help.ts';
import { registerDb } from './db.ts';
import { registerDlq } from './dlq.ts';
import { Exit, EXIT } from './exit-codes.ts';
import { tell } from './output.ts';
import type { BacktestCommandOptions } from './backtest.ts';
import type { DetectOptions } from './detect.ts';
import type { ServeOptions } from './serve.ts';

function program(): Command {
  const wyckoff = new Command('wyckoff')
    .description('Recognises Wyckoff structure bar by bar, trades it on paper, tests it on history.')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed or no valid bar, 2 wrong usage or missing column, 3 configuration, 4 not enough bars, 5 a gate failed, 6 store or server unreachable, 7 refused by a rule, 130 interrupted.',
    ) // prettier-ignore
    .exitOverride()
    .helpCommand(false);

  wyckoff
    .command('serve')
    .description('Run the server and the desk.')
    .option('-p, --port <port>', SERVE_HELP.port)
    .option('--host <address>', SERVE_HELP.host)
    .option('-d, --data <folder>', SERVE_HELP.data)
    .option('--speed <bars>', SERVE_HELP.speed)
    .option('--paused', SERVE_HELP.paused)
    .option('--feed <name>', SERVE_HELP.feed)
    .option('-s, --symbol <symbols>', SERVE_HELP.symbol, listArgument)
    .option('-t, --timeframe <timeframe>', SERVE_HELP.timeframe)
    .option('--broker <name>', SERVE_HELP.broker)
    .option('--calendar <file>', SERVE_HELP.calendar)
    .option('--instruments <file>', SERVE_HELP.instruments)
    .option('-i, --input <files>', SERVE_HELP.input, listArgument)
    .option('-a, --asset-class <class>', SERVE_HELP.assetClass)
    .addHelpText(
      'after',
      '\nWithout --feed the demo is replayed. Keys: APCA_API_KEY_ID and APCA_API_SECRET_KEY (alpaca), WYCKOFF_CCXT_KEY and WYCKOFF_CCXT_SECRET (ccxt:<exchange> as broker); Binance needs none.\nExample: wyckoff serve --feed binance --symbol BTCUSDT,ETHUSDT --timeframe 1h',
    ) // prettier-ignore
    .action(async (options: ServeOptions) => (await import('./serve.ts')).serve(options));

  withBarOptions(
    wyckoff.command('detect').description('Scan bars and print the events found, in the order in which they became knowable.'),
  )
    .option('--funnel', 'print how many seeds and ranges became events, and what refused the rest, instead of the events')
    .addHelpText(
      'after',
      '\nWith --json: one record per line on stdout.\nExample: wyckoff detect --input SPX.csv --symbol SPX --timeframe 1d --asset-class index --json',
    ) // prettier-ignore
    .action(async (options: DetectOptions) => (await import('./detect.ts')).detect(options));

  withBarOptions(wyckoff.command('backtest').description('Run the rules over bars on paper and print the result.'))
    .addOption(
      new Option('-c, --capital <amount>', 'starting equity in the account currency').default(100_000).argParser(amountArgument),
    )
    .addHelpText(
      'after',
      '\nWith --json: one object on stdout.\nExample: wyckoff backtest --input SPX.csv --symbol SPX --asset-class index --json',
    ) // prettier-ignore
    .action(async (options: BacktestCommandOptions) => (await import('./backtest.ts')).backtest(options));

  registerImport(wyckoff);
  registerExport(wyckoff);

  registerDownload(wyckoff);
  registerAdjust(wyckoff);
  registerDb(wyckoff);
  registerDlq(wyckoff);
  registerExplain(wyckoff);
  registerCertify(wyckoff);
  registerGenerate(wyckoff);
  registerAccuracy(wyckoff);
  registerSensitivity(wyckoff);
  registerTrading(wyckoff);
  registerRelay(wyckoff);

  return wyckoff;
}

/** Given again it is one more of the list. */
function listArgument(text: string, before: string | undefined): string {
  return before === undefined ? text : `${before},${text}`;
}

function amountArgument(text: string): number {
  const amount = Number(text);
  if (!(amount > 0 && amount <= 1e9)) throw new InvalidArgumentError('expected an amount above 0 and up to 1,000,000,000');
  return amount;
}

/** Runs one command line and answers its exit code. */
async function run(argv: readonly string[]): Promise<number> {
  try {
    await program().parseAsync([...argv], { from: 'user' });
    return EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (error instanceof Exit) {
      if (error.message !== '') tell(`wyckoff: ${error.message}`);
      return error.code;
    }
    const refused = error as { name?: string; message?: string; code?: string };
    if (refused.name === 'StoreRefused' || refused.name === 'StoreFailure') {
      tell(`wyckoff: ${refused.message}`);
      // A full disk can be reached: it is the work that failed.
      return refused.code === 'store.full' ? EXIT.failed : EXIT.unreachable;
    }
    if (refused.name === 'ParquetRefused') {
      tell(`wyckoff: ${refused.message}`);
      return refused.code === 'PARQUET_COLUMNS' || refused.code === 'PARQUET_TYPE' ? EXIT.usage : EXIT.failed;
    }
    tell(`wyckoff: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return EXIT.failed;
  }
}

const code = await run(process.argv.slice(2));
process.exitCode = code;
