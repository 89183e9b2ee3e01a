/** The files a folder replays: read once, when it is opened first; the same files ever after. */
import { readCsv } from '../feeds/csv/read-csv.ts';
import type { ReplayChoice } from '../replay-choice.ts';
import { ConfigError } from '../settings.ts';
import type { Store, SymbolRecord } from '../store/store.ts';
import { keepPlaces, keptPlaces } from './session-series.ts';

/** Killed in the middle it starts over: bars that are there already change nothing, and the list comes last. @throws ConfigError with the file. */
export async function openReplayedFiles(store: Store, choice: ReplayChoice): Promise<void> {
  const { files, symbols, timeframe } = choice;
  const kept = await keptPlaces(store);
  const wanted = symbols.map((symbol) => `${symbol} ${timeframe}`);
  if (kept !== null) {
    const held = kept.map((one) => `${one.symbol} ${one.timeframe}`);
    if ([...held].sort().join() !== [...wanted].sort().join())
      throw fault('server.data', held.join(', '), `a folder of its own for ${wanted.join(', ')}`);
    return;
  }
  for (const [i, file] of files.entries()) {
    const answer = await readCsv(file, { now: Date.now() });
    if (!answer.ok) throw fault('replay.input', file, `a CSV file of bars: ${answer.sentence} ${answer.remedy}`);
    const series = await store.saveSymbol(recordOf(symbols[i], choice), timeframe);
    await store.importBars(series, answer.columns, 'file');
  }
  await keepPlaces(store, symbols.map((symbol) => ({ symbol, timeframe }))); // prettier-ignore
}

/** Days turn at midnight UTC, as the verbs that read a file have it unless told otherwise. */
function recordOf(symbol: string, { assetClass }: ReplayChoice): SymbolRecord {
  const unit = assetClass === 'STOCK' ? 'shares' : 'units';
  return { symbol, assetClass, name: symbol, source: 'file', synthetic: false, timeZone: 'UTC', currency: 'USD', tickSize: 0.01, unit }; // prettier-ignore
}

function fault(key: string, found: string, expected: string): ConfigError {
  return new ConfigError([
    { code: 'config.invalid', key, source: key === 'server.data' ? '--data' : '--input', found, expected },
  ]);
}
