/** A symbol that changed its name: its bars go on under the new one, also when both names are stored. */
import type { EpochMs, Rename } from '@wyckoff/domain';
import { TIMEFRAMES } from '@wyckoff/domain';
import { createHash } from 'node:crypto';
import type { NewFact } from '../../store/changes.ts';
import type { Series, Store } from '../../store/store.ts';
import { appliedKey, appliedSplits, sameSplits, type AppliedSplit } from './applied-splits.ts';

export type RenamedStore = Pick<
  Store,
  'change' | 'countBars' | 'findSeries' | 'findSymbol' | 'moveBars' | 'positions' | 'saveSymbol' | 'setting' | 'surveyBars'
>;

export interface Renaming {
  readonly rename: Rename;
  readonly bars: number;
  /** `OPEN_POSITION`: nothing was touched; what is open is managed under the old name. `OTHER_PRICES`: nor here, splits were applied to one and not to the other. */
  readonly reason: 'RENAMED' | 'MOVED' | 'NO_BARS' | 'DONE_BEFORE' | 'OPEN_POSITION' | 'OTHER_PRICES';
}

export interface RenameOptions {
  readonly rename: Rename;
  readonly actor: string;
  readonly now: EpochMs;
  readonly dryRun?: boolean | undefined;
}

/**
 * ADJ-4. A free new name is given to everything stored of the symbol. Where the new name is stored too, or the old one has bars after the day,
 * the bars before it move over. Once; the audit fact is written with the end of it.
 */
export async function renameSymbol(store: RenamedStore, options: RenameOptions): Promise<Renaming> {
  const { rename, dryRun = false, actor } = options;
  const { symbol, to, from } = rename;
  const key = `rename.${createHash('sha256')
    .update(JSON.stringify([symbol, to, from]))
    .digest('hex')
    .slice(0, 24)}`;
  const answer = (reason: Renaming['reason'], bars = 0): Renaming => ({ rename, reason, bars });
  if ((await store.setting(key)) === 'done') return answer('DONE_BEFORE');
  const [old, taken] = [await store.findSymbol(symbol), await store.findSymbol(to)];
  if (old === null) return answer('NO_BARS');
  const series = await seriesOf(store, symbol);
  const bars = await countOf(store, series, from - 1);
  if (bars === 0 && taken === null) return answer('NO_BARS');
  if ((await store.positions({ status: 'OPEN', symbol, limit: 1 })).length > 0) return answer('OPEN_POSITION');
  const later = (await countOf(store, series)) - bars;
  const reason = taken === null && later === 0 ? 'RENAMED' : 'MOVED';
  const splits = await splitsOver(store, series, to);
  if (splits === null) return answer('OTHER_PRICES');
  if (dryRun) return answer(reason, bars);
  if (reason === 'MOVED')
    for (const one of series) await moveOne(store, one, { ...old, symbol: to, name: taken?.name ?? to }, from);
  const setting = { kind: 'setting', setting: { userId: '', key, value: 'done', expected: null, by: actor } } as const;
  const lists = splits.map(([name, value]) => ({ kind: 'setting', setting: { userId: '', key: name, value, expected: null, by: actor } }) as const); // prettier-ignore
  const renamed = reason === 'RENAMED' ? [{ kind: 'symbol.renamed', from: symbol, to } as const] : [];
  await store.change({ facts: [factOf(options, bars)], writes: [...renamed, ...lists, setting] });
  return answer(reason, bars);
}

/** ADJ-5. What was applied to the bars goes on with them; null: bars of the new name are there, in other prices. */
async function splitsOver(
  store: RenamedStore,
  series: readonly Series[],
  to: string,
): Promise<readonly (readonly [key: string, splits: readonly AppliedSplit[]])[] | null> {
  const lists: (readonly [string, readonly AppliedSplit[]])[] = []; // bounded: one per timeframe
  for (const one of series) {
    const key = { symbol: to, timeframe: one.timeframe };
    const [own, others] = [await appliedSplits(store, one), await appliedSplits(store, key)];
    const there = await store.findSeries(to, one.timeframe);
    const hasBars = there !== null && (await store.countBars(there)) > 0;
    if (hasBars && !sameSplits(own, others)) return null;
    if (own.length > 0) lists.push([appliedKey(key), own]);
  }
  return lists;
}

async function moveOne(
  store: RenamedStore,
  from: Series,
  record: Parameters<Store['saveSymbol']>[0],
  before: EpochMs,
): Promise<void> {
  const known = await store.findSymbol(record.symbol);
  const to = await store.saveSymbol(known ?? record, from.timeframe);
  await store.moveBars(from, to, before);
  await store.surveyBars(to);
  await store.surveyBars(from);
}

/** The series of a symbol that have bars. */
export async function seriesOf(store: Pick<Store, 'findSeries' | 'countBars'>, symbol: string): Promise<readonly Series[]> {
  const found: Series[] = []; // bounded: one per timeframe
  for (const timeframe of TIMEFRAMES) {
    const series = await store.findSeries(symbol, timeframe);
    if (series !== null && (await store.countBars(series)) > 0) found.push(series);
  }
  return found;
}

async function countOf(store: Pick<Store, 'countBars'>, series: readonly Series[], until?: EpochMs): Promise<number> {
  let bars = 0;
  for (const one of series) bars += await store.countBars(one, { until });
  return bars;
}

function factOf({ rename, actor, now }: RenameOptions, bars: number): NewFact {
  const { symbol, to, from } = rename;
  return { at: now, topic: 'bars', type: 'symbol.renamed', entity: to, actor, audit: true, data: { symbol, to, from, bars } };
}
