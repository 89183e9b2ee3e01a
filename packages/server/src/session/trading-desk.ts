/** What HTTP and the command line may ask of trading: decisions, exits, halts, and how things stand (interface.md 2.2, trading.md 4-8). */
import type {
  accountsAnswer,
  campaignAnswer,
  campaignsAnswer,
  DecisionAnswer,
  ExitAnswer,
  HaltAnswer,
  ordersAnswer,
  OrderWire,
  RiskAnswer,
  SettingAnswer,
  SettingsAnswer,
  SignalAnswer,
  StatisticsAnswer,
  StopAnswer,
  TradingAction,
  TradingWire,
  WebhookAlert,
  WebhookAnswer,
} from '@wyckoff/contracts';
import type { Answer } from './desk.ts';

type Out<S extends { readonly _zod: { readonly output: unknown } }> = S['_zod']['output'];

/** Who asks, and from where: kept with what they did. */
export interface Actor {
  readonly user: string;
  readonly role: 'viewer' | 'trader' | 'admin';
  readonly address: string;
  readonly requestId: string;
  /** A fresh confirmation of this very action came with the request. */
  readonly steppedUp: boolean;
}

export interface DecisionRequest {
  readonly decision: 'approve' | 'reject';
  readonly qtyMicros?: number | undefined;
  readonly reason?: string | undefined;
  readonly dryRun: boolean;
}

export interface ExitRequest {
  readonly ratio?: number | undefined;
  readonly qtyMicros?: number | undefined;
  readonly limitPrice?: number | undefined;
  readonly dryRun: boolean;
  /** Same key, same body: the first answer again. */
  readonly key: string;
}

/** An alert whose signature was checked. */
export interface SignedAlert extends WebhookAlert {
  readonly signature: string;
}

export interface ListQuery {
  readonly status?: string | undefined;
  readonly symbol?: string | undefined;
  readonly account?: string | undefined;
  readonly position?: string | undefined;
  readonly id?: string | undefined;
  /** 1..200 */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface SettingRequest {
  /** A merge patch. */
  readonly value: Readonly<Record<string, unknown>>;
  readonly version: number;
  readonly dryRun: boolean;
  /** Why; kept with the change. */
  readonly reason?: string | undefined;
}

export interface StatisticsQuery {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly groupBy: 'pattern' | 'symbol' | 'phase' | 'stage';
}

export interface TradingDesk {
  state(): Promise<TradingWire>;
  /** Never refuses: the effect is in force when it is called, what it did is told afterwards. */
  halt(
    request: { readonly level: 'STOP' | 'FLATTEN'; readonly reason: string; readonly dryRun: boolean },
    by: Actor,
  ): Promise<HaltAnswer>;
  act(action: TradingAction, by: Actor): Promise<Answer<TradingWire>>;
  decide(signalId: string, request: DecisionRequest, by: Actor): Promise<Answer<DecisionAnswer>>;
  signal(signalId: string): Promise<Answer<SignalAnswer>>;
  moveStop(
    positionId: string,
    request: { readonly stop: number; readonly version: number; readonly dryRun: boolean },
    by: Actor,
  ): Promise<Answer<StopAnswer>>;
  exit(positionId: string, request: ExitRequest, by: Actor): Promise<Answer<ExitAnswer & { readonly replayed: boolean }>>;
  /** Makes an EXTERNAL signal of it, once; resolves when that is stored, waiting or refused. */
  alert(alert: SignedAlert, by: Actor): Promise<Answer<WebhookAnswer>>;
  /** Id of the signal an alert of this signature makes. */
  alertId(signature: string): string;
  orders(query: ListQuery): Promise<Answer<Out<typeof ordersAnswer>>>;
  cancelOrder(orderId: string, by: Actor): Promise<Answer<{ order: OrderWire }>>;
  campaigns(query: ListQuery): Promise<Answer<Out<typeof campaignsAnswer>>>;
  cancelCampaign(
    campaignId: string,
    request: { readonly keepPositions: boolean; readonly reason: string; readonly version: number },
    by: Actor,
  ): Promise<Answer<Out<typeof campaignAnswer>>>;
  accounts(query: {
    readonly kind?: string | undefined;
    readonly archived?: boolean | undefined;
  }): Promise<Out<typeof accountsAnswer>>;
  risk(): Promise<RiskAnswer>;
  statistics(query: StatisticsQuery): Promise<StatisticsAnswer>;
  settings(by: Actor): Promise<SettingsAnswer>;
  changeSetting(key: string, request: SettingRequest, by: Actor): Promise<Answer<SettingAnswer>>;
}
