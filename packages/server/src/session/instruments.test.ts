/** The file of instruments: what it says, what is wrong in it, and that an account keeps what it was opened with (trading.md 2.2). */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../settings.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import { describedInstrument, openInstruments, parseInstruments } from './instruments.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-instruments-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('trading.md 2.2 instruments', () => {
  it('2.2 buckets, benchmark, short sale and leverage; what is empty is not said', () => {
    const text = '\uFEFFsymbol,buckets,benchmark,shortable,leverage\r\naapl,TECH GROWTH,spy,true,2\r\n\r\nXOM,ENERGY\r\n';
    expect(parseInstruments(text)).toEqual({
      AAPL: { buckets: ['TECH', 'GROWTH'], benchmark: 'SPY', shortable: true, leverage: 2 },
      XOM: { buckets: ['ENERGY'] },
    });
  });

  it.each([
    ['buckets\nTECH', /line 1: expected a header of symbol/],
    ['symbol,sector\nAAPL,TECH', /line 1: expected a header/],
    ['symbol,buckets\nAAPL,TECH\nAAPL,OIL', /line 3: expected each symbol once, was "AAPL"/],
    ['symbol,leverage\nAAPL,half', /line 2: expected a leverage of 1 or more, was "half"/],
    ['symbol,shortable\nAAPL,perhaps', /line 2: expected shortable true or false/],
    ['symbol\n$$$', /line 2: expected a symbol/],
  ])('%j is refused with its line', (text, why) => {
    expect(() => parseInstruments(text)).toThrow(why);
  });

  it('2.2 at a venue nothing is borrowed that the file does not state; on paper the class says it', () => {
    const stock = { symbol: 'AAPL', assetClass: 'STOCK' } as const;
    expect(describedInstrument(stock, { buckets: ['TECH'] }, true)).toMatchObject({
      buckets: ['TECH'],
      shortable: false,
      leverage: 1,
    });
    expect(describedInstrument(stock, { buckets: [], shortable: true, leverage: 2 }, true)).toMatchObject({ shortable: true, leverage: 2, buckets: ['UNKNOWN'] }); // prettier-ignore
    expect(describedInstrument(stock, undefined, false)).toMatchObject({ shortable: true, buckets: ['UNKNOWN'] });
    // Three times is more than a stock may be levered: it cannot be traded, rather than traded otherwise.
    expect(describedInstrument(stock, { buckets: [], leverage: 3 }, true)).toBeNull();
  });

  it('an account keeps what it was opened with; another file is told, not followed', async () => {
    const path = join(folder, 'instruments.csv');
    const store = openSqliteStore({ path: join(folder, 'wyckoff.db') });
    const told: string[] = [];
    const open = (isNew: boolean, file: string | null = path) => openInstruments(store, { path: file, isNew, onNotice: (sentence) => told.push(sentence) }); // prettier-ignore
    writeFileSync(path, 'symbol,buckets\nAAPL,TECH\n');
    const first = await open(true);
    expect(await open(false)).toEqual(first);
    expect(await open(false, null)).toEqual(first);
    expect(told).toEqual([]);
    writeFileSync(path, 'symbol,buckets\nAAPL,OIL\n');
    expect(await open(false)).toEqual({ AAPL: { buckets: ['TECH'] } });
    expect(told).toEqual([expect.stringContaining('goes on with those')]);
    writeFileSync(path, 'nonsense\n');
    await expect(open(true)).rejects.toThrow(ConfigError);
    store.close();
  });
});
