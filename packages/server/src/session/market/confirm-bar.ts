/** Lets in a held bar that a person has looked at: stored and flagged behind what was decided without it, and kept in the audit (trading.md 9.2 rule 6, interface.md 2.2 `confirmBar`). */
import { BAR_FLAGS, appendBar, createBarColumns } from '@wyckoff/domain';
import { seriesName } from '../../feeds/contract/series-key.ts';
import type { Quarantine } from '../../feeds/ingest/quarantine.ts';
import type { Change } from '../../store/changes.ts';
import type { Store } from '../../store/store.ts';
import type { Answer } from '../desk.ts';
import type { Run } from '../run.ts';

export interface BarConfirmerOptions {
  readonly quarantine: Quarantine;
  readonly store: Pick<Store, 'barsAfter' | 'importBars' | 'surveyBars'>;
  readonly run: Pick<Run, 'series' | 'fills' | 'newestOf'>;
  readonly record: (change: Change) => Promise<unknown>;
  readonly wallClock: () => number;
  /** Waits for the store while it is away. */
  readonly surely: <T>(work: () => Promise<T>) => Promise<T>;
  readonly onNotice: (sentence: string) => void;
}

export class BarConfirmer {
  readonly #options: BarConfirmerOptions;
  /** One after the other: the same bar asked for twice is let in once. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: BarConfirmerOptions) {
    this.#options = options;
  }

  /** Answers how many were let in; a bar newer than all the account has waits for the next one of its series. */
  async confirm(id: string, by: { readonly user: string; readonly requestId: string }): Promise<Answer<{ count: number }>> {
    const turn = this.#last.then(() => this.#confirm(id, by));
    this.#last = turn.catch(() => undefined);
    return await turn;
  }

  async #confirm(id: string, by: { readonly user: string; readonly requestId: string }): Promise<Answer<{ count: number }>> {
    const { quarantine, store, run, record, wallClock, surely, onNotice } = this.#options;
    const held = quarantine.find(id);
    const series = run.series.find(
      ({ symbol, timeframe }) => symbol === held?.series.symbol && timeframe === held.series.timeframe,
    );
    if (held === null || series === undefined)
      return { ok: false, code: 'resource.not_found', detail: `expected the id of a bar that this session holds, was ${id}` };
    const { bar, provider, detail } = held;
    const { time } = bar;
    const newest = run.newestOf(series.symbol, series.timeframe);
    if (newest === null || time >= newest)
      return { ok: false, code: 'data.missing', detail: `expected a bar of ${seriesName(series)} after ${new Date(time).toISOString()}, was none yet: confirm it when the next one has come` }; // prettier-ignore
    const stored = await store.barsAfter(series, { after: time - 1, limit: 1 });
    if (stored.length === 0 || stored.time[0] !== time) {
      const columns = createBarColumns(1);
      appendBar(columns, bar);
      // First the word, then the bar: killed between the two, a resume leaves out what is not there.
      await surely(() => run.fills(series, [time]));
      await surely(() => store.importBars(series, columns, provider, { flags: Uint8Array.of(BAR_FLAGS.outlier) }));
      await surely(() => store.surveyBars(series));
    }
    const { symbol, timeframe } = series;
    const data = { id, symbol, timeframe, ...bar, provider, detail };
    await surely(() => record({ facts: [{ at: wallClock(), topic: 'system', type: 'bar.confirmed', data, entity: id, actor: by.user, requestId: by.requestId, audit: true }], writes: [] })); // prettier-ignore
    await surely(() => quarantine.release(id));
    onNotice(`${seriesName(series)} ${new Date(time).toISOString()}: BAR_LATE, confirmed by ${by.user}; what was decided without it stays decided`); // prettier-ignore
    return { ok: true, value: { count: 1 } };
  }
}
