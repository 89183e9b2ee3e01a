/** What can be exported, as columns and rows read page by page: events and trades, newest first. */
import type { PositionWire } from '@wyckoff/contracts';
import type { EpochMs } from '@wyckoff/domain';
import type { EventWire, PageKey, Series, Store } from '../../store/store.ts';
import type { Cell, ExportColumn } from './row-sink.ts';

export const EXPORTS = ['bars', 'events', 'trades'] as const;
export type ExportName = (typeof EXPORTS)[number];

export interface ExportSpan {
  /** Inclusive. */
  readonly from: EpochMs;
  /** Inclusive. */
  readonly to: EpochMs;
}

export interface ExportTable {
  readonly columns: readonly ExportColumn[];
  rows(): AsyncGenerator<readonly Cell[], void>;
}

const PAGE = 200;
const EVENTS_PAGE = 1_000;

/** Bars do not go row by row: `bar-sink.ts`. */
export function exportTable(
  name: Exclude<ExportName, 'bars'>,
  store: Store,
  of: { readonly series: Series; readonly span: ExportSpan },
): ExportTable {
  return name === 'events' ? eventsTable(store, of.series, of.span) : tradesTable(store, of.series, of.span);
}

function eventsTable(store: Store, series: Series, span: ExportSpan): ExportTable {
  return {
    columns: [
      { name: 'symbol', type: 'text' },
      { name: 'timeframe', type: 'text' },
      { name: 'id', type: 'text' },
      { name: 'kind', type: 'text' },
      { name: 'status', type: 'text' },
      { name: 'hypothesis', type: 'integer' },
      { name: 'eventTime', type: 'time' },
      { name: 'confirmTime', type: 'time' },
      { name: 'phase', type: 'text', optional: true },
      { name: 'confidence', type: 'float', optional: true },
      { name: 'tradeable', type: 'text' },
      { name: 'reasons', type: 'text' },
    ],
    async *rows() {
      let to = span.to;
      let seen: ReadonlySet<string> = new Set();
      for (;;) {
        const page = await store.eventsIn({ series, from: span.from, to }, EVENTS_PAGE);
        const fresh = page.filter((one) => !seen.has(keyOf(one)));
        for (const one of [...fresh].reverse()) yield eventRow(series, one);
        const oldest = page[0];
        if (oldest === undefined || page.length < EVENTS_PAGE || fresh.length === 0) return;
        to = oldest.event.eventTime;
        // Records of the oldest instant may go on the next page: those already told are left out there.
        seen = new Set(page.filter(({ event }) => event.eventTime === to).map(keyOf));
      }
    },
  };
}

function keyOf({ event }: EventWire): string {
  return `${event.id} ${event.status}`;
}

function eventRow({ symbol, timeframe }: Series, { event }: EventWire): readonly Cell[] {
  const { id, kind, status, hypothesis, eventTime, confirmTime, phase, confidence, tradeable, reasons } = event;
  return [symbol, timeframe, id, kind, status, hypothesis, eventTime, confirmTime, phase, confidence, tradeable ? 'yes' : 'no', reasons.join(' ')]; // prettier-ignore
}

const MONEY = ['realisedMicros', 'costsMicros', 'riskMicros'] as const;

function tradesTable(store: Store, series: Series, { from, to }: ExportSpan): ExportTable {
  return {
    columns: [
      { name: 'id', type: 'text' },
      { name: 'symbol', type: 'text' },
      { name: 'direction', type: 'text' },
      { name: 'openedAt', type: 'time' },
      { name: 'closedAt', type: 'time', optional: true },
      { name: 'avgEntry', type: 'float' },
      { name: 'initialStop', type: 'float' },
      { name: 'avgExit', type: 'float', optional: true },
      { name: 'exitReason', type: 'text', optional: true },
      { name: 'initialQtyMicros', type: 'float' },
      ...MONEY.map((name) => ({ name, type: 'float' as const })),
      { name: 'r', type: 'float', optional: true },
      { name: 'mfeR', type: 'float' },
      { name: 'maeR', type: 'float' },
    ],
    async *rows() {
      let below: PageKey | undefined;
      for (;;) {
        const page = await store.positions({ status: 'CLOSED', symbol: series.symbol, below, limit: PAGE });
        for (const { item } of page) if (item.openedAt >= from && item.openedAt <= to) yield tradeRow(item);
        below = page.at(-1)?.key;
        if (page.length < PAGE) return;
      }
    },
  };
}

function tradeRow(position: PositionWire): readonly Cell[] {
  const { id, symbol, direction, openedAt, closedAt, avgEntry, initialStop, avgExit, exitReason, initialQtyMicros, r, mfeR, maeR } = position; // prettier-ignore
  const money = MONEY.map((name) => position[name]);
  return [id, symbol, direction, openedAt, closedAt, avgEntry, initialStop, avgExit, exitReason, initialQtyMicros, ...money, r, mfeR, maeR]; // prettier-ignore
}
