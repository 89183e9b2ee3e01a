/** `wyckoff download`: its options; the work is loaded when it is called for. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { PROVIDER_NAME } from '../feeds/open-provider.ts';
import { calendarArgument, symbolArgument, timeframeArgument } from './bar-options.ts';
import type { DownloadOptions } from './download.ts';

export function registerDownload(program: Command): void {
  program
    .command('download')
    .description(
      'Fetch bars from a provider, page by page; repeating it changes nothing and tells every bar that the provider has revised.',
    )
    .addOption(
      new Option('--provider <name>', 'alpaca, binance, or ccxt:<exchange>').makeOptionMandatory().argParser(providerArgument),
    )
    .addOption(
      new Option('-s, --symbols <list>', 'symbols, separated by commas').makeOptionMandatory().argParser(symbolsArgument),
    )
    .addOption(new Option('-t, --timeframe <timeframe>', 'timeframe of the bars').default('1d').argParser(timeframeArgument))
    .addOption(
      new Option('--from <date>', 'first bar: 2020-01-02, or a full time with its zone')
        .makeOptionMandatory()
        .argParser(timeArgument),
    ) // prettier-ignore
    .addOption(new Option('--to <date>', 'up to, not including (default: now)').argParser(timeArgument))
    .addOption(
      new Option(
        '--calendar <name>',
        'XNYS, 24/7 or FX (default: what is stored of a known symbol, else that of the provider)',
      ).argParser(openCalendarArgument),
    )
    .option('-o, --out <file>', 'a CSV file instead of the store; with several symbols its name holds {symbol}')
    .option('-d, --data <folder>', 'folder of the store', 'data')
    .option('--resume', 'go on where a run that was stopped had come to')
    .option('--json', 'one JSON object per line on stdout: every revised bar, a result per symbol')
    .option('-q, --quiet', 'no progress on stderr')
    .addHelpText(
      'after',
      '\nKeys of Alpaca: APCA_API_KEY_ID and APCA_API_SECRET_KEY. Binance needs none. Another address: WYCKOFF_ALPACA_DATA_URL, WYCKOFF_BINANCE_DATA_URL.\nExample: wyckoff download --provider binance --symbols BTCUSDT --timeframe 1d --from 2020-01-01',
    )
    .action(async (options: DownloadOptions) => (await import('./download.ts')).download(options));
}

/** When a bar of a provider is over must be known. */
function openCalendarArgument(text: string): string {
  const id = calendarArgument(text);
  if (id === 'none') throw new InvalidArgumentError('expected XNYS, 24/7 or FX');
  return id;
}

function providerArgument(text: string): string {
  if (PROVIDER_NAME.test(text)) return text;
  throw new InvalidArgumentError('expected alpaca, binance, or ccxt: and the id of an exchange, such as ccxt:kraken');
}

function symbolsArgument(text: string): readonly string[] {
  const symbols = [...new Set(text.split(',').map((symbol) => symbolArgument(symbol.trim())))];
  if (symbols.length > 200) throw new InvalidArgumentError(`expected at most 200 symbols, were ${symbols.length}`);
  return symbols;
}

function timeArgument(text: string): number {
  const time = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time) || new Date(time).getUTCFullYear() > 2200)
    throw new InvalidArgumentError('expected a date such as 2020-01-02, or 2020-01-02T14:30Z');
  return time;
}
