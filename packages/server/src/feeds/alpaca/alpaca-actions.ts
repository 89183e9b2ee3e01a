/** Alpaca's corporate actions: splits and changes of symbols, page by page. */
import type { Scope, StopSignal } from '@wyckoff/bounded';
import type { CorporateAction, EpochMs } from '@wyckoff/domain';
import { HttpClient } from '../../venue/http-client.ts';
import { ask } from '../contract/ask.ts';
import { numberOf } from '../contract/page-columns.ts';
import { ProviderFault } from '../contract/provider-fault.ts';
import { ALPACA_PER_MINUTE, ALPACA_REST_URL, type AlpacaSettings } from './alpaca-settings.ts';

export interface AlpacaActionsOptions extends Pick<AlpacaSettings, 'restUrl' | 'key'> {
  readonly scope: Scope;
  readonly random?: (() => number) | undefined;
}

export interface ActionsRequest {
  readonly symbols: readonly string[];
  /** Days, both included. */
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly signal?: StopSignal | undefined;
}

/** Of 1,000 actions each. */
const MOST_PAGES = 50;

type Row = Readonly<Record<string, unknown>>;

interface Answer {
  readonly corporate_actions?: Readonly<Record<string, readonly Row[] | undefined>>;
  readonly next_page_token?: unknown;
}

/**
 * Splits and renames of the symbols, ascending in time. A split counts from the first bar of its day.
 * @throws ProviderFault
 */
export async function alpacaActions(options: AlpacaActionsOptions, request: ActionsRequest): Promise<readonly CorporateAction[]> {
  await using scope = options.scope.child('alpaca-actions');
  const headers = (): Record<string, string> => ({
    'APCA-API-KEY-ID': options.key().id,
    'APCA-API-SECRET-KEY': options.key().secret,
  });
  const client = new HttpClient({ scope, baseUrl: options.restUrl ?? ALPACA_REST_URL, headers, perMinute: ALPACA_PER_MINUTE });
  const actions: CorporateAction[] = []; // bounded: MOST_PAGES pages of one request
  let token: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const query = new URLSearchParams({ symbols: request.symbols.join(','), types: 'forward_split,reverse_split,name_change', start: dayOf(request.from), end: dayOf(request.to), limit: '1000', sort: 'asc' }); // prettier-ignore
    if (token !== null) query.set('page_token', token);
    const { json } = await ask({ provider: 'alpaca', client, scope, path: `/v1/corporate-actions?${query.toString()}`, random: options.random ?? Math.random, signal: request.signal }); // prettier-ignore
    const { corporate_actions: found, next_page_token: next } = (typeof json === 'object' && json !== null ? json : {}) as Answer;
    if (found === undefined) throw new ProviderFault('DATA_MALFORMED', 'alpaca: expected corporate_actions, was another form');
    for (const row of [...(found['forward_splits'] ?? []), ...(found['reverse_splits'] ?? [])]) actions.push(splitOf(row));
    for (const row of found['name_changes'] ?? []) actions.push({ kind: 'RENAME', symbol: String(row['old_symbol']), to: String(row['new_symbol']), from: openingOf(row['process_date']) }); // prettier-ignore
    if (typeof next !== 'string' || next === '') return actions.sort((a, b) => a.from - b.from);
    if (next === token) break;
    token = next;
  }
  // A part of the splits would leave the bars in several prices.
  throw new ProviderFault(
    'DATA_STUCK',
    `alpaca: expected the pages of corporate actions to end within ${MOST_PAGES}, they did not`,
  );
}

function splitOf(row: Row): CorporateAction {
  const priceFactor = numberOf(row['old_rate']) / numberOf(row['new_rate']);
  if (!(priceFactor > 0 && Number.isFinite(priceFactor))) throw new ProviderFault('DATA_MALFORMED', `alpaca: expected the rates of a split of ${String(row['symbol'])}, was ${String(row['old_rate'])} for ${String(row['new_rate'])}`); // prettier-ignore
  return { kind: 'SPLIT', symbol: String(row['symbol']), from: openingOf(row['ex_date'] ?? row['process_date']), priceFactor };
}

/** UTC midnight of that date: behind the session before, and not after a daily bar that bears the date, however it is stamped. */
function openingOf(date: unknown): EpochMs {
  const day = typeof date === 'string' && /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(date) : NaN;
  if (Number.isNaN(day))
    throw new ProviderFault('DATA_MALFORMED', `alpaca: expected the day of a corporate action, was ${String(date)}`);
  return day;
}

function dayOf(time: EpochMs): string {
  return new Date(time).toISOString().slice(0, 10);
}
