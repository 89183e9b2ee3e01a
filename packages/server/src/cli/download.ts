/** `wyckoff download`: bars of a provider into the store or a file; revised bars are told one by one. */
import { Scope } from '@wyckoff/bounded';
import { calendarOf, qualityScore, type Bar, type CalendarId, type CorporateAction, type Gap, type Timeframe } from '@wyckoff/domain'; // prettier-ignore
import { createHash } from 'node:crypto';
import process from 'node:process';
import { openVerbStore } from '../cache/verb-store.ts';
import { ProviderFault } from '../feeds/contract/provider-fault.ts';
import { AggregatedHistory } from '../feeds/ingest/aggregated-history.ts';
import { DownloadActions, settleRenames } from '../feeds/ingest/download-actions.ts';
import { downloadSeries, type DownloadMark, type DownloadResult, type Marks } from '../feeds/ingest/download-series.ts';
import { FileBars } from '../feeds/ingest/file-bars.ts';
import { Ingest, type IngestStore, type Revision } from '../feeds/ingest/ingest.ts';
import { openProvider, type Market, type OpenedProvider } from '../feeds/open-provider.ts';
import { interruptible, Progress } from '../jobs/progress.ts';
import { storePathIn } from '../settings.ts';
import type { Series, SettingsStore, Store } from '../store/store.ts';
import { adjustmentText, renamingText } from './adjust.ts';
import { Exit, EXIT } from './exit-codes.ts';
import { tellGaps } from './gap-text.ts';
import { Output, tell } from './output.ts';

export interface DownloadOptions {
  readonly provider: string;
  readonly symbols: readonly string[];
  readonly timeframe: Timeframe;
  readonly from: number;
  readonly to?: number;
  readonly calendar?: CalendarId;
  readonly out?: string;
  readonly data: string;
  readonly resume?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Where the bars of one symbol go. */
interface Target {
  readonly store: IngestStore;
  readonly series: Series;
  readonly marks: Marks;
  readonly calendar: CalendarId;
  /** Null: a file. */
  readonly actions: DownloadActions | null;
  readonly finish: () => Promise<{
    readonly quality: number | null;
    readonly largest: readonly Gap[];
    readonly gaps: number | null;
  } | null>;
}

/** Refused bars of one symbol that are printed; all are counted. */
const PRINTED = 20;

export async function download(options: DownloadOptions): Promise<void> {
  const { symbols, from, to = Date.now(), out } = options;
  if (!(from < to))
    throw new Exit(
      EXIT.usage,
      `expected --from before --to, was ${new Date(from).toISOString()} and ${new Date(to).toISOString()}`,
    );
  if (out !== undefined && symbols.length > 1 && !out.includes('{symbol}')) {
    throw new Exit(EXIT.usage, `expected {symbol} in --out for ${symbols.length} symbols, was ${out}`);
  }
  await using scope = new Scope({ name: 'download' });
  using interrupt = interruptible();
  const opened = await orExit(() => openProvider(options.provider, { scope, env: process.env }));
  const store = out === undefined ? await openVerbStore({ scope, path: storePathIn(options.data), tell }) : null;
  const output = new Output();
  try {
    for (const symbol of symbols) {
      const target =
        store === null
          ? await fileTarget((out ?? '').replaceAll('{symbol}', fileName(symbol)), symbol, { ...options, market: opened.market })
          : await storeTarget(store, symbol, { ...options, opened, signal: interrupt.signal });
      const run = new SymbolRun({ symbol, options: { ...options, to }, opened, target, output });
      await run.run(interrupt.signal);
    }
  } catch (error) {
    if (interrupt.signal.aborted)
      throw new Exit(EXIT.interrupted, 'interrupted; what was written is kept, --resume goes on behind it');
    if (error instanceof ProviderFault) throw new Exit(exitOf(error), `${error.message}. ${error.remedy}`);
    throw error;
  } finally {
    output.flush();
    await opened.history.close();
  }
}

interface RunOf {
  readonly symbol: string;
  readonly options: DownloadOptions & { readonly to: number };
  readonly opened: OpenedProvider;
  readonly target: Target;
  readonly output: Output;
}

/** One symbol: what is told on the way, and what is said in the end. */
class SymbolRun {
  readonly #of: RunOf;
  #refused = 0;
  #revised = 0;

