/** The entry of the bundled server, `dist/main.mjs`: reads the command line of `npm start` and runs. */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { runServer } from '../packages/server/src/run.ts';
import { START_HELP } from '../packages/server/src/serve-help.ts';

const USAGE = `usage: npm start -- [--port N] [--host 127.0.0.1] [--data DIR] [--speed N|max] [--paused] [--feed NAME --symbol S --timeframe T --broker NAME] [--calendar FILE] [--instruments FILE] [--input FILES] (--help says what they do)`;

try {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      host: { type: 'string' },
      data: { type: 'string' },
      speed: { type: 'string' },
      paused: { type: 'boolean' },
      feed: { type: 'string' },
      symbol: { type: 'string', multiple: true },
      timeframe: { type: 'string' },
      broker: { type: 'string' },
      calendar: { type: 'string' },
      instruments: { type: 'string' },
      input: { type: 'string', multiple: true },
      'asset-class': { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const { paused, help, symbol, input, 'asset-class': assetClass, ...options } = values;
  if (help === true) process.stdout.write(START_HELP);
  else
    process.exitCode = await runServer({
      ...options,
      symbol: symbol?.join(','),
      input: input?.join(','),
      assetClass,
      ...(paused === true ? { play: false } : {}),
    });
} catch (error) {
  process.stderr.write(`wyckoff: ${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
  process.exitCode = 2;
}
