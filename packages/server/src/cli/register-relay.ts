/** `wyckoff relay`: its options; the work is loaded when it is called for. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { RelayCommandOptions } from './relay.ts';

export function registerRelay(program: Command): void {
  program
    .command('relay')
    .description('Take alerts from TradingView at a secret path, sign them, and hand them to a running server.')
    .addOption(
      new Option('--listen <host:port>', 'where alerts come in')
        .default({ host: '127.0.0.1', port: 4790 }, '127.0.0.1:4790')
        .argParser(listenArgument),
    )
    .option('--target <address>', 'the server that trades', 'http://127.0.0.1:4780')
    .option('--allow <address...>', 'addresses that may send, or "any" (default: those of TradingView)')
    .option('--behind-proxy', 'a proxy in front (for https) says in X-Forwarded-For who sends')
    .option('--json', 'one object per alert on stdout')
    .addHelpText(
      'after',
      '\nWYCKOFF_WEBHOOK_SECRET signs, the same as the server has; WYCKOFF_RELAY_PATH is the secret path.\nTradingView reaches ports 80 and 443 only: put a proxy with a certificate in front, and --behind-proxy.\nThe alert: {"symbol":"AAPL","side":"buy","stop":180.5,"timeframe":"1d","entry":190,"targets":[210,220],"note":"why"}; symbol, side and stop are needed.\nExample: wyckoff relay --listen 127.0.0.1:4790 --target http://127.0.0.1:4780 --behind-proxy',
    )
    .action(async (options: RelayCommandOptions) => (await import('./relay.ts')).relay(options));
}

function listenArgument(text: string): RelayCommandOptions['listen'] {
  const match = /^(?:(.+):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) throw new InvalidArgumentError('expected a port or host:port, such as 127.0.0.1:4790');
  return { host: match[1] ?? '127.0.0.1', port };
}
