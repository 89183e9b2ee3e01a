/** What we think against what the venue says, row by row (trading.md 7.5): before anything else, every 60 s, after each reconnect. */
import type { EpochMs, Micros, QtyMicros } from '@wyckoff/domain';
import type { Broker } from './broker.ts';
import type { DeskNews } from './news.ts';
import { isOurs, type VenueAccount, type VenueFill, type VenueOrder, type VenuePosition } from './venue-order.ts';

/** One look at the venue. */
export interface VenueSight {
  readonly orders: readonly VenueOrder[];
  readonly fills: readonly VenueFill[];
  readonly positions: readonly VenuePosition[];
  readonly account: VenueAccount;
}

export async function lookAt(broker: Broker, fillsSince: EpochMs): Promise<VenueSight> {
  const orders = await broker.openOrders();
  const fills = await broker.fillsSince(fillsSince);
  const positions = await broker.positions();
  const account = await broker.account();
  return { orders, fills, positions, account };
}

/** What of ours a sight is compared with. */
export interface OurSight {
  /** Signed, by symbol: of all wards. */
  readonly positions: ReadonlyMap<string, QtyMicros>;
  /** Imported before, by symbol: a position kept as MANUAL is no difference. */
  readonly manual: ReadonlyMap<string, QtyMicros>;
  /** Null: there is no book of cash to compare with. */
  readonly cashMicros: Micros | null;
  /** Of the order log: by its client id, or, a stop that hangs on an order of ours and bears a name of the venue's, by the venue's id. */
  readonly knows: (order: VenueOrder) => boolean;
}

export interface Verdict {
  readonly news: readonly DeskNews[];
  /** Symbols whose quantity differs. */
  readonly different: readonly string[];
  /** Positions nobody here opened. */
  readonly imported: readonly VenuePosition[];
  /** With our prefix, and unknown: they were sent in a life nobody remembers. */
  readonly orphans: readonly VenueOrder[];
}

/** 0.01 % of equity, at least 1.00. */
const cashTolerance = (equityMicros: Micros): Micros => Math.max(Math.floor(Math.abs(equityMicros) / 10_000), 1_000_000);

/** Judges positions, orders and cash; changes nothing. */
export function judge(theirs: VenueSight, ours: OurSight, at: EpochMs): Verdict {
  const news: DeskNews[] = [];
  const unknown = theirs.orders.filter((order) => !ours.knows(order));
  const orphans = unknown.filter((order) => isOurs(order.clientId));
  const foreign = unknown.filter((order) => !isOurs(order.clientId));
  if (foreign.length > 0) {
    news.push({ kind: 'foreign', orders: foreign, at });
    news.push(
      alert({
        code: 'FOREIGN_ORDER',
        critical: false,
        symbol: foreign[0]?.symbol ?? null,
        sentence: `${foreign.length} orders at the venue are not ours: shown, never touched.`,
        at,
      }),
    );
  }
  const { different, imported } = judgePositions(theirs.positions, ours, news, at);
  const { account } = theirs;
  if (ours.cashMicros !== null && Math.abs(account.cashMicros - ours.cashMicros) > cashTolerance(account.equityMicros)) {
    news.push({ kind: 'cash', oursMicros: ours.cashMicros, account, at });
    news.push(
      alert({
        code: 'CASH_DIFFERS',
        critical: false,
        symbol: null,
        sentence: `Expected cash of ${ours.cashMicros} micros, was ${account.cashMicros}.`,
        at,
      }),
    );
  }
  return { news, different, imported, orphans };
}

function judgePositions(
  theirs: readonly VenuePosition[],
  ours: OurSight,
  news: DeskNews[],
  at: EpochMs,
): { readonly different: readonly string[]; readonly imported: readonly VenuePosition[] } {
  const different: string[] = [];
  const imported: VenuePosition[] = [];
  const held = new Map(theirs.map((position) => [position.symbol, position]));
  for (const symbol of new Set([...held.keys(), ...ours.positions.keys(), ...ours.manual.keys()])) {
    const position = held.get(symbol);
    const theirQty = position?.qtyMicros ?? 0;
    const ourQty = ours.positions.get(symbol) ?? 0;
    const manualQty = ours.manual.get(symbol) ?? 0;
    if (theirQty === ourQty + manualQty) continue;
    if (position !== undefined && ourQty === 0 && manualQty === 0) {
      imported.push(position);
      news.push({ kind: 'imported', position, at });
      news.push(
        alert({
          code: 'UNKNOWN_POSITION',
          critical: true,
          symbol: symbol,
          sentence: `A position of ${theirQty} millionths nobody here opened is kept as MANUAL.`,
          at,
        }),
      );
      continue;
    }
    different.push(symbol);
    const oursQtyMicros = ourQty + manualQty;
    news.push({ kind: 'difference', symbol, oursQtyMicros, theirsQtyMicros: theirQty, at });
    news.push({ kind: 'halt', symbol, reason: `expected ${oursQtyMicros} millionths, the venue has ${theirQty}`, at });
    news.push(
      alert({
        code: 'QUANTITY_DIFFERS',
        critical: true,
        symbol: symbol,
        sentence: `Expected ${oursQtyMicros} millionths, the venue has ${theirQty}.`,
        at,
      }),
    );
  }
  return { different, imported };
}

type Told = Extract<DeskNews, { readonly kind: 'alert' }>;
const alert = (of: Omit<Told, 'kind'>): DeskNews => ({ kind: 'alert', ...of });