  constructor(of: RunOf) {
    this.#of = of;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { symbol, options, opened, target } = this.#of;
    const { from, to, timeframe } = options;
    const calendar = calendarOf(target.calendar);
    const progress = new Progress(`download ${symbol}`, options.quiet !== true);
    const { assetClass, timeZone } = opened.market;
    const session = assetClass === 'STOCK' ? ({ open: '09:30', close: '16:00' } as const) : '24h';
    await target.actions?.settle();
    const asToday = target.actions?.over(opened.history) ?? opened.history;
    const history = new AggregatedHistory({
      history: asToday,
      calendarOf: () => calendar,
      instrumentOf: () => ({ symbol, assetClass, timeZone, session }),
    });
    const ingest = new Ingest({
      store: target.store,
      calendarOf: () => calendar,
      onVerdict: (_, bar, { action, codes, detail }) => {
        if (action === 'REJECT') this.#tellRefused(bar, codes[0], detail);
      },
      splitsOf: () => target.actions?.open ?? [],
      onRevision: (_, revision) => this.#tellRevision(revision),
    });
    const result = await downloadSeries({
      history,
      ingest,
      series: target.series,
      request: { symbol, timeframe, from, to },
      calendar,
      marks: target.marks,
      resume: options.resume === true,
      now: Date.now(),
      signal,
      onPage: ({ fetched }, upTo) => {
        progress.show(Math.round((upTo - from) / 86_400_000), Math.round((to - from) / 86_400_000), `days, ${fetched} bars`);
        if (options.json === true) this.#of.output.flush();
      },
    }).finally(() => progress.done());
    await target.actions?.settle();
    const whole = await target.finish();
    if (options.quiet !== true && whole !== null) tellGaps(`${symbol} ${timeframe}`, whole);
    this.#tellResult(result);
  }

  #tellRefused(bar: Bar, code: string, detail: string): void {
    this.#refused += 1;
    if (this.#refused <= PRINTED && this.#of.options.quiet !== true)
      tell(`${this.#of.symbol} ${isoOf(bar.time)}: ${code} ${detail}`);
  }

  #tellRevision({ time, old, now }: Revision): void {
    this.#revised += 1;
    const { symbol, options, output } = this.#of;
    const { timeframe } = options;
    if (options.json === true)
      output.json({ event: 'bar.revised', symbol, timeframe, time: isoOf(time), old: valuesOf(old), now: valuesOf(now) });
    else output.line(`${symbol} ${timeframe} ${isoOf(time)} revised: ${textOf(old)} became ${textOf(now)}`);
  }

