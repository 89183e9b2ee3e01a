/** `wyckoff adjust`: splits and renames applied to the store, each told with what became of it. */
import { Scope } from '@wyckoff/bounded';
import type { CorporateAction, EpochMs } from '@wyckoff/domain';
import { adjustForSplit, type Adjustment } from '../feeds/ingest/adjust.ts';
import { renameSymbol, seriesOf, type Renaming } from '../feeds/ingest/rename.ts';
import { storePathIn } from '../settings.ts';
import { openVerbStore } from '../cache/verb-store.ts';
import type { Store } from '../store/store.ts';
import { readActions } from './actions-file.ts';
import { Exit, EXIT } from './exit-codes.ts';
import { Output, tell } from './output.ts';

export interface AdjustCommandOptions {
  readonly symbol?: string;
  /** Price factor. */
  readonly split?: number;
  readonly rename?: string;
  readonly date?: EpochMs;
  readonly actions?: string;
  readonly data: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export async function adjust(options: AdjustCommandOptions): Promise<void> {
  const actions = options.actions === undefined ? [actionOf(options)] : await readActions(options.actions);
  if (
    options.actions !== undefined &&
    [options.symbol, options.split, options.rename, options.date].some((one) => one !== undefined)
  )
    throw new Exit(EXIT.usage, '--actions names what is to be done: leave --symbol, --split, --rename and --date away.');
  await using scope = new Scope({ name: 'adjust' });
  const store = await openVerbStore({ scope, path: storePathIn(options.data), tell });
  const output = new Output();
  let unknown = 0;
  let refused = 0;
  for (const action of actions) {
    const told = await applied(store, action, options, output);
    if (!told.known) unknown += 1;
    if (told.refused) refused += 1;
    output.flush();
  }
  if (unknown === actions.length)
    throw new Exit(EXIT.nothingToRun, `nothing is stored of ${[...new Set(actions.map(({ symbol }) => symbol))].slice(0, 10).join(', ')}: import or download its bars first.`); // prettier-ignore
  if (refused > 0)
    throw new Exit(
      EXIT.refused,
      `${refused} of ${actions.length} ${actions.length === 1 ? 'action was' : 'actions were'} refused, as told above.`,
    );
}

async function applied(
  store: Store,
  action: CorporateAction,
  options: AdjustCommandOptions,
  output: Output,
): Promise<{ readonly known: boolean; readonly refused: boolean }> {
  const { dryRun = false, json = false } = options;
  const common = { actor: 'cli', now: Date.now(), dryRun };
  const say = (told: Record<string, unknown>, sentence: string): void => {
    if (json) output.json({ ...told, date: new Date(action.from).toISOString().slice(0, 10), dryRun });
    else output.line(dryRun ? `would: ${sentence}` : sentence);
  };
  if (action.kind === 'RENAME') {
    const renaming = await renameSymbol(store, { ...common, rename: action });
    const { reason, bars } = renaming;
    say({ kind: 'rename', symbol: action.symbol, to: action.to, reason, bars }, renamingText(renaming));
    return { known: reason !== 'NO_BARS', refused: reason === 'OPEN_POSITION' || reason === 'OTHER_PRICES' };
  }
  const series = await seriesOf(store, action.symbol);
  let refused = false;
  for (const one of series) {
    const adjustment = await adjustForSplit(store, one, { ...common, split: action });
    const { reason, bars } = adjustment;
    refused ||= reason === 'MIXED_SOURCES' || reason === 'MIXED_WEEK';
    say({ kind: 'split', symbol: one.symbol, timeframe: one.timeframe, priceFactor: action.priceFactor, reason, bars }, adjustmentText(adjustment)); // prettier-ignore
  }
  if (series.length === 0) tell(`${action.symbol}: nothing is stored of it.`);
  return { known: series.length > 0, refused };
}

function actionOf({ symbol, split, rename, date }: AdjustCommandOptions): CorporateAction {
  if (symbol === undefined || date === undefined || (split === undefined) === (rename === undefined))
    throw new Exit(EXIT.usage, 'expected --symbol, --date and one of --split and --rename, or --actions with a file.');
  if (split !== undefined) return { kind: 'SPLIT', symbol, from: date, priceFactor: split };
  if (rename === undefined || rename === symbol) throw new Exit(EXIT.usage, `--rename: expected another symbol than ${symbol}.`);
  return { kind: 'RENAME', symbol, to: rename, from: date };
}

const SPLIT_TEXT: Readonly<Record<Adjustment['reason'], string>> = {
  ADJUSTED: 'adjusted',
  NO_BARS: 'no bars on both sides of the day: nothing to adjust',
  ALREADY_ADJUSTED: 'the prices do not jump by it: the bars are adjusted already, nothing was changed',
  DONE_BEFORE: 'was applied before, nothing was changed',
  MIXED_WEEK:
    'a weekly bar spans the day and has both prices, nothing was changed: bring weekly bars in the prices after it, or use daily bars',
  MIXED_SOURCES: 'some bars before it are in its prices already, others are not, nothing was changed',
};

export function adjustmentText({ series, split, bars, reason, at }: Adjustment): string {
  const what = `${series.symbol} ${series.timeframe}: split of ${new Date(split.from).toISOString().slice(0, 10)}`;
  if (reason === 'MIXED_SOURCES' && at !== undefined)
    return `${what}: ${SPLIT_TEXT[reason]}: the source and the price change at ${new Date(at).toISOString()}. Import or download all bars before the split from one source, then repeat this.`;
  if (reason !== 'ADJUSTED') return `${what}: ${SPLIT_TEXT[reason]}`;
  return `${what}: ${bars} bars before it adjusted, prices x ${Number(split.priceFactor.toPrecision(8))}, volumes / it`;
}

const RENAME_TEXT: Readonly<Record<Renaming['reason'], string>> = {
  RENAMED: 'bars go on under the new name',
  MOVED: 'bars moved to the new name; what it had itself holds',
  NO_BARS: 'nothing is stored under the old name before the day',
  DONE_BEFORE: 'was applied before, nothing was changed',
  OPEN_POSITION: 'a position is open under the old name: nothing was changed',
  OTHER_PRICES: 'splits were applied to one of the two and not to the other, nothing was changed: apply them to both first',
};

export function renamingText({ rename, bars, reason }: Renaming): string {
  const count = reason === 'RENAMED' || reason === 'MOVED' ? `${bars} ` : '';
  return `${rename.symbol} is ${rename.to} from ${new Date(rename.from).toISOString().slice(0, 10)}: ${count}${RENAME_TEXT[reason]}`;
}
