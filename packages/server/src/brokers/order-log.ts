/** What survives a crash of ours: each order before it is sent, each ward, and each report until the engine has it (trading.md 7.2). */
import type { BrokerReport, EpochMs } from '@wyckoff/domain';
import type { SentOrder } from './sent-order.ts';
import type { WardState } from './ward-state.ts';

/** A report on its way to the engine. */
export interface OutboxRow {
  /** 1, 2, ... for ever: an engine that has taken one does not take it again. */
  readonly seq: number;
  readonly at: EpochMs;
  readonly reports: readonly BrokerReport[];
}

export interface LogChange {
  readonly orders?: readonly SentOrder[];
  readonly ward?: WardState;
  /** Becomes one row of the outbox. */
  readonly reports?: readonly BrokerReport[];
  readonly at: EpochMs;
}

export interface OrderLog {
  /** Everything or nothing, on disk when it answers. The row of the outbox when there were reports. */
  save(change: LogChange): Promise<OutboxRow | null>;
  /** Wards that are not finished, with all their orders; at most 1,000. */
  openWards(): Promise<readonly { readonly ward: WardState; readonly orders: readonly SentOrder[] }[]>;
  order(clientId: string): Promise<SentOrder | null>;
  ward(signalId: string): Promise<{ readonly ward: WardState; readonly orders: readonly SentOrder[] } | null>;
  /** Rows the engine has not confirmed, oldest first, at most 10,000. */
  outbox(): Promise<readonly OutboxRow[]>;
  /** The engine has all up to this row. */
  confirm(seq: number): Promise<void>;
}
