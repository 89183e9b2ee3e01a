/** The order log in SQLite: three small tables of JSON, written with `synchronous = FULL`, so that what was saved was saved. */
import type { Database } from 'better-sqlite3';
import type { BrokerReport } from '@wyckoff/domain';
import type { LogChange, OrderLog, OutboxRow } from './order-log.ts';
import type { SentOrder } from './sent-order.ts';
import type { WardState } from './ward-state.ts';

/** Runs at every opening; changes nothing when the tables are there. */
const TABLES = `
  CREATE TABLE IF NOT EXISTS venue_orders (
    account_id TEXT NOT NULL, client_id TEXT NOT NULL, signal_id TEXT NOT NULL, doc TEXT NOT NULL,
    PRIMARY KEY (account_id, client_id)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS venue_orders_by_signal ON venue_orders (account_id, signal_id);
  CREATE TABLE IF NOT EXISTS venue_wards (
    account_id TEXT NOT NULL, signal_id TEXT NOT NULL, done INTEGER NOT NULL, doc TEXT NOT NULL,
    PRIMARY KEY (account_id, signal_id)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS venue_outbox (
    account_id TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, confirmed INTEGER NOT NULL, reports TEXT NOT NULL,
    PRIMARY KEY (account_id, seq)
  ) STRICT;
`;
/** Confirmed rows kept, so that numbers go on rising and a crash can be read. */
const OUTBOX_KEPT = 1_000;

interface DocRow {
  readonly doc: string;
}

export class SqliteOrderLog implements OrderLog {
  readonly #db: Database;
  readonly #accountId: string;

  constructor(db: Database, accountId: string) {
    this.#db = db;
    this.#accountId = accountId;
    db.pragma('synchronous = FULL');
    db.exec(TABLES);
  }

  save(change: LogChange): Promise<OutboxRow | null> {
    return settle(() => this.#db.transaction(() => this.#write(change)).immediate());
  }

  openWards(): ReturnType<OrderLog['openWards']> {
    return settle(() => {
      const rows = this.#db
        .prepare('SELECT doc FROM venue_wards WHERE account_id = ? AND done = 0 ORDER BY signal_id LIMIT 1000')
        .all(this.#accountId) as DocRow[];
      return rows.map(({ doc }) => this.#withOrders(JSON.parse(doc) as WardState));
    });
  }

  ward(signalId: string): ReturnType<OrderLog['ward']> {
    return settle(() => {
      const row = this.#db
        .prepare('SELECT doc FROM venue_wards WHERE account_id = ? AND signal_id = ?')
        .get(this.#accountId, signalId) as DocRow | undefined;
      return row === undefined ? null : this.#withOrders(JSON.parse(row.doc) as WardState);
    });
  }

  order(clientId: string): Promise<SentOrder | null> {
    return settle(() => {
      const row = this.#db
        .prepare('SELECT doc FROM venue_orders WHERE account_id = ? AND client_id = ?')
        .get(this.#accountId, clientId) as DocRow | undefined;
      return row === undefined ? null : (JSON.parse(row.doc) as SentOrder);
    });
  }

  outbox(): Promise<readonly OutboxRow[]> {
    return settle(() => {
      const rows = this.#db
        .prepare('SELECT seq, at, reports FROM venue_outbox WHERE account_id = ? AND confirmed = 0 ORDER BY seq LIMIT 10000')
        .all(this.#accountId) as { seq: number; at: number; reports: string }[];
      return rows.map(({ seq, at, reports }) => ({ seq, at, reports: JSON.parse(reports) as BrokerReport[] }));
    });
  }

  confirm(seq: number): Promise<void> {
    return settle(() => {
      this.#db
        .prepare('UPDATE venue_outbox SET confirmed = 1 WHERE account_id = ? AND seq <= ? AND confirmed = 0')
        .run(this.#accountId, seq);
      this.#db.prepare('DELETE FROM venue_outbox WHERE account_id = ? AND seq <= ?').run(this.#accountId, seq - OUTBOX_KEPT);
    });
  }

  #withOrders(ward: WardState): { readonly ward: WardState; readonly orders: readonly SentOrder[] } {
    const rows = this.#db
      .prepare('SELECT doc FROM venue_orders WHERE account_id = ? AND signal_id = ? ORDER BY client_id LIMIT 1000')
      .all(this.#accountId, ward.signalId) as DocRow[];
    return { ward, orders: rows.map(({ doc }) => JSON.parse(doc) as SentOrder) };
  }

  #write({ orders = [], ward, reports = [], at }: LogChange): OutboxRow | null {
    for (const order of orders)
      this.#db
        .prepare('INSERT INTO venue_orders VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET doc = excluded.doc')
        .run(this.#accountId, order.clientId, order.signalId, JSON.stringify(order));
    if (ward !== undefined)
      this.#db
        .prepare('INSERT INTO venue_wards VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET doc = excluded.doc, done = excluded.done')
        .run(this.#accountId, ward.signalId, ward.done ? 1 : 0, JSON.stringify(ward));
    if (reports.length === 0) return null;
    const last = this.#db.prepare('SELECT max(seq) AS seq FROM venue_outbox WHERE account_id = ?').get(this.#accountId) as {
      seq: number | null;
    };
    const seq = (last.seq ?? 0) + 1;
    this.#db
      .prepare('INSERT INTO venue_outbox VALUES (?, ?, ?, 0, ?)')
      .run(this.#accountId, seq, Math.round(at), JSON.stringify(reports));
    return { seq, at, reports };
  }
}

/** The driver is synchronous, the port is not: a failure is a rejection. */
function settle<T>(run: () => T): Promise<T> {
  return new Promise((resolve) => resolve(run()));
}
