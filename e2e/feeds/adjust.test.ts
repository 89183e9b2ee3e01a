/** Splits and new names through the verbs: download from a server that speaks Alpaca's protocol, import, adjust; no bar is adjusted twice. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AlpacaDataServer, ALPACA_KEY } from './alpaca-data-server.ts';
import { VerbFolder, type Ended } from './verb.ts';

const DAY = 86_400_000;
/** Monday; Alpaca stamps a day with the midnight of New York. */
const FROM = Date.UTC(2022, 4, 2, 4);
/** 20 new shares for an old one, from this Monday on. */
const EX_DAY = '2022-06-06';
const EX = Date.parse(EX_DAY);
const SPLIT = { forward_splits: [{ symbol: 'AMZN', new_rate: 20, old_rate: 1, ex_date: EX_DAY }] };

let server: AlpacaDataServer;
let folder: VerbFolder;
beforeEach(async () => {
  server = new AlpacaDataServer();
  await server.listen();
  const keys = { APCA_API_KEY_ID: ALPACA_KEY.id, APCA_API_SECRET_KEY: ALPACA_KEY.secret };
  folder = new VerbFolder({ WYCKOFF_ALPACA_DATA_URL: server.url, ...keys });
});
afterEach(async () => {
  await server.close();
  folder[Symbol.dispose]();
});

interface Day {
  readonly time: number;
  readonly close: number;
  readonly volume: number;
}

/** Forty weekdays around the split, as they were traded. */
const traded: readonly Day[] = Array.from({ length: 56 }, (_, n) => FROM + n * DAY)
  .filter((time) => (new Date(time).getUTCDay() + 6) % 7 < 5)
  .map((time, n) => (time < EX ? { time, close: 2400 + n, volume: 100 } : { time, close: 120 + n / 20, volume: 2000 }));
const inNewPrices = traded.map((day) => (day.time < EX ? { ...day, close: day.close * 0.05, volume: day.volume / 0.05 } : day));

function onTape(symbol: string): void {
  for (const { time, close, volume } of traded)
    server.tape.add(symbol, '1d', { time, open: close, high: close, low: close, close, volume });
}

function csv(name: string, days: readonly Day[]): string {
  const rows = days.map(({ time, close, volume }) => `${new Date(time).toISOString()},${close},${close},${close},${close},${volume}`); // prettier-ignore
  writeFileSync(join(folder.path, name), `time,open,high,low,close,volume\n${rows.join('\n')}\n`);
  return name;
}

async function stored(symbol: string): Promise<Day[]> {
  const { out } = await folder.run('export', 'bars', '-s', symbol, '--format', 'ndjson', '-q');
  return out.trim().split('\n').map((line) => JSON.parse(line) as Day).map(({ time, close, volume }) => ({ time, close, volume })); // prettier-ignore
}

const download = (symbol: string, from: string, to: string): Promise<Ended> =>
  folder.run('download', '--provider', 'alpaca', '--symbols', symbol, '--from', from, '--to', to, '--json', '-q');
const eventsOf = ({ out }: Ended): Record<string, unknown>[] => out.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>); // prettier-ignore

describe('ADJ a provider that tells prices as they were', () => {
  it('ADJ-3 ADJ-5 a split between two downloads is applied to what is stored; all of it again corrects nothing', async () => {
    onTape('AMZN');
    expect((await download('AMZN', '2022-05-01', '2022-06-01')).code).toBe(0);
    server.actions = SPLIT;
    const second = await download('AMZN', '2022-05-30', '2022-07-01');
    expect(second.err).toContain('bars before it adjusted');
    expect(eventsOf(second).map(({ event }) => event)).toEqual(['result']);
    expect(await stored('AMZN')).toEqual(inNewPrices);
    const again = await download('AMZN', '2022-05-01', '2022-07-01');
    expect(eventsOf(again)).toMatchObject([
      { event: 'result', inserted: 0, corrected: 0, duplicates: traded.length, outliers: 0 },
    ]);
    expect(await stored('AMZN')).toEqual(inNewPrices);
  }, 60_000);

  it('ADJ-4 the old name goes on under the new one, and a download of the old name says where its bars are', async () => {
    onTape('FB');
    onTape('META');
    expect((await download('FB', '2022-05-01', '2022-05-20')).code).toBe(0);
    server.actions = { name_changes: [{ old_symbol: 'FB', new_symbol: 'META', process_date: '2022-06-09' }] };
    const away = await download('FB', '2022-05-10', '2022-06-09');
    expect(away.err).toMatch(/warning: FB is META since 2022-06-09: download META/);
    const renamed = await download('META', '2022-05-25', '2022-07-01');
    expect(renamed.err).toMatch(/FB is META from 2022-06-09: \d+ bars go on under the new name/);
    expect(await stored('META')).toEqual(traded);
    expect((await folder.run('export', 'bars', '-s', 'FB', '-q')).code).toBe(2);
  }, 60_000);
});

