/** Which files a server replays in place of its demo: one series each, merged by time (trading.md 1.1). */
import { ASSET_CLASSES, TIMEFRAMES, type AssetClass, type Timeframe } from '@wyckoff/domain';
import { basename, resolve } from 'node:path';
import type { Fault } from './settings.ts';

export interface ReplayChoice {
  /** Absolute, in the order of `symbols`. */
  readonly files: readonly string[];
  /** Each once. */
  readonly symbols: readonly string[];
  readonly timeframe: Timeframe;
  readonly assetClass: AssetClass;
}

export interface ReplayInput {
  /** Files of bars, apart by commas. */
  readonly input?: string | undefined;
  readonly assetClass?: string | undefined;
}

const SYMBOL = /^[A-Z0-9./^-]{1,20}$/;
const MOST = 100;

/** Null: no file is named. */
export function readReplay(
  input: ReplayInput & {
    readonly symbol?: string | undefined;
    readonly timeframe?: string | undefined;
    readonly feed?: string | undefined;
  },
  faults: Fault[],
): ReplayChoice | null {
  if ((input.input ?? '') === '') return null;
  const files = listed(input.input).map((file) => resolve(file));
  const symbols = (input.symbol ?? '') === '' ? files.map(nameOf) : listed(input.symbol?.toUpperCase());
  const timeframe = TIMEFRAMES.find((one) => one === (input.timeframe ?? '1d'));
  const assetClass = ASSET_CLASSES.find((one) => one === (input.assetClass ?? 'STOCK').toUpperCase());
  const refuse = (option: string, found: string, expected: string): void => {
    faults.push({ code: 'config.invalid', key: `replay.${option}`, source: `--${option}`, found, expected });
  };
  if (input.feed !== undefined && input.feed !== '') refuse('input', input.input ?? '', 'files or --feed, not both');
  if (files.length > MOST)
    refuse('input', `${files.length} files`, `at most ${MOST}: an engine for each, and one for the timeframe above it`);
  if (symbols.length !== files.length || new Set(symbols).size < symbols.length || !symbols.every((one) => SYMBOL.test(one)))
    refuse('symbol', symbols.join(','), `a symbol of its own for each of the ${files.length} files, in their order`);
  if (timeframe === undefined) refuse('timeframe', input.timeframe ?? '', `one of ${TIMEFRAMES.join(' ')}`);
  if (assetClass === undefined) refuse('asset-class', input.assetClass ?? '', `one of ${ASSET_CLASSES.join(' ')}, in any case`);
  return timeframe === undefined || assetClass === undefined ? null : { files, symbols, timeframe, assetClass };
}

/** As the verbs that read a file name it. */
function nameOf(file: string): string {
  return basename(file).replace(/\.[^.]*$/, '').toUpperCase().replace(/[^A-Z0-9.^-]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 20) || 'FILE'; // prettier-ignore
}

function listed(text = ''): string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}
