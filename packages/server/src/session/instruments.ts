/** What a person says of instruments: buckets, benchmark, what may be sold short and levered; kept with the folder when its account is opened (trading.md 2.2). */
import { readFile } from 'node:fs/promises';
import { InstrumentError, tradedInstrument, type AssetClass, type TradedInstrument } from '@wyckoff/domain';
import { ConfigError } from '../settings.ts';
import type { Store } from '../store/store.ts';

export interface Described {
  /** Groups that move together; empty: not said. */
  readonly buckets: readonly string[];
  readonly benchmark?: string;
  readonly shortable?: boolean;
  readonly leverage?: number;
}

/** By symbol. */
export type Instruments = Readonly<Record<string, Described>>;

const SETTING = 'session.instruments';
const COLUMNS = ['symbol', 'buckets', 'benchmark', 'shortable', 'leverage'] as const;
const MAX_BYTES = 1024 * 1024;

/** Reads the lines `symbol,buckets,benchmark,shortable,leverage`: buckets apart by spaces, what is empty is not said. @throws a sentence with the line. */
export function parseInstruments(text: string): Instruments {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const header = lines[0].split(',').map((name) => name.trim().toLowerCase());
  const unknown = header.find((name) => !(COLUMNS as readonly string[]).includes(name));
  if (unknown !== undefined || !header.includes('symbol'))
    throw new Error(`line 1: expected a header of ${COLUMNS.join(', ')}, symbol among them, was "${lines[0]}"`);
  const found: Record<string, Described> = {}; // bounded: the lines of a file of at most 1 MiB
  for (const [row, line] of lines.entries()) {
    if (row === 0 || line.trim() === '') continue;
    const cells = line.split(',').map((cell) => cell.trim());
    const cell = (name: (typeof COLUMNS)[number]): string => cells[header.indexOf(name)] ?? '';
    const symbol = cell('symbol').toUpperCase();
    const refuse = (expected: string, was: string): never => {
      throw new Error(`line ${row + 1}: expected ${expected}, was "${was}"`);
    };
    if (!/^[A-Z0-9./^-]{1,20}$/.test(symbol)) refuse('a symbol', symbol);
    if (Object.hasOwn(found, symbol)) refuse('each symbol once', symbol);
    const [shortable, leverage, benchmark] = [cell('shortable').toLowerCase(), cell('leverage'), cell('benchmark').toUpperCase()];
    if (!['', 'true', 'false'].includes(shortable)) refuse('shortable true or false', shortable);
    if (leverage !== '' && !(Number(leverage) >= 1)) refuse('a leverage of 1 or more', leverage);
    found[symbol] = {
      buckets: cell('buckets').split(/\s+/).filter((name) => name !== ''),
      ...(benchmark !== '' && { benchmark }),
      ...(shortable !== '' && { shortable: shortable === 'true' }),
      ...(leverage !== '' && { leverage: Number(leverage) }),
    }; // prettier-ignore
  }
  return found;
}

/**
 * What the account was opened with; the file is read for an account that is new. An account does not change its rules half-way.
 * @throws ConfigError when the file cannot be used.
 */
export async function openInstruments(
  store: Store,
  of: { readonly path: string | null; readonly isNew: boolean; readonly onNotice: (sentence: string) => void },
): Promise<Instruments> {
  const { path, isNew, onNotice } = of;
  const kept = ((await store.setting(SETTING)) as Instruments | undefined) ?? {};
  if (path === null) return kept;
  const said = await readInstruments(path);
  if (isNew) {
    await store.saveSetting(SETTING, said);
    return said;
  }
  if (JSON.stringify(said) !== JSON.stringify(kept))
    onNotice(`instruments ${path}: the account was opened with others, and goes on with those; a folder of its own takes these`);
  return kept;
}

async function readInstruments(path: string): Promise<Instruments> {
  try {
    const text = await readFile(path, 'utf8');
    if (text.length > MAX_BYTES) throw new Error(`expected at most ${MAX_BYTES} characters, was ${text.length}`);
    return parseInstruments(text);
  } catch (error) {
    const expected = `a file of ${COLUMNS.join(',')}: ${error instanceof Error ? error.message : String(error)}`;
    throw new ConfigError([{ code: 'config.invalid', key: 'instruments', source: '--instruments', found: path, expected }]);
  }
}

/** Geometry and settlement with what was said; null when it cannot be traded. At a venue nothing is borrowed that nobody stated. */
export function describedInstrument(
  of: { readonly symbol: string; readonly assetClass: AssetClass },
  said: Described | undefined,
  atVenue: boolean,
): TradedInstrument | null {
  const { buckets = [], shortable, leverage } = said ?? {};
  try {
    return tradedInstrument({
      ...of,
      ...(atVenue && { shortable: false, leverage: 1 }),
      ...(buckets.length > 0 && { buckets }),
      ...(shortable !== undefined && { shortable }),
      ...(leverage !== undefined && { leverage }),
    });
  } catch (error) {
    if (error instanceof InstrumentError) return null;
    throw error;
  }
}