describe('ADJ files and the verb', () => {
  it('ADJ-5 the file of before the split again, cut into any parts, changes nothing; the actions come from a file', async () => {
    const file = csv('AMZN.csv', traded);
    await folder.run('import', file, '-q');
    writeFileSync(join(folder.path, 'actions.csv'), `\uFEFFdate,symbol,kind,value\r\n${EX_DAY},amzn,split,20:1\r\n2022-06-28,AMZN,rename,AMZ\r\n`); // prettier-ignore
    const dry = await folder.run('adjust', '--actions', 'actions.csv', '--dry-run');
    expect(dry.out).toMatch(/would: AMZN 1d: split of 2022-06-06: 25 bars before it adjusted/);
    expect(await stored('AMZN')).toEqual(traded);
    expect((await folder.run('adjust', '--actions', 'actions.csv')).code).toBe(0);
    expect(await stored('AMZ')).toEqual(inNewPrices);
    // What was applied goes on with the new name.
    for (const days of [traded, traded.slice(0, 10), traded.slice(10, 30), inNewPrices]) {
      const again = await folder.run('import', csv('AMZ.csv', days), '--json', '-q');
      expect(JSON.parse(again.out)).toMatchObject({ inserted: 0, corrected: 0, duplicate: days.length });
    }
    expect(await stored('AMZ')).toEqual(inNewPrices);
  }, 60_000);

  it('ADJ-5 bars nobody can tell the prices of are refused with what to say; said, they are brought onto the others', async () => {
    await folder.run('import', csv('AMZN.csv', traded.slice(20)), '-q');
    await folder.run('adjust', '--symbol', 'AMZN', '--split', '20:1', '--date', EX_DAY);
    csv('AMZN.csv', traded.slice(0, 20));
    const refused = await folder.run('import', 'AMZN.csv', '-q');
    expect([refused.code, refused.err]).toEqual([
      7,
      expect.stringMatching(/it cannot be told in which these are: say --prices traded/),
    ]);
    expect(await stored('AMZN')).toEqual(inNewPrices.slice(20));
    expect((await folder.run('import', 'AMZN.csv', '-q', '--prices', 'traded')).code).toBe(0);
    expect(await stored('AMZN')).toEqual(inNewPrices);
  }, 60_000);

  it('ADJ-5 bars of two sources in two prices are not adjusted at all: it is said where they change', async () => {
    await folder.run('import', csv('new.csv', inNewPrices.slice(0, 10)), '-s', 'AMZN', '-q');
    await folder.run('import', csv('old.csv', traded.slice(10)), '-s', 'AMZN', '-q');
    const before = await stored('AMZN');
    const refused = await folder.run('adjust', '--symbol', 'AMZN', '--split', '20:1', '--date', EX_DAY);
    expect(refused.code).toBe(7);
    expect(refused.out).toContain(
      `nothing was changed: the source and the price change at ${new Date(traded[10].time).toISOString()}`,
    );
    expect(await stored('AMZN')).toEqual(before);
  }, 60_000);

  it.each([
    ['2022-06-06,AMZN,split,20', /line 1: expected new shares to old ones, such as 4:1, was "20"/],
    ['2022-06-06,AMZN,split,20:1\n2022-06-31,AMZN,rename,AMZ', /line 2: expected a day .* was "2022-06-31": nothing was changed/],
    ['2022-06-06,AMZN,merger,1', /expected split or rename, was "merger"/],
    ['date,symbol,kind,value\n', /no action in it/],
  ])('ADJ-3 a file of actions with a wrong line is refused as a whole: %j', async (text, says) => {
    writeFileSync(join(folder.path, 'actions.csv'), text);
    const ended = await folder.run('adjust', '--actions', 'actions.csv');
    expect([1, 2]).toContain(ended.code);
    expect(ended.err).toMatch(says);
  });
});
