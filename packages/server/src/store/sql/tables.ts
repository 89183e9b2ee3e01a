/** Rows of the tables as both gates give them: flags as 0 or 1, JSON as text, numbers as numbers. The schema itself is in migrations.ts. */
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
  exchange: Generated<string>;
  calendar: Generated<string>;
  sector: Generated<string | null>;
  lot_step_micros: Generated<number>;
  contract_size: Generated<number>;
  instrument: Generated<string | null>;
  active: Generated<number>;
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
  forgotten: Generated<number>;
}

export interface AccountsTable {
  id: string;
  kind: string;
  currency: string;
  data: string;
  started_at: number;
  version: number;
  user_id: Generated<string>;
  broker: Generated<string>;
  archived_at: Generated<number | null>;
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
  user_id: string | null;
  actor: string | null;
  request_id: string | null;
  cause: number | null;
  audit: number;
  hash: Uint8Array | null;
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
  user_id: Generated<string>;
  account_id: string | null;
  campaign_id: string | null;
  queued_until: number | null;
  stored_at: number;
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
  stored_at: number;
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
  gaps: number | null;
  quality: number;
  hash: Uint8Array;
  updated_at: number;
}

export interface MetaTable {
  id: number;
  epoch: string;
  created_at: number;
  anchor_seq: Generated<number>;
  anchor_hash: Generated<Uint8Array | null>;
  retaining: Generated<number>;
}

export interface HaltsTable {
  id: string;
  scope: string;
  kind: string;
  level: string | null;
  reason: string;
  actor: string | null;
  since: number;
  until: number | null;
  activation_id: string | null;
  results: string | null;
}

export interface ReservationsTable {
  id: string;
  account_id: string;
  signal_id: string;
  campaign_id: string;
  state: string;
  amounts: string;
  created_at: number;
  updated_at: number;
}

export interface AllocationsTable {
  id: string;
  campaign_id: string;
  signal_id: string;
  leg: string;
  share: number;
  used: number;
  rebalanced: number;
  binding: string;
  reason: string | null;
  at: number;
}

export interface CampaignsTable {
  id: string;
  user_id: Generated<string>;
  account_id: string;
  label: string;
  symbol: string;
  tf: number;
  range_ts: number;
  direction: string;
  status: string;
  phase: string | null;
  budget_micros: number;
  used_micros: number;
  created_at: number;
  closed_at: number | null;
  close_reason: string | null;
  version: number;
  data: string;
}

export interface LedgerTable {
  account_id: string;
  seq: number;
  at: number;
  kind: string;
  amount_micros: number;
  ref_id: string | null;
}

export interface NotificationsTable {
  id: string;
  user_id: string;
  type: string;
  priority: string;
  title: string;
  body: string;
  data: string;
  read_at: number | null;
  created_at: number;
  stored_at: number;
}

export interface DeadLettersTable {
  id: string;
  topic: string;
  payload: string;
  error: string;
  attempts: number;
  first_at: number;
  last_at: number;
  state: string;
  stored_at: number;
}

export interface JobsTable {
  id: string;
  user_id: string;
  kind: string;
  status: string;
  params: string;
  idem_key: string;
  done: number;
  total: number;
  heartbeat_at: number | null;
  problem: string | null;
  summary: string | null;
  manifest: string | null;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
  stored_at: number;
}

export interface JobTradesTable {
  job_id: string;
  n: number;
  symbol: string;
  tf: number;
  pattern: string;
  direction: string;
  campaign: string;
  leg: string;
  confidence: number;
  entry_ts: number;
  entry: number;
  qty_micros: number;
  initial_stop: number;
  exit_ts: number;
  exit: number;
  reason: string;
  gross_micros: number;
  commission_micros: number;
  slippage_micros: number;
  impact_micros: number;
  borrow_micros: number;
  net_micros: number;
  gross_r: number | null;
  net_r: number | null;
  mfe_r: number | null;
  mae_r: number | null;
  bars: number;
}

export interface JobTasksTable {
  job_id: string;
  task_key: string;
  params: string;
  state: string;
  attempts: number;
  result: string | null;
  updated_at: number;
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
  halts: HaltsTable;
  reservations: ReservationsTable;
  allocations: AllocationsTable;
  campaigns: CampaignsTable;
  ledger: LedgerTable;
  notifications: NotificationsTable;
  dead_letters: DeadLettersTable;
  jobs: JobsTable;
  job_trades: JobTradesTable;
  job_tasks: JobTasksTable;
}