  #tellResult(result: DownloadResult): void {
    const { symbol, options, opened, output } = this.#of;
    const { timeframe, provider } = options;
    const bars = result.inserted + result.corrected + result.duplicates;
    const quality = qualityScore({ bars, zeroVolume: result.zeroVolume, missing: result.missing });
    if (this.#revised > 0) {
      const sentence = `${this.#revised} ${this.#revised === 1 ? 'bar has' : 'bars have'} changed at ${opened.history.name} since they were stored: what was computed from them may come out otherwise.`;
      if (options.json === true)
        output.json({ event: 'warning', code: 'BARS_REVISED', symbol, timeframe, count: this.#revised, sentence });
      else tell(`warning: ${symbol} ${timeframe}: ${sentence}`);
    }
    if (options.json === true) {
      output.json({
        event: 'result',
        provider,
        symbol,
        timeframe,
        ...result,
        gaps: result.missing,
        from: isoOf(result.from),
        quality,
      });
      return;
    }
    const { fetched, inserted, corrected, duplicates, rejected, missing } = result;
    const parts = [
      `${fetched} fetched`,
      `${inserted} inserted`,
      `${corrected} corrected`,
      `${duplicates} duplicate`,
      `${rejected} refused`,
      `${missing} missing`,
    ];
    output.line(`${symbol} ${timeframe}: ${parts.join(', ')}${quality === null ? '' : `, quality ${quality.toFixed(1)}`}`);
  }
}

async function storeTarget(
  store: Store,
  symbol: string,
  options: DownloadOptions & { readonly opened: OpenedProvider; readonly signal: AbortSignal },
): Promise<Target> {
  const { opened, provider, timeframe } = options;
  const { market } = opened;
  const actions = await actionsOf(store, symbol, options);
  const known = await store.findSymbol(symbol);
  const record = known ?? {
    symbol,
    assetClass: market.assetClass,
    name: symbol,
    source: provider,
    synthetic: false,
    timeZone: market.timeZone,
    currency: 'USD',
    tickSize: market.assetClass === 'STOCK' ? 0.01 : 0.000_000_01,
    unit: market.assetClass === 'STOCK' ? 'shares' : 'units',
  };
  if (record.assetClass !== market.assetClass) {
    throw new Exit(
      EXIT.usage,
      `${symbol} is stored as ${record.assetClass.toLowerCase()}, ${provider} has ${market.assetClass.toLowerCase()}s: nothing was fetched`,
    );
  }
  const calendar = options.calendar ?? record.calendar ?? market.calendarId;
  const series = await store.saveSymbol({ ...record, calendar }, timeframe);
  return {
    store,
    series,
    marks: storedMarks(store, `${provider} ${symbol} ${timeframe}`),
    calendar,
    actions: new DownloadActions({
      store,
      series,
      actions,
      actor: 'cli',
      now: Date.now(),
      onAdjusted: (one) => tell(adjustmentText(one)),
    }),
    finish: () => store.surveyBars(series),
  };
}

/** From the last bar that is stored, so that no split falls between two downloads. */
async function actionsOf(
  store: Store,
  symbol: string,
  { opened, from, timeframe, signal }: DownloadOptions & { readonly opened: OpenedProvider; readonly signal: AbortSignal },
): Promise<readonly CorporateAction[]> {
  if (opened.actions === undefined) return [];
  const known = await store.findSeries(symbol, timeframe);
  const newest = known === null ? null : await store.barsBefore(known, { before: from, limit: 1 });
  const since = newest === null || newest.length === 0 ? from : newest.time[0];
  const now = Date.now();
  const actions = await opened.actions({ symbols: [symbol], from: since, to: now, signal });
  const { done, away } = await settleRenames(store, symbol, { actions, actor: 'cli', now });
  for (const renaming of done) tell(renamingText(renaming));
  for (const { to, from: day } of away) {
    const date = isoOf(day).slice(0, 10);
    tell(
      `warning: ${symbol} is ${to} since ${date}: download ${to}, and join what is stored with "wyckoff adjust --symbol ${symbol} --rename ${to} --date ${date}".`,
    );
  }
  return actions;
}

async function fileTarget(
  path: string,
  symbol: string,
  { resume, timeframe, calendar, market }: DownloadOptions & { readonly market: Market },
): Promise<Target> {
  const file = await FileBars.open(path, { resume: resume === true, now: Date.now() }).catch((error: unknown) => {
    throw new Exit(EXIT.usage, error instanceof Error ? error.message : String(error));
  });
  return {
    store: file,
    series: { symbolId: 0, symbol, timeframe },
    marks: file.marks,
    calendar: calendar ?? market.calendarId,
    actions: null,
    finish: () => file.finish().then(() => null),
  };
}

/** Keys of settings are short. */
function storedMarks(store: SettingsStore, of: string): Marks {
  const key = `download.${createHash('sha256').update(of).digest('hex').slice(0, 24)}`;
  return {
    load: async () => ((await store.setting(key)) ?? null) as DownloadMark | null,
    save: (mark) => store.saveSetting(key, mark),
    clear: () => store.saveSetting(key, null),
  };
}

function fileName(symbol: string): string {
  return symbol.replace(/[/^]/g, '-');
}

async function orExit<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof ProviderFault ? new Exit(exitOf(error), `${error.message}. ${error.remedy}`) : error;
  }
}

function exitOf({ code }: ProviderFault): number {
  if (code === 'DATA_UNAVAILABLE' || code === 'DATA_LIMITED') return EXIT.unreachable;
  if (code === 'DATA_NOT_INSTALLED') return EXIT.configuration;
  return code === 'DATA_UNKNOWN' || code === 'DATA_REFUSED' ? EXIT.usage : EXIT.failed;
}

function isoOf(time: number): string {
  return Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : String(time);
}

function valuesOf({ open, high, low, close, volume }: Bar): Omit<Bar, 'time'> {
  return { open, high, low, close, volume };
}

function textOf({ open, high, low, close, volume }: Bar): string {
  return `O ${open} H ${high} L ${low} C ${close} V ${volume}`;
}
