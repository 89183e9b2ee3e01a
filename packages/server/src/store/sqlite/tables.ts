/** Rows of the tables as the query builder sees them; the schema itself is in migrations.ts. */
import type { Generated } from 'kysely';

export interface SymbolsTable {
  id: Generated<number>;
  symbol: string;
  asset_class: string;
  name: string;
  source: string;
  synthetic: number;
  time_zone: string;
  currency: string;
  tick_size: number;
  unit: string;
  updated_at: number;
}

export interface BarsTable {
  symbol_id: number;
  tf: number;
  ts: number;
  o: number;
  h: number;
  l: number;
  c: number;
  v: number;
  flags: number;
}

export interface EnginesTable {
  id: string;
  symbol_id: number;
  tf: number;
  account_id: string;
  position: number;
  bar_ts: number | null;
  updated_at: number;
}

export interface AccountsTable {
  id: string;
  kind: string;
  currency: string;
  data: string;
  started_at: number;
  version: number;
}

export interface FactsTable {
  seq: number;
  at: number;
  engine: string;
  bar: number;
  topic: string;
  type: string;
  entity: string | null;
  data: string;
  stored_at: number;
}

export interface RangesTable {
  id: string;
  symbol_id: number;
  tf: number;
  range_id: number;
  state: string;
  start_ts: number;
  end_ts: number | null;
  data: string;
}

export interface EventsTable {
  symbol_id: number;
  tf: number;
  id: string;
  range_id: number;
  hypothesis: number;
  kind: string;
  status: string;
  event_ts: number;
  confirm_ts: number;
  confidence: number | null;
  tradeable: number;
  data: string;
}

export interface SignalsTable {
  id: string;
  symbol_id: number;
  tf: number;
  symbol: string;
  pattern: string;
  status: string;
  bar_ts: number;
  created_at: number;
  version: number;
  data: string;
}

export interface OrdersTable {
  id: string;
  client_id: string;
  account_id: string;
  signal_id: string | null;
  position_id: string | null;
  symbol_id: number;
  intent: string;
  state: string;
  created_at: number;
  updated_at: number;
  version: number;
  data: string;
}

export interface FillsTable {
  order_id: string;
  n: number;
  exec_id: string;
  ts: number;
  qty_micros: number;
  price: number;
  commission_micros: number;
  data: string;
}

export interface PositionsTable {
  id: string;
  account_id: string;
  signal_id: string | null;
  symbol_id: number;
  symbol: string;
  status: string;
  opened_at: number;
  closed_at: number | null;
  version: number;
  data: string;
}

export interface EquityPointsTable {
  account_id: string;
  ts: number;
  equity_micros: number;
  cash_micros: number;
  heat: number;
}

export interface BlobsTable {
  owner_kind: string;
  owner_id: string;
  part: string;
  n: number;
  bytes: Uint8Array;
  created_at: number;
}

export interface SettingsTable {
  user_id: string;
  key: string;
  value: string;
  version: number;
  updated_at: number;
  updated_by: string;
}

export interface CoverageTable {
  symbol_id: number;
  tf: number;
  from_ts: number;
  to_ts: number;
  provider: string;
  bars: number;
  gaps: number;
  quality: number;
  hash: Uint8Array;
  updated_at: number;
}

export interface MetaTable {
  id: number;
  epoch: string;
  created_at: number;
}

export interface Tables {
  meta: MetaTable;
  symbols: SymbolsTable;
  bars: BarsTable;
  coverage: CoverageTable;
  accounts: AccountsTable;
  engines: EnginesTable;
  facts: FactsTable;
  ranges: RangesTable;
  events: EventsTable;
  signals: SignalsTable;
  orders: OrdersTable;
  fills: FillsTable;
  positions: PositionsTable;
  equity_points: EquityPointsTable;
  blobs: BlobsTable;
  settings: SettingsTable;
}
